"""The pages of the institution that keeps statuses: where they are, and what they need before they start."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from crossroads.demo import clients
from crossroads.kernel.clock import SystemClock
from crossroads.kernel.errors import Refused
from crossroads.network.logins import Login
from crossroads.statuses.attestation_settings import FILE as ATTESTATIONS
from crossroads.statuses.attestation_settings import read_attestation_settings

RIGHTS = "statuses-pages"
_NAMES = {
    "nl": "Geharmoniseerde sociale statuten (ter illustratie)",
    "fr": "Statuts sociaux harmonisés (à titre d'illustration)",
    "de": "Harmonisierte Sozialstatute (zur Veranschaulichung)",
    "en": "Harmonised social statuses (illustrative)",
}
_ATTESTS = {"names": _NAMES, "key": "keys/attestations.pem", "certificate": "attestations-certificate.pem"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RightsPages:
    """Where people see their statuses and rights, and anybody verifies an attestation."""

    folder: Path
    """Of the institution."""
    port: int

    @property
    def url(self) -> str:
        """Where browsers reach them."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def arguments(self) -> Sequence[str]:
        """What starts them, after `crossroads`."""
        return ("statuses", "pages", str(self.folder / clients.SETTINGS))

    def make(self, login: Login, portal: str) -> None:
        """Write their settings, and those of attestations, beside the settings of the institution."""
        secret = str(login.secret(RIGHTS).resolve())
        pages = {
            "listen": {"port": self.port},
            "url": self.url,
            "state": "pages",
            "login": {"issuer": login.url, "clientId": RIGHTS, "clientSecretFile": secret},
            "portal": portal,
        }
        for file, settings in (("pages.yaml", pages), (ATTESTATIONS, _ATTESTS)):
            (self.folder / file).write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True), "utf-8")

    def certify(self) -> None:
        """Make key and certificate of attestations; later starts change nothing. Raises Refused, WrongSetting."""
        settings = read_attestation_settings(self.folder)
        key, certificate = settings.path(settings.key), settings.path(settings.certificate)
        if certificate.exists():
            return
        try:
            from crossroads.statuses import attestation_signing  # noqa: PLC0415 - of an extra, and a second to read
        except ImportError as error:
            raise Refused(f"{RIGHTS} cannot start: {error.name} is not installed.") from error
        key.unlink(missing_ok=True)  # of a start that was stopped in between
        attestation_signing.make_for_tests(clients.STATUSES, key, certificate, SystemClock().now())

"""An attestation in the tour: made for a person, verified by anybody, and refused when a byte of it is another."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import yaml

from crossroads.demo.stage import Stage
from crossroads.kernel.clock import SystemClock
from crossroads.kernel.errors import Tampered
from crossroads.kernel.ssin import Environment
from crossroads.participant.files import write_atomically
from crossroads.statuses.attestation_settings import FILE, AttestationSettings, read_attestation_settings
from crossroads.statuses.attestation_signing import make_for_tests, read_certificate
from crossroads.statuses.attesting import Attestations, Attester
from crossroads.statuses.buffer import Buffer
from crossroads.statuses.rights import Right
from crossroads.statuses.verifying import verify

_NAMES = {
    "nl": "Geharmoniseerde sociale statuten (ter illustratie)",
    "fr": "Statuts sociaux harmonisés (à titre d'illustration)",
    "de": "Harmonisierte Sozialstatute (zur Veranschaulichung)",
    "en": "Harmonised social statuses (illustrative)",
}
_SETTINGS = {"names": _NAMES, "key": "keys/attestations.pem", "certificate": "attestations-certificate.pem"}


class Holder(NamedTuple):
    """Whose right is attested, and somebody else."""

    ssin: str
    other: str


def attested(stage: Stage, folder: Path, rights: Mapping[str, Right], buffer: Buffer, holder: Holder) -> bool:
    """Attest that the social tariff is open for a person; tell whether all went as it should. Raises Refused."""
    now = SystemClock().now()
    settings = _settings(folder, now)
    attestations = Attestations(Attester(folder.name, Environment.TEST, settings), rights, buffer, SystemClock())
    pdf, said = attestations.attest(holder.ssin, "social-tariff", "en")
    (folder / "attestation.pdf").write_bytes(pdf)
    certificate = read_certificate(settings.path(settings.certificate))
    whole = verify(pdf, certificate, now) == said
    refusal = ""
    try:
        verify(pdf.replace(str(said.until.year).encode(), str(said.until.year + 1).encode(), 1), certificate, now)
    except Tampered as error:
        refusal = str(error)
    own, others = attestations.check(said.code, holder.ssin), attestations.check(said.code, holder.other)
    stage.screen.say(
        "\nA person for whom the tariff is open takes along a signed page that says so, and not why. Anybody verifies "
        "it by the certificate of the institution, or asks there by its code; who also has the person's card learns "
        "whether it is that person's:"
    )
    stage.screen.facts(
        [
            ("The page", str(folder / "attestation.pdf")),
            ("As it was made", f"holds: {said.name}, until {said.until}" if whole else "does not hold"),
            ("With a later year", refusal or "holds"),
            ("Code and number", f"{_whose(own.holder)}; with another number {_whose(others.holder)}"),
        ]
    )
    return whole and bool(refusal) and own.holder is True and others.holder is False


def _whose(holder: bool | None) -> str:  # noqa: FBT001 - what a verdict says
    return "theirs" if holder else "not theirs"


def _settings(folder: Path, now: datetime) -> AttestationSettings:
    if not (folder / FILE).exists():
        write_atomically(folder / FILE, yaml.safe_dump(_SETTINGS, allow_unicode=True).encode())
    settings = read_attestation_settings(folder)
    key, certificate = settings.path(settings.key), settings.path(settings.certificate)
    if not key.exists():
        make_for_tests(folder.name, key, certificate, now)
    return settings

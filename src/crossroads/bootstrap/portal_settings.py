"""What the portal is set to, and the demo login: the blocks `portal` and `demo_login` of crossroads.yaml."""

from pathlib import Path
from typing import Annotated

import msgspec

from crossroads.kernel.errors import CrossroadsError
from crossroads.web.settings import LoginSettings, require_tls

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class UnsafePortal(CrossroadsError):
    """The settings of the portal are not safe to run with."""


class DemoLoginSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A login for demonstrations, where everybody may be anybody. Only where `environment` is `test`, on loopback."""

    port: Port = 8190
    """The port at which it listens, on loopback."""
    file: Path
    """Its clients and personas: see `docs/how-to/portal.md`."""


class PortalSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The pages for people, `crossroads serve --role portal`. Every field stands in `docs/reference/settings.md`."""

    host: str = "127.0.0.1"
    """Where the portal listens. Other than loopback needs a certificate, or `behind_proxy`."""
    port: Port = 8180
    """The port at which it listens."""
    public_url: str = "http://127.0.0.1:8180"
    """What browsers call it. Other than loopback needs https."""
    certificate: Path | None = None
    """TLS certificate (chain) in PEM."""
    certificate_key: Path | None = None
    """Its private key in PEM."""
    behind_proxy: bool = False
    """That a proxy which does TLS stands in front, and that its X-Forwarded-For tells the peer."""
    workers: Annotated[int, msgspec.Meta(ge=1, le=64)] = 1
    """Processes of the portal on this machine."""
    home: Path | None = None
    """The folder of its own secrets and keys; absent means `portal` under the home of the installation."""
    database_url: str | None = None
    """Of role crossroads_portal; absent means the embedded PostgreSQL. Never the hub's."""
    client: Path | None = None
    """The settings file of its client: with it the portal asks the hub as the institution that it is. Absent: it shows
    the pages for everybody alone."""
    login: LoginSettings | None = None
    """The OpenID provider, as `portal.login.…`; absent means that nobody can log in."""
    statuses_url: str | None = None
    """The pages of the institution that keeps statuses, where people get attestations and withdraw; absent means that
    nothing leads there."""
    idle_minutes: Annotated[int, msgspec.Meta(ge=1, le=120)] = 20
    """Minutes after which a session ends that is not used."""
    longest_hours: Annotated[int, msgspec.Meta(ge=1, le=24)] = 4
    """Hours after which a session ends in any case."""
    most_a_minute: Annotated[int, msgspec.Meta(ge=10, le=100_000)] = 600
    """Pages that one peer gets in a minute, in one process; of logins a fifth of that."""

    def folder(self, home: Path) -> Path:
        """Give the folder of its own secrets and keys; `home` is that of the installation."""
        return self.home or home / "portal"

    def refusals(self, home: Path) -> Path:
        """Give the folder of the log of pages that were refused."""
        return self.folder(home) / "refusals"

    def check_safe(self, *, hub_database_url: str | None) -> None:
        """Refuse to serve the world without TLS, or with the rights of the hub. Raises UnsafePortal, UnsafeAddress."""
        if (self.certificate is None) != (self.certificate_key is None):
            raise UnsafePortal("portal.certificate and portal.certificate_key go together.")
        if self.host not in _LOOPBACK and self.certificate is None and not self.behind_proxy:
            raise UnsafePortal(
                f"portal.host is {self.host}: without certificate and certificate_key the portal listens on loopback "
                "only. Set them, or portal.behind_proxy: true where a proxy does TLS."
            )
        require_tls("portal.public_url", self.public_url)
        if self.statuses_url is not None:
            require_tls("portal.statuses_url", self.statuses_url)
        if hub_database_url is not None and self.database_url in (None, hub_database_url):
            raise UnsafePortal("Set portal.database_url, of the role crossroads_portal: never that of the hub.")
        if self.login is not None:
            self.login.check_safe()

"""What a program for people is told about logging in."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from crossroads.kernel.errors import CrossroadsError

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
EIDAS = {
    "http://eidas.europa.eu/LoA/low": 1,
    "http://eidas.europa.eu/LoA/substantial": 2,
    "http://eidas.europa.eu/LoA/high": 3,
}
"""Levels of assurance as eIDAS names them."""


class UnsafeAddress(CrossroadsError):
    """An address is not safe to use."""


class LoginSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The OpenID provider, and what its claims are called. Every field stands in `docs/reference/settings.md`."""

    issuer: Annotated[str, msgspec.Meta(min_length=8)]
    """The provider, as it calls itself; TLS, but on loopback."""
    client_id: Annotated[str, msgspec.Meta(min_length=1)]
    """What the provider calls this program."""
    client_secret: Path
    """The file, of mode 0600, with what this program proves itself by to the provider."""
    scope: str = "openid profile"
    """What is asked of the provider."""
    ssin_claim: str = "ssin"
    """The claim that holds the number of the person."""
    roles_claim: str = "roles"
    """The claim that lists the roles of the person."""
    levels: dict[str, Annotated[int, msgspec.Meta(ge=1, le=3)]] = {}
    """What each `acr` of the provider counts for: 1 low, 2 substantial, 3 high; another counts for nothing. Absent: the
    names that eIDAS has for them."""
    level_without_acr: Annotated[int, msgspec.Meta(ge=0, le=3)] = 0
    """What a login counts for of which the provider says no `acr`."""

    @property
    def known_levels(self) -> dict[str, int]:
        """What each `acr` counts for."""
        return self.levels or EIDAS

    def check_safe(self) -> None:
        """Refuse a provider that is reached without TLS. Raises UnsafeAddress."""
        require_tls("login.issuer", self.issuer)


def require_tls(setting: str, url: str) -> None:
    """Refuse an address without TLS that is not on this machine. Raises UnsafeAddress."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise UnsafeAddress(f"{setting} must begin with https://, but on this machine itself (127.0.0.1).")

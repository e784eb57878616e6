"""The settings of pages for people that an institution serves: where they are, and who lets people log in."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from crossroads.participant.config import Listen
from crossroads.participant.settings import HttpUrl
from crossroads.participant.yamlfile import Settings
from crossroads.web.settings import EIDAS, LoginSettings
from crossroads.wire.keys import read_secret

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Login(Settings, frozen=True, kw_only=True):
    """An OpenID provider, and how the pages are known there."""

    issuer: HttpUrl
    client_id: str
    client_secret_file: str
    """A file of mode 0600."""
    levels: dict[str, Annotated[int, msgspec.Meta(ge=1, le=3)]] = msgspec.field(default_factory=lambda: dict(EIDAS))
    """What each `acr` of the provider counts for: 1 low, 2 substantial, 3 high. The pages need 2."""
    level_without_acr: Annotated[int, msgspec.Meta(ge=0, le=3)] = 0
    """What a login counts for of which the provider says no `acr`."""
    ssin_claim: str = "ssin"
    """The claim that holds the number of the person, where the pages are for people themselves."""


class Website(Settings, frozen=True, kw_only=True):
    """What every program with pages is told. Paths are relative to `folder`."""

    listen: Listen
    url: HttpUrl
    """The address under which browsers reach it."""
    login: Login
    state: str
    """A folder of its own: sessions, and the log of what was done."""
    folder: Path = Path()
    """The folder of the settings file; not a setting itself."""

    def __post_init__(self) -> None:
        """Refuse pages about people in clear over a network."""
        parts = urlsplit(self.url)
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise ValueError("the url begins with https, unless it is of this machine alone")

    def path(self, text: str) -> Path:
        """Give the path that a setting means."""
        return self.folder / text

    @property
    def home(self) -> Path:
        """The folder of its own state."""
        return self.path(self.state)

    def login_settings(self) -> LoginSettings:
        """Give what the login needs. Raises UnsafeAddress for a provider without TLS that is not on this machine."""
        login = self.login
        settings = LoginSettings(
            issuer=login.issuer,
            client_id=login.client_id,
            client_secret=self.path(login.client_secret_file),
            ssin_claim=login.ssin_claim,
            levels=login.levels,
            level_without_acr=login.level_without_acr,
        )
        settings.check_safe()
        return settings

    def secret(self) -> str:
        """Read the secret by which the provider knows the pages. Raises UnsafeKeyFile."""
        return read_secret(self.path(self.login.client_secret_file)).decode().strip()

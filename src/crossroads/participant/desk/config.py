"""The settings of a desk: one YAML file. Paths in it are relative to its folder."""

from pathlib import Path
from typing import Annotated

import msgspec

from crossroads.participant.client_config import ClientConfig
from crossroads.participant.client_settings import client_settings
from crossroads.participant.config import Listen
from crossroads.participant.settings import HttpUrl
from crossroads.participant.yamlfile import Settings, read_settings
from crossroads.web.settings import EIDAS, LoginSettings
from crossroads.wire.keys import read_secret

_LOOPBACK = ("http://127.0.0.1", "http://[::1]", "http://localhost")


class Login(Settings, frozen=True, kw_only=True):
    """The institution's own OpenID provider, and how the desk is known there."""

    issuer: HttpUrl
    client_id: str
    client_secret_file: str
    """A file of mode 0600."""
    levels: dict[str, Annotated[int, msgspec.Meta(ge=1, le=3)]] = msgspec.field(default_factory=lambda: dict(EIDAS))
    """What each `acr` of the provider counts for: 1 low, 2 substantial, 3 high. The desk needs 2."""
    level_without_acr: Annotated[int, msgspec.Meta(ge=0, le=3)] = 0
    """What a login counts for of which the provider says no `acr`."""


class DeskConfig(Settings, frozen=True, kw_only=True):
    """All settings."""

    client: str
    """The settings of the institution's participant or client: who it is, its keys, its hub."""
    listen: Listen
    url: HttpUrl
    """The address under which the users' browsers reach it."""
    login: Login
    state: str
    """Its own folder: what was done at the desk, and what it fetched."""
    folder: Path = Path()
    """The folder of the settings file; not a setting itself."""

    def __post_init__(self) -> None:
        """Refuse pages about people in clear over a network."""
        if self.url.startswith("http:") and not self.url.startswith(_LOOPBACK):
            raise ValueError("the url begins with https, unless it is of this machine alone")

    def path(self, text: str) -> Path:
        """Give the path that a setting means."""
        return self.folder / text

    @property
    def home(self) -> Path:
        """The folder of the desk's own state."""
        return self.path(self.state)

    def asking(self) -> ClientConfig:
        """Give the settings with which the desk speaks to the hub; what it keeps is in its own folder."""
        settings = client_settings(self.path(self.client), "desk")
        return msgspec.structs.replace(settings, state=str((self.home / "client").resolve()))

    def login_settings(self) -> LoginSettings:
        """Give what the login needs. Raises UnsafeAddress for a provider without TLS that is not on this machine."""
        login = self.login
        settings = LoginSettings(
            issuer=login.issuer,
            client_id=login.client_id,
            client_secret=self.path(login.client_secret_file),
            levels=login.levels,
            level_without_acr=login.level_without_acr,
        )
        settings.check_safe()
        return settings

    def secret(self) -> str:
        """Read the secret by which the provider knows the desk. Raises UnsafeKeyFile."""
        return read_secret(self.path(self.login.client_secret_file)).decode().strip()

    def check(self) -> None:
        """Read all that the settings name. Raises WrongSetting, UnsafeAddress or UnsafeKeyFile."""
        self.login_settings()
        self.secret()
        self.asking()


def read_desk_config(path: Path) -> DeskConfig:
    """Read the settings. Raises WrongSetting naming file and key."""
    return msgspec.structs.replace(read_settings(path, DeskConfig), folder=path.resolve().parent)

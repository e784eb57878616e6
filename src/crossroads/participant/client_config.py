"""What a client needs to know: a settings file of its own."""

from pathlib import Path

import msgspec

from crossroads.kernel.identifiers import InstitutionId
from crossroads.participant.settings import HttpUrl, KeyFile
from crossroads.participant.yamlfile import Settings, read_settings


class ClientKeys(Settings, frozen=True, kw_only=True):
    """The institution's private keys: one to sign questions, one to open answers."""

    sign: KeyFile
    seal: KeyFile


class ClientConfig(Settings, frozen=True, kw_only=True):
    """What a client needs to know. Paths are relative to `folder`: that of the settings file."""

    institution: InstitutionId
    hub: HttpUrl
    trust: str
    keys: ClientKeys
    state: str
    folder: Path = Path()
    """Not a setting itself."""


def read_client_config(path: Path) -> ClientConfig:
    """Read a settings file. Raises WrongSetting naming file and key."""
    return msgspec.structs.replace(read_settings(path, ClientConfig), folder=path.resolve().parent)

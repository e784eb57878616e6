"""The settings of a desk: one YAML file. Paths in it are relative to its folder."""

from pathlib import Path

import msgspec

from crossroads.participant.client_config import ClientConfig
from crossroads.participant.client_settings import client_settings, participant_settings
from crossroads.participant.outbox import Outbox, open_outbox
from crossroads.participant.website import Website
from crossroads.participant.yamlfile import WrongSetting, read_settings


class DeskConfig(Website, frozen=True, kw_only=True):
    """All settings. Of the login only the account counts; the roster says who is staff."""

    client: str
    """The settings of the institution's participant or client: who it is, its keys, its hub."""

    def asking(self) -> ClientConfig:
        """Give the settings with which the desk speaks to the hub; what it keeps is in its own folder."""
        settings = client_settings(self.path(self.client), "desk")
        return msgspec.structs.replace(settings, state=str((self.home / "client").resolve()))

    def outbox(self) -> Outbox | None:
        """Give the outbox of the participant; None where it has none, or the desk may not read its password."""
        config = participant_settings(self.path(self.client))
        if config is None or config.outbox is None:
            return None
        try:
            return open_outbox(config)
        except WrongSetting:
            return None

    def check(self) -> None:
        """Read all that the settings name. Raises WrongSetting, UnsafeAddress or UnsafeKeyFile."""
        self.login_settings()
        self.secret()
        self.asking()


def read_desk_config(path: Path) -> DeskConfig:
    """Read the settings. Raises WrongSetting naming file and key."""
    return msgspec.structs.replace(read_settings(path, DeskConfig), folder=path.resolve().parent)

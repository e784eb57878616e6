"""The settings of the institution that keeps statuses: `statuses.yaml`, beside the settings with which it answers."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import msgspec

from crossroads.kernel.identifiers import ContextId, DataGroupId, LegalContextId
from crossroads.participant.batches_voucher import LIFE
from crossroads.participant.yamlfile import Settings, read_settings
from crossroads.statuses.rights import Name

FILE = "statuses.yaml"


class StatusSettings(Settings, frozen=True, kw_only=True):
    """Which statuses are asked for, and what is done with them. Paths are relative to `folder`."""

    buffer: str = "buffer"
    rights: str
    """The folder of the rights and their tables."""
    client: str
    """The settings with which it asks."""
    legal_context: LegalContextId
    candidates: ContextId
    """In which it knows people who may have a right by a status of theirs."""
    members: ContextId
    """In which it knows people who live with one of those."""
    statuses: Mapping[Name, DataGroupId]
    """Each status by the name that tables use, with the data group that says when a person has it."""
    identification: DataGroupId
    household: DataGroupId
    kept_days: Annotated[int, msgspec.Meta(ge=1, le=400)] = 120
    """After which everything goes, where no new load came."""
    patience: timedelta = LIFE
    """How long a load waits for a source that does not answer, as ISO 8601 has durations: `PT12H`, say."""
    folder: Path = Path()
    """The folder of the settings file; not a setting itself."""

    def path(self, text: str) -> Path:
        """Give the path that a setting means."""
        return self.folder / text


def read_status_settings(path: Path) -> StatusSettings:
    """Read the settings. Raises WrongSetting naming file and key."""
    return msgspec.structs.replace(read_settings(path, StatusSettings), folder=path.resolve().parent)

"""The rights that an installation grants: one YAML file each, beside the DMN table that decides."""

from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import msgspec

from crossroads.dmn.model import DecisionTable
from crossroads.dmn.reading import read
from crossroads.kernel.identifiers import DataGroupId, InstitutionId
from crossroads.participant.yamlfile import Settings, WrongSetting, read_settings
from crossroads.statuses.model import Reach, WrongDefinition

Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,60}\Z")]


class Right(Settings, frozen=True, kw_only=True):
    """A right, and what decides on it. The table is a file beside this one."""

    id: Name
    names: Mapping[str, str]
    """By language."""
    data_group: DataGroupId
    """By which a client learns of it."""
    owner: InstitutionId
    """Whose rule it is."""
    authorisation: str
    legal_reference: str
    """Where the rule stands; for one that is invented, that it is."""
    illustrative: bool = False
    """That no public rule is known, and the table shows how one would look."""
    reach: Reach
    table: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,80}\.dmn\Z")]
    decision: str
    valid_from: date
    valid_until: date | None = None
    xml: bytes = b""
    """What stands in the table's file; not a setting itself."""

    @property
    def version(self) -> str:
        """The digest of the table, by which an answer names it."""
        return sha256(self.xml).hexdigest()

    def in_force(self, day: date) -> bool:
        """Tell whether it is granted on a day."""
        return self.valid_from <= day <= (self.valid_until or date.max)


def read_rights(folder: Path) -> tuple[Right, ...]:
    """Read all rights of a folder, by id. Raises WrongSetting naming file and key, and what `with_table` does."""
    rights: dict[str, Right] = {}
    for path in sorted(folder.glob("*.yaml")):
        right = read_settings(path, Right)
        if right.id in rights:
            raise WrongSetting(f"{path}: $.id: another file of this folder has the right `{right.id}`.")
        rights[right.id] = with_table(right, right.table, _table(path, right.table))
    return tuple(rights[name] for name in sorted(rights))


def with_table(right: Right, name: str, xml: bytes) -> Right:
    """Give a right as a table would have it. Raises BadModel, and WrongDefinition where it has no such table."""
    decided = (one.expression for one in read(xml).decisions if right.decision in (one.name, one.id))
    if not isinstance(next(decided, None), DecisionTable):
        raise WrongDefinition(f"{name}: there is no decision `{right.decision}` that is a table.")
    return msgspec.structs.replace(right, table=name, xml=xml)


def _table(path: Path, name: str) -> bytes:
    try:
        return (path.parent / name).read_bytes()
    except OSError as error:
        raise WrongSetting(f"{path}: $.table: {name} cannot be read: {error.strerror}.") from error

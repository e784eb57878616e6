"""The rights that an installation grants: one YAML file each, which names the DMN table that decides."""

from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import msgspec

from crossroads.dmn.errors import BadModel
from crossroads.dmn.model import DecisionTable
from crossroads.dmn.reading import read
from crossroads.kernel.errors import Refused
from crossroads.kernel.identifiers import DataGroupId, InstitutionId, LegalContextId
from crossroads.participant.yamlfile import Settings, WrongSetting, read_settings
from crossroads.statuses.model import Reach, WrongDefinition
from crossroads.wire.box import SubjectLine

LongText = Annotated[str, msgspec.Meta(min_length=1, max_length=10_000)]
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,60}\Z")]


class Texts(Settings, frozen=True, kw_only=True):
    """What everybody reads, in each language."""

    nl: LongText
    fr: LongText
    de: LongText
    en: LongText

    def in_language(self, language: str) -> str:
        """Give the text in one of them."""
        text: str = getattr(self, language)
        return text


class Subjects(Settings, frozen=True, kw_only=True):
    """What stands on a message before it is opened, in each language."""

    nl: SubjectLine
    fr: SubjectLine
    de: SubjectLine
    en: SubjectLine


class Invitations(Settings, frozen=True, kw_only=True):
    """That people for whom the right is open, and who are not on a client's list, may be written to in their box.

    What they read is the same for everybody: it names no status.
    """

    authorisation: str
    """That allows it."""
    legal_context: LegalContextId
    subject: Subjects
    text: Texts


class Right(Settings, frozen=True, kw_only=True):
    """A right, and what decides on it."""

    id: Name
    names: Mapping[str, str]
    """By language."""
    data_group: DataGroupId
    """By which a client learns of it."""
    owner: InstitutionId
    """Whose rule it is."""
    authorisation: str
    legal_reference: Texts
    """Where the rule stands; for one that is invented, that it is."""
    remark: Texts | None = None
    """What those who judge the rule must know of the table; people who have the right are not told."""
    illustrative: bool = False
    """That no public rule is known, and the table shows how one would look."""
    reach: Reach
    table: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._/-]{1,200}\.dmn\Z")]
    """The file, from the folder of this one."""
    decision: str
    valid_from: date
    valid_until: date | None = None
    withdrawal: bool = True
    """Whether the law lets people withdraw from what is kept to decide on it."""
    withdrawal_reference: str = ""
    """Where the law says that they may not."""
    invitations: Invitations | None = None
    """None: nobody may be written to."""
    xml: bytes = b""
    """What stands in the table's file; not a setting itself."""

    def __post_init__(self) -> None:
        """Refuse to bind people without a law."""
        if not self.withdrawal and not self.withdrawal_reference:
            raise ValueError("withdrawal: false needs the law that says so, in withdrawalReference")

    @property
    def version(self) -> str:
        """The digest of the table, by which an answer names it."""
        return sha256(self.xml).hexdigest()

    def in_force(self, day: date) -> bool:
        """Tell whether it is granted on a day."""
        return self.valid_from <= day <= (self.valid_until or date.max)


def read_rights(folder: Path) -> tuple[Right, ...]:
    """Read all rights of a folder, by id; each names the whole path of its table.

    Raises WrongSetting naming file and key, and what `with_table` does.
    """
    rights: dict[str, Right] = {}
    for path in sorted(folder.glob("*.yaml")):
        right = read_settings(path, Right)
        if right.id in rights:
            raise WrongSetting(f"{path}: $.id: another file of this folder has the right `{right.id}`.")
        table = path.parent.absolute() / right.table
        rights[right.id] = with_table(right, str(table), _content(path, table))
    return tuple(rights[name] for name in sorted(rights))


def one_right(folder: Path, name: str) -> Right:
    """Read one right of a folder. Raises Refused where there is none of that name, and what `read_rights` does."""
    rights = {one.id: one for one in read_rights(folder)}
    if name not in rights:
        raise Refused(f"There is no right {name}. There are: {', '.join(sorted(rights))}.")
    return rights[name]


def with_table(right: Right, name: str, xml: bytes) -> Right:
    """Give a right as a table would have it. Raises WrongDefinition, with the name, where it has no such table."""
    try:
        decisions = read(xml).decisions
    except BadModel as error:
        raise WrongDefinition(f"{name}: {error}") from error
    decided = (one.expression for one in decisions if right.decision in (one.name, one.id))
    if not isinstance(next(decided, None), DecisionTable):
        raise WrongDefinition(f"{name}: there is no decision `{right.decision}` that is a table.")
    return msgspec.structs.replace(right, table=name, xml=xml)


def _content(path: Path, table: Path) -> bytes:
    try:
        return table.read_bytes()
    except OSError as error:
        raise WrongSetting(f"{path}: $.table: {table} cannot be read: {error.strerror}.") from error

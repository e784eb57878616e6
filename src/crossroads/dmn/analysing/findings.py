"""What an analysis says of a table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from crossroads.dmn.errors import BadModel
from crossroads.dmn.feel.values import Value
from crossroads.dmn.model import Place


class Kind(StrEnum):
    """What is wrong; the last says that something could not be told."""

    FAULT = "fault"
    GAP = "gap"
    OVERLAP = "overlap"
    UNREACHABLE = "unreachable"
    VALUE = "value"
    TYPE = "type"
    NAME = "name"
    UNKNOWN = "not-analysed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing, where it stands, the rules it is about, and where there is one an example: facts as values of FEEL.

    An example is by the texts of the input expressions. `certain` is false where those are not all plain inputs, so
    that nobody can tell whether their values occur together.
    """

    kind: Kind
    message: str
    place: Place
    rules: tuple[int, ...] = ()
    example: Mapping[str, Value] = field(default_factory=dict)
    certain: bool = True

    @property
    def is_fault(self) -> bool:
        """Whether something is to be mended; not only left untold."""
        return self.kind is not Kind.UNKNOWN

    def __str__(self) -> str:
        """Say where and what."""
        return f"{self.place}: {self.message}"


def fault(found: BadModel) -> Finding:
    """Give what cannot be read as a finding."""
    rules = (found.where.row,) if found.where.row else ()
    return Finding(kind=Kind.FAULT, message=found.message, place=found.where, rules=rules)

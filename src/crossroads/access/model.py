"""What access decides on, and what it gives: permits, one for each holder, or the reason why not."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final, NamedTuple

from crossroads.catalogue.model import Mode
from crossroads.kernel.codes import Code, StatusValue
from crossroads.kernel.period import Period
from crossroads.wire.bulk import Scope
from crossroads.wire.messages import Asker

_MADE_BY_ACCESS: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """A change that an institution was told of: what it may ask in mode push, and under what."""

    data_group: str
    period: Period
    legal_context: str
    authorisation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The facts of a question that bear on whether it may be answered."""

    asker: Asker
    legal_context: str
    ssin: str
    data_groups: tuple[str, ...]
    period: Period | None
    reference_date: date | None
    mode: Mode
    received_at: datetime
    received_on: date
    """The Brussels day of receipt: authorisations count as they are in force then."""
    decided_on: date | None = None
    """The day of the decision, where it is a later one: what was withdrawn since counts no more."""
    pointer: Pointer | None = None
    """In mode push: the change, of this very person, that the asker was told of."""
    acting: bool = False
    """Whether the agent acts for the person today: without that, no purpose of acting serves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """That one holder may be asked these data groups of one person, each for its period. Only access makes it."""

    holder: str
    audience: str | None
    """The participant through which the holder is reached; None when nobody manages it for this legal context."""
    person: int
    ssin: str
    known_as: str | None
    asker: str
    on_behalf_of: str | None
    legal_context: str
    data_groups: dict[str, Period]
    authorisations: dict[str, str]
    rule: str
    catalogue_version: int
    lines: tuple[int, ...]
    """The inscriptions that the decision rests on."""
    made_by: object = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse a permit that access did not make."""
        if self.made_by is not _MADE_BY_ACCESS:
            raise TypeError("Only access makes permits.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """A data group that is not given, how far it got, and the rule that stopped it."""

    data_group: str
    stage: int
    """The precedence in the table of the contract; the highest is the status of a question of which nothing is left."""
    value: StatusValue
    code: Code
    detail: Code | None = None
    authorisation: str | None = None
    information: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Permits for what may be asked, and the reason for each data group that may not."""

    permits: tuple[Permit, ...]
    withheld: tuple[Withheld, ...]
    person: int | None
    ssin: str
    """The person's number now, or the number as it was asked."""
    replaces: str | None

    @property
    def furthest(self) -> Withheld | None:
        """The data group that got furthest, of which the status tells when nothing is left to ask."""
        return furthest_of(self.withheld)


def furthest_of(withheld: Iterable[Withheld]) -> Withheld | None:
    """Give the data group that got furthest, of those that are not given."""
    return max(withheld, key=lambda one: one.stage, default=None)


class Permitted(NamedTuple):
    """One person about whom a holder may be asked."""

    at: int
    """Which of the questions decided together, from 0."""
    scope: int
    """Which of the scopes of the set counts."""
    ssin: str
    known_as: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PermitSet:
    """That one holder may be asked about many persons, each within a scope. Only access makes it."""

    holder: str
    audience: str | None
    """As of a permit."""
    asker: str
    on_behalf_of: str | None
    legal_context: str
    catalogue_version: int
    scopes: tuple[Scope, ...]
    persons: tuple[Permitted, ...]
    """In the order of their questions."""
    made_by: object = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse permits that access did not make."""
        if self.made_by is not _MADE_BY_ACCESS:
            raise TypeError("Only access makes permits.")

    def only(self, wanted: Callable[[Permitted], bool]) -> "PermitSet":
        """Give the permits of some of the persons, with the scopes that they need."""
        persons = list(filter(wanted, self.persons))
        numbers = {number: at for at, number in enumerate(sorted({person.scope for person in persons}))}
        return replace(
            self,
            scopes=tuple(self.scopes[number] for number in numbers),
            persons=tuple(person._replace(scope=numbers[person.scope]) for person in persons),
        )

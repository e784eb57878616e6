"""Changes on their way from their source to the mailboxes."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol
from uuid import UUID

from crossroads.access.push import Changed, PushPermit, Reach
from crossroads.directory.model import Line
from crossroads.kernel.codes import Code
from crossroads.kernel.period import Period
from crossroads.wire.mutations import SLOTS, ErrorNotice, Mutation, MutationKind, NoticeKind

CONTENT_LIFE = timedelta(days=90)
"""How long the content of a change rests at the hub; the pointer stays, and the data can still be asked for."""

POINTER_LIFE = timedelta(days=365)
"""How long after it was first given an item serves to ask for the data."""

NOTICES = frozenset(NoticeKind)
"""Kinds of what the hub itself tells."""


class State(StrEnum):
    """Where an item of a mailbox stands."""

    WAITING = "waiting"
    PARKED = "parked"
    ACKNOWLEDGED = "acknowledged"


class Refusal(NamedTuple):
    """Why a change was not taken: the status it would have had alone, the code and a sentence."""

    status: int
    code: Code
    reason: str


class Admitted(NamedTuple):
    """A change that the catalogue lets its source notify."""

    mutation: Mutation
    source: str
    content: str | None
    """As canonical JSON."""


class Taken(NamedTuple):
    """A change that is taken, about this person; `digest` is how it is known again."""

    mutation: Mutation
    source: str
    content: str | None
    person: int
    digest: bytes
    ticket: UUID


class Person(NamedTuple):
    """Whom a key means today, with inscriptions."""

    today: int
    """The key of today, into which others may have been linked."""
    ssin: str
    persons: tuple[int, ...]
    """All keys that mean this human being."""
    lines: tuple[Line, ...]


class Queued(NamedTuple):
    """A change that waits for the mailboxes."""

    mutation: int
    person: int
    ticket: UUID
    source: str
    data_group: str | None
    start_date: date
    end_date: date | None
    kind: str
    wrong_since: datetime | None
    addressee: str | None

    @property
    def changed(self) -> Changed:
        """What decides who is told."""
        return changed_of(self)


class About(NamedTuple):
    """What an item is about."""

    mutation: int
    ssin: str
    source: str
    data_group: str | None
    start_date: date
    end_date: date | None
    kind: str
    happened_on: date
    wrong_since: datetime | None
    content: str | None
    signature: str | None
    addressee: str | None = None
    context: str | None = None
    report: UUID | None = None
    told: str | None = None
    ticket: UUID | None = None
    error: ErrorNotice | None = None
    """What the report says, where the item is about one."""

    @property
    def changed(self) -> Changed:
        """What decides who is told."""
        return changed_of(self)


def changed_of(row: Queued | About) -> Changed:
    """Give what decides who is told."""
    reach = Reach.SUBSCRIBED
    if row.addressee is not None:
        reach = Reach.ADDRESSEE
    elif row.data_group is None:
        reach = Reach.HOLDERS
    elif row.kind == MutationKind.CORRECTED and row.wrong_since is not None:
        reach = Reach.GIVEN
    return Changed(row.source, row.data_group or "", Period(row.start_date, row.end_date), reach, row.addressee)


class Caused(NamedTuple):
    """A change that the hub itself caused, or has to tell of."""

    kind: str
    person: int
    ssin: str
    """The number that it is about, beside that of today."""
    source: str
    happened_on: date
    period: Period
    data_group: str | None = None
    addressee: str | None = None
    context: str | None = None
    report: UUID | None = None
    told: str | None = None


class Happening(NamedTuple):
    """A change of who somebody is, as the room identity told it."""

    event: int
    person: int
    kind: str
    related: int | None
    happened_on: date | None
    recorded_at: datetime
    ticket: UUID
    payload: str


class OwnLine(NamedTuple):
    """An inscription that its institution is told of."""

    person: int
    inscription: int
    institution: str
    context: str
    period: Period
    ssin: str
    """The number of the person, as that person alone has it."""


class Tail(NamedTuple):
    """The last number of a mailbox, and of each of its slots."""

    last: int
    slots: tuple[int, ...] = (0,) * SLOTS


class NewItem(NamedTuple):
    """A row of a mailbox: a pointer, without content."""

    recipient: str
    number: int
    previous: int
    slot: int
    person: int
    mutation: int
    ticket: UUID
    institution: str
    added_at: datetime


class Pointing(Protocol):
    """What leads to a change."""

    @property
    def mutation(self) -> int:
        """The key of the change."""

    @property
    def person(self) -> int:
        """The key under which it was taken."""

    @property
    def ticket(self) -> UUID:
        """The ticket of the change."""


class Addressed(NamedTuple):
    """A change with whom it goes to; `slot` is that of the person of today."""

    change: Pointing
    slot: int
    permits: Sequence[PushPermit]


def slot_of(person: int) -> int:
    """Give the slot of a person in every mailbox."""
    return person % SLOTS


def numbered(
    addressed: Iterable[Addressed], tails: Mapping[str, Tail], added_at: datetime
) -> tuple[list[NewItem], dict[str, Tail]]:
    """Give each item the next number of its mailbox, and the mailboxes as they are afterwards."""
    lasts = {recipient: tail.last for recipient, tail in tails.items()}
    slots = {recipient: list(tail.slots) for recipient, tail in tails.items()}
    items = []
    for change, slot, permits in addressed:
        for permit in permits:
            box = permit.mailbox
            lasts[box] += 1
            where = (box, lasts[box], slots[box][slot], slot)
            items.append(NewItem(*where, change.person, change.mutation, change.ticket, permit.institution, added_at))
            slots[box][slot] = lasts[box]
    return items, {box: Tail(lasts[box], tuple(slots[box])) for box in lasts}

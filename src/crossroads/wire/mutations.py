"""The messages of changes: notifying them, and emptying a mailbox. Fields may be added, not renamed.

A change of a sealed data group travels as a pointer, without content: each recipient asks for the data itself, by an
ordinary question (`POST /v1/exchanges`) whose `mutation` is the ticket of the item.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from crossroads.kernel.clock import Moment
from crossroads.kernel.identifiers import ContextId, DataGroupId, InstitutionId
from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Environment
from crossroads.wire.messages import AnsweredSsin, Line, Message, Receipt, Reference, Request, SsinText

MAXIMUM_MUTATIONS = 1_000
"""In one notification."""
MAXIMUM_NOTIFICATION = 1024 * 1024
"""Bytes of a notification."""
MAXIMUM_CONTENT = 8 * 1024
"""Bytes of the content of a change, in canonical form: a whole pull of such changes stays an answer of some MiB."""
MAXIMUM_ITEMS = 1_000
"""In one pull, and numbers in one acknowledgement."""
MAXIMUM_LEASE_SECONDS = 3_600
SLOTS = 64
"""A person's items are all in one slot of a mailbox; lane i of k has the slots with slot mod k = i."""

Number = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
Numbers = Annotated[tuple[Number, ...], msgspec.Meta(min_length=1, max_length=MAXIMUM_ITEMS)]


class MutationKind(StrEnum):
    """What happened to the data."""

    CREATED = "created"
    CHANGED = "changed"
    ENDED = "ended"
    CORRECTED = "corrected"
    """What was recorded was wrong; what is recorded now is right."""
    CANCELLED = "cancelled"
    """What was recorded never was."""


class Mutation(Request, frozen=True, kw_only=True):
    """A change of one data group of one person, notified by its authentic source."""

    reference: Reference
    """The source's own, used once; the same change sent again has the same outcome."""
    ssin: SsinText
    data_group: DataGroupId
    context: ContextId
    """The capacity in which the source knows the person: an inscription context of its own."""
    period: Period
    """The days whose data changed."""
    kind: MutationKind
    happened_on: date
    content: dict[str, Any] | None = None
    """The data as it is now; only for a data group that the catalogue leaves unsealed, in its schema."""
    signature: Annotated[str, msgspec.Meta(max_length=2048)] | None = None
    """Of the content, by its source: see `contents`. Recipients leave out what is not signed."""
    wrong_since: Moment | None = None
    """For `corrected`: since when the wrong value was recorded at the source."""
    on_behalf_of: InstitutionId | None = None
    """The source, where the institution that signs manages it."""

    def __post_init__(self) -> None:
        """Refuse `wrongSince` where nothing was wrong, and a signature of nothing."""
        if self.signature is not None and self.content is None:
            raise ValueError("signature belongs to content")
        if self.wrong_since is not None and self.kind is not MutationKind.CORRECTED:
            raise ValueError("wrongSince belongs to a change of the kind corrected")


class Notification(Request, frozen=True, kw_only=True):
    """`POST /v1/mutations`. The sender is who signs. Each change is taken or refused by itself."""

    mutations: Annotated[tuple[Mutation, ...], msgspec.Meta(min_length=1, max_length=MAXIMUM_MUTATIONS)]


class MutationOutcome(Message, frozen=True, kw_only=True):
    """What came of one change, by its reference.

    `status` is what it would have had alone: 202 taken, for good; 400 malformed, 403 refused, 409 the reference was
    used for another change. A refusal keeps nothing: the same reference may be sent again.
    """

    reference: str
    status: int
    ticket: UUID | None = None
    receipt: Receipt | None = None
    code: str | None = None
    reason: str | None = None

    @property
    def taken(self) -> bool:
        """Whether the hub has the change, now or from before."""
        return self.status == 202  # noqa: PLR2004


class NotificationOutcome(Message, frozen=True, kw_only=True):
    """What came of a notification, in the order in which it came."""

    environment: Environment
    items: tuple[MutationOutcome, ...]
    checkpoint: str | None = None


class Acknowledgement(Request, frozen=True, kw_only=True):
    """`POST /v1/mailbox/acknowledge`: these items of the lease are dealt with. The same sent again does no harm."""

    lease: UUID
    up_to: Number | None = None
    """All items of the lease with this number or a lower one."""
    numbers: Numbers | None = None

    def __post_init__(self) -> None:
        """Refuse both ways, and none, of saying which."""
        if (self.up_to is None) == (self.numbers is None):
            raise ValueError("give either upTo or numbers")


class Pull(Request, frozen=True, kw_only=True):
    """`POST /v1/mailbox/pull`: take the next items of a lane, of the mailbox of who signs.

    A slot has one running lease at a time; where a slot of the lane is leased, nothing is given. `from` gives what was
    given before again, from that number on, without a lease; `parked` gives what was set aside. `acknowledge` is an
    acknowledgement that goes along and comes first: where it is refused, all is. What it leaves open stays leased.
    """

    count: Annotated[int, msgspec.Meta(ge=1, le=MAXIMUM_ITEMS)] = 100
    lease_seconds: Annotated[int, msgspec.Meta(ge=1, le=MAXIMUM_LEASE_SECONDS)] = 60
    lanes: Literal[1, 2, 4, 8, 16, 32, 64] = 1
    lane: Annotated[int, msgspec.Meta(ge=0, lt=SLOTS)] = 0
    from_: Number | None = msgspec.field(default=None, name="from")
    parked: bool = False
    acknowledge: Acknowledgement | None = None

    def __post_init__(self) -> None:
        """Refuse a lane that is not one of the lanes, and to do more than replay at once with it."""
        if self.lane >= self.lanes:
            raise ValueError("the lane is one of 0 to lanes - 1")
        if self.parked and self.from_ is not None:
            raise ValueError("give either from or parked")
        if self.acknowledge and self.from_ is not None:
            raise ValueError("give either from or acknowledge")

    @property
    def slots(self) -> list[int]:
        """The slots of the lane."""
        return list(range(self.lane, SLOTS, self.lanes))


class Change(Message, frozen=True, kw_only=True):
    """What an item tells: which data changed, of whom, at which source."""

    ssin: AnsweredSsin
    """`replaces` is the number as it was notified, where it is another now."""
    data_group: str
    period: Period
    """The days that changed, as far as the recipient may know: those that it may ask for."""
    kind: MutationKind
    happened_on: date
    source: str
    legal_context: str
    """The purpose under which it may be asked for."""
    authorisation: str
    sealed: bool
    """Whether the data group is sealed: then there is never content here."""
    content: dict[str, Any] | None = None
    """Of an unsealed data group, where the recipient may have every day of the change."""
    signature: str | None = None
    """Of the content, by the source."""
    wrong_since: Moment | None = None
    """For `corrected`; without content, only where it does not lie before `period`."""


class NoticeKind(StrEnum):
    """What an institution is told that is no change of data at a source."""

    NUMBER_REPLACED = "number-replaced"
    """The person has another number: `ssin.value` instead of `ssin.replaces`."""
    MERGED = "merged"
    """The numbers `ssin.value` and `ssin.replaces` are of one person; use the first."""
    UNMERGED = "unmerged"
    """`ssin.value` and `other` are two persons, who were taken for one."""
    EXCLUSIVE_OVERLAP = "exclusive-overlap"
    """Since persons were merged, another institution has days of this inscription of one's own too, in an exclusive
    context. It stays so until one of the two ends its inscription, or the persons are told apart."""
    DECEASED = "deceased"
    """The person died on `happenedOn`."""
    DEATH_WITHDRAWN = "death-withdrawn"
    """It was wrong that the person died."""
    INSCRIPTION_ENDED = "inscription-ended"
    """Yesterday was the last day of an inscription of one's own, in `context`."""
    PRESUMED_ERROR = "presumed-error"
    """To a source: somebody presumes an error in what it gave."""
    ERROR_ANSWERED = "error-answered"
    """To who reported: what the source made of it."""
    CORRECTION_TOLD = "correction-told"
    """To a source: how many of those who were given the wrong value are told of the correction, and how many not."""


class ErrorNotice(Message, frozen=True, kw_only=True):
    """A presumed error, as its source and its reporter see it. The source is not told who reported it."""

    report: UUID
    reference: str | None = None
    """Of who reported; told to nobody else."""
    data_group: str
    period: Period
    seen: UUID
    """The ticket of the exchange or change in which it was seen."""
    presumed: str
    """In a word, what is presumed."""
    text: str | None = None
    """More of it, until it is removed."""
    answer_by: date
    outcome: str | None = None
    reason: str | None = None
    correction: UUID | None = None
    """The ticket of the correction."""


class Told(Message, frozen=True, kw_only=True):
    """Among those who were given a wrong value: how many are told of its correction, how many not, by code."""

    correction: UUID
    """The ticket of the correction."""
    data_group: str
    told: int
    not_told: dict[str, int]
    unread: tuple[str, ...] = ()
    """Months of the log, as 2026-03, that left the hub's database: who was given it then was not looked for."""


class Notice(Message, frozen=True, kw_only=True):
    """What the hub itself has to tell about a person."""

    kind: NoticeKind
    ssin: AnsweredSsin
    happened_on: date
    other: str | None = None
    """Of `unmerged`: the number of the other person."""
    context: str | None = None
    period: Period | None = None
    """Of the inscription of one's own that it is about."""
    error: ErrorNotice | None = None
    told: Told | None = None


class Void(Message, frozen=True, kw_only=True):
    """Why the recipient may no longer know what the item was about."""

    code: str
    reason: str


class Item(Message, frozen=True, kw_only=True):
    """One numbered item of a mailbox: a change, a notice, or `void`. Numbers of a mailbox begin with 1, without a gap.

    One consumer of all lanes sees each number follow the last. A consumer of one lane checks by slot: `previous` is
    the number before this one in the same slot, 0 for the first. A number not above the last of its slot was received
    before (the Crossroads Bank's 200000); a `previous` above the last of its slot shows that one is missing (200001).
    """

    number: int
    previous: int
    slot: int
    ticket: UUID
    """Of the change; the same in every mailbox. It is the `mutation` of the question that fetches the data."""
    added_at: Moment
    concerning: str | None = None
    """The institution that the item is for, where the mailbox is that of its manager: ask on behalf of it."""
    change: Change | None = None
    notice: Notice | None = None
    void: Void | None = None
    parked: str | None = None
    """The reason with which it was set aside."""


class MailboxPage(Message, frozen=True, kw_only=True):
    """Items in the order of their numbers. `leasedUntil` without `lease`: another consumer has the lane until then."""

    environment: Environment
    items: tuple[Item, ...] = ()
    lease: UUID | None = None
    leased_until: Moment | None = None
    depth: int = 0
    """Items of the whole mailbox that are neither acknowledged nor parked, those given here included."""
    parked: int = 0
    """Items of the whole mailbox that are parked."""
    first_kept: int = 1
    """From this number on all items of the mailbox are there; below it, what was acknowledged has been removed."""
    checkpoint: str | None = None


class Parked(Message, frozen=True, kw_only=True):
    """Items that were set aside, with the reason."""

    numbers: tuple[int, ...]
    reason: str


class ItemsTaken(Message, frozen=True, kw_only=True):
    """What came of the items that the hub brought (`POST <endpoint>/v1/mailbox-items`, the body a `MailboxPage`).

    What is named in neither list is brought again.
    """

    acknowledged: tuple[int, ...] = ()
    parked: tuple[Parked, ...] = ()


class Parking(Request, frozen=True, kw_only=True):
    """`POST /v1/mailbox/park`: these items of the lease cannot be dealt with now; they no longer stand in the way."""

    lease: UUID
    numbers: Numbers
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=Line)]
    """For people of the institution; never the number of a person."""


class Settled(Message, frozen=True, kw_only=True):
    """What is left after an acknowledgement or parking. When `open` is 0 the lease has ended."""

    environment: Environment
    open: int
    """Items of the lease that are still to be dealt with."""
    depth: int
    parked: int

"""Many lines of the directory at once: kept as single ones are, and compared with the institution's own list."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec

from crossroads.kernel.identifiers import ContextId, InstitutionId
from crossroads.kernel.period import Period
from crossroads.wire.messages import InscriptionLine, Message, Request, SsinText

MAXIMUM_LINES = 1_000
"""Lines that are kept by one request."""
MAXIMUM_BULK = 1024 * 1024
"""Bytes of such a request."""
MAXIMUM_COMPARED = 10_000
"""Lines that are compared by one request, and lines of the directory that are looked at for what a list has not."""
MAXIMUM_COMPARISON = 2 * 1024 * 1024
"""Bytes of such a request."""

Phase = Annotated[int, msgspec.Meta(ge=0, le=999)]


class Action(StrEnum):
    """What is done with a line: each is as the route of its own."""

    REGISTER = "register"
    CLOSE = "close"
    CUT = "cut"
    CANCEL = "cancel"


class BulkLine(InscriptionLine, frozen=True, kw_only=True):
    """A line, and what is done with it."""

    action: Action

    @property
    def line(self) -> InscriptionLine:
        """The line alone, as the route of its own takes it."""
        return InscriptionLine(**{name: getattr(self, name) for name in InscriptionLine.__struct_fields__})


class InscriptionBulk(Request, frozen=True, kw_only=True):
    """`POST /v1/inscriptions/bulk`: lines that are kept in this order, each by itself."""

    lines: Annotated[tuple[BulkLine, ...], msgspec.Meta(min_length=1, max_length=MAXIMUM_LINES)]


class BulkOutcome(Message, frozen=True, kw_only=True):
    """What came of one line, by its reference.

    `status` is what it would have had alone: 201 inscribed, 200 changed, 400 malformed, 403 refused, 409 the days are
    taken, or the reference was used for something else. A refusal keeps nothing: the same reference may be sent again.
    """

    reference: str
    status: int
    ticket: UUID | None = None
    ended: tuple[int, ...] = ()
    items: tuple[int, ...] = ()
    """The numbers of the lines that the institution has now in this context."""
    code: str | None = None
    reason: str | None = None

    @property
    def done(self) -> bool:
        """Whether the line was kept, now or before."""
        return self.ticket is not None


class InscriptionBulkOutcome(Message, frozen=True, kw_only=True):
    """What came of each line, in their order."""

    items: tuple[BulkOutcome, ...]


class ComparedLine(Request, frozen=True, kw_only=True):
    """A line as the institution has it on its own list."""

    ssin: SsinText
    context: ContextId
    period: Period
    phase: Phase = 0


class InscriptionComparison(Request, frozen=True, kw_only=True):
    """`POST /v1/inscriptions/compare`: an institution's own list, or a part of it, against the directory.

    Without `after`, it is told of each line whether the directory has it: all lines of a person that touch belong in
    one request. With `after`, 0 to begin, it is told what the directory has and the list has not, from there on.
    """

    institution: InstitutionId
    lines: Annotated[tuple[ComparedLine, ...], msgspec.Meta(max_length=MAXIMUM_COMPARED)] = ()
    after: Annotated[int, msgspec.Meta(ge=0, le=2**53)] | None = None


class Verdict(StrEnum):
    """How a line of a list stands in the directory."""

    SAME = "same"
    DIFFERENT = "different"
    """The directory has the person in the context on some of the days, on other days, or in another phase."""
    MISSING = "missing"


class HeldDays(Message, frozen=True, kw_only=True):
    """Days on which the directory has the person inscribed."""

    period: Period
    phase: int = 0


class ComparedOutcome(Message, frozen=True, kw_only=True):
    """How one line stands: where it differs, what the directory has in its place."""

    verdict: Verdict
    held: tuple[HeldDays, ...] = ()
    ssin: str | None = None
    """The number that the person has today, where it is another than that of the list."""


class Unlisted(Message, frozen=True, kw_only=True):
    """A line of the directory that shares no day with one of the list, of the same person in the same context."""

    inscription: int
    ssin: str
    """The number that the person has today."""
    context: str
    period: Period
    phase: int = 0


class InscriptionDifferences(Message, frozen=True, kw_only=True):
    """What was found: of each line of the list in their order, or of the directory; `next` asks for what follows."""

    items: tuple[ComparedOutcome, ...] = ()
    unlisted: tuple[Unlisted, ...] = ()
    next: int | None = None

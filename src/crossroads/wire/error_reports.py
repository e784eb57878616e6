"""The messages about presumed errors: an institution reports one, the source that gave the data answers.

A word and a short text travel, never the data itself: the source looks at its own.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec

from crossroads.kernel.clock import Moment
from crossroads.kernel.identifiers import DataGroupId, InstitutionId, LegalContextId
from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Environment
from crossroads.wire.messages import Agent, Line, Message, Receipt, Reference, Request, SsinText

Explanation = Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=Line)]
"""For people at the other institution; never the number of a person, nor the data."""
MAXIMUM_OPEN_REPORTS = 1_000
"""Reports without answer that are listed at once, at most."""


class Presumed(StrEnum):
    """What is presumed."""

    WRONG_VALUE = "wrong-value"
    WRONG_PERIOD = "wrong-period"
    WRONG_PERSON = "wrong-person"
    OUT_OF_DATE = "out-of-date"
    INCOMPLETE = "incomplete"


class ErrorOutcome(StrEnum):
    """What the source made of it."""

    CORRECTED = "corrected"
    REJECTED = "rejected"


class ErrorReport(Request, frozen=True, kw_only=True):
    """`POST /v1/error-reports`: something that the institution was given about a person is presumed to be wrong."""

    reference: Reference
    """Used once; the same report sent again has the same outcome."""
    ssin: SsinText
    data_group: DataGroupId
    period: Period
    """The days that are presumed to be wrong."""
    ticket: UUID
    """Of the exchange, or of the item of the mailbox, in which it was seen."""
    source: InstitutionId | None = None
    """Who gave it; needed where several sources gave the data group under the ticket."""
    presumed: Presumed
    text: Explanation | None = None
    on_behalf_of: InstitutionId | None = None
    """The institution that was given it, where the one that signs manages it."""
    legal_context: LegalContextId | None = None
    """Where an agent acts for the person: for which purpose; so with `agent`."""
    agent: Agent | None = None


class ErrorReported(Message, frozen=True, kw_only=True):
    """That the source will be told, and until when it has to answer."""

    environment: Environment
    reference: str
    report: UUID
    answer_by: date
    receipt: Receipt | None = None
    checkpoint: str | None = None


class ErrorAnswer(Request, frozen=True, kw_only=True):
    """`POST /v1/error-reports/answer`: what the source made of a report."""

    report: UUID
    outcome: ErrorOutcome
    reason: Explanation
    correction: UUID | None = None
    """For `corrected`: the ticket of the change of kind corrected that the source notified before."""
    on_behalf_of: InstitutionId | None = None
    """The source, where the institution that signs manages it."""

    def __post_init__(self) -> None:
        """Refuse a correction without its change, and the reverse."""
        if (self.outcome is ErrorOutcome.CORRECTED) != (self.correction is not None):
            raise ValueError("correction belongs to the outcome corrected, and only to it")


class ErrorAnswered(Message, frozen=True, kw_only=True):
    """That the reporter will be told."""

    environment: Environment
    report: UUID
    outcome: ErrorOutcome
    checkpoint: str | None = None


class OpenReportsQuery(Request, frozen=True, kw_only=True):
    """`POST /v1/error-reports/query`: which reports wait for an answer of one's own, as their source."""

    on_behalf_of: InstitutionId | None = None
    """The source, where the institution that signs manages it."""
    count: Annotated[int, msgspec.Meta(ge=1, le=MAXIMUM_OPEN_REPORTS)] = 100
    """How many at most."""
    after: UUID | None = None
    """Those that stand behind this report: the last of the page before."""
    report: UUID | None = None
    """This one alone, where it waits; so without `after`."""

    def __post_init__(self) -> None:
        """Refuse a page and one report at once."""
        if self.after is not None and self.report is not None:
            raise ValueError("a query is for those behind a report, or for one report")


class OpenReport(Message, frozen=True, kw_only=True):
    """A report that waits for an answer. About whom it is stands in the item of the mailbox and nowhere else."""

    report: UUID
    data_group: str
    period: Period
    presumed: Presumed
    reported_at: Moment
    answer_by: date
    item: int | None = None
    """The number of the item that tells of it in the mailbox of who signs, once that was given."""


class OpenReports(Message, frozen=True, kw_only=True):
    """Those that are due first; `total` counts all, of every page."""

    environment: Environment
    items: tuple[OpenReport, ...]
    total: int
    more: bool = False
    """Whether others stand behind these: ask for them with `after`."""
    checkpoint: str | None = None


class MadeReportsQuery(Request, frozen=True, kw_only=True):
    """`POST /v1/error-reports/made`: what one reported about a person, and what came of it."""

    ssin: SsinText
    on_behalf_of: InstitutionId | None = None
    """The institution that reported, where the one that signs manages it."""
    legal_context: LegalContextId | None = None
    """Where an agent acts for the person: for which purpose; so with `agent`."""
    agent: Agent | None = None


class MadeReport(Message, frozen=True, kw_only=True):
    """A report of one's own."""

    report: UUID
    reference: str
    source: str
    data_group: str
    period: Period
    seen: UUID
    presumed: Presumed
    text: str | None = None
    """Until some time after the answer; so with `reason`."""
    reported_at: Moment
    answer_by: date
    told_at: Moment | None = None
    """When the source was first told of it."""
    outcome: ErrorOutcome | None = None
    reason: str | None = None
    correction: UUID | None = None
    """The ticket of the change with which the source corrected it."""
    answered_at: Moment | None = None


class MadeReports(Message, frozen=True, kw_only=True):
    """The newest first."""

    environment: Environment
    items: tuple[MadeReport, ...]
    checkpoint: str | None = None

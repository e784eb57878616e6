"""Sources notify changes; institutions empty their mailboxes."""

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_202_ACCEPTED

from crossroads.kernel.guards import Guard, Signed
from crossroads.mutations.made_reports import OwnReports
from crossroads.mutations.mailboxes import Mailboxes
from crossroads.mutations.reports import ErrorReports
from crossroads.mutations.service import Mutations
from crossroads.wire.error_reports import (
    ErrorAnswer,
    ErrorAnswered,
    ErrorReport,
    ErrorReported,
    MadeReports,
    MadeReportsQuery,
    OpenReports,
    OpenReportsQuery,
)
from crossroads.wire.mutations import (
    MAXIMUM_NOTIFICATION,
    Acknowledgement,
    MailboxPage,
    Notification,
    NotificationOutcome,
    Parking,
    Pull,
    Settled,
)

_GUARDED = {"guard": Guard.INSTITUTION}


@post(
    "/v1/mutations",
    opt=_GUARDED,
    status_code=HTTP_200_OK,
    request_max_body_size=MAXIMUM_NOTIFICATION,
    tags=["mutations"],
)
async def notify_mutations(
    data: JSONBody[Notification], signed: NamedDependency[Signed], changes: NamedDependency[Mutations]
) -> NotificationOutcome:
    """Notify changes; each is taken or refused by itself, and what is taken is taken for good."""
    # Not called `mutations`: Litestar would take what is wrong with that member of the body for a fault of its own.
    return await changes.notify(data, signed)


@post("/v1/mailbox/pull", opt=_GUARDED, status_code=HTTP_200_OK, tags=["mutations"])
async def pull_items(
    data: JSONBody[Pull], signed: NamedDependency[Signed], mailboxes: NamedDependency[Mailboxes]
) -> MailboxPage:
    """Take the next items of one's own mailbox, under a lease."""
    return await mailboxes.pull(data, signed)


@post("/v1/mailbox/acknowledge", opt=_GUARDED, status_code=HTTP_200_OK, tags=["mutations"])
async def acknowledge_items(
    data: JSONBody[Acknowledgement], signed: NamedDependency[Signed], mailboxes: NamedDependency[Mailboxes]
) -> Settled:
    """Say that items are dealt with."""
    return await mailboxes.acknowledge(data, signed)


@post("/v1/mailbox/park", opt=_GUARDED, status_code=HTTP_200_OK, tags=["mutations"])
async def park_items(
    data: JSONBody[Parking], signed: NamedDependency[Signed], mailboxes: NamedDependency[Mailboxes]
) -> Settled:
    """Set items aside that cannot be dealt with now."""
    return await mailboxes.park(data, signed)


@post("/v1/error-reports", opt=_GUARDED, status_code=HTTP_202_ACCEPTED, tags=["mutations"])
async def report_error(
    data: JSONBody[ErrorReport], signed: NamedDependency[Signed], error_reports: NamedDependency[ErrorReports]
) -> ErrorReported:
    """Report to its source what is presumed to be wrong in what one was given."""
    return await error_reports.report(data, signed)


@post("/v1/error-reports/answer", opt=_GUARDED, status_code=HTTP_200_OK, tags=["mutations"])
async def answer_error(
    data: JSONBody[ErrorAnswer], signed: NamedDependency[Signed], error_reports: NamedDependency[ErrorReports]
) -> ErrorAnswered:
    """Say, as its source, what came of a report."""
    return await error_reports.answer(data, signed)


@post("/v1/error-reports/query", opt=_GUARDED, status_code=HTTP_200_OK, tags=["mutations"])
async def query_errors(
    data: JSONBody[OpenReportsQuery], signed: NamedDependency[Signed], error_reports: NamedDependency[ErrorReports]
) -> OpenReports:
    """Give the reports that wait for an answer of one's own, those due first."""
    return await error_reports.waiting(data, signed)


@post("/v1/error-reports/made", opt=_GUARDED, status_code=HTTP_200_OK, tags=["mutations"])
async def query_made_errors(
    data: JSONBody[MadeReportsQuery], signed: NamedDependency[Signed], own_reports: NamedDependency[OwnReports]
) -> MadeReports:
    """Give what one reported oneself about a person, and what came of it."""
    return await own_reports.made(data, signed)


ROUTES = (
    notify_mutations,
    pull_items,
    acknowledge_items,
    park_items,
    report_error,
    answer_error,
    query_errors,
    query_made_errors,
)

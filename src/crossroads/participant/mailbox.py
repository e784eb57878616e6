"""Changes notified, and the mailbox emptied, step by step and without input or output: see `steps`."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import msgspec

from crossroads.kernel.errors import Malformed, Tampered
from crossroads.kernel.ssin import Environment
from crossroads.participant.contents import Contents
from crossroads.participant.correspondence import Correspondence
from crossroads.participant.pages import RawPage, read
from crossroads.participant.steps import Steps
from crossroads.wire.error_reports import (
    ErrorAnswer,
    ErrorAnswered,
    ErrorReport,
    ErrorReported,
    OpenReports,
    OpenReportsQuery,
)
from crossroads.wire.keys import SigningKey
from crossroads.wire.mutations import (
    Acknowledgement,
    MailboxPage,
    Mutation,
    MutationOutcome,
    Notification,
    NotificationOutcome,
    Parking,
    Pull,
    Settled,
)

_outcome_decoder = msgspec.json.Decoder(NotificationOutcome)
_page_decoder = msgspec.json.Decoder(RawPage)
_reported_decoder = msgspec.json.Decoder(ErrorReported)
_answered_decoder = msgspec.json.Decoder(ErrorAnswered)
_open_decoder = msgspec.json.Decoder(OpenReports)
_settled_decoder = msgspec.json.Decoder(Settled)


class Mailbox:
    """An institution that notifies, and empties its mailbox."""

    def __init__(self, hub: Correspondence, holders: Mapping[str, SigningKey] | None = None) -> None:
        """Write over a correspondence with the hub; `holders` are keys of institutions that this one manages."""
        self._hub, self._contents = hub, Contents(hub, holders)

    def notify(self, mutations: Iterable[Mutation]) -> Steps[Sequence[MutationOutcome]]:
        """Notify changes and give what came of each, in their order. Raises Refused, Unavailable or Tampered."""
        sent = Notification(mutations=tuple(map(self._contents.signed, mutations)))
        outcome = yield from self._hub.send("/v1/mutations", sent, _outcome_decoder)
        self._check(outcome.environment)
        if [item.reference for item in outcome.items] != [mutation.reference for mutation in sent.mutations]:
            raise Tampered("The hub answered about other changes than were notified.")
        if outcome.checkpoint:
            yield from self._hub.watch(outcome.checkpoint)
        return outcome.items

    def pull(self, pull: Pull) -> Steps[MailboxPage]:
        """Take items. Raises Refused, Unavailable, or Tampered for items of another lane or out of order."""
        got = yield from self._hub.send("/v1/mailbox/pull", pull, _page_decoder)
        try:
            page = read(got)
        except Malformed as error:
            raise Tampered("The answer of the hub has not the form that it should have.") from error
        self._check(page.environment)
        numbers = [item.number for item in page.items]
        if numbers != sorted(set(numbers)) or any(item.slot % pull.lanes != pull.lane for item in page.items):
            raise Tampered("The hub gave items of another lane, or out of order.")
        if page.checkpoint:
            yield from self._hub.watch(page.checkpoint)
        return (yield from self._contents.checked(page))

    def acknowledge(self, lease: UUID, *, numbers: Iterable[int] = (), up_to: int | None = None) -> Steps[Settled]:
        """Say which items of a lease are dealt with. Raises Refused or Unavailable."""
        sent = Acknowledgement(lease=lease, up_to=up_to, numbers=tuple(numbers) or None)
        return (yield from self._settle("acknowledge", sent))

    def park(self, lease: UUID, numbers: Iterable[int], reason: str) -> Steps[Settled]:
        """Set items of a lease aside. Raises Refused or Unavailable."""
        return (yield from self._settle("park", Parking(lease=lease, numbers=tuple(numbers), reason=reason)))

    def report_error(self, report: ErrorReport) -> Steps[ErrorReported]:
        """Report what is presumed to be wrong in what one was given. Raises Refused, Unavailable or Tampered."""
        reported = yield from self._hub.send("/v1/error-reports", report, _reported_decoder)
        self._check(reported.environment)
        if reported.checkpoint:
            yield from self._hub.watch(reported.checkpoint)
        return reported

    def answer_error(self, answer: ErrorAnswer) -> Steps[ErrorAnswered]:
        """Say, as its source, what came of a report. Raises Refused, Unavailable or Tampered."""
        answered = yield from self._hub.send("/v1/error-reports/answer", answer, _answered_decoder)
        self._check(answered.environment)
        return answered

    def open_reports(
        self, on_behalf_of: str | None, after: UUID | None, report: UUID | None = None
    ) -> Steps[OpenReports]:
        """Give a page of the reports that wait for a source, or one. Raises Refused, Unavailable or Tampered."""
        query = OpenReportsQuery(on_behalf_of=on_behalf_of, after=after, report=report)
        found = yield from self._hub.send("/v1/error-reports/query", query, _open_decoder)
        self._check(found.environment)
        if found.checkpoint:
            yield from self._hub.watch(found.checkpoint)
        return found

    def _settle(self, way: str, sent: Acknowledgement | Parking) -> Steps[Settled]:
        settled = yield from self._hub.send(f"/v1/mailbox/{way}", sent, _settled_decoder)
        self._check(settled.environment)
        return settled

    def _check(self, environment: Environment) -> None:
        if environment is not self._hub.trust.environment:
            raise Tampered("The answer is of another environment.")

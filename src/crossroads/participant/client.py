"""A client of the hub: it signs, asks, notifies, finds people, and believes nothing that it did not check.

    async with Client(read_client_config(Path("client.yaml"))) as client:
        reply = await client.ask(
            ssin=ssin, legal_context="PCSA:SOCIAL_INQUIRY", data_groups=["living-wage@1"],
            period=Period(date(2026, 1, 1), date(2026, 3, 31)), agent="clerk-7",
        )

`SyncClient` has the same form without `async`. Neither repeats a question by itself: a source answers one once.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Self, TypedDict, TypeVar, Unpack
from uuid import UUID

from crossroads.kernel.clock import Clock, SystemClock
from crossroads.kernel.period import Period
from crossroads.participant.acting import Acting, AsyncActing, SyncActing
from crossroads.participant.asker import Asker
from crossroads.participant.batches import Batches
from crossroads.participant.batches_client import AsyncBatches, SyncBatches
from crossroads.participant.batches_result import AnsweredRecord
from crossroads.participant.batches_voucher import BatchWish
from crossroads.participant.boxes import AsyncBox, Box, SyncBox
from crossroads.participant.client_config import ClientConfig, ClientKeys, read_client_config
from crossroads.participant.correspondence import Correspondence
from crossroads.participant.inscriptions import AsyncInscriptions, Inscriptions, SyncInscriptions
from crossroads.participant.jobs import AsyncJobs, Jobs, SyncJobs
from crossroads.participant.looks import AsyncLooks, Looks, SyncLooks
from crossroads.participant.mailbox import Mailbox
from crossroads.participant.offices import Offices
from crossroads.participant.persons import Persons
from crossroads.participant.questions import Asking, Wish
from crossroads.participant.replies import BlockRejected, OpenedBlock, Reply
from crossroads.participant.settings import KeyFile
from crossroads.participant.statuses import AsyncStatuses, Statuses, SyncStatuses
from crossroads.participant.steps import Http, Steps, SyncHttp
from crossroads.participant.trust import read_trust
from crossroads.wire.error_reports import (
    ErrorAnswer,
    ErrorAnswered,
    ErrorReport,
    ErrorReported,
    OpenReport,
    OpenReports,
)
from crossroads.wire.keys import SealingKey, SigningKey
from crossroads.wire.messages import InscriptionLine, InscriptionOutcome, PersonConfirmation, PersonConfirmed
from crossroads.wire.mutations import Item, MailboxPage, Mutation, MutationOutcome, Pull, Settled
from crossroads.wire.persons import (
    PersonCandidates,
    PersonChanged,
    PersonCorrection,
    PersonCreation,
    PersonDeath,
    PersonQuery,
    PersonReplacement,
)
from crossroads.wire.proofs import EntryProof

__all__ = [
    "AnsweredRecord",
    "BatchWish",
    "BlockRejected",
    "Client",
    "ClientConfig",
    "ClientKeys",
    "KeyFile",
    "OpenedBlock",
    "Reply",
    "SyncClient",
    "read_client_config",
]

T = TypeVar("T")

TIMEOUT = timedelta(seconds=10)
"""For one call; the hub answers within 4 s or says which source was late."""


class About(TypedDict, total=False):
    """What else a question may say. Without `period`, a `reference_date` is needed."""

    period: Period | None
    reference_date: date | None
    on_behalf_of: str | None
    customer_ticket: str | None
    mutation: UUID | None
    """The ticket of an item of the mailbox whose data is asked for: see `Client.fetch`."""


class _Base:
    def __init__(self, config: ClientConfig, clock: Clock | None = None) -> None:
        """Read keys and trust. Raises WrongSetting or UnsafeKeyFile."""
        keys, folder = config.keys, config.folder
        self.institution = config.institution
        """As which it asks."""
        asking = Asking(
            config.institution,
            SigningKey.read(keys.sign.id, folder / keys.sign.file),
            SealingKey.read(keys.seal.id, folder / keys.seal.file),
            read_trust(folder / config.trust),
        )
        hub = Correspondence(asking.sign, asking.trust, config.hub, folder / config.state, clock or SystemClock())
        self._asker = Asker(asking, hub)
        self._statuses = Statuses(self._asker)
        self._mailbox = Mailbox(hub)
        self._persons = Persons(hub)
        self._batches = Batches(asking, hub)
        self._jobs = Jobs(hub)
        self._inscriptions = Inscriptions(hub)
        self._looks = Looks(hub)
        self._box = Box(asking, hub)
        self._acting = Acting(hub)
        self._hub = hub


class Client(_Base):
    """Asks and notifies, from an event loop."""

    def __init__(self, config: ClientConfig, clock: Clock | None = None) -> None:
        """Read keys and trust, and open connections. Raises WrongSetting or UnsafeKeyFile."""
        super().__init__(config, clock)
        self._http = Http(TIMEOUT)
        self.batches = AsyncBatches(self._batches, self._http)
        """Many questions in one file."""
        self.jobs = AsyncJobs(self._jobs, self._http)
        """What the hub does for you after it has answered."""
        self.inscriptions = AsyncInscriptions(self._inscriptions, self._http)
        """Many lines of the directory at once."""
        self.looks = AsyncLooks(self._looks, self._http)
        """What is kept about a person, for that person or a supervisor."""
        self.box = AsyncBox(self._box, self._http)
        """Messages for people, whose documents stay with the sender."""
        self.acting = AsyncActing(self._acting, self._http)
        """People who act for others."""
        self.statuses = AsyncStatuses(self._statuses, self._http)
        """Statuses of a person on a day, and whether a right is open."""
        self.offices = Offices(self._hub, self._http)
        """What supervisors and the committee do."""

    async def __aenter__(self) -> Self:
        """Give the client."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connections."""
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def ask(
        self, *, ssin: str, legal_context: str, data_groups: Sequence[str], agent: str, **about: Unpack[About]
    ) -> Reply:
        """Ask one question about one person. `agent` is your own pseudonymous id of the user, never an SSIN.

        Raises Refused or Unavailable for what the hub refuses, Tampered for an answer that does not hold. A block that
        does not hold is in `rejected`, the others are kept.
        """
        return await self._http.run(self._asker.ask(Wish(ssin, legal_context, data_groups, agent, **about)))

    async def published(self, read: Callable[[str, date], Steps[T]], on: date) -> T:
        """Read the hub's public catalogue of a day by steps such as those of `published`. Raises Unavailable."""
        return await self._http.run(read(self._hub.hub, on))

    async def inscribe(self, line: InscriptionLine) -> InscriptionOutcome:
        """Inscribe a person. The same line sent again has the same outcome. Raises Refused or Unavailable."""
        return await self._http.run(self._asker.inscribe(line))

    async def verify_receipt(self, reply: Reply) -> EntryProof:
        """Check that the hub's log has this very answer, at most two seconds later. Raises Tampered.

        Gives the proof, which convinces others as well: it opens event, ticket and digest of the answer.
        """
        return await self._http.run(self._asker.verify_receipt(reply))

    async def notify(self, mutations: Sequence[Mutation]) -> Sequence[MutationOutcome]:
        """Notify changes of one's own data. A change sent again has the same outcome. Raises Refused, Unavailable."""
        return await self._http.run(self._mailbox.notify(mutations))

    async def pull(self, pull: Pull | None = None) -> MailboxPage:
        """Take the next items of the mailbox, under a lease. Raises Refused or Unavailable."""
        return await self._http.run(self._mailbox.pull(pull or Pull()))

    async def acknowledge(self, lease: UUID, *, numbers: Sequence[int] = (), up_to: int | None = None) -> Settled:
        """Say which items of a lease are dealt with. Raises Refused or Unavailable."""
        return await self._http.run(self._mailbox.acknowledge(lease, numbers=numbers, up_to=up_to))

    async def park(self, lease: UUID, numbers: Sequence[int], reason: str) -> Settled:
        """Set items of a lease aside. The reason names no person. Raises Refused or Unavailable."""
        return await self._http.run(self._mailbox.park(lease, numbers, reason))

    async def report_error(self, report: ErrorReport) -> ErrorReported:
        """Report to its source what looks wrong in what one was given. Sent again, it has the same outcome."""
        return await self._http.run(self._mailbox.report_error(report))

    async def answer_error(self, answer: ErrorAnswer) -> ErrorAnswered:
        """Say, as its source, what came of a report. Raises Refused or Unavailable."""
        return await self._http.run(self._mailbox.answer_error(answer))

    async def open_reports(self, on_behalf_of: str | None = None, *, after: UUID | None = None) -> OpenReports:
        """Give the reports that wait for an answer of one's own, as their source. Raises Refused or Unavailable."""
        return await self._http.run(self._mailbox.open_reports(on_behalf_of, after))

    async def open_report(self, report: UUID) -> OpenReport | None:
        """Give one of those; None where it does not wait. Raises Refused or Unavailable."""
        found = await self._http.run(self._mailbox.open_reports(None, None, report))
        return next(iter(found.items), None)

    async def fetch(self, item: Item, *, agent: str) -> Reply:
        """Ask for the data that an item is about, as `ask` does. Raises Refused for a void item."""
        return await self._http.run(self._asker.fetch(item, agent))

    async def find_persons(self, query: PersonQuery) -> PersonCandidates:
        """Find who is meant by a number, or by name and birth date. Raises Refused or Unavailable."""
        return await self._http.run(self._persons.find(query))

    async def create_person(self, creation: PersonCreation) -> PersonChanged:
        """Give a BIS number to somebody. Sent again, it has the same outcome. Raises Refused: a duplicate, say."""
        return await self._http.run(self._persons.create(creation))

    async def correct_person(self, correction: PersonCorrection) -> PersonChanged:
        """Say what holds of a person of the BIS register. Sent again, it has the same outcome."""
        return await self._http.run(self._persons.correct(correction))

    async def record_death(self, death: PersonDeath) -> PersonChanged:
        """Say that a person of the BIS register died, or that this was wrong. Sent again, it has the same outcome."""
        return await self._http.run(self._persons.decease(death))

    async def replace_number(self, replacement: PersonReplacement) -> PersonChanged:
        """Have a BIS number replaced by the national one that the register confirms. Sent again, the same outcome."""
        return await self._http.run(self._persons.replace(replacement))

    async def confirm_person(self, confirmation: PersonConfirmation) -> PersonConfirmed:
        """Have the register confirm a person, who may then be inscribed. Sent again, it has the same outcome."""
        return await self._http.run(self._persons.confirm(confirmation))


class SyncClient(_Base):
    """Asks and notifies, without an event loop."""

    def __init__(self, config: ClientConfig, clock: Clock | None = None) -> None:
        """Read keys and trust, and open connections. Raises WrongSetting or UnsafeKeyFile."""
        super().__init__(config, clock)
        self._http = SyncHttp(TIMEOUT)
        self.batches = SyncBatches(self._batches, self._http)
        """Many questions in one file."""
        self.jobs = SyncJobs(self._jobs, self._http)
        """What the hub does for you after it has answered."""
        self.inscriptions = SyncInscriptions(self._inscriptions, self._http)
        """Many lines of the directory at once."""
        self.looks = SyncLooks(self._looks, self._http)
        """What is kept about a person, for that person or a supervisor."""
        self.box = SyncBox(self._box, self._http)
        """Messages for people, whose documents stay with the sender."""
        self.acting = SyncActing(self._acting, self._http)
        """People who act for others."""
        self.statuses = SyncStatuses(self._statuses, self._http)
        """Statuses of a person on a day, and whether a right is open."""

    def __enter__(self) -> Self:
        """Give the client."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ask(
        self, *, ssin: str, legal_context: str, data_groups: Sequence[str], agent: str, **about: Unpack[About]
    ) -> Reply:
        """Ask one question about one person; see `Client.ask`."""
        return self._http.run(self._asker.ask(Wish(ssin, legal_context, data_groups, agent, **about)))

    def published(self, read: Callable[[str, date], Steps[T]], on: date) -> T:
        """Read the hub's public catalogue of a day; see `Client.published`."""
        return self._http.run(read(self._hub.hub, on))

    def inscribe(self, line: InscriptionLine) -> InscriptionOutcome:
        """Inscribe a person; see `Client.inscribe`."""
        return self._http.run(self._asker.inscribe(line))

    def verify_receipt(self, reply: Reply) -> EntryProof:
        """Check that the hub's log has this very answer; see `Client.verify_receipt`."""
        return self._http.run(self._asker.verify_receipt(reply))

    def notify(self, mutations: Sequence[Mutation]) -> Sequence[MutationOutcome]:
        """Notify changes of one's own data; see `Client.notify`."""
        return self._http.run(self._mailbox.notify(mutations))

    def pull(self, pull: Pull | None = None) -> MailboxPage:
        """Take the next items of the mailbox, under a lease; see `Client.pull`."""
        return self._http.run(self._mailbox.pull(pull or Pull()))

    def acknowledge(self, lease: UUID, *, numbers: Sequence[int] = (), up_to: int | None = None) -> Settled:
        """Say which items of a lease are dealt with; see `Client.acknowledge`."""
        return self._http.run(self._mailbox.acknowledge(lease, numbers=numbers, up_to=up_to))

    def park(self, lease: UUID, numbers: Sequence[int], reason: str) -> Settled:
        """Set items of a lease aside; see `Client.park`."""
        return self._http.run(self._mailbox.park(lease, numbers, reason))

    def report_error(self, report: ErrorReport) -> ErrorReported:
        """Report to its source what looks wrong; see `Client.report_error`."""
        return self._http.run(self._mailbox.report_error(report))

    def answer_error(self, answer: ErrorAnswer) -> ErrorAnswered:
        """Say, as its source, what came of a report; see `Client.answer_error`."""
        return self._http.run(self._mailbox.answer_error(answer))

    def open_reports(self, on_behalf_of: str | None = None, *, after: UUID | None = None) -> OpenReports:
        """Give the reports that wait for an answer of one's own; see `Client.open_reports`."""
        return self._http.run(self._mailbox.open_reports(on_behalf_of, after))

    def fetch(self, item: Item, *, agent: str) -> Reply:
        """Ask for the data that an item is about, as `ask` does; see `Client.fetch`."""
        return self._http.run(self._asker.fetch(item, agent))

    def find_persons(self, query: PersonQuery) -> PersonCandidates:
        """Find who is meant; see `Client.find_persons`."""
        return self._http.run(self._persons.find(query))

    def create_person(self, creation: PersonCreation) -> PersonChanged:
        """Give a BIS number to somebody; see `Client.create_person`."""
        return self._http.run(self._persons.create(creation))

    def correct_person(self, correction: PersonCorrection) -> PersonChanged:
        """Say what holds of a person; see `Client.correct_person`."""
        return self._http.run(self._persons.correct(correction))

    def record_death(self, death: PersonDeath) -> PersonChanged:
        """Say that a person died; see `Client.record_death`."""
        return self._http.run(self._persons.decease(death))

    def replace_number(self, replacement: PersonReplacement) -> PersonChanged:
        """Have a number replaced; see `Client.replace_number`."""
        return self._http.run(self._persons.replace(replacement))

    def confirm_person(self, confirmation: PersonConfirmation) -> PersonConfirmed:
        """Have the register confirm a person; see `Client.confirm_person`."""
        return self._http.run(self._persons.confirm(confirmation))

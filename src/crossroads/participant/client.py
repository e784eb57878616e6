"""A client of the hub: it signs, asks, notifies, empties the mailbox, and believes nothing that it did not check.

    async with Client(read_client_config(Path("client.yaml"))) as client:
        reply = await client.ask(
            ssin=ssin, legal_context="PCSA:SOCIAL_INQUIRY", data_groups=["living-wage@1"],
            period=Period(date(2026, 1, 1), date(2026, 3, 31)), agent="clerk-7",
        )

`SyncClient` has the same form without `async`. Neither repeats a question by itself: a source answers one once.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Self, TypedDict, Unpack
from uuid import UUID

import msgspec

from crossroads.kernel.clock import Clock, SystemClock
from crossroads.kernel.identifiers import InstitutionId
from crossroads.kernel.period import Period
from crossroads.participant.asker import Asker
from crossroads.participant.correspondence import Correspondence
from crossroads.participant.mailbox import Mailbox
from crossroads.participant.questions import Asking, Wish
from crossroads.participant.replies import BlockRejected, OpenedBlock, Reply
from crossroads.participant.settings import HttpUrl, KeyFile
from crossroads.participant.steps import Http, SyncHttp
from crossroads.participant.trust import read_trust
from crossroads.participant.yamlfile import Settings, read_settings
from crossroads.wire.error_reports import ErrorAnswer, ErrorAnswered, ErrorReport, ErrorReported
from crossroads.wire.keys import SealingKey, SigningKey
from crossroads.wire.messages import InscriptionLine, InscriptionOutcome
from crossroads.wire.mutations import Item, MailboxPage, Mutation, MutationOutcome, Pull, Settled
from crossroads.wire.proofs import EntryProof

__all__ = [
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

TIMEOUT = timedelta(seconds=10)
"""For one call; the hub answers within 4 s or says which source was late."""


class ClientKeys(Settings, frozen=True, kw_only=True):
    """The institution's private keys: one to sign questions, one to open answers."""

    sign: KeyFile
    seal: KeyFile


class ClientConfig(Settings, frozen=True, kw_only=True):
    """What a client needs to know. Paths are relative to `folder`: that of the settings file."""

    institution: InstitutionId
    hub: HttpUrl
    trust: str
    keys: ClientKeys
    state: str
    folder: Path = Path()
    """Not a setting itself."""


class About(TypedDict, total=False):
    """What else a question may say. Without `period`, a `reference_date` is needed."""

    period: Period | None
    reference_date: date | None
    on_behalf_of: str | None
    customer_ticket: str | None


def read_client_config(path: Path) -> ClientConfig:
    """Read a settings file. Raises WrongSetting naming file and key."""
    return msgspec.structs.replace(read_settings(path, ClientConfig), folder=path.resolve().parent)


class _Base:
    def __init__(self, config: ClientConfig, clock: Clock | None = None) -> None:
        """Read keys and trust. Raises WrongSetting or UnsafeKeyFile."""
        keys, folder = config.keys, config.folder
        asking = Asking(
            config.institution,
            SigningKey.read(keys.sign.id, folder / keys.sign.file),
            SealingKey.read(keys.seal.id, folder / keys.seal.file),
            read_trust(folder / config.trust),
        )
        hub = Correspondence(asking.sign, asking.trust, config.hub, folder / config.state, clock or SystemClock())
        self._asker = Asker(asking, hub)
        self._mailbox = Mailbox(hub)


class Client(_Base):
    """Asks and notifies, from an event loop."""

    def __init__(self, config: ClientConfig, clock: Clock | None = None) -> None:
        """Read keys and trust, and open connections. Raises WrongSetting or UnsafeKeyFile."""
        super().__init__(config, clock)
        self._http = Http(TIMEOUT)

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

    async def fetch(self, item: Item, *, agent: str) -> Reply:
        """Ask for the data that an item is about, as `ask` does. Raises Refused for a void item."""
        return await self._http.run(self._asker.fetch(item, agent))


class SyncClient(_Base):
    """Asks and notifies, without an event loop."""

    def __init__(self, config: ClientConfig, clock: Clock | None = None) -> None:
        """Read keys and trust, and open connections. Raises WrongSetting or UnsafeKeyFile."""
        super().__init__(config, clock)
        self._http = SyncHttp(TIMEOUT)

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

    def fetch(self, item: Item, *, agent: str) -> Reply:
        """Ask for the data that an item is about, as `ask` does; see `Client.fetch`."""
        return self._http.run(self._asker.fetch(item, agent))

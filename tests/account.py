"""The account that must come out even: the log of the hub against what clients received and sources were asked."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple, Self
from uuid import UUID

import asyncpg
import msgspec

from chaos import rows, until
from commands import typed
from crossroads.audit.service import Log, Rhythm
from crossroads.bootstrap.keys import log_key
from crossroads.network.service import Network
from crossroads.participant import log as own_log
from crossroads.wire.canonical import canonical, sha256
from crossroads.wire.messages import Answer
from database import Database

_QUICK = Rhythm(lease=timedelta(seconds=2), grace=timedelta(milliseconds=100))


class Received(NamedTuple):
    """An answer that a client got and verified."""

    answer: Answer
    body: bytes

    @property
    def givers(self) -> set[str]:
        """The sources that gave something."""
        return {block.source for block in self.answer.blocks}

    @property
    def digest(self) -> str:
        """What the log is to have of it: of all but receipt and checkpoint, in canonical form."""
        content = json.loads(self.body)
        del content["receipt"], content["checkpoint"]
        return sha256(canonical(content)).hex()


async def close_what_is_open(built: Network, database: Database) -> None:
    """Stop the hub, and close what it left open without waiting as long as it would."""
    built.processes.stop("hub")
    key = log_key(built.installation)

    async def none_open() -> bool:
        await log.close_open()
        return not await rows(database.url(), _OPEN)

    async with asyncpg.create_pool(database.url()) as pool, Log(pool, key, rhythm=_QUICK) as log:
        await until(none_open)


_OPEN = (
    "SELECT FROM log_entry d WHERE event = 'exchange:question:decided' AND NOT EXISTS (SELECT FROM log_entry c "
    "WHERE c.ticket = d.ticket AND c.event IN ('exchange:answer:sent', 'exchange:outcome:unknown'))"
)
_EXCHANGES = (
    "SELECT event, ticket, stream, index, leaf, content FROM log_entry WHERE event LIKE 'exchange:%' ORDER BY at"
)


class Account:
    """The log of the hub, to be compared with what clients received and sources were asked."""

    def __init__(self, built: Network, entries: list[Any]) -> None:
        """Sort the entries by ticket."""
        self._built = built
        self.entries: defaultdict[UUID, list[Any]] = defaultdict(list)
        for entry in entries:
            self.entries[entry["ticket"]].append(entry)

    @classmethod
    async def of(cls, built: Network, database: Database) -> Self:
        """Verify the whole log, as an auditor does, and read it."""
        verified = await asyncio.to_thread(typed, "audit", "verify", environment=built.environment)
        assert verified.code == 0, verified
        return cls(built, await rows(database.url("crossroads_reader"), _EXCHANGES))

    def events(self, ticket: UUID) -> list[str]:
        """Give what was logged of a question."""
        return [entry["event"].removeprefix("exchange:") for entry in self.entries[ticket]]

    def check_no_question_is_open(self) -> None:
        """Each question was refused, answered, or its outcome is unknown: one of these, once."""
        endings = {tuple(sorted(self.events(ticket))) for ticket in self.entries}
        assert endings <= {
            ("question:refused",),
            ("answer:sent", "question:decided"),
            ("outcome:unknown", "question:decided"),
        }

    def check_received(self, received: Received) -> None:
        """Check that an answer stands in the log as it was received, where its receipt says."""
        answer, last = received.answer, self.entries[received.answer.ticket][-1]
        assert self.events(answer.ticket) in (["question:decided", "answer:sent"], ["question:refused"])
        assert answer.receipt is not None
        place = answer.receipt.stream, answer.receipt.index, answer.receipt.leaf
        assert (last["stream"], last["index"], last["leaf"]) == place
        content = msgspec.json.decode(last["content"])
        assert content["answerDigest"] == received.digest
        assert content["status"]["code"] == answer.status.code

    def check_source(self, name: str) -> set[UUID]:
        """Check that a source was asked nothing that was not decided before, and nothing twice. Gives the tickets."""
        asked = [UUID(entry["ticket"]) for entry in _own_log(self._built, name)]
        assert len(set(asked)) == len(asked)
        for ticket in asked:
            content = msgspec.json.decode(self.entries[ticket][0]["content"])
            assert self.events(ticket)[0] == "question:decided"
            assert name in {permit["holder"] for permit in content["permits"]}
        return set(asked)


def _own_log(built: Network, name: str) -> list[dict[str, Any]]:
    """Verify and read the log that a source keeps itself."""
    folder = built.member(name).folder / "state"
    assert own_log.verify(folder).faults == ()
    return list(own_log.export(folder))


async def check_all(built: Network, database: Database, sources: Sequence[str], everything: Sequence[Received]) -> None:
    """Stop the hub, and check the whole account against all that was ever received from it."""
    await close_what_is_open(built, database)
    account = await Account.of(built, database)
    account.check_no_question_is_open()
    for received in everything:
        account.check_received(received)
    assert len({received.answer.ticket for received in everything}) == len(everything)
    for name in sources:
        gave = {received.answer.ticket for received in everything if name in received.givers}
        assert gave <= account.check_source(name)

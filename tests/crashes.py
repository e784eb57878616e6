"""Load on a hub whose processes and database are killed at chance moments, and the account that must come out even."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, Self
from uuid import UUID

import asyncpg
import httpx
import msgspec

from chaos import Asker, client, person, problem, rows, until
from crossroads.admission.limits import Limits
from crossroads.audit.service import Log, Rhythm
from crossroads.bootstrap.database import NAME, prepare
from crossroads.bootstrap.keys import log_key
from crossroads.bootstrap.postgres import EmbeddedPostgres
from crossroads.bootstrap.postgres_processes import server_processes
from crossroads.network.service import Network
from crossroads.participant import log as own_log
from crossroads.wire.canonical import canonical, sha256
from crossroads.wire.messages import Answer
from database import Database, remove_server
from networks import line, network

ASKER, SOURCES = "pcsw-gent", ("dgph", "pension-service")
GROUPS = ("handicap-file@1", "pension-rights@1")
PEOPLE = tuple(person(number) for number in range(1, 41, 2))
STRANGER = person(41)
CLIENTS = 12
_COLUMNS = ("ssin", "kind", "start_date")
_SETTINGS = {
    GROUPS[0]: {
        "sql": "SELECT kind, start_date AS \"startDate\" FROM facts WHERE ssin = :ssin AND :start_date <= '9999'",
        "list": "decisions",
    },
    GROUPS[1]: {
        "sql": 'SELECT kind AS "benefitType", start_date AS "startDate", 100 AS "grossMonthlyAmount" FROM facts '
        "WHERE ssin = :ssin AND :start_date <= '9999'",
        "list": "rights",
    },
}
_KINDS = {GROUPS[0]: "medicalRecognition", GROUPS[1]: "retirement"}
_ALLOWED = {(401, "CR-BEFORE-RESTART"), (500, "MSG00003"), (503, "CR-UNAVAILABLE"), (503, "CR-OVERLOADED")}
"""What a client may be told while everything falls about its ears."""
_QUICK = Rhythm(lease=timedelta(seconds=2), grace=timedelta(milliseconds=100))


@contextmanager
def own_database() -> Iterator[Database]:
    """Give a database on a server of its own, which a test may kill."""
    home = Path(tempfile.mkdtemp(prefix="crossroads-crashes-"))
    home.chmod(0o711)
    server = EmbeddedPostgres(home)
    try:
        server.start()
        asyncio.run(prepare(server))
        yield Database(server, NAME)
    finally:
        remove_server(server)
        shutil.rmtree(home)


@contextmanager
def fragile_network(folder: Path, database: Database, workers: int = 2) -> Iterator[Network]:
    """Give a network on that database: an asker, two sources, and a hub of several processes."""
    members = {ASKER: {}, **{name: {"groups": {group: _SETTINGS[group]}} for name, group in _held()}}
    inscriptions = [
        *(line(ssin, ASKER, "17:2", "2020-01-01") for ssin in PEOPLE),
        *(line(ssin, SOURCES[0], "16:1", "2020-01-01") for ssin in (*PEOPLE, STRANGER)),
        *(line(ssin, SOURCES[1], "5:20", "2020-01-01") for ssin in (*PEOPLE, STRANGER)),
    ]
    limits = Limits(requests_per_second=10_000, unverified_per_second=10_000)
    with network(
        folder,
        database,
        members,
        persons=[*PEOPLE, STRANGER],
        inscriptions=inscriptions,
        settings={"limits": limits},
        start=False,
    ) as made:
        for name, group in _held():
            facts = [(ssin, _KINDS[group], "2020-05-01") for ssin in PEOPLE]
            made.member(name).store({"facts": (_COLUMNS, facts)})
        made.start_hub(workers)
        made.start_members(SOURCES)
        yield made


def _held() -> Iterator[tuple[str, str]]:
    return zip(SOURCES, GROUPS, strict=True)


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


class Load:
    """Clients that ask without end: `async with Load(network, chance) as load`."""

    def __init__(self, built: Network, chance: Random) -> None:
        """Ask nothing yet."""
        self.received: list[Received] = []
        self.refused: Counter[tuple[int, str | None]] = Counter()
        self._asker, self._chance = Asker(built, ASKER), chance
        self._tasks: list[asyncio.Task[None]] = []
        self._http = client()

    async def __aenter__(self) -> Self:
        """Start the clients."""
        self._tasks = [asyncio.create_task(self._ask_on()) for _ in range(CLIENTS)]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop them; what one of them found wrong is raised."""
        for task in self._tasks:
            task.cancel()
        ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.aclose()
        for outcome in ended:
            if isinstance(outcome, Exception):
                raise outcome

    async def goes_on(self, count: int) -> None:
        """Wait until so many more answers came."""
        goal = len(self.received) + count

        async def reached() -> bool:
            for task in self._tasks:
                if task.done():
                    task.result()
            return len(self.received) >= goal

        await until(reached)

    async def _ask_on(self) -> None:
        while True:
            ssin = STRANGER if self._chance.random() < 0.1 else self._chance.choice(PEOPLE)
            asked = self._asker.question(ssin, *GROUPS)
            try:
                response = await self._asker.send(self._http, asked)
            except httpx.TimeoutException:
                raise
            except httpx.TransportError:
                self.refused[0, None] += 1
            else:
                if response.status_code == 200:
                    self.received.append(Received(self._asker.read(response, asked), response.content))
                    continue
                self._refused(response)
            await asyncio.sleep(0.05)

    def _refused(self, response: httpx.Response) -> None:
        told = problem(response)
        assert (response.status_code, told.code) in _ALLOWED, told
        assert (response.status_code == 503) == ("retry-after" in response.headers)
        assert (response.status_code == 500) == (told.ticket is not None), told
        self.refused[response.status_code, told.code] += 1


class Crashes:
    """What is killed, and how it comes up again: `async with Crashes(network, database, chance) as crashes`.

    The hub is started again whenever it ended, as the service manager of a machine does.
    """

    def __init__(self, built: Network, database: Database, chance: Random, workers: int = 2) -> None:
        """Kill nothing yet."""
        self._built, self._database, self._chance, self._workers = built, database, chance, workers
        self._keeper: asyncio.Task[None] | None = None
        self.acts = [self.worker, self.hub, self.postmaster, self.cluster, self.everything]

    async def __aenter__(self) -> Self:
        """Keep the hub going."""
        self._keeper = asyncio.create_task(self._keep())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Keep it going no longer; why it could not be is raised."""
        assert self._keeper is not None
        self._keeper.cancel()
        with suppress(asyncio.CancelledError):
            await self._keeper

    async def round(self, load: Load, number: int) -> None:
        """Wait for load, kill at a chance moment, and start again what was killed."""
        await load.goes_on(self._chance.randrange(20, 60))
        await asyncio.sleep(self._chance.random() / 20)
        self.acts[number % len(self.acts)]()
        await asyncio.to_thread(self._database.server.start)

    async def _keep(self) -> None:
        while True:
            if self._built.processes["hub"].wait(0):
                await asyncio.shield(asyncio.to_thread(self._built.start_hub, self._workers))
            await asyncio.sleep(0.1)

    def worker(self) -> None:
        """Kill one process of the hub; its parent starts another."""
        hub = self._built.processes["hub"].pid
        with suppress(OSError, IndexError):  # it may just have died of itself
            children = Path(f"/proc/{hub}/task/{hub}/children").read_text().split()
            os.kill(int(self._chance.choice(children)), signal.SIGKILL)

    def hub(self) -> None:
        """Kill all processes of the hub."""
        self._built.processes["hub"].kill()

    def postmaster(self) -> None:
        """Kill the head of the database and let its other processes find out."""
        server = self._database.server
        pid = server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        while server.pid == pid:
            time.sleep(0.001)

    def cluster(self) -> None:
        """Kill all processes of the database."""
        while pids := server_processes(self._database.server.place.data):
            for pid in pids:
                with suppress(ProcessLookupError):  # one ends when another does
                    os.kill(pid, signal.SIGKILL)

    def everything(self) -> None:
        """Kill hub and database."""
        self.hub()
        self.cluster()


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
        verified = [sys.executable, "-m", "crossroads", "audit", "verify"]
        await asyncio.to_thread(subprocess.run, verified, check=True, env={**os.environ, **built.environment})
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
        if last["event"] == "exchange:answer:sent":
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


async def check_all(built: Network, database: Database, everything: Sequence[Received]) -> None:
    """Stop the hub, and check the whole account against all that was ever received from it."""
    await close_what_is_open(built, database)
    account = await Account.of(built, database)
    account.check_no_question_is_open()
    for received in everything:
        account.check_received(received)
    assert len({received.answer.ticket for received in everything}) == len(everything)
    for name in SOURCES:
        gave = {received.answer.ticket for received in everything if name in received.givers}
        assert gave <= account.check_source(name)

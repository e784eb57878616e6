"""Load on a hub whose processes and database are killed at chance moments."""

import asyncio
import os
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Protocol, Self

import httpx

from account import Received
from chaos import Asker, client, person, problem, until
from crossroads.admission.limits import Limits
from crossroads.bootstrap.database import NAME, prepare
from crossroads.bootstrap.postgres import EmbeddedPostgres
from crossroads.bootstrap.postgres_processes import server_processes
from crossroads.network.service import Network
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


class GoesOn(Protocol):
    """A load that can be waited for."""

    async def goes_on(self, count: int) -> None:
        """Wait until so much more was done."""


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
                else:
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

    async def round(self, load: GoesOn, number: int) -> None:
        """Wait for load, kill at a chance moment, and start again what was killed."""
        await load.goes_on(self._chance.randrange(20, 60))
        await asyncio.sleep(self._chance.random() / 20)
        self.acts[number % len(self.acts)]()
        await asyncio.to_thread(self._database.server.start)

    async def _keep(self) -> None:
        while True:
            if self._built.processes["hub"].wait(0):
                # Not awaited until it is healthy: it may be killed again before, and the load tells when it answers.
                self._built.launch_hub(self._workers)
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

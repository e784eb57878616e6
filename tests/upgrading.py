"""An installation of the last version that is upgraded under load: the old program, and the load."""

import asyncio
import os
import subprocess
import sys
import zipfile
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, Self
from uuid import uuid4

import httpx
import msgspec

from chaos import Asker, person, start_another_hub, until
from crossroads.bootstrap.postgres import ADMIN
from crossroads.bootstrap.settings import load
from crossroads.kernel.codes import StatusValue
from crossroads.network.members import Member
from crossroads.network.ports import free_ports
from crossroads.network.service import Network
from crossroads.wire.mutations import Item, MailboxPage, NotificationOutcome
from database import Database, execute
from networks import NOTHING_WAS_ASKED, line

ASKER, SOURCE, NOTIFIER, FUND = "pcsw-gent", "dgph", "neo", "family-benefits"
FILE, BREAK = "handicap-file@1", "career-break@1"
PEOPLE = [person(number) for number in (1, 3, 5, 7)]
_CONTEXTS = {ASKER: "17:2", SOURCE: "16:1", NOTIFIER: "18:2", FUND: "7:101"}
_DECISIONS = "SELECT kind, start_date AS \"startDate\" FROM decisions WHERE ssin = :ssin AND :start_date <= '9999'"
_GROUPS = {
    SOURCE: {FILE: {"sql": _DECISIONS, "list": "decisions"}},
    NOTIFIER: {BREAK: {"sql": "SELECT 'full' AS kind WHERE :ssin <> '' AND :start_date <= '9999'", "list": "breaks"}},
}
Work = Callable[[], Awaitable[None]]
_PREVIOUS = Path(__file__).parent / "upgrade"
_PATIENCE_SECONDS = 90
_PAUSE_SECONDS = 0.05


class OldProgram:
    """The last version, unpacked."""

    def __init__(self, folder: Path) -> None:
        """Unpack it with its catalogue."""
        (wheel,) = _PREVIOUS.glob("crossroads-*.whl")
        for archive in (wheel, _PREVIOUS / "catalogue.zip"):
            zipfile.ZipFile(archive).extractall(folder)
        self.catalogue = folder / "belgium"
        self.environment: Mapping[str, str] = {"PYTHONPATH": str(folder)}

    def run(self, *arguments: str, text: bytes = b"", environment: Mapping[str, str] | None = None) -> None:
        """Run Python with it, to the end; fails with what it said."""
        variables = {**os.environ, **self.environment, **(environment or {})}
        done = subprocess.run(
            [sys.executable, *arguments],
            input=text,
            capture_output=True,
            check=False,
            env=variables,
            timeout=_PATIENCE_SECONDS,
        )
        assert done.returncode == 0, done.stderr.decode()


@contextmanager
def old_network(folder: Path, database: Database, program: OldProgram) -> Iterator[Network]:
    """Found a network with the old program on an empty database, and start its participants; no hub yet."""
    hub_port, *ports = free_ports(1 + len(_CONTEXTS))
    members = tuple(
        Member(institution=name, port=port, folder=folder / name, groups=_GROUPS.get(name, {}))
        for name, port in zip(_CONTEXTS, ports, strict=True)
    )
    owner = {"CROSSROADS_OWNER_URL": database.url("crossroads_owner"), "CROSSROADS_DATABASE_URL": database.url()}
    program.run("-m", "crossroads", "migrate", environment={"CROSSROADS_HOME": str(folder / "none"), **owner})
    program.run(str(_PREVIOUS / "old_installation.py"), text=_wish(folder, database, program, members, hub_port))
    asyncio.run(execute(database.url(ADMIN), NOTHING_WAS_ASKED))
    built = Network(installation=load({"CROSSROADS_HOME": str(folder / "hub")}), members=members)
    decisions = [(ssin, "medicalRecognition", "2020-05-01") for ssin in PEOPLE]
    built.member(SOURCE).store({"decisions": (("ssin", "kind", "start_date"), decisions)})
    with built.processes:
        built.start_members([SOURCE])
        yield built


def start_old_hub(built: Network, program: OldProgram) -> None:
    """Start a process of the hub of the last version, at the public port."""
    start_another_hub(built, built.installation.settings.port, program.environment)


def _wish(folder: Path, database: Database, program: OldProgram, members: Sequence[Member], port: int) -> bytes:
    return msgspec.json.encode(
        {
            "home": str(folder / "hub"),
            "catalogue": str(program.catalogue),
            "settings": {
                "installation": "crossroads.test",
                "hub": "cbss",
                "port": port,
                "public_url": f"http://127.0.0.1:{port}",
                "database_url": database.url(),
                "job_workers": 0,
            },
            "members": {
                member.institution: {"port": member.port, "folder": str(member.folder), "groups": dict(member.groups)}
                for member in members
            },
            "persons": PEOPLE,
            "inscriptions": [
                line(ssin, place, context, "2020-01-01") for ssin in PEOPLE for place, context in _CONTEXTS.items()
            ],
        }
    )


class Traffic:
    """Questions, changes and an emptied mailbox, all the time, at whatever hubs are in rotation.

    `async with Traffic(…) as traffic`: nobody tries again. Whatever is lost or refused fails.
    """

    def __init__(self, built: Network, http: httpx.AsyncClient, port: int) -> None:
        """Begin with one hub."""
        self._http, self._chance = http, Random(4)
        self._askers = {name: Asker(built, name) for name in (ASKER, NOTIFIER, FUND)}
        self._ports = [port]
        self._under_way: dict[int, int] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping: set[Work] = set()
        self.answered: dict[int, int] = {}
        """Questions that were answered, by the port of the hub."""
        self.notified: list[str] = []
        """Tickets of the changes that a hub took."""
        self.received: dict[int, Item] = {}
        """Items of the mailbox, by number."""

    async def __aenter__(self) -> Self:
        """Begin."""
        work = (self._ask, self._ask, self._ask, self._notify, self._empty)
        self._tasks = [asyncio.create_task(self._repeat(one)) for one in work]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Let what is under way come to its end; what went wrong is raised, unless something was."""
        self._stopping.update((self._ask, self._notify, self._empty))
        await asyncio.gather(*self._tasks, return_exceptions=kind is not None)

    def add(self, port: int) -> None:
        """Take a hub into rotation."""
        self._ports.append(port)

    async def remove(self, port: int) -> None:
        """Take a hub out of rotation, and wait until nothing is under way there: what any load balancer does."""
        self._ports.remove(port)
        await self._until(lambda: not self._under_way.get(port))

    async def goes_on(self, port: int) -> None:
        """Wait until a hub answered twenty questions more, and five changes more were received."""
        answers, items = self.answered.get(port, 0) + 20, len(self.received) + 5
        await self._until(lambda: self.answered.get(port, 0) >= answers and len(self.received) >= items)

    async def finish(self) -> None:
        """Wait until every change that was taken has been received."""
        self._stopping.add(self._notify)
        await self._until(lambda: self._tasks[3].done() and len(self.received) >= len(self.notified))

    async def _until(self, reached: Callable[[], bool]) -> None:
        async def checked() -> bool:
            for task in self._tasks:
                if task.done():
                    task.result()
            return reached()

        await until(checked)

    async def _repeat(self, work: Work) -> None:
        while work not in self._stopping:
            await work()
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _ask(self) -> None:
        asker, port = self._askers[ASKER], self._chance.choice(self._ports)
        question = asker.question(self._chance.choice(PEOPLE), FILE)
        with self._counted(port):
            answer = asker.read(await asker.send(self._http, question, port), question)
        assert answer.status.value is StatusValue.DATA_FOUND
        self.answered[port] = self.answered.get(port, 0) + 1

    async def _notify(self) -> None:
        change = {
            "reference": uuid4().hex,
            "ssin": self._chance.choice(PEOPLE),
            "dataGroup": BREAK,
            "context": _CONTEXTS[NOTIFIER],
            "period": {"startDate": "2026-02-01", "endDate": "2026-04-30"},
            "kind": "changed",
            "happenedOn": "2026-02-01",
        }
        body = await self._post(NOTIFIER, "/v1/mutations", {"mutations": [change]})
        (outcome,) = msgspec.json.decode(body, type=NotificationOutcome).items
        assert outcome.status == 202, outcome
        self.notified.append(str(outcome.ticket))

    async def _empty(self) -> None:
        page = msgspec.json.decode(await self._post(FUND, "/v1/mailbox/pull", {"count": 20}), type=MailboxPage)
        for item in page.items:
            assert self.received.setdefault(item.number, item) is item, f"Item {item.number} was given twice."
        if page.lease:
            done = {"lease": str(page.lease), "upTo": page.items[-1].number}
            await self._post(FUND, "/v1/mailbox/acknowledge", done)

    async def _post(self, institution: str, path: str, content: Any) -> bytes:
        asker, port = self._askers[institution], self._chance.choice(self._ports)
        with self._counted(port):
            response = await asker.post(self._http, path, content, asker.asking.sign, port)
        assert response.status_code == 200, f"{path} at {port}: {response.text}"
        return response.content

    @contextmanager
    def _counted(self, port: int) -> Iterator[None]:
        self._under_way[port] = self._under_way.get(port, 0) + 1
        try:
            yield
        finally:
            self._under_way[port] -= 1

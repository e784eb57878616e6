"""Batches under way while whoever works on them is killed, and the account of them afterwards."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any, Self
from uuid import UUID

import asyncpg
import httpx
import msgspec

from batching import Author, lines
from chaos import client, person, rows, until
from commands import typed
from crashes import Crashes
from crossroads.catalogue.model import Authorisation, Document, Mode
from crossroads.network.service import Network
from crossroads.wire.batches import BatchState, BatchStatus, ChunkLine, Record, RecordLine, ResultLine, Voucher
from crossroads.wire.signatures import Request, sign_request
from database import Database
from networks import belgium, line, network

ASKER, SOURCE, GROUP, CONTEXT = "pcsw-gent", "pension-service", "pension-rights@1", "PCSA:SOCIAL_INQUIRY"
RECORDS = 11_000
"""Of a file: two pages."""
PART = 128 * 1024
"""Bytes that are sent at a time: a file has several."""
PEOPLE = [person(number) for number in range(1, 41, 2)]
"""All are inscribed at the asker; every other one has a right at the source, and every fifth is not known there."""
_SQL = (
    'SELECT {ssin}kind AS "benefitType", start_date AS "startDate", 100 AS "grossMonthlyAmount" FROM facts '
    "WHERE {which} AND :start_date <= '9999'"
)
_SETTINGS = {
    "sql": _SQL.format(ssin="", which="ssin = :ssin"),
    "sqlMany": _SQL.format(ssin="ssin, ", which="ssin IN :ssins"),
    "list": "rights",
}
_status = msgspec.json.Decoder(BatchStatus).decode
_lines = msgspec.json.Decoder(ResultLine)


def _allowed(document: Document) -> Document:
    """Give a catalogue in which what may be asked one by one may be asked in files."""

    def both(one: Authorisation) -> Authorisation:
        return msgspec.structs.replace(one, modes=tuple(dict.fromkeys((*one.modes, Mode.BATCH))))

    return msgspec.structs.replace(document, authorisations=tuple(map(both, document.authorisations)))


@contextmanager
def batching_network(folder: Path, database: Database, workers: int = 1) -> Iterator[Network]:
    """Give a network on that database: an asker, a source, and a hub with a process for jobs, or none."""
    inscriptions = [
        *(line(ssin, ASKER, "17:2", "2020-01-01") for ssin in PEOPLE),
        *(line(ssin, SOURCE, "5:20", "2020-01-01") for number, ssin in enumerate(PEOPLE) if number % 5),
    ]
    members: dict[str, dict[str, Any]] = {ASKER: {}, SOURCE: {"groups": {GROUP: _SETTINGS}}}
    document = _allowed(belgium())
    with network(
        folder,
        database,
        members,
        document=document,
        persons=PEOPLE,
        inscriptions=inscriptions,
        settings={"job_workers": workers},
        start=False,
    ) as made:
        facts = [(ssin, "retirement", "2020-05-01") for ssin in PEOPLE[::2]]
        made.member(SOURCE).store({"facts": (("ssin", "kind", "start_date"), facts)})
        made.start_hub()
        made.start_members([SOURCE])
        yield made


def expected(number: int) -> str:
    """Give the status of a record."""
    at = number % len(PEOPLE)
    if not at % 5:
        return "MSG00021"
    return "MSG00100" if at % 2 else "MSG00000"


@dataclass
class Sent:
    """A batch, and its result when it is there."""

    voucher: Voucher
    records: int
    ticket: UUID | None = None
    parts: list[bytes] = field(default_factory=list)


class Batches:
    """An asker that sends one file after the other: `async with Batches(…) as batches`."""

    def __init__(self, built: Network, records: int = RECORDS, doors: Sequence[str] = ()) -> None:
        """Send nothing yet; each file has so many records, and each request goes to the next of the addresses."""
        member = built.member(ASKER)
        self._records = records
        self._built, self._hub, self._http = built, built.installation.settings.public_url, client()
        self._doors = cycle(doors or [self._hub])
        installation = built.installation.settings.installation
        self._author = Author(
            member.signing_key(), member.sealing_key(), installation=installation, group=GROUP, legal_context=CONTEXT
        )
        self.sent: list[Sent] = []
        self.state: BatchState | None = None
        self._last = False
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin."""
        self._task = asyncio.create_task(self._go_on())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        assert self._task
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        await self._http.aclose()

    async def running(self) -> None:
        """Wait until a batch is being answered."""
        await until(self._when(lambda: self.state is BatchState.RUNNING), 150)

    async def finish(self) -> None:
        """Send no more, and wait for the last result."""
        self._last = True
        assert self._task
        await asyncio.wait_for(self._task, 150)

    def _when(self, condition: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
        async def holds() -> bool:
            assert self._task
            if self._task.done():
                self._task.result()
            return condition()

        return holds

    async def _go_on(self) -> None:
        while not self._last:
            number = len(self.sent) + 1
            people = (PEOPLE[at % len(PEOPLE)] for at in range(self._records))
            records = [Record(ssin=ssin, customer_ticket=f"{number}") for ssin in people]
            file = lines(records)
            self.sent.append(Sent(self._author.voucher(file, records, number), self._records))
            await self._answered(self.sent[-1], file)

    async def _answered(self, sent: Sent, file: bytes) -> None:
        status = await self._call("POST", "/v1/batches", msgspec.json.encode(sent.voucher))
        sent.ticket = status.ticket
        path = f"/v1/batches/{status.ticket}"
        while status.received < status.size:
            part = file[status.received : status.received + PART]
            status = await self._call("PUT", f"{path}/file/{status.received}", part)
        while status.state is not BatchState.COMPLETED:
            assert status.state in (BatchState.CHECKING, BatchState.RUNNING, BatchState.PAUSED), status
            await asyncio.sleep(0.1)
            status = await self._call("GET", path)
            self.state = status.state
        sent.parts = [await self._raw("GET", f"{path}/result/{number}") for number in range(status.parts)]

    async def _call(self, method: str, path: str, body: bytes | None = None) -> BatchStatus:
        return _status(await self._raw(method, path, body))

    async def _raw(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """Call until it works: whoever does so sends the same again."""
        while True:
            kind = "application/octet-stream" if method == "PUT" else "application/json"
            headers = {"content-type": kind} if body is not None else {}
            request = Request(method, self._hub + path, headers, body)
            headers |= sign_request(self._author.sign, request, datetime.now(UTC))
            with suppress(httpx.TransportError):
                got = await self._http.request(method, next(self._doors) + path, content=body, headers=headers)
                if got.status_code == 200:
                    return got.content
                # A part that was taken, and whose answer was lost, is refused the second time.
                if got.status_code == 409 and method == "PUT":
                    return await self._raw("GET", path.partition("/file/")[0])
                assert got.status_code in (401, 500, 503), got.text
            await asyncio.sleep(0.1)


def job_processes(built: Network) -> list[int]:
    """Give the processes of the hub that work on jobs."""
    of_the_hub = b"\0--parent\0%d\0" % built.processes["hub"].pid
    found = []
    for told in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if of_the_hub in (command := told.read_bytes()) and b"\0jobs\0run\0" in command:
                found.append(int(told.parent.name))
    return found


class Killing:
    """What is killed of those who work on batches, and how it comes up again."""

    def __init__(self, built: Network, database: Database, crashes: Crashes) -> None:
        """Kill nothing yet."""
        self._built, self._database = built, database
        self.jobs_killed = 0
        self.acts = [self.jobs, self.participant, crashes.hub, crashes.cluster, crashes.everything]

    def jobs(self) -> None:
        """Kill the processes that work on jobs; the hub starts others."""
        for pid in job_processes(self._built):
            with suppress(OSError):  # it may just have died of itself
                os.kill(pid, signal.SIGKILL)
                self.jobs_killed += 1

    def participant(self) -> None:
        """Kill the source, and start it again."""
        self._built.processes[SOURCE].kill()
        self._built.launch_members([SOURCE])

    async def leases_end(self) -> None:
        """Let the leases of the dead end, as they do after a while."""
        with suppress(OSError, asyncpg.PostgresError):
            await rows(self._database.url("crossroads_owner"), "UPDATE job SET lease_until = now() RETURNING job")


async def kill(built: Network, database: Database, chance: Random, rounds: int) -> None:
    """Kill whoever works on batches, at chance moments, each in turn; then check the account."""
    async with Crashes(built, database, chance, workers=1) as crashes, Batches(built) as batches:
        killing = Killing(built, database, crashes)
        for number in range(rounds):
            await batches.running()
            await asyncio.sleep(chance.random() * 3)
            act = killing.acts[number] if number < len(killing.acts) else chance.choice(killing.acts)
            act()
            await asyncio.to_thread(database.server.start)
            await killing.leases_end()
        await batches.finish()
        sent = batches.sent
        assert killing.jobs_killed
    built.processes.stop("hub")
    await check(built, database, sent)


async def check(built: Network, database: Database, sent: list[Sent]) -> None:
    """Check that each record has one entry and one line, each page an entry that fits it, and that the log is whole."""
    url = database.url("crossroads_reader")
    for batch in sent:
        lines_ = [one for part in batch.parts for one in _lines.decode_lines(part)]
        found = [one for one in lines_ if isinstance(one, RecordLine)]
        assert [one.number for one in found] == list(range(batch.records))
        assert [one.status.code for one in found] == [expected(number) for number in range(batch.records)]
        assert len([one for one in lines_ if isinstance(one, ChunkLine)]) == len(batch.parts) - 1
        logged = await rows(url, _DECIDED, str(batch.ticket))
        assert [row["ticket"] for row in logged] == [one.ticket for one in found]
        pages = await rows(url, _PAGES, batch.ticket)
        assert [row["digest"] for row in pages] == [sha256(part).hexdigest() for part in batch.parts[:-1]]
    repeated = await rows(
        url, "SELECT ticket FROM log_entry WHERE event LIKE 'batch:file:%' GROUP BY 1 HAVING count(*) > 1"
    )
    assert repeated == []
    verified = await asyncio.to_thread(typed, "audit", "verify", environment=built.environment)
    assert verified.code == 0, verified.stderr
    await _check_participant(built)


async def _check_participant(built: Network) -> None:
    """Check that the source logged each page that it answered once, and that both logs agree."""
    folder = built.member(SOURCE).folder
    exported = await asyncio.to_thread(typed, "participant", "log", "export", str(folder / "participant.yaml"))
    entries = [msgspec.json.decode(line) for line in exported.stdout.splitlines()]
    answered = [(one["fields"]["batch"], one["fields"]["page"], one["fields"]["records"][0]) for one in entries]
    assert len(answered) == len(set(answered))
    own = folder / "own-log.jsonl"
    own.write_text(exported.stdout, "utf-8")
    reconciled = await asyncio.to_thread(typed, "audit", "reconcile", str(own), environment=built.environment)
    assert reconciled.code == 0, reconciled.stdout


_DECIDED = """
    SELECT ticket FROM log_entry WHERE event = 'batch:record:decided' AND content ->> 'batch' = $1
    ORDER BY (content ->> 'number')::bigint
"""
_PAGES = """
    SELECT content ->> 'resultDigest' AS digest FROM log_entry WHERE event = 'batch:page:answered' AND ticket = $1
    ORDER BY (content ->> 'page')::int
"""

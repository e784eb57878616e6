"""`bench audit`: appending to the log, verifying all of it, and proving one ticket."""

import asyncio
from collections.abc import Sequence
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from crossroads.audit.events import Event
from crossroads.audit.model import Entry, Record, record_of
from crossroads.audit.verification import verify
from crossroads.bench.installation import Place, installation
from crossroads.bench.report import BenchFailed, Report, progress
from crossroads.bootstrap.keys import log_key
from crossroads.bootstrap.wiring import Services
from crossroads.kernel.clock import SystemClock
from crossroads.network.founders import Founders

BATCH = 1000
"""Entries that wait at the same time, and rows of a plain insert."""
_PROOFS = 200
_TABLE = "plain_log"
_COLUMNS = ("event", "ticket", "person", "asker", "at", "content", "salts", "leaf")
_TYPES = ("text", "uuid", "bigint", "text", "timestamptz", "jsonb", "bytea", "bytea")


def bench(entries: int, rounds: int) -> Report:
    """Measure. Raises BenchFailed when the log does not verify."""
    report = Report(bench="audit")
    with installation() as place:

        async def load(services: Services, _: Founders) -> None:
            tickets = await _appending(place, services, report, entries, rounds)
            await services.log.sign_checkpoint()
            await _verifying(place, report)
            await _proving(services, report, tickets)

        place.found(load)
    return report


async def _appending(place: Place, services: Services, report: Report, entries: int, rounds: int) -> list[UUID]:
    """Append entries as those of an exchange, and insert the same rows into a table with the same indexes, by turns."""
    owner = await asyncpg.connect(place.dsn())
    await owner.execute(f"CREATE TABLE {_TABLE} (LIKE log_entry INCLUDING INDEXES)")
    appended, inserted, tickets = [], [], list[UUID]()
    for number in range(rounds):
        batches = [_entries(BATCH) for _ in range(max(entries // BATCH, 1))]
        inserted.append(await _insert(owner, number, batches))
        appended.append(await _append(services, batches))
        tickets += [entry.ticket for batch in batches for entry in batch if entry.ticket]
        progress.print(f"Round {number + 1}: append {appended[-1]:,.0f}/s, insert {inserted[-1]:,.0f}/s.")
    await owner.close()
    rate = report.add("append_rate", appended, "entries/s")
    report.add_ratio("append_to_insert", rate, report.add("insert_rate", inserted, "rows/s"))
    return tickets


async def _append(services: Services, batches: Sequence[Sequence[Entry]]) -> float:
    """Append each entry by itself, as many at once as a batch has, and give the entries a second."""
    began = perf_counter()
    for batch in batches:
        await asyncio.gather(*(services.log.append(entry) for entry in batch))
    return len(batches) * BATCH / (perf_counter() - began)


async def _insert(
    owner: "asyncpg.Connection[asyncpg.Record]", stream: int, batches: Sequence[Sequence[Entry]]
) -> float:
    """Insert the rows of the same entries, made beforehand, and give the rows a second."""
    now = SystemClock().now()
    prepared = [[record_of(entry, now) for entry in batch] for batch in batches]
    began = perf_counter()
    for number, records in enumerate(prepared):
        await owner.execute(_insert_sql(), stream, number * BATCH, *_columns(records))
    return len(batches) * BATCH / (perf_counter() - began)


def _insert_sql() -> str:
    arrays = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(_TYPES, 3))
    columns = ", ".join(_COLUMNS)
    return (
        f"INSERT INTO {_TABLE} (stream, index, epoch, {columns}) "  # noqa: S608 - ours
        f"SELECT $1::smallint, $2::bigint + number, 0, {columns} "
        f"FROM unnest({arrays}) WITH ORDINALITY AS r ({columns}, number)"
    )


def _columns(records: Sequence[Record]) -> list[Any]:
    return [list(column) for column in zip(*records, strict=True)]


async def _verifying(place: Place, report: Report) -> None:
    """Verify the whole log."""
    progress.print("Verifying the log.")
    async with asyncpg.create_pool(place.dsn("crossroads_reader"), min_size=1, max_size=2) as pool:
        began = perf_counter()
        outcome = await verify(pool, [log_key(place.network.installation).verifier])
        seconds = perf_counter() - began
    if outcome.findings:
        raise BenchFailed(f"The log does not verify: {outcome.findings[0]}")
    report.add("verify_rate", [outcome.entries / seconds], "entries/s")


async def _proving(services: Services, report: Report, tickets: Sequence[UUID]) -> None:
    """Prove tickets from all over the log, one after the other."""
    times = []
    for ticket in tickets[:: max(len(tickets) // _PROOFS, 1)]:
        began = perf_counter()
        await services.log.prove(ticket)
        times.append((perf_counter() - began) * 1000)
    report.add("proof_time", times, "ms")


def _entries(count: int) -> list[Entry]:
    """Make entries with as much in them as those of an exchange."""
    return [
        Entry(
            event=Event.ANSWER_SENT,
            ticket=uuid4(),
            person=number,
            asker="pcsw-gent",
            fields={
                "status": {"value": "DATA_FOUND", "code": "MSG00000", "description": "d" * 30},
                "groupsGiven": [["employment-relations@1", "nsso"]],
                "sources": [{"institution": "nsso", "signature": "s" * 100, "at": ["t" * 32] * 6}],
                "answerDigest": "0" * 64,
                "statement": "e" * 900,
            },
        )
        for number in range(count)
    ]  # fmt: skip

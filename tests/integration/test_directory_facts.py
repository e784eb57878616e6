"""The hot read: what it knows of a person, nonces seen once by any process, rates, and what a crash makes of it."""

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE, create_subprocess_exec
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from crossroads.bootstrap.postgres import ADMIN, EmbeddedPostgres
from crossroads.directory.facts import FactsReader
from crossroads.directory.model import Facts, FactsQuery
from crossroads.directory.nonces import SLOTS, maintain_nonces, slot_of
from crossroads.directory.store import queries
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Unavailable
from database import Database, empty_database, execute, migrated_template, remove_server, value
from people import (
    FUND,
    GHENT,
    LIVING_WAGE,
    OPERATORS,
    OTHER_AID,
    OpenPool,
    World,
    by,
    days,
    line,
    link_act,
    ssin,
    world,
)

ANNA, BEA, CARL, NOBODY = ssin(0), ssin(1), ssin(2), ssin(999)
PROGRAM = """
import asyncio, sys
from datetime import UTC, datetime
from crossroads.directory.facts import FactsReader
from crossroads.directory.model import FactsQuery

async def main(url, created):
    async with FactsReader(url) as reader:
        asked = [FactsQuery("pcsa-ghent", f"nonce {n}", datetime.fromisoformat(created), "") for n in range(300)]
        facts = await asyncio.gather(*map(reader.read, asked))
    print(sum(fact.nonce_new for fact in facts))

asyncio.run(main(*sys.argv[1:]))
"""


def asked(number: str = "", nonce: str | None = None, **other: Any) -> FactsQuery:
    given = {"institution": GHENT, "created_at": datetime.now(UTC), **other}
    return FactsQuery(nonce=nonce or uuid4().hex, ssin=number, **given)


@pytest.fixture(params=[False, True], ids=["one machine", "spread"])
async def reader(database: Database, request: pytest.FixtureRequest) -> AsyncIterator[FactsReader]:
    async with FactsReader(database.url(), spread=request.param) as opened:
        yield opened


@pytest.fixture
async def hub(pool: OpenPool, tmp_path: Path) -> AsyncIterator[World]:
    async with world(pool) as opened:
        await opened.births(ANNA, BEA, CARL, tmp=tmp_path)
        yield opened


async def test_it_gives_the_person_and_the_lines_at_every_institution(hub: World, reader: FactsReader) -> None:
    await hub.directory.open(line(ANNA, days("2026-01-01")), by(GHENT))
    await hub.directory.open(line(ANNA, days("2020-01-01", "2020-12-31"), FUND, context="7:101"), by(FUND))
    await hub.pool.execute("UPDATE catalogue_head SET version = 7")
    facts = await reader.read(asked(ANNA))
    assert facts.person is not None
    assert (facts.catalogue_version, facts.nonce_new, facts.person.ssin, facts.person.replaced) == (
        7,
        True,
        ANNA,
        False,
    )
    assert {item[1:] for item in facts.inscriptions} == {
        (GHENT, LIVING_WAGE, days("2026-01-01"), 0),
        (FUND, "7:101", days("2020-01-01", "2020-12-31"), 0),
    }


async def test_linked_and_replaced_numbers_lead_to_one_person(hub: World, reader: FactsReader) -> None:
    await hub.directory.open(line(ANNA, days("2026-01-01")), by(GHENT))
    await hub.directory.open(line(BEA, days("2025-01-01"), context=OTHER_AID), by(GHENT))
    await hub.identity.decease(ANNA, date(2026, 5, 5), reason="notified", actor="register")
    await hub.identity.link(link_act(ANNA, BEA), OPERATORS)
    await hub.identity.replace_ssin(BEA, ssin(7), date(2026, 2, 1), reason="changed", actor="register")
    found = [await reader.read(asked(number)) for number in (ANNA, BEA, ssin(7))]
    persons = [facts.person for facts in found if facts.person]
    assert [person.replaced for person in persons] == [True, True, False]
    assert {(person.person, person.ssin, person.deceased_on) for person in persons} == {
        (persons[0].person, ssin(7), date(2026, 5, 5))
    }
    assert {frozenset(facts.inscriptions) for facts in found} == {frozenset(found[0].inscriptions)}
    assert len(found[0].inscriptions) == 2


async def test_a_number_that_nobody_has_gives_nothing_by_the_same_steps(hub: World, reader: FactsReader) -> None:
    await hub.directory.open(line(ANNA, days("2026-01-01")), by(GHENT))
    known, unknown = await reader.read(asked(ANNA)), await reader.read(asked(NOBODY))
    assert (unknown.person, unknown.inscriptions) == (None, ())
    assert known.person is not None
    steps = [await _steps(hub, number, known.person.person) for number in (ANNA, NOBODY)]
    assert steps[0] == steps[1]
    assert ("inscription", 1) in steps[0]


async def _steps(hub: World, number: str, decoy: int) -> list[tuple[str, float]]:
    """Give the tables that the hot read looks into, and how many rows it takes from each."""
    text = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {queries.facts.sql}"
    plan = await hub.pool.fetchval(text, [GHENT], [uuid4().hex], [3], [number], [decoy])
    found, waiting = [], [json.loads(plan)[0]["Plan"]]
    while waiting:
        node = waiting.pop()
        waiting += node.get("Plans", [])
        if node.get("Relation Name") in {"inscription", "person", "person_link"}:
            found.append((node["Relation Name"], node["Actual Rows"] * node["Actual Loops"]))
    return sorted(found)


async def test_many_at_once_get_each_their_own(hub: World, reader: FactsReader) -> None:
    for number, period in ((ANNA, "2021-01-01"), (BEA, "2022-01-01"), (CARL, "2023-01-01")):
        await hub.directory.open(line(number, days(period)), by(GHENT))
    people = [(ANNA, 2021), (BEA, 2022), (CARL, 2023), (NOBODY, None)] * 60
    found = await asyncio.gather(*(reader.read(asked(number)) for number, _ in people))
    for (number, year), facts in zip(people, found, strict=True):
        assert (facts.person.ssin if facts.person else NOBODY) == number
        assert [item.period.start_date.year for item in facts.inscriptions] == ([year] if year else [])


async def test_a_nonce_is_new_once_also_within_one_batch(reader: FactsReader) -> None:
    twins = [asked(nonce="same", created_at=datetime(2026, 1, 1, tzinfo=UTC)) for _ in range(100)]
    found = await asyncio.gather(*map(reader.read, twins))
    assert [facts.nonce_new for facts in found].count(True) == 1
    other = twins[0]._replace(institution=FUND)
    assert (await reader.read(other)).nonce_new
    assert not (await reader.read(other)).nonce_new


async def test_a_nonce_is_new_to_one_of_many_processes(database: Database) -> None:
    command = [sys.executable, "-c", PROGRAM, database.url(), datetime.now(UTC).isoformat()]
    started = [await create_subprocess_exec(*command, stdout=PIPE) for _ in range(3)]
    counts = [int((await process.communicate())[0]) for process in started]
    assert sum(counts) == 300


async def test_requests_are_counted_over_all_connections(database: Database, reader: FactsReader) -> None:
    async with FactsReader(database.url()) as second:
        reads = [(reader, second)[number % 2].read(asked()) for number in range(90)]
        found = await asyncio.gather(*reads)
        other = await second.read(asked(institution=FUND))
    # Ninety within two seconds at most: one of these saw half of them.
    assert 45 <= max(facts.requests_this_second for facts in found) <= 90
    assert other.requests_this_second == 1


async def test_more_than_may_wait_are_refused_at_once(database: Database) -> None:
    async with FactsReader(database.url(), connections=1, queue=3) as small:
        found = await asyncio.gather(*(small.read(asked()) for _ in range(10)), return_exceptions=True)
    assert [isinstance(facts, Facts) for facts in found] == [True] * 3 + [False] * 7
    assert {getattr(error, "code", None) for error in found[3:]} == {Code.OVERLOADED}


async def test_who_goes_away_takes_nobody_along(reader: FactsReader) -> None:
    tasks = [asyncio.create_task(reader.read(asked())) for _ in range(20)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(facts, Facts) for facts in found[1::2])


async def test_after_an_outage_it_goes_on_by_itself(postgres: EmbeddedPostgres, database: Database) -> None:
    async with FactsReader(database.url(), connections=1) as reader:
        await reader.read(asked())
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        await execute(
            postgres.dsn(ADMIN, database.name), f"{cut} WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        found = await asyncio.gather(*(reader.read(asked()) for _ in range(3)), return_exceptions=True)
        assert all(isinstance(facts, Facts | Unavailable) for facts in found)
        assert (await reader.read(asked())).nonce_new


async def test_old_slots_are_emptied_and_live_ones_kept(pool: OpenPool) -> None:
    connections = await pool("crossroads_hub")
    moment = await connections.fetchval("SELECT clock_timestamp()")
    await connections.execute("INSERT INTO nonce SELECT 'x', 'y', generate_series(0, 15)")
    await connections.execute("INSERT INTO request_rate VALUES ('x', 1, 0, 1)")
    await maintain_nonces(connections)
    left = {row["slot"] for row in await connections.fetch("SELECT slot FROM nonce")}
    # What was created within the last minute or seems to be of the next, whatever minute it has become meanwhile.
    live = {slot_of(moment + timedelta(minutes=shift)) for shift in (-2, -1, 0, 1)}
    assert live <= left
    assert len(left) == SLOTS - 7
    assert await connections.fetchval("SELECT count(*) FROM request_rate") == 0


@pytest.fixture
def own_database() -> Iterator[Database]:
    """Give a database on a server of this test alone, which may be killed."""
    folder = Path(tempfile.mkdtemp(prefix="crossroads-"))
    folder.chmod(0o711)
    server = EmbeddedPostgres(folder / "home")
    try:
        with server, empty_database(server, template=migrated_template(server), keep=True) as fresh:
            yield fresh
    finally:
        remove_server(server)
        shutil.rmtree(folder)


async def test_after_an_unclean_start_earlier_requests_can_be_told(own_database: Database) -> None:
    server, url = own_database.server, own_database.url()
    seen = asked(nonce="seen")
    async with FactsReader(url) as reader:
        first = await reader.read(seen)
        server.stop()
        server.start()
        calm = await _read_when_back(reader, seen)
        assert (calm.nonce_new, calm.accepted_since) == (False, first.accepted_since)
        before = datetime.now(UTC)
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        while server.is_running():  # noqa: ASYNC110 - it may be listed for a moment yet; nothing tells when not
            await asyncio.sleep(0.01)
        server.start()
        # The store forgot the nonce; only the moment tells that the request is not to be trusted.
        assert not await value(url, "SELECT EXISTS (SELECT FROM nonce WHERE nonce = 'seen')")
        after = await _read_when_back(reader, seen)
        assert seen.created_at < before < after.accepted_since
        async with FactsReader(url) as second:
            assert (await second.read(asked())).accepted_since == after.accepted_since


async def _read_when_back(reader: FactsReader, query: FactsQuery) -> Facts:
    """Read until both connections have noticed that the server was away."""
    while True:
        try:
            return await reader.read(query)
        except (Unavailable, asyncpg.PostgresError):
            await asyncio.sleep(0.05)

"""A mailbox of a million items is emptied: each page reads no more than it gives, and the hub does not grow."""

from collections.abc import AsyncIterator, Iterator
from datetime import date
from pathlib import Path

import asyncpg
import msgspec
import pytest

from chaos import person, until
from crossroads.kernel.period import Period
from crossroads.mutations.store import queries
from crossroads.network.service import Network
from crossroads.participant.client import Client
from crossroads.wire.mutations import MAXIMUM_ITEMS, Mutation, MutationKind, Pull
from database import Database
from networks import line, network

SOURCE, FUND, PERSON = "neo", "family-benefits", person(1)
ITEMS = 1_000_000
GROWTH = 64 * 1024
"""KiB by which the hub may grow meanwhile: a few pages, not the mailbox, which takes hundreds of MiB."""
SETTLED, LOOK_EVERY = 50, 100
"""Pages until the hub has what it keeps, and pages between two looks."""
FILL = """
    INSERT INTO mailbox_item (recipient, number, previous, slot, person, mutation, ticket, institution, added_at)
    SELECT recipient, n, greatest(n - 64, 0), n % 64, person, mutation, ticket, institution, added_at
    FROM mailbox_item, generate_series(2, $1::bigint) AS n
"""
MOVE = """
    UPDATE mailbox SET last_number = $1::bigint, tails = ARRAY(
        SELECT max(n) FROM generate_series($1::bigint - 63, $1::bigint) AS n GROUP BY n % 64 ORDER BY n % 64
    )
"""

pytestmark = pytest.mark.torture


@pytest.fixture
def built(tmp_path: Path, database: Database) -> Iterator[Network]:
    contexts = {SOURCE: "18:2", FUND: "7:101"}
    inscriptions = [line(PERSON, name, context, "2020-01-01") for name, context in contexts.items()]
    members: dict[str, dict[str, str]] = {name: {} for name in contexts}
    with network(
        tmp_path / "network", database, members, persons=[PERSON], inscriptions=inscriptions, start=False
    ) as made:
        made.start_hub()
        yield made


def client(built: Network, institution: str) -> Client:
    return Client(built.member(institution).client(built.installation.settings.public_url))


@pytest.fixture
async def owner(built: Network, database: Database) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    """Give a connection, with the mailbox filled."""
    month = Period(date(2026, 2, 1), date(2026, 2, 28))
    change = Mutation(
        reference="R", ssin=PERSON, data_group="career-break@1", context="18:2", period=month,
        kind=MutationKind.CREATED, happened_on=month.start_date,
    )  # fmt: skip
    connection = await asyncpg.connect(database.url("crossroads_owner"))

    async def told() -> bool:
        return bool(await connection.fetchval("SELECT EXISTS (SELECT FROM mailbox_item)"))

    async with client(built, SOURCE) as source:
        assert [outcome.status for outcome in await source.notify([change])] == [202]
    await until(told)
    await connection.execute("UPDATE mailbox_item SET slot = number % 64, previous = 0")
    await connection.execute(FILL, ITEMS)
    await connection.execute(MOVE, ITEMS)
    await connection.execute("ANALYZE mailbox_item")
    yield connection
    await connection.close()


async def test_a_million_items_are_given_without_reading_or_holding_more_than_a_page(
    built: Network, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    given, least = 0, 0
    async with client(built, FUND) as fund:
        for page_number in range(ITEMS // MAXIMUM_ITEMS):
            page = await fund.pull(Pull(count=MAXIMUM_ITEMS))
            assert [item.number for item in page.items] == list(range(given + 1, given + MAXIMUM_ITEMS + 1))
            assert page.lease is not None
            given = page.items[-1].number
            assert (await fund.acknowledge(page.lease, up_to=given)).depth == ITEMS - given
            if page_number == SETTLED:
                least = memory(built)
            if page_number % LOOK_EVERY == 0:
                assert await blocks_read(owner) <= MAXIMUM_ITEMS
    assert given == ITEMS
    assert memory(built) < least + GROWTH


async def blocks_read(owner: "asyncpg.Connection[asyncpg.Record]") -> int:
    """Give how many pages of the database the next items are read from."""
    sql = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {queries.next_items.sql}"
    first = await owner.fetchval("SELECT max(beyond) FROM mailbox_lease WHERE recipient = $1", FUND)
    (row,) = await owner.fetch(sql, FUND, first, MAXIMUM_ITEMS)
    plan = msgspec.json.decode(row[0])[0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def memory(built: Network) -> int:
    """Give the KiB that the processes of the hub hold."""
    hub = built.processes["hub"].pid
    children = Path(f"/proc/{hub}/task/{hub}/children").read_text().split()
    return sum(_resident(pid) for pid in [str(hub), *children])


def _resident(pid: str) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")))

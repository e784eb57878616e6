"""An upgrade without a stop: processes of the last version and of this one, on one database, under load."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from chaos import findings, rows, start_another_hub, until
from commands import crossroads
from crossroads.bootstrap.migrations import pending
from crossroads.bootstrap.postgres import EmbeddedPostgres
from crossroads.network.ports import free_ports
from crossroads.network.service import Network
from database import Database, empty_database
from upgrading import OldProgram, Traffic, old_network, start_old_hub

pytest_plugins = ["hub_fixtures"]

HELD = "SELECT stream, leased_by FROM log_stream WHERE lease_until > now()"
UNANSWERED = """
    SELECT ticket FROM log_entry WHERE event LIKE 'exchange:%' GROUP BY ticket
    HAVING array_agg(event ORDER BY event) <> ARRAY['exchange:answer:sent', 'exchange:question:decided']
"""


@pytest.fixture(scope="module")
def empty(postgres: EmbeddedPostgres) -> Iterator[Database]:
    """Give a database that nothing was applied to."""
    with empty_database(postgres) as made:
        yield made


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> OldProgram:
    return OldProgram(tmp_path_factory.mktemp("old"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, empty: Database, program: OldProgram) -> Iterator[Network]:
    with old_network(tmp_path_factory.mktemp("upgraded"), empty, program) as made:
        yield made


async def test_an_upgrade_and_going_back_lose_and_refuse_nothing(
    built: Network, empty: Database, program: OldProgram, http: httpx.AsyncClient
) -> None:
    old, (new,) = built.installation.settings.port, free_ports(1)
    owner, reader = empty.url("crossroads_owner"), empty.url("crossroads_reader")
    await asyncio.to_thread(start_old_hub, built, program)
    async with Traffic(built, http, old) as traffic:
        await traffic.goes_on(old)
        told = {"CROSSROADS_HOME": str(built.home), "CROSSROADS_OWNER_URL": owner}
        migrated = await asyncio.to_thread(crossroads, "migrate", environment=told)
        assert (migrated.code, await pending(owner)) == (0, []), migrated.stderr
        await traffic.goes_on(old)
        await asyncio.to_thread(start_another_hub, built, new)
        traffic.add(new)
        await traffic.goes_on(new)
        await traffic.goes_on(old)
        before = {row["leased_by"] for row in await rows(reader, HELD)}
        await traffic.remove(old)
        await asyncio.to_thread(built.processes.stop, f"hub-{old}")
        await traffic.goes_on(new)
        await until(lambda: _handed_over(reader))
        await asyncio.to_thread(start_old_hub, built, program)
        traffic.add(old)
        await traffic.goes_on(old)
        await traffic.finish()
    assert len(before) == 2
    assert [item.number for item in traffic.received.values()] == list(range(1, len(traffic.notified) + 1))
    assert sorted(str(item.ticket) for item in traffic.received.values()) == sorted(traffic.notified)
    assert await rows(reader, UNANSWERED) == []
    assert len(await rows(reader, "SELECT FROM log_entry WHERE event = 'exchange:answer:sent'")) == sum(
        traffic.answered.values()
    )
    assert await findings(built, reader) == []


async def _handed_over(reader: str) -> bool:
    """Tell whether one process holds all that is held: a stream of its own, and the tree above the streams."""
    held = await rows(reader, HELD)
    return len({row["leased_by"] for row in held}) == 1 and min(row["stream"] for row in held) == -1

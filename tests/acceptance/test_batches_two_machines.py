"""Two machines with folders of their own and one database: what one takes the other works on, and either gives."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from batch_killing import PART, Batches, batching_network, check
from chaos import rows, start_another_hub
from crossroads.network.ports import free_ports
from crossroads.network.service import Network
from database import Database

_SIZES = "SELECT size FROM batch"
_STREAMS = "SELECT DISTINCT stream FROM log_entry WHERE event LIKE 'batch:%'"


@pytest.fixture
def built(tmp_path: Path, database: Database) -> Iterator[Network]:
    with batching_network(tmp_path / "network", database, workers=0) as made:
        yield made


async def test_a_file_that_two_machines_take_in_turn_is_answered_by_either(built: Network, database: Database) -> None:
    (port,) = free_ports(1)
    await asyncio.to_thread(start_another_hub, built, port, {"CROSSROADS_JOB_WORKERS": "1"})
    doors = [f"http://127.0.0.1:{one}" for one in (built.installation.settings.port, port)]
    async with Batches(built, doors=doors) as batches:
        await batches.running()
        await batches.finish()
    sizes = [batch["size"] for batch in await rows(database.url("crossroads_reader"), _SIZES)]
    assert min(sizes) > 2 * PART
    assert len(await rows(database.url("crossroads_reader"), _STREAMS)) > 1
    await check(built, database, batches.sent)

"""Two processes work on one batch, and one is killed in the middle: each record is decided and answered once."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from batch_killing import ASKER, CONTEXT, GROUP, PEOPLE, Batches, batching_network, check, job_processes
from chaos import rows, until
from crossroads.network.service import Network
from database import Database
from raw import Asker

RECORDS = 31_000
"""Of a file: four pages."""
_PAGES = """
SELECT count(DISTINCT page)::int AS pages, count(DISTINCT lease_owner)::int AS processes
FROM batch_page JOIN job USING (job) WHERE batch_page.state <> 'READ'
"""
_STREAMS = """
SELECT count(DISTINCT stream)::int AS streams FROM log_entry WHERE event = 'batch:record:decided'
"""


@pytest.fixture
def built(tmp_path: Path, database: Database) -> Iterator[Network]:
    with batching_network(tmp_path / "network", database, workers=2) as made:
        yield made


async def test_two_processes_answer_a_batch_and_one_is_killed_in_the_middle(built: Network, database: Database) -> None:
    url = database.url("crossroads_owner")

    async def both_work() -> bool:
        (found,) = await rows(url, _PAGES)
        return bool(found["pages"] >= 2 and found["processes"] == 2)

    async with Batches(built, RECORDS) as batches:
        await until(both_work, 150)
        first, _ = job_processes(built)
        os.kill(first, signal.SIGKILL)
        await rows(url, "UPDATE job SET lease_until = now() RETURNING job")
        await batches.finish()
        sent = batches.sent
    await check(built, database, sent)
    (logged,) = await rows(url, _STREAMS)
    assert logged["streams"] >= 2
    cores = len(os.sched_getaffinity(0))
    assert Asker(built, ASKER).ask(PEOPLE[0], GROUP, legal_context=CONTEXT).status == 200

    async def confined() -> bool:
        return {len(os.sched_getaffinity(pid)) for pid in job_processes(built)} == {max(1, cores // 2)}

    await until(confined)

"""A process that works on a batch stands still beyond its lease, and goes on: nothing is logged twice."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import stalled_jobs
from batch_killing import Batches, batching_network, check
from chaos import rows, until
from crossroads.network.service import Network
from database import Database

RECORDS = 1_000
"""Of a file: one page, since it is over a page that a process stands still."""
_STARTED = "SELECT FROM log_entry WHERE event = 'jobs:process:started'"
_STATE = "SELECT state, lease_until < clock_timestamp() AS over, epoch FROM job WHERE kind = 'batch-answer'"


@pytest.fixture
def built(tmp_path: Path, database: Database) -> Iterator[Network]:
    with batching_network(tmp_path / "network", database, workers=0) as made:
        yield made


@contextmanager
def process(built: Network, log: Path, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run Python until the test ends."""
    with log.open("wb") as output:
        started = subprocess.Popen([sys.executable, *command], env=os.environ | built.environment, stdout=output)
        try:
            yield started
        finally:
            started.kill()
            started.wait()


async def says(file: Path, what: str) -> bool:
    return what in await asyncio.to_thread(file.read_text)


async def stands_still(pid: int) -> bool:
    return await says(Path(f"/proc/{pid}/stat"), ") T ")


async def test_who_stood_still_before_it_locked_the_job_logs_nothing_any_more(
    built: Network, database: Database, tmp_path: Path
) -> None:
    log = tmp_path / "stalled.log"
    async with Batches(built, RECORDS) as batches:
        with process(built, log, stalled_jobs.__file__, stalled_jobs.BEFORE_THE_LOCK) as stalled:
            await until(lambda: stands_still(stalled.pid), 150)
            await rows(database.url("crossroads_owner"), "UPDATE job SET lease_until = now() RETURNING job")
            with process(built, tmp_path / "other.log", "-m", "crossroads", "jobs", "run"):
                await batches.finish()
                os.kill(stalled.pid, signal.SIGCONT)
                await until(lambda: says(log, "job left"), 150)
        sent = batches.sent
    await check(built, database, sent)
    assert len(await rows(database.url("crossroads_reader"), _STARTED)) == 2


async def test_from_who_stands_still_with_the_lock_nobody_takes_the_job(
    built: Network, database: Database, tmp_path: Path
) -> None:
    url = database.url("crossroads_reader")

    async def lease_is_over() -> bool:
        return bool([row for row in await rows(url, _STATE) if row["over"]])

    async with Batches(built, RECORDS) as batches:
        with process(built, tmp_path / "stalled.log", stalled_jobs.__file__, stalled_jobs.WITH_THE_LOCK) as stalled:
            await until(lambda: stands_still(stalled.pid), 150)
            (before,) = await rows(url, _STATE)
            other = tmp_path / "other.log"
            with process(built, other, "-m", "crossroads", "jobs", "run"):
                await until(lease_is_over)
                # So long that the other looked for something to do, many times.
                await asyncio.sleep(2)
                assert [row["epoch"] for row in await rows(url, _STATE)] == [before["epoch"]]
                os.kill(stalled.pid, signal.SIGCONT)
                await batches.finish()
        sent = batches.sent
    await check(built, database, sent)

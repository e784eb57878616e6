"""The database of the log is killed under load and started again."""

import asyncio
import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from audit_log import QUICK, SIGNER, entry, until
from crossroads.audit.service import Log
from crossroads.audit.verification import verify
from crossroads.bootstrap.migrations import migrate
from crossroads.bootstrap.postgres import ADMIN, EmbeddedPostgres, create_database
from crossroads.kernel.errors import Unavailable
from database import remove_server

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def own_server() -> Iterator[EmbeddedPostgres]:
    """Give a server that no other test uses, with a migrated database `hub`."""
    with tempfile.TemporaryDirectory(prefix="crossroads-outage-") as home:
        Path(home).chmod(0o711)
        server = EmbeddedPostgres(Path(home))
        try:
            server.start()
            asyncio.run(create_database(server.dsn(ADMIN, ADMIN), "hub"))
            asyncio.run(migrate(server.dsn("crossroads_owner", "hub")))
            yield server
        finally:
            remove_server(server)


async def test_what_was_acknowledged_survives_kill_9_of_the_database(own_server: EmbeddedPostgres) -> None:
    acknowledged: set[tuple[int, int, bytes]] = set()
    refused: list[Unavailable] = []
    working = True

    async def work(log: Log) -> None:
        while working:
            try:
                receipt = await log.append(entry())
            except Unavailable as error:
                refused.append(error)
                await asyncio.sleep(0.01)
            else:
                acknowledged.add((receipt.stream, receipt.index, receipt.leaf))

    async def acknowledged_more_than(count: int) -> None:
        async def more() -> bool:
            return len(acknowledged) > count

        await until(more)

    url = own_server.dsn("crossroads_hub", "hub")
    async with asyncpg.create_pool(url, min_size=1) as pool, Log(pool, SIGNER, rhythm=QUICK) as log:
        workers = [asyncio.create_task(work(log)) for _ in range(20)]
        await acknowledged_more_than(200)
        assert own_server.pid
        os.kill(own_server.pid, signal.SIGKILL)
        assert await asyncio.to_thread(own_server.start)
        await acknowledged_more_than(len(acknowledged) + 200)
        working = False
        await asyncio.gather(*workers)
        stored = {tuple(row) for row in await pool.fetch("SELECT stream, index, leaf FROM log_entry")}
        outcome = await verify(pool, [SIGNER.verifier])
    assert refused
    assert acknowledged - stored == set()
    assert outcome.findings == []

"""A backup taken while the hub works comes back as a log that verifies, with all that was acknowledged before it."""

import asyncio
import shutil
import subprocess
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
from crossroads.bootstrap.postgres_binaries import binaries
from crossroads.wire.notes import Checkpoint, verify_checkpoint
from database import remove_server

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def servers() -> Iterator[tuple[EmbeddedPostgres, EmbeddedPostgres]]:
    """Give a server with a migrated database `hub`, and one that was never started."""
    with tempfile.TemporaryDirectory(prefix="crossroads-backup-") as folder:
        Path(folder).chmod(0o711)
        homes = [Path(folder) / name for name in ("old", "new")]
        for home in homes:
            home.mkdir()
            home.chmod(0o711)
        old, new = (EmbeddedPostgres(home) for home in homes)
        try:
            old.start()
            asyncio.run(create_database(old.dsn(ADMIN, ADMIN), "hub"))
            asyncio.run(migrate(old.dsn("crossroads_owner", "hub")))
            yield old, new
        finally:
            remove_server(old)
            remove_server(new)


async def test_a_backup_taken_under_load_is_restored_and_the_log_verifies(
    servers: tuple[EmbeddedPostgres, EmbeddedPostgres],
) -> None:
    old, new = servers
    before, known = await _backed_up(old, new)
    new.start()
    async with asyncpg.create_pool(new.dsn("crossroads_hub", "hub"), min_size=1) as pool:
        stored = {tuple(row) for row in await pool.fetch("SELECT stream, index, leaf FROM log_entry")}
        found = await verify(pool, [SIGNER.verifier], known=[known])
    assert before <= stored
    assert found.sound, found.findings


async def _backed_up(old: EmbeddedPostgres, new: EmbeddedPostgres) -> tuple[set[tuple[int, int, bytes]], Checkpoint]:
    """Back one up into the place of the other while entries are written; give those before it, and a checkpoint."""
    acknowledged: set[tuple[int, int, bytes]] = set()
    working = True

    async def work(log: Log) -> None:
        while working:
            receipt = await log.append(entry())
            acknowledged.add((receipt.stream, receipt.index, receipt.leaf))

    async def enough() -> bool:
        return len(acknowledged) >= 500

    url = old.dsn("crossroads_hub", "hub")
    async with asyncpg.create_pool(url, min_size=1) as pool, Log(pool, SIGNER, rhythm=QUICK) as log:
        workers = [asyncio.create_task(work(log)) for _ in range(8)]
        await until(enough)
        note = await log.sign_checkpoint()
        before = set(acknowledged)
        await asyncio.to_thread(_copy, old, new)
        working = False
        await asyncio.gather(*workers)
    assert len(acknowledged) > len(before), "nothing was written during the backup"
    return before, verify_checkpoint(note, [SIGNER.verifier])


def _copy(old: EmbeddedPostgres, new: EmbeddedPostgres) -> None:
    new.place.prepare()
    program = binaries(old.place.account) / "pg_basebackup"
    options = ("--wal-method=stream", "--checkpoint=fast", f"--pgdata={new.place.data}")
    environment = {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}
    subprocess.run(
        [program, *options, "--dbname", old.dsn(ADMIN, ADMIN)], check=True, capture_output=True, env=environment
    )
    for path in (new.place.data, *new.place.data.rglob("*")):
        shutil.chown(path, new.place.account.uid, new.place.account.gid)

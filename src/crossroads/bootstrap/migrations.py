"""The schema, brought up to date by numbered plain-SQL files.

A file `NNNN_name.sql` holds, in this order: a comment that says what it is for, `-- depends: <the file before it>`,
`-- migrate: apply` and `-- migrate: rollback`. Each runs in a transaction of its own, but one that says
`-- transaction: false`: so it can build an index while the table is written, and may be run again from its beginning. A
line that begins with `--` is dropped wherever it stands, also inside a function body.

Processes of the version before go on working meanwhile and afterwards: a migration adds. One that does more says, in a
line after what it depends on, either why they do (`-- compatible: …`) or that they do not (`-- breaks: processes before
NAME`; see `compatibility`).
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

import asyncpg
from pogo_core.error import BadMigrationError
from pogo_core.util.migrate import apply
from pogo_core.util.sql import get_applied_migrations, get_pogo_version

from crossroads.bootstrap.compatibility import MIGRATIONS, require_none_broken, tell_programs
from crossroads.kernel.errors import Unavailable

FOLDER = MIGRATIONS
OWNER = "crossroads_owner"

_SCHEMA = "public"
_LOCK = int.from_bytes(b"CROSSRDS")
_RETRY_SECONDS = 0.1
_LOCK_TIMEOUT = "400ms"
"""Whoever asks for a table after a migration does waits as long as that. And it is shorter than the second after which
PostgreSQL looks for a deadlock: the migration gives way, never a process of the hub."""
_PATIENCE_SECONDS = 300
_IN_THE_WAY = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)

_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())  # pogo warns of every file that it applies; the caller has the list


class MigrationFailed(Unavailable):
    """A migration could not be applied."""


async def migrate(dsn: str, *, breaking: bool = False) -> list[str]:
    """Apply what is pending, as the owner, and give the names applied. One at a time: a second caller waits.

    What breaks programs is applied while processes run only when `breaking`: those that it breaks were stopped.
    Raises SchemaUnfit for it, and MigrationFailed; the files before the one that failed stay applied. The role in the
    DSN is crossroads_owner, or one that may become it. Connect to PostgreSQL itself, not through a pooler: the lock
    ends with the session.
    """
    async with _owner(dsn) as connection:
        await _lock(connection)
        names = await _pending(connection)
        if not breaking:
            await require_none_broken(connection, FOLDER, names)
        if names:
            await _apply(connection)
        await tell_programs(connection, FOLDER)
        return names


async def pending(dsn: str) -> list[str]:
    """Give the names of the migrations that this database lacks, in order. Changes nothing."""
    async with _owner(dsn) as connection:
        return await _pending(connection)


async def _apply(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Apply what is pending; where a lock is not to be had at once, let the processes that run go first."""
    until = monotonic() + _PATIENCE_SECONDS
    while True:
        # Again each time: a migration that needs no lock which others want may wait longer, and say so.
        await connection.execute(f"SET lock_timeout = '{_LOCK_TIMEOUT}'")
        try:
            await apply(connection, FOLDER, schema_name=_SCHEMA, logger=_log)
        except BadMigrationError as error:
            if not isinstance(error.__cause__, _IN_THE_WAY) or monotonic() > until:
                # The words of PostgreSQL may quote a stored value, so only the kind of its error is passed on.
                kind = f" ({type(error.__cause__).__name__})" if error.__cause__ else ""
                raise MigrationFailed(f"{error}{kind}. What came before it stays applied.") from error
            await asyncio.sleep(_RETRY_SECONDS)
        else:
            return


@asynccontextmanager
async def _owner(dsn: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Whoever connects, the tables belong to the owner."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(f"SET ROLE {OWNER}")
        yield connection
    finally:
        await connection.close()


async def _lock(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Wait for our turn, which lasts until the connection closes.

    By trying again: a session that waits inside a statement would hold up CREATE INDEX CONCURRENTLY.
    """
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):  # noqa: ASYNC110 - who holds it is elsewhere
        await asyncio.sleep(_RETRY_SECONDS)


async def _pending(connection: "asyncpg.Connection[asyncpg.Record]") -> list[str]:
    applied: set[str] = set()
    if await get_pogo_version(connection) is not None:
        applied = await get_applied_migrations(connection, schema_name=_SCHEMA)
    return sorted({path.stem for path in FOLDER.glob("*.sql")} - applied)

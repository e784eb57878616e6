"""Which database an installation uses: the one of its settings, or the embedded PostgreSQL under its home."""

from contextlib import suppress
from pathlib import Path

import asyncpg

from crossroads.bootstrap.migrations import migrate
from crossroads.bootstrap.postgres import ADMIN, EmbeddedPostgres, Progress, create_database
from crossroads.bootstrap.settings import Installation, Settings
from crossroads.bootstrap.settling import settle

NAME = "crossroads"
HUB = "crossroads_hub"

_RIGHTS = Path(__file__).parent / "rights.sql"


def embedded(installation: Installation, progress: Progress | None = None) -> EmbeddedPostgres:
    """Give the embedded PostgreSQL of an installation; it need not run."""
    return EmbeddedPostgres(installation.home, progress)


def database_url(installation: Installation, role: str = HUB) -> str:
    """Give the URL of the database. Another role than the hub's exists only for the embedded one."""
    configured = installation.settings.database_url
    return configured if configured is not None else embedded(installation).dsn(role, NAME)


async def restrict(dsn: str) -> None:
    """Take from everybody what nobody needs in this database; the DSN is that of an administrator."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(_RIGHTS.read_text())
    finally:
        await connection.close()


async def prepare(server: EmbeddedPostgres, settings: Settings | None = None, *, breaking: bool = False) -> list[str]:
    """Make the embedded database if it is not there, and bring its schema up to date. Gives the migrations applied."""
    with suppress(asyncpg.DuplicateDatabaseError):
        await create_database(server.dsn(ADMIN, ADMIN), NAME)
    await restrict(server.dsn(ADMIN, NAME))
    names = await migrate(server.dsn("crossroads_owner", NAME), breaking=breaking)
    await settle(server.dsn("crossroads_owner", NAME), settings or Settings())
    return names

"""Which program works on which schema, so that old and new processes can share a database during an upgrade.

A schema that lacks a migration of a program is too old for it. One that has migrations which the program does not know
is newer, and serves it too: migrations add. One that breaks programs says so in a line of its own, `-- breaks:
processes before NAME`: those that do not know the migration NAME no longer work on it, and no longer start. What the
database needs stands in the comment of the table of its migrations, where every role can read it.
"""

import re
from pathlib import Path
from typing import Any

import asyncpg

from crossroads.identity.database import Connection, Pool, outages
from crossroads.kernel.errors import Unavailable

MIGRATIONS = Path(__file__).parent / "migrations"

_PATIENCE_SECONDS = 5
_BREAKS = re.compile(r"^-- breaks: processes before (\d{4}_\w+)$", re.MULTILINE)
_TABLE = "public._pogo_migration"
_RUNNING = "SELECT EXISTS (SELECT FROM log_stream WHERE lease_until > now())"
_APPLIED = f"""
SELECT coalesce(obj_description('{_TABLE}'::regclass, 'pg_class'), '') AS oldest, array_agg(migration_id::text) AS names
FROM {_TABLE}
"""  # noqa: S608 - ours


class SchemaUnfit(Unavailable):
    """The schema of the database is not one that this program works on."""


def oldest_program(migrations: Path) -> dict[str, str]:
    """Give the migrations that break programs, each with the migration that a program must know to go on working."""
    found = {path.stem: _BREAKS.search(path.read_text("utf-8")) for path in sorted(migrations.glob("*.sql"))}
    return {name: match[1] for name, match in found.items() if match}


async def tell_programs(connection: Connection, migrations: Path) -> None:
    """Let every process of the hub see, as the owner, what was applied and what that needs. Can be repeated."""
    oldest = max(oldest_program(migrations).values(), default="")
    await connection.execute(f"GRANT SELECT ON {_TABLE} TO crossroads_hub, crossroads_reader")
    await connection.execute(f"COMMENT ON TABLE {_TABLE} IS '{oldest}'")


async def require_none_broken(connection: Connection, migrations: Path, pending: list[str]) -> None:
    """Refuse to apply what breaks programs while processes of the hub run. Raises SchemaUnfit."""
    breaking = {name: oldest for name, oldest in oldest_program(migrations).items() if name in pending}
    # Before the log there are no processes.
    if breaking and "0010_audit" not in pending and await connection.fetchval(_RUNNING):
        told = ", ".join(f"{name} (those that do not know {oldest})" for name, oldest in breaking.items())
        raise SchemaUnfit(f"Processes run, and some would break: by {told}. Stop those, then `migrate --breaking`.")


async def require_schema_at(url: str) -> None:
    """As `require_schema`, on a connection of its own."""
    with outages():
        connection = await asyncpg.connect(url, timeout=_PATIENCE_SECONDS)
        try:
            await require_schema(connection)
        finally:
            await connection.close()


async def require_schema(pool: "Pool | Connection") -> None:
    """Refuse to work on a schema that is too old, or that broke with this program. Raises SchemaUnfit, Unavailable."""
    known = {path.stem for path in MIGRATIONS.glob("*.sql")}
    oldest, applied = await _state(pool)
    if lacking := sorted(known - applied):
        raise SchemaUnfit(f"The database lacks {', '.join(lacking)}: run `crossroads migrate` of this version first.")
    if oldest and oldest not in known:
        raise SchemaUnfit(f"The database is that of a newer version, which knows {oldest}: this program is too old.")


async def _state(pool: "Pool | Connection") -> tuple[str, set[str]]:
    with outages():
        try:
            row: Any = await pool.fetchrow(_APPLIED)
        except (asyncpg.UndefinedTableError, asyncpg.InsufficientPrivilegeError):
            # Nothing was applied, or by a version that told its processes nothing.
            return "", set()
    return row["oldest"], set(row["names"] or ())

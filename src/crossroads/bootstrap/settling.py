"""What the owner of the database settles from the settings: for how long what is kept, and the months to come."""

import asyncpg

from crossroads.audit.months import AHEAD, PARENTS
from crossroads.audit.terms import days_by_event
from crossroads.bootstrap.migrations import OWNER, MigrationFailed
from crossroads.bootstrap.settings import Settings

_TERM = """
INSERT INTO log_term (event, class, days) VALUES ($1, $2, $3)
ON CONFLICT (event) DO UPDATE SET class = excluded.class, days = excluded.days
"""
_BIS_TERM = "INSERT INTO bis_term (days) SELECT $1 WHERE $1::int IS NOT NULL"
_ADD = "SELECT add_months($1, $2)"


async def settle(dsn: str, settings: Settings) -> list[str]:
    """Write the terms of the log and of the BIS register, and make months a year ahead; give the names of those made.

    All as the owner.

    Raises MigrationFailed while somebody reads a whole table that gets a partition: run it again.
    """
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(f"SET ROLE {OWNER}")
        terms = days_by_event(settings.log_kept_days, settings.log_class_days)
        async with connection.transaction():
            await connection.execute("DELETE FROM log_term WHERE event <> ALL($1)", list(terms))
            await connection.executemany(_TERM, [(event, *term) for event, term in terms.items()])
            await connection.execute("DELETE FROM bis_term")
            await connection.execute(_BIS_TERM, settings.bis_kept_days)
        return [row[0] for parent in PARENTS for row in await connection.fetch(_ADD, parent, AHEAD)]
    except asyncpg.LockNotAvailableError as error:
        raise MigrationFailed(
            "The months to come were not made, since somebody reads the log. Run it again."
        ) from error
    finally:
        await connection.close()

"""The log in PostgreSQL as months leave it. A store, private to this room."""

from datetime import datetime
from typing import NamedTuple

import asyncpg

from crossroads.audit.database import Pool, outages, queries, rows
from crossroads.audit.manifests import EntryRange
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Refused, Unavailable


class Month(NamedTuple):
    """What of a month may leave: which entries, how many, and how many of them still say something."""

    since: datetime
    until: datetime
    entries: int
    speaking: int
    ranges: tuple[EntryRange, ...]


class ArchiveStore:
    """What the role crossroads_retention does to the log. Raises Unavailable while the database does not work."""

    def __init__(self, pool: Pool) -> None:
        """Use these connections."""
        self._pool = pool

    async def months(self, before: datetime) -> list[datetime]:
        """Give the months that are over before a moment, also those from which nothing may leave."""
        with outages():
            return [row["month"] for row in await rows(queries.old_months(self._pool, before=before))]

    async def month(self, since: datetime, until: datetime) -> Month:
        """Give what of a month may leave."""
        with outages():
            found = await rows(queries.month_ranges(self._pool, since=since, until=until))
        ranges = tuple(EntryRange(row["stream"], row["first"], row["last"]) for row in found)
        entries, speaking = (int(sum(row[name] for row in found)) for name in ("entries", "speaking"))
        return Month(since, until, entries, speaking, ranges)

    async def drop(self, month: Month) -> None:
        """Keep the leaves of a month that is archived, and remove the rest of it, all or nothing.

        Raises Refused where the log does not say that it is, or the month has changed since; Unavailable while
        somebody reads the whole log.
        """
        try:
            with outages():
                await rows(
                    queries.drop_month(self._pool, month=month.since, entries=month.entries, speaking=month.speaking)
                )
        except asyncpg.UndefinedTableError as error:
            raise Refused("The month was removed by another meanwhile.") from error
        except (asyncpg.IntegrityConstraintViolationError, asyncpg.InsufficientPrivilegeError) as error:
            raise Refused(f"The month was not removed: {error.message}") from error
        except Unavailable as error:
            if not isinstance(error.__cause__, asyncpg.LockNotAvailableError):
                raise
            raise Unavailable(
                "The month stays in the database while somebody reads the whole log (verify, export, a dump): run it "
                "again when that has ended.",
                code=Code.UNAVAILABLE,
            ) from error

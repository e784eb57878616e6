"""Whether an institution has somebody inscribed today, for rooms that must know it in a transaction of their own."""

from collections.abc import Sequence
from datetime import date

from crossroads.directory import store
from crossroads.identity.database import Connection
from crossroads.kernel.period import day


async def is_inscribed(connection: Connection, persons: Sequence[int], institution: str, today: date) -> bool:
    """Tell whether the institution has one of the persons inscribed on the day, in any context."""
    held = await store.lines_of(connection, persons, institution=institution)
    return any(line.line.period.contains(day(today)) for line in held)

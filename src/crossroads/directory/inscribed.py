"""Whether an institution has somebody inscribed today, for rooms that must know it in a transaction of their own."""

from collections.abc import Container, Sequence
from datetime import date

from crossroads.directory import store
from crossroads.directory.model import Phase
from crossroads.identity.database import Connection
from crossroads.kernel.period import day


async def is_inscribed(
    connection: Connection, persons: Sequence[int], institution: str, today: date, contexts: Container[str]
) -> bool:
    """Tell whether the institution has one of the persons definitively inscribed on the day, in one of the contexts."""
    held = [one.line for one in await store.lines_of(connection, persons, institution=institution)]
    return any(
        line.phase == Phase.DEFINITIVE and line.context in contexts and line.period.contains(day(today))
        for line in held
    )

"""The table of the gate. Private to this room."""

from pathlib import Path
from typing import Any

import aiosql

from crossroads.identity.database import Connection

queries: Any = aiosql.from_path(Path(__file__).parent / "queries.sql", "asyncpg", mandatory_parameters=False)


async def take_search(connection: Connection, institution: str) -> int:
    """Count a search of an institution, and give how many there were in this minute."""
    return int(await queries.take_search(connection, institution=institution))

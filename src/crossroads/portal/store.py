"""Where the portal keeps its sessions."""

from datetime import datetime
from pathlib import Path
from typing import Any

import aiosql

from crossroads.audit.database import Pool, outages, rows
from crossroads.web.vault import Row

_queries: Any = aiosql.from_path(Path(__file__).parent / "queries.sql", "asyncpg")


class SessionStore:
    """The table portal_session. Raises Unavailable while the database does not work."""

    def __init__(self, pool: Pool) -> None:
        """Use these connections, of the role crossroads_portal."""
        self._pool = pool

    async def get(self, key: bytes) -> Row | None:
        """Give a session, ended ones included."""
        with outages():
            found = await _queries.session(self._pool, key=key)
        return Row(*found) if found is not None else None

    async def add(self, row: Row) -> None:
        """Store a new session."""
        with outages():
            await _queries.add_session(self._pool, **row._asdict())

    async def replace(self, row: Row) -> bool:
        """Store it anew, unless somebody else did since: tell whether."""
        values = row._asdict()
        del values["created_at"]
        with outages():
            return await _queries.replace_session(self._pool, **values) is not None

    async def remove(self, key: bytes) -> None:
        """Remove a session."""
        with outages():
            await _queries.remove_session(self._pool, key=key)

    async def remove_of(self, subject: bytes | None, provider_session: bytes | None) -> int:
        """Remove the sessions of somebody, or of one session at the provider: how many."""
        with outages():
            return len(
                await rows(_queries.remove_sessions_of(self._pool, subject=subject, provider_session=provider_session))
            )

    async def trim(self, subject: bytes, most: int) -> int:
        """Remove the oldest sessions of a subject who has more: how many."""
        with outages():
            return len(await rows(_queries.trim_sessions(self._pool, subject=subject, most=most)))

    async def purge(self, before: datetime) -> int:
        """Remove what ended before a moment: how many."""
        with outages():
            return len(await rows(_queries.purge_sessions(self._pool, before=before)))

"""Sessions of the desk: in the memory of its one process, each sealed. When the desk stops, everybody logs in again."""

from datetime import datetime

from crossroads.web.sessions import Row


class MemoryVault:
    """As `web.sessions.Vault` wants it."""

    def __init__(self) -> None:
        """Begin empty."""
        self._rows: dict[bytes, Row] = {}

    async def get(self, key: bytes) -> Row | None:
        """Give a session, ended ones included."""
        return self._rows.get(key)

    async def add(self, row: Row) -> None:
        """Store a new session."""
        self._rows[row.key] = row

    async def replace(self, row: Row) -> bool:
        """Store it anew unless somebody else did since, or it was removed."""
        known = self._rows.get(row.key)
        if known is None or known.version != row.version:
            return False
        self._rows[row.key] = row._replace(version=row.version + 1)
        return True

    async def remove(self, key: bytes) -> None:
        """Remove a session."""
        self._rows.pop(key, None)

    async def remove_of(self, subject: bytes | None, provider_session: bytes | None) -> int:
        """Remove the sessions of a subject, or of one session at the provider: how many."""
        return self._drop(
            [
                row
                for row in self._rows.values()
                if (subject is not None and row.subject == subject)
                or (provider_session is not None and row.provider_session == provider_session)
            ]
        )

    async def purge(self, before: datetime) -> int:
        """Remove what ended before a moment: how many."""
        return self._drop([row for row in self._rows.values() if row.ends_at < before])

    def _drop(self, rows: list[Row]) -> int:
        for row in rows:
            self._rows.pop(row.key, None)
        return len(rows)

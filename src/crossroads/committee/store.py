"""Drafts in PostgreSQL. Private to this room. What was saved is never changed."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import aiosql
import asyncpg
import msgspec

from crossroads.audit.database import Pool, outages, rows
from crossroads.catalogue.model import Authorisation
from crossroads.committee.errors import AgreedBefore, DraftOver
from crossroads.committee.model import Believed
from crossroads.wire.committee import By, Decision

_queries: Any = aiosql.from_path(Path(__file__).parent / "queries.sql", "asyncpg", mandatory_parameters=False)
MOST = 200
"""Drafts that are listed."""


class Kept(NamedTuple):
    """A draft with its newest text, and who agreed to that one."""

    draft: UUID
    version: int
    decision: Decision
    saved: By
    decided_at: datetime | None
    dropped_at: datetime | None
    agreed: tuple[By, ...]


class Store:
    """Reads drafts. Raises Unavailable while the database does not work."""

    def __init__(self, pool: Pool) -> None:
        """Use these connections, of the role crossroads_hub."""
        self._pool = pool

    async def drafts(self, draft: UUID | None = None) -> list[Kept]:
        """Give all drafts, the newest first, or one."""
        with outages():
            found = await rows(_queries.drafts(self._pool, draft=draft, limit=MOST))
            agreed = await rows(_queries.agreements(self._pool, drafts=[row["draft"] for row in found]))
        return [_kept(row, agreed) for row in found]

    async def versions(self, draft: UUID) -> list[tuple[int, By, Decision]]:
        """Give every text of a draft, the newest first."""
        with outages():
            found = await rows(_queries.versions(self._pool, draft=draft))
        return [(row["version"], _saved(row), _decision(row)) for row in found]

    async def believed(self, references: Collection[str]) -> list[Believed]:
        """Give every version of some authorisations that the catalogue has or had."""
        with outages():
            found = await rows(_queries.believed(self._pool, references=sorted(references)))
        return [
            Believed(msgspec.json.decode(row["body"], type=Authorisation), row["recorded_at"], row["recorded_until"])
            for row in found
        ]

    @asynccontextmanager
    async def changing(self) -> AsyncIterator["Changing"]:
        """Change drafts, all or nothing."""
        with outages():
            async with self._pool.acquire() as connection, connection.transaction(isolation="read_committed"):
                yield Changing(connection)


class Changing:
    """A change under way, in one transaction."""

    def __init__(self, connection: Any) -> None:
        """Write in the transaction of this connection."""
        self._connection = connection

    async def begin(self, draft: UUID, at: datetime) -> None:
        """Begin a draft."""
        await _queries.begin_draft(self._connection, draft=draft, at=at)

    async def lock(self, draft: UUID) -> int:
        """Hold a draft until the end, and give its newest version. Raises DraftOver where nothing can be changed."""
        row = await _queries.lock_draft(self._connection, draft=draft)
        if row is None or row["decided_at"] or row["dropped_at"]:
            raise DraftOver
        return int(await _queries.newest_version(self._connection, draft=draft))

    async def save(self, draft: UUID, version: int, decision: Decision, by: By, ticket: UUID) -> None:
        """Store a text."""
        content = msgspec.json.encode(decision).decode()
        await _queries.add_version(
            self._connection, draft=draft, version=version, content=content, ticket=ticket, **_by(by)
        )

    async def agree(self, draft: UUID, version: int, by: By, ticket: UUID) -> list[By]:
        """Store that somebody agrees to a text, and give all who did. Raises AgreedBefore."""
        try:
            await _queries.add_agreement(self._connection, draft=draft, version=version, ticket=ticket, **_by(by))
        except asyncpg.UniqueViolationError:
            raise AgreedBefore from None
        agreed = await rows(_queries.agreements(self._connection, drafts=[draft]))
        return list(_agreed(agreed, draft, version))

    async def decide(self, draft: UUID, at: datetime) -> None:
        """Store that it is decided."""
        await _queries.decide(self._connection, draft=draft, at=at)

    async def drop(self, draft: UUID, at: datetime) -> None:
        """Store that it is given up."""
        await _queries.drop(self._connection, draft=draft, at=at)


def _by(by: By) -> dict[str, Any]:
    return {"agent": by.agent, "name": by.name, "at": by.at}


def _kept(row: Any, agreed: Sequence[Any]) -> Kept:
    return Kept(
        draft=row["draft"],
        version=row["version"],
        decision=_decision(row),
        saved=_saved(row),
        decided_at=row["decided_at"],
        dropped_at=row["dropped_at"],
        agreed=_agreed(agreed, row["draft"], row["version"]),
    )


def _agreed(found: Sequence[Any], draft: UUID, version: int) -> tuple[By, ...]:
    return tuple(
        By(agent=row["agent"], name=row["name"], at=row["agreed_at"])
        for row in found
        if (row["draft"], row["version"]) == (draft, version)
    )


def _saved(row: Any) -> By:
    return By(agent=row["agent"], name=row["name"], at=row["saved_at"])


def _decision(row: Any) -> Decision:
    return msgspec.json.decode(row["content"], type=Decision)

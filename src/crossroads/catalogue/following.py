"""The catalogue as a process knows it that reads it: at most about a second old."""

import asyncio
from datetime import date
from types import TracebackType
from typing import Self

import structlog

from crossroads.audit.database import Pool
from crossroads.catalogue.history import Belief
from crossroads.catalogue.kinds import Kind, document_of
from crossroads.catalogue.model import Document
from crossroads.catalogue.snapshot import Snapshot
from crossroads.catalogue.store import Store
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Unavailable

_POLL_SECONDS = 1
"""A revocation acts within this in every process; sooner where a hot query has shown the new version."""

_log = structlog.get_logger()


class Following:
    """Use as `async with Following(...) as catalogue`; in a process that can wait for its database, call `follow`."""

    def __init__(self, pool: Pool) -> None:
        """Read with these connections, of any role that may."""
        self._store = Store(pool)
        self._snapshot: Snapshot | None = None
        self._reloading = asyncio.Lock()
        self._following: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Read the catalogue and keep up with it. Raises Unavailable."""
        self._snapshot = Snapshot(await self._store.facts())
        self.follow()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Keep up no longer."""
        if self._following:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)

    def follow(self) -> None:
        """Keep up from now on; until the first reading succeeds, `current` raises Unavailable."""
        self._following = asyncio.create_task(self._follow(), name="catalogue follows")

    @property
    def current(self) -> Snapshot:
        """The catalogue as this process knows it; at most about a second old. Raises Unavailable before it was read."""
        if self._snapshot is None:
            raise Unavailable("The catalogue has not been read yet.", code=Code.UNAVAILABLE)
        return self._snapshot

    async def refresh(self, version: int) -> Snapshot:
        """Give a snapshot that is not older than the version. Callers that wait share one reading."""
        if self._is_older(version):
            async with self._reloading:
                if self._is_older(version):
                    self._snapshot = Snapshot(await self._store.facts())
        return self.current

    def as_of(self, on: date) -> Document:
        """Give the catalogue in force on a day, as believed now."""
        return document_of((kind, entry) for kind in Kind for entry in self.current.listed(kind, on))

    async def told_of(self, kind: Kind, key: str) -> list[Belief]:
        """Give all that was ever believed of one entry. Raises Unavailable."""
        return await self._store.told_of(kind, key)

    def _is_older(self, version: int) -> bool:
        return self._snapshot is None or self._snapshot.version < version

    async def _newest(self) -> Snapshot:
        return await self.refresh(await self._store.version())

    async def _follow(self) -> None:
        while True:
            try:
                await self._newest()
            except Unavailable as error:
                _log.warning("catalogue not refreshed", reason=str(error))
            except Exception:  # noqa: BLE001 - whatever it was, a process must not go on without following
                _log.exception("catalogue not refreshed")
            await asyncio.sleep(_POLL_SECONDS)

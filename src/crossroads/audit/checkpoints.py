"""Once a second one process lists the heads of all streams and signs the tree of those lists: the checkpoint."""

import asyncio
from datetime import timedelta
from uuid import UUID

from crossroads.audit.model import Head
from crossroads.audit.reading import Reading
from crossroads.audit.store import Store
from crossroads.wire.merkle import Frontier
from crossroads.wire.notes import Checkpoint, NoteSigner, sign_checkpoint
from crossroads.wire.proofs import Heads

_LEASE = timedelta(milliseconds=1500)
"""Short, so that another process takes over soon when this one dies; to lose it while alive does no harm."""


class Checkpointer:
    """Signs checkpoints while it holds the tree above the streams; knows the newest one in any case."""

    def __init__(self, store: Store, reading: Reading, signer: NoteSigner, owner: UUID) -> None:
        """Sign with the key of the log, whose name is the log's origin."""
        self._store, self._reading, self._signer, self._owner = store, reading, signer, owner
        self._turn = asyncio.Lock()
        self._head: Head | None = None
        self._listed: Heads = ()
        self.note = ""

    async def start(self) -> None:
        """Know a checkpoint: that of the empty log, if there is no other."""
        await self._store.add_first_checkpoint(self._sign(Frontier()))
        await self._refresh()

    async def tick(self) -> None:
        """Sign what is new, if this process holds the tree or nobody does; then know the newest checkpoint."""
        async with self._turn:
            if self._head is None:
                self._head = await self._store.lease_top(self._owner, _LEASE)
            if self._head and not await self._advance(self._head):
                self._head = None
            await self._refresh()

    async def stop(self) -> None:
        """Sign what is new and leave the tree to others at once."""
        if self._head:
            await self.tick()
        if self._head:
            await self._store.release(self._head, 0)

    async def _advance(self, head: Head) -> bool:
        heads = await self._store.heads()
        if heads == self._listed:
            return await self._store.renew(head, _LEASE, 0)
        # What was shown to others must not be forgotten: the next checkpoint would contradict it.
        async with self._store.session() as session:
            return await session.append_heads(head, heads, self._sign, _LEASE)

    async def _refresh(self) -> None:
        if newest := await self._reading.newest_checkpoint():
            self.note, self._listed = newest.note, newest.heads

    def _sign(self, frontier: Frontier) -> str:
        return sign_checkpoint(Checkpoint(self._signer.name, frontier.size, frontier.root), self._signer)

"""Batches for callers with and without an event loop.

status = client.batches.submit(Path("people.csv"), BatchWish("PCSA:SOCIAL_INQUIRY", ["living-wage@1"], "clerk-7"))
…
for record in client.batches.results(ticket):
    …
client.batches.acknowledge(ticket)
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID

from crossroads.participant.batches import Batches
from crossroads.participant.batches_file import Source, Tell
from crossroads.participant.batches_result import AnsweredRecord
from crossroads.participant.batches_voucher import BatchWish
from crossroads.participant.steps import Http, SyncHttp
from crossroads.wire.batches import BatchList, BatchStatus


def nobody(_what: str, _done: int, _of: int) -> None:
    """Tell nobody how far the work is."""


class AsyncBatches:
    """Batches, from an event loop."""

    def __init__(self, batches: Batches, http: Http) -> None:
        """Use the connections of a client."""
        self._batches, self._http = batches, http

    async def submit(self, file: Path, wish: BatchWish, tell: Tell = nobody) -> BatchStatus:
        """Check a file, announce it and send it; done again after a break, it goes on where it ended.

        Raises BadFile with the line that is wrong, Refused, Conflict, Unavailable or Tampered. What is needed to read
        the result, the file with it, is kept in the state of the client until it is acknowledged.
        """
        kept = await asyncio.to_thread(self._batches.prepare, file, wish, tell)
        return await self._http.run(self._batches.submit(kept, tell))

    async def ticket(self, reference: str) -> UUID:
        """Give the ticket of a batch by your reference. Raises Refused when there is none."""
        return await self._http.run(self._batches.ticket(reference))

    async def status(self, ticket: UUID) -> BatchStatus:
        """Ask how far a batch is. Raises Refused or Unavailable."""
        return await self._http.run(self._batches.status(ticket))

    async def listed(self, before: int | None = None) -> BatchList:
        """Give some of your batches, the newest first. Raises Refused or Unavailable."""
        return await self._http.run(self._batches.listed(before))

    async def cancel(self, ticket: UUID) -> BatchStatus:
        """Give a batch up; nothing of it is kept. Raises Refused or Unavailable."""
        return await self._http.run(self._batches.cancel(ticket))

    async def results(self, ticket: UUID) -> AsyncIterator[AnsweredRecord]:
        """Give what came of each record, in the order of the file, verified and opened; a page is held at a time.

        Raises Tampered when the hub gives something else, Refused when there is no result, Unavailable. A block that
        does not hold is in `rejected`, the others are kept. When it ends, all records came and the summary is right.
        """
        reading = self._batches.result(ticket)
        while page := await self._http.run(reading.next_page()):
            for record in page:
                yield record

    async def acknowledge(self, ticket: UUID) -> BatchStatus:
        """Say that a result is in safety: it is removed at the hub, and what was kept here. Raises Refused."""
        return await self._http.run(self._batches.acknowledge(ticket))


class SyncBatches:
    """Batches, without an event loop."""

    def __init__(self, batches: Batches, http: SyncHttp) -> None:
        """Use the connections of a client."""
        self._batches, self._http = batches, http

    def submit(self, file: Path, wish: BatchWish, tell: Tell = nobody) -> BatchStatus:
        """Check a file, announce it and send it; see `AsyncBatches.submit`."""
        return self._http.run(self._batches.submit(self._batches.prepare(file, wish, tell), tell))

    def submit_open(self, source: Source, wish: BatchWish, tell: Tell = nobody) -> BatchStatus:
        """As `submit`, of a file that is open. Raises Unavailable when it has not the digest that it must have."""
        return self._http.run(self._batches.submit(self._batches.prepare_open(source, wish, tell), tell))

    def ticket(self, reference: str) -> UUID:
        """Give the ticket of a batch by your reference; see `AsyncBatches.ticket`."""
        return self._http.run(self._batches.ticket(reference))

    def status(self, ticket: UUID) -> BatchStatus:
        """Ask how far a batch is; see `AsyncBatches.status`."""
        return self._http.run(self._batches.status(ticket))

    def listed(self, before: int | None = None) -> BatchList:
        """Give some of your batches; see `AsyncBatches.listed`."""
        return self._http.run(self._batches.listed(before))

    def cancel(self, ticket: UUID) -> BatchStatus:
        """Give a batch up; see `AsyncBatches.cancel`."""
        return self._http.run(self._batches.cancel(ticket))

    def is_of(self, ticket: UUID, wish: BatchWish, digest: str) -> bool:
        """Tell whether a ticket is that of a file with this SHA-256 and this wish; yes for one not known."""
        return self._batches.is_of(ticket, wish, digest)

    def results(self, ticket: UUID) -> Iterator[AnsweredRecord]:
        """Give what came of each record; see `AsyncBatches.results`."""
        reading = self._batches.result(ticket)
        while page := self._http.run(reading.next_page()):
            yield from page

    def acknowledge(self, ticket: UUID) -> BatchStatus:
        """Say that a result is in safety; see `AsyncBatches.acknowledge`."""
        return self._http.run(self._batches.acknowledge(ticket))

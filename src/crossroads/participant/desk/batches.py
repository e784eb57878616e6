"""Files of questions sent from the desk; each is seen by those alone who are staff for its legal context."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from crossroads.kernel.errors import Refused
from crossroads.participant.batches_kept import KeptBatches
from crossroads.participant.batches_output import line_of
from crossroads.participant.batches_result import AnsweredRecord
from crossroads.participant.batches_voucher import BatchWish
from crossroads.participant.client import Client
from crossroads.participant.desk.traffic import Acting, Traffic, What
from crossroads.participant.files import write_atomically
from crossroads.wire.batches import BatchStatus, Voucher

MOST = 1_000
"""Records of a result that is shown on a page; larger ones are given as a file."""


class Batch(NamedTuple):
    """A batch that was sent from here."""

    status: BatchStatus
    voucher: Voucher


class Batches:
    """The batches of one desk. All raise Malformed, Refused, Unavailable or Tampered."""

    def __init__(self, client: Client, traffic: Traffic, kept: Path, folder: Path) -> None:
        """Know what the client keeps, and have a folder for files on their way."""
        self._client, self._traffic, self._kept, self._folder = client, traffic, KeptBatches(kept / "batches"), folder

    async def send(self, acting: Acting, lines: bytes, wish: BatchWish) -> BatchStatus:
        """Send a file of comma-separated values. Sent again after a break, it goes on. Raises BadFile with the line."""
        file = self._folder / f"{secrets.token_hex(8)}.csv"
        async with self._traffic.doing(What.BATCH, acting, act="send", dataGroups=list(wish.data_groups)) as outcome:
            try:
                write_atomically(file, lines)
                status = await self._client.batches.submit(file, wish)
            finally:
                file.unlink(missing_ok=True)
            outcome |= {"hubTicket": status.ticket, "records": status.records}
        return status

    async def listed(self, legal_contexts: set[str]) -> list[Batch]:
        """Give the newest batches of some legal contexts."""
        found = (await self._client.batches.listed()).batches
        kept = ((status, self._kept.with_ticket(status.ticket)) for status in found)
        return [
            Batch(status, one.voucher) for status, one in kept if one and one.voucher.legal_context in legal_contexts
        ]

    def voucher(self, ticket: UUID) -> Voucher | None:
        """Give what was asked in a batch that was sent from here and is kept; None for any other."""
        kept = self._kept.with_ticket(ticket)
        return kept.voucher if kept else None

    async def one(self, ticket: UUID) -> Batch:
        """Tell how far a batch is. Raises Refused for one that was not sent from here."""
        voucher = self.voucher(ticket)
        if voucher is None:
            raise Refused("There is no such batch of this desk.")
        return Batch(await self._client.batches.status(ticket), voucher)

    async def cancel(self, acting: Acting, ticket: UUID) -> None:
        """Give a batch up."""
        async with self._traffic.doing(What.BATCH, acting, act="cancel", hubTicket=ticket):
            await self._client.batches.cancel(ticket)

    async def result(self, acting: Acting, ticket: UUID) -> list[AnsweredRecord]:
        """Give what came of each record. Raises Refused for more than are shown here."""
        batch = await self.one(ticket)
        if batch.status.records > MOST:
            raise Refused(f"The result has more than {MOST} records.")
        async with self._traffic.doing(What.BATCH, acting, act="result", hubTicket=ticket):
            return [record async for record in self._client.batches.results(ticket)]

    async def lines(self, acting: Acting, ticket: UUID) -> AsyncIterator[bytes]:
        """Give a result as JSON Lines as it comes: however large it is, a page of it is held at a time."""
        async with self._traffic.doing(What.BATCH, acting, act="result", hubTicket=ticket):
            async for record in self._client.batches.results(ticket):
                yield line_of(record)

    async def acknowledge(self, acting: Acting, ticket: UUID) -> None:
        """Say that a result is in safety: it is removed at the hub and here."""
        async with self._traffic.doing(What.BATCH, acting, act="acknowledge", hubTicket=ticket):
            await self._client.batches.acknowledge(ticket)

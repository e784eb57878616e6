"""Batches in PostgreSQL: vouchers, uploads, what was read, results. Private to this room."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import aiosql
import msgspec

from crossroads.batch.model import Announced, Batch, Page, Refusal
from crossroads.identity.database import Connection, Pool, rows, transaction
from crossroads.kernel.codes import Code
from crossroads.wire.batches import BatchState, Voucher

queries: Any = aiosql.from_path(Path(__file__).parent / "queries.sql", "asyncpg", mandatory_parameters=False)


@asynccontextmanager
async def lasting(pool: Pool) -> AsyncIterator[Connection]:
    """Do all or nothing, and when it is done it is on disk. Raises Unavailable."""
    async with transaction(pool) as connection:
        await rows(queries.durable_commit(connection))
        yield connection


async def hold_on(connection: Connection) -> None:
    """Keep the locks of this transaction also while this process stands still."""
    await rows(queries.hold_on(connection))


async def last_number(connection: Connection, institution: str) -> int:
    """Give the number of the last file of an institution, whose vouchers wait for each other from here on."""
    number: int = await queries.last_number(connection, institution=institution)
    return number


async def add(connection: Connection, announced: Announced, request_signature: Mapping[str, str]) -> None:
    """Write a batch, and count its number as the last."""
    voucher = announced.voucher
    institution = voucher.asker.institution
    await queries.add(
        connection,
        ticket=announced.ticket,
        institution=institution,
        reference=voucher.reference,
        file_sequence_number=voucher.file_sequence_number,
        voucher_digest=announced.digest,
        file_digest=voucher.digest,
        voucher=msgspec.json.encode(voucher),
        signer=announced.signer,
        nonce=announced.nonce,
        request_signature=msgspec.json.encode(request_signature).decode(),
        accepted_at=announced.accepted_at,
        deadline=voucher.deadline,
        size=voucher.size,
        records=voucher.records,
    )
    await queries.count_number(connection, institution=institution, number=voucher.file_sequence_number)


async def one(connection: Connection, ticket: UUID) -> Batch | None:
    """Give a batch."""
    return _batch(await queries.one(connection, ticket=ticket))


async def locked(connection: Connection, ticket: UUID) -> Batch | None:
    """Give a batch, and let nobody else change it until the transaction ends. Lock its job first, if at all."""
    return _batch(await queries.locked(connection, ticket=ticket))


async def of_reference(connection: Connection, institution: str, reference: str) -> Batch | None:
    """Give the batch that an institution announced under a reference."""
    return _batch(await queries.of_reference(connection, institution=institution, reference=reference))


async def listed(connection: Connection, institution: str, before: int | None, count: int) -> list[Batch]:
    """Give batches of an institution, the newest first, less their vouchers."""
    found = await rows(queries.listed(connection, institution=institution, before=before, count=count))
    return [batch for row in found if (batch := _batch(row))]


async def same_file(connection: Connection, voucher: Voucher) -> str | None:
    """Give the reference under which an institution announced the same file before."""
    found: str | None = await queries.same_file(
        connection, institution=voucher.asker.institution, file_digest=voucher.digest
    )
    return found


async def same_nonce(connection: Connection, institution: str, nonce: str) -> bool:
    """Tell whether a statement with this nonce came with a voucher of the institution before."""
    found: bool = await queries.same_nonce(connection, institution=institution, nonce=nonce)
    return found


async def open_batches(connection: Connection, institution: str) -> int:
    """Count the batches of an institution that are not over, and those whose result is still here."""
    count: int = await queries.open_batches(connection, institution=institution)
    return count


async def add_part(connection: Connection, batch: Batch, content: bytes) -> None:
    """Keep the next part of a file."""
    await queries.add_part(connection, ticket=batch.ticket, start_at=batch.received, content=content)
    await queries.note_received(connection, ticket=batch.ticket, received=batch.received + len(content))


async def part(connection: Connection, ticket: UUID, start_at: int) -> bytes | None:
    """Give the part of a file that begins at a byte, if it is still there."""
    content: bytes | None = await queries.part(connection, ticket=ticket, start_at=start_at)
    return content


async def roots(connection: Connection, ticket: UUID) -> list[bytes]:
    """Give the roots of the pages of a file that were read."""
    return [row["root"] for row in await rows(queries.roots(connection, ticket=ticket))]


async def add_page(connection: Connection, ticket: UUID, page: Page) -> None:
    """Keep a page as it was read, also where it is there already."""
    await queries.add_page(connection, ticket=ticket, page=page.number, records=page.records, root=page.root)


async def remove_pages(connection: Connection, ticket: UUID) -> None:
    """Remove what was read from a file."""
    await queries.remove_pages(connection, ticket=ticket)


async def start_running(connection: Connection, ticket: UUID) -> None:
    """Begin to ask what a file asks; the file as it was uploaded goes."""
    await queries.remove_parts(connection, ticket=ticket)
    await queries.start_running(connection, ticket=ticket)


async def complete(  # what a batch ends with
    connection: Connection,
    ticket: UUID,
    *,
    counts: Mapping[str, int],
    source_counts: Mapping[str, Mapping[str, int]],
    parts: int,
    finished_at: datetime,
    kept_until: datetime,
) -> None:
    """End a batch that was answered whole: its input and what sources answered go, its result stays."""
    await queries.complete(
        connection,
        ticket=ticket,
        counts=msgspec.json.encode(counts).decode(),
        source_counts=msgspec.json.encode(source_counts).decode(),
        parts=parts,
        finished_at=finished_at,
        kept_until=kept_until,
    )
    await queries.remove_pages(connection, ticket=ticket)
    await queries.remove_chunks(connection, ticket=ticket)


async def refuse(connection: Connection, ticket: UUID, refusal: Refusal, finished_at: datetime) -> None:
    """End a batch whose file is not what was announced; nothing of the file stays."""
    await queries.refuse(
        connection,
        ticket=ticket,
        code=str(refusal.code),
        detail=refusal.detail,
        line=refusal.line,
        finished_at=finished_at,
    )
    await queries.remove_parts(connection, ticket=ticket)
    await queries.remove_pages(connection, ticket=ticket)


async def cancel(connection: Connection, ticket: UUID, finished_at: datetime) -> None:
    """End a batch that its institution gives up; nothing of it stays but that it was."""
    await queries.cancel(connection, ticket=ticket, finished_at=finished_at)
    for remove in (queries.remove_parts, queries.remove_pages, queries.remove_chunks, queries.remove_result):
        await remove(connection, ticket=ticket)


async def explain(connection: Connection, ticket: UUID, code: Code) -> None:
    """Say why a batch ended."""
    await queries.explain(connection, ticket=ticket, code=str(code), detail=code.description)


async def result(connection: Connection, ticket: UUID, number: int) -> bytes | None:
    """Give a part of a result, if there is one."""
    content: bytes | None = await queries.result(connection, ticket=ticket, part=number)
    return content


async def remove_result(connection: Connection, ticket: UUID, *, fetched: bool) -> None:
    """Remove a result; `fetched` says that it was acknowledged."""
    await queries.remove_result(connection, ticket=ticket)
    await queries.forget_result(connection, ticket=ticket, fetched=fetched)


async def expired(connection: Connection, now: datetime, count: int) -> list[UUID]:
    """Give batches whose results have been kept long enough."""
    return [row["ticket"] for row in await rows(queries.expired(connection, now=now, count=count))]


async def awaited_in_vain(connection: Connection, now: datetime, count: int) -> list[UUID]:
    """Give batches whose deadline passed before their file was there."""
    return [row["ticket"] for row in await rows(queries.awaited_in_vain(connection, now=now, count=count))]


def _batch(row: Any) -> Batch | None:
    if row is None:
        return None
    found = Batch(*row)
    return found._replace(state=BatchState(found.state), counts=msgspec.json.decode(row["counts"]))

"""Changes and the queue to the mailboxes, in PostgreSQL. Private to this room."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import aiosql

from crossroads.audit.database import Driver
from crossroads.audit.model import Receipt
from crossroads.directory.model import Line
from crossroads.identity.database import Connection, Pool, rows, transaction
from crossroads.kernel.period import Period
from crossroads.mutations.model import NewItem, Person, Queued, Tail, Taken

queries: Any = aiosql.from_path(Path(__file__).parent / "queries", Driver, mandatory_parameters=False)


class Known(NamedTuple):
    """What a reference was used for."""

    digest: bytes
    ticket: UUID
    receipt: Receipt


class Work(NamedTuple):
    """The version of the catalogue that the database has, and whether changes wait for the mailboxes."""

    catalogue_version: int
    waits: bool


@asynccontextmanager
async def lasting(pool: Pool) -> AsyncIterator[Connection]:
    """Do all or nothing, and when it is done it is on disk. Raises Unavailable."""
    async with transaction(pool) as connection:
        await rows(queries.durable_commit(connection))
        yield connection


async def known(connection: Connection, institution: str, references: Sequence[str]) -> dict[str, Known]:
    """Give what references of an institution were used for, those that were."""
    if not references:
        return {}
    found = await rows(queries.references(connection, institution=institution, references=list(references)))
    return {
        row["reference"]: Known(row["digest"], row["ticket"], Receipt(row["log_stream"], row["log_index"], row["leaf"]))
        for row in found
    }


async def claim(connection: Connection, institution: str, taken: Sequence[Taken]) -> set[str]:
    """Take the references of changes, and give those that were free."""
    claimed = queries.claim_references(
        connection,
        institution=institution,
        references=[change.mutation.reference for change in taken],
        digests=[change.digest for change in taken],
        tickets=[change.ticket for change in taken],
    )
    return {row["reference"] for row in await rows(claimed)}


async def keep_receipts(
    connection: Connection, institution: str, taken: Sequence[Taken], receipts: Sequence[Receipt]
) -> None:
    """Keep where the log has the changes."""
    await queries.keep_receipts(
        connection,
        institution=institution,
        references=[change.mutation.reference for change in taken],
        streams=[receipt.stream for receipt in receipts],
        indexes=[receipt.index for receipt in receipts],
        leaves=[receipt.leaf for receipt in receipts],
    )


async def add(connection: Connection, taken: Sequence[Taken], content_until: datetime) -> None:
    """Write changes, in this order, and queue them."""
    mutations = [change.mutation for change in taken]
    await queries.add_mutations(
        connection,
        persons=[change.person for change in taken],
        ssins=[mutation.ssin for mutation in mutations],
        tickets=[change.ticket for change in taken],
        sources=[change.source for change in taken],
        contexts=[mutation.context for mutation in mutations],
        data_groups=[mutation.data_group for mutation in mutations],
        starts=[mutation.period.start_date for mutation in mutations],
        ends=[mutation.period.end_date for mutation in mutations],
        kinds=[mutation.kind.value for mutation in mutations],
        happened=[mutation.happened_on for mutation in mutations],
        wrong_since=[mutation.wrong_since for mutation in mutations],
        contents=[change.content for change in taken],
        signatures=[mutation.signature for mutation in mutations],
        content_until=content_until,
    )


async def numbered_people(connection: Connection, numbers: Iterable[str]) -> dict[str, int]:
    """Give the persons whom numbers mean."""
    found = await rows(queries.people_of_numbers(connection, ssins=list(numbers)))
    return {row["ssin"]: row["person"] for row in found}


async def locked_people(
    connection: Connection, persons: Iterable[int], institutions: Sequence[str]
) -> dict[int, Person]:
    """Give people as `people` does, and hold the locks of all that are linked with them."""
    wanted, held = list(persons), -1
    # Again after a link that was made while we waited.
    while (now := await queries.lock_people(connection, persons=wanted)) != held:
        held = now
    return await people(connection, wanted, institutions)


async def people(
    connection: Connection, persons: Sequence[int], institutions: Sequence[str] | None = None
) -> dict[int, Person]:
    """Give whom keys mean today, with inscriptions: all, or those of some institutions."""
    wanted = list(institutions) if institutions is not None else None
    found = await rows(queries.people(connection, persons=list(persons), institutions=wanted))
    return {row["person"]: Person(row["today"], row["ssin"], _lines(*tuple(row)[3:])) for row in found}


async def change_of(connection: Connection, ticket: UUID) -> Queued | None:
    """Give a change by its ticket."""
    row = await queries.mutation_of_ticket(connection, ticket=ticket)
    return Queued(*row) if row else None


async def expire_content(connection: Connection, now: datetime) -> None:
    """Remove content whose time has come."""
    await queries.expire_content(connection, now=now)


async def take_writer(connection: Connection, owner: UUID, lease: timedelta) -> int | None:
    """Become who fills the mailboxes, and give the epoch; None while another is."""
    epoch: int | None = await queries.take_writer(connection, owner=owner, lease=lease)
    return epoch


async def hold_writer(connection: Connection, owner: UUID, epoch: int, lease: timedelta) -> bool:
    """Go on filling the mailboxes until the transaction ends; False when another took that over."""
    return await queries.hold_writer(connection, owner=owner, epoch=epoch, lease=lease) is not None


async def release_writer(connection: Connection, owner: UUID, epoch: int) -> None:
    """Leave the mailboxes to others."""
    await queries.release_writer(connection, owner=owner, epoch=epoch)


async def work(connection: Connection) -> Work:
    """Tell whether there is something to do."""
    return Work(*await queries.work(connection))


async def queued(connection: Connection, limit: int) -> list[Queued]:
    """Give the changes that wait longest."""
    return [Queued(*row) for row in await rows(queries.queued(connection, limit=limit))]


async def unqueue(connection: Connection, changes: Sequence[Queued]) -> None:
    """Forget that changes wait."""
    await queries.unqueue(connection, mutations=[change.mutation for change in changes])


async def locked_tails(connection: Connection, recipients: Sequence[str]) -> dict[str, Tail]:
    """Give the last numbers of mailboxes, which nobody else may move until the transaction ends."""
    await queries.add_mailboxes(connection, recipients=list(recipients))
    found = await rows(queries.lock_mailboxes(connection, recipients=list(recipients)))
    return {row["recipient"]: Tail(row["last_number"], tuple(row["tails"])) for row in found}


async def fill(connection: Connection, items: Sequence[NewItem], tails: Mapping[str, Tail]) -> None:
    """Write items, and the last numbers of their mailboxes."""
    await connection.copy_records_to_table("mailbox_item", records=items, columns=NewItem._fields)
    moved = [
        {"recipient": recipient, "last_number": tail.last, "tails": list(tail.slots)}
        for recipient, tail in sorted(tails.items())
    ]
    await queries.move_mailbox(connection, moved)


def _lines(
    inscriptions: list[int] | None, institutions: list[str], contexts: list[str], starts: list[Any], ends: list[Any],
    phases: list[int],
) -> tuple[Line, ...]:  # fmt: skip
    if inscriptions is None:
        return ()
    return tuple(map(Line, inscriptions, institutions, contexts, map(Period, starts, ends), phases))

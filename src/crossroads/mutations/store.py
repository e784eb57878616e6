"""Changes and the queue to the mailboxes, in PostgreSQL. Private to this room."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import aiosql

from crossroads.audit.database import Driver
from crossroads.audit.model import Receipt
from crossroads.directory.model import Line
from crossroads.identity.closure import linked, lock
from crossroads.identity.database import Connection, Pool, rows, transaction
from crossroads.identity.model import Kin
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


async def locked_people(
    connection: Connection, looked: Mapping[int, Person], institutions: Sequence[str]
) -> dict[int, Person]:
    """Give people once more as `people` does, and hold the locks of all that are linked with them."""
    found, held = dict(looked), set[int]()
    # Again after a link that was made while we waited.
    while not (wanted := {one for person in found.values() for one in person.persons}) <= held:
        await lock(connection, wanted)
        held |= wanted
        found = await people(connection, list(looked), institutions)
    return found


async def people(
    connection: Connection, persons: Sequence[int], institutions: Sequence[str] | None = None
) -> dict[int, Person]:
    """Give whom keys mean today, with inscriptions: all, or those of some institutions."""
    found = await _alone(connection, persons, institutions)
    kin = await linked(connection, [person for person, (_, merged) in found.items() if merged])
    alone = {person: one for person, (one, _) in found.items()}
    return alone | (await humans(connection, kin, institutions) if kin else {})


async def humans(
    connection: Connection, kin: Mapping[int, Kin], institutions: Sequence[str] | None = None
) -> dict[int, Person]:
    """Give whom keys mean today, of whom it is known who is linked: in one step, be anybody linked or not."""
    found = await _alone(connection, list({one for kins in kin.values() for one in kins.persons}), institutions)
    return {key: _human(kins, found) for key, kins in kin.items() if kins.head in found}


_Alone = dict[int, tuple[Person, bool]]
"""Persons as each stands alone, and whether others are linked with it."""


async def _alone(connection: Connection, persons: Sequence[int], institutions: Sequence[str] | None) -> _Alone:
    wanted = list(institutions) if institutions is not None else None
    found = await rows(queries.people(connection, persons=list(persons), institutions=wanted))
    return {
        person: (Person(person, ssin, (person,), _lines(*columns)), merged)
        for person, ssin, merged, *columns in found
    }  # fmt: skip


def _human(kin: Kin, alone: _Alone) -> Person:
    """Give the human being of persons that were linked."""
    (head, _), persons = alone[kin.head], [alone[person][0] for person in kin.persons]
    return Person(head.today, head.ssin, kin.persons, tuple(line for person in persons for line in person.lines))


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
    waiting = await rows(queries.queued(connection, limit=limit))
    keys = {"persons": [row["person"] for row in waiting], "mutations": [row["mutation"] for row in waiting]}
    return [Queued(*row) for row in await rows(queries.changes(connection, **keys))] if waiting else []


async def unqueue(connection: Connection, changes: Sequence[Queued]) -> None:
    """Forget that changes wait."""
    await queries.unqueue(
        connection,
        persons=[change.person for change in changes],
        mutations=[change.mutation for change in changes],
    )


async def locked_tails(connection: Connection, recipients: Sequence[str]) -> dict[str, Tail]:
    """Give the last numbers of mailboxes, which nobody else may move until the transaction ends."""
    await queries.add_mailboxes(connection, recipients=list(recipients))
    await queries.lock_mailbox(connection, [{"recipient": recipient} for recipient in sorted(recipients)])
    found = await rows(queries.tails(connection, recipients=list(recipients)))
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

"""Boxes in PostgreSQL. Private to this room."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import aiosql
import msgspec

from crossroads.audit.model import Receipt
from crossroads.ebox.model import Consent, Content, Kept, Step, Used
from crossroads.identity.database import Connection, Pool, rows, transaction

queries: Any = aiosql.from_path(Path(__file__).parent / "queries.sql", "asyncpg", mandatory_parameters=False)
_content = msgspec.json.Decoder(Content)
NOWHERE = Receipt(0, 0, b"")


class Waiting(NamedTuple):
    """A message that is long unread."""

    person: int
    message: UUID
    ssin: str
    sender: str
    legal_context: str


class After(NamedTuple):
    """A place in the list of a box: behind a message, which stood among those that were opened, or not."""

    message: Kept
    opened: bool


@asynccontextmanager
async def lasting(pool: Pool) -> AsyncIterator[Connection]:
    """Do all or nothing, and when it is done it is on disk. Raises Unavailable."""
    async with transaction(pool) as connection:
        await rows(queries.durable_commit(connection))
        yield connection


async def used(connection: Connection, sender: str, reference: str) -> Used | None:
    """Give what a reference was used for."""
    row = await queries.box_reference(connection, institution=sender, reference=reference)
    if row is None:
        return None
    receipt = Receipt(row["log_stream"], row["log_index"], row["leaf"]) if row["leaf"] else NOWHERE
    return Used(row["digest"], row["message"], row["person"], row["active"], row["published_at"], receipt)


async def claim(connection: Connection, sender: str, reference: str, one: Used) -> bool:
    """Take a reference; tell whether it was free."""
    found = await queries.claim_reference(
        connection,
        institution=sender,
        reference=reference,
        digest=one.digest,
        message=one.message,
        person=one.person,
        active=one.active,
        published_at=one.published_at,
    )
    return found is not None


async def keep_receipt(connection: Connection, sender: str, reference: str, receipt: Receipt) -> None:
    """Keep where the log has what came of a reference."""
    await queries.keep_receipt(
        connection,
        institution=sender,
        reference=reference,
        stream=receipt.stream,
        index=receipt.index,
        leaf=receipt.leaf,
    )


async def add(connection: Connection, one: Kept) -> None:
    """Put a message into a box."""
    await queries.add_message(
        connection,
        person=one.person,
        message=one.message,
        ssin=one.ssin,
        sender=one.sender,
        reference=one.reference,
        legal_context=one.legal_context,
        content=msgspec.json.encode(one.content),
        received_on=one.received_on,
        published_at=one.published.at,
        expires_on=one.expires_on,
        remind_on=one.remind_on,
        stream=one.published.stream,
        index=one.published.place,
    )


async def messages(
    connection: Connection, persons: Sequence[int], today: date, limit: int, after: After | None = None
) -> tuple[Kept, ...]:
    """Give messages of a person that are listed on a day, as a box lists them: those after one, or from the start."""
    place = {
        "opened": after.opened if after else None,
        "received_on": after.message.received_on if after else None,
        "published_at": after.message.published.at if after else None,
        "message": after.message.message if after else None,
    }
    found = await rows(queries.box_messages(connection, persons=list(persons), today=today, limit=limit, **place))
    return tuple(map(_kept, found))


async def count_listed(connection: Connection, persons: Sequence[int], today: date) -> int:
    """Count the messages of a person that are listed on a day."""
    return int(await queries.listed_messages(connection, persons=list(persons), today=today))


async def count_of_day(
    connection: Connection, persons: Sequence[int], sender: str, since: datetime, received_on: date
) -> int:
    """Count what a sender published for a person since a moment, and before it to be received on a day."""
    about = {"persons": list(persons), "sender": sender, "since": since, "received_on": received_on}
    return int(await queries.messages_of_day(connection, **about))


async def count_not_active(
    connection: Connection, persons: Sequence[int], sender: str, since: datetime, message: UUID
) -> int:
    """Count what a sender published for a person since a moment, less one message, while the box was not active."""
    about = {"persons": list(persons), "sender": sender, "since": since, "message": message}
    return int(await queries.not_active_of_day(connection, **about))


async def message(connection: Connection, persons: Sequence[int], message: UUID) -> Kept | None:
    """Give a message, when it is one of this person's."""
    row = await queries.box_message(connection, persons=list(persons), message=message)
    return _kept(row) if row else None


async def opened(connection: Connection, one: Kept, step: Step) -> None:
    """Keep when a document of a message was given; only the first time counts."""
    await queries.opened(
        connection, person=one.person, message=one.message, at=step.at, stream=step.stream, index=step.place
    )


async def waiting(connection: Connection, today: date, limit: int) -> list[Waiting]:
    """Give messages for which a reminder is due."""
    return [Waiting(**row) for row in await rows(queries.waiting_messages(connection, today=today, limit=limit))]


async def claim_reminder(connection: Connection, one: Waiting, at: datetime) -> bool:
    """Take a message to remind of; tell whether that is still to be done."""
    found = await queries.claim_reminder(connection, person=one.person, message=one.message, at=at)
    return found is not None


async def keep_reminder(connection: Connection, one: Waiting, receipt: Receipt) -> None:
    """Keep where the log has a reminder."""
    await queries.keep_reminder(
        connection, person=one.person, message=one.message, stream=receipt.stream, index=receipt.index
    )


async def expire(connection: Connection, today: date) -> None:
    """Remove what lists the messages whose days are over."""
    await queries.expire_messages(connection, today=today)


async def consent(connection: Connection, persons: Sequence[int], at: datetime) -> Consent | None:
    """Give the consent of a person that holds at a moment."""
    row = await queries.box_consent(connection, persons=list(persons), at=at)
    return Consent(row["active_from"], row["active_until"]) if row else None


async def add_consent(connection: Connection, person: int, consent: UUID, one: Consent) -> None:
    """Write that a person wants messages."""
    await queries.add_consent(connection, person=person, consent=consent, **one._asdict())


async def end_consents(connection: Connection, persons: Sequence[int], at: datetime) -> None:
    """Write that a person wants none from a moment on."""
    await queries.end_consents(connection, persons=list(persons), at=at)


def _kept(row: Any) -> Kept:
    return Kept(
        person=row["person"],
        message=row["message"],
        ssin=row["ssin"],
        sender=row["sender"],
        reference=row["reference"],
        legal_context=row["legal_context"],
        content=_content.decode(row["content"]) if row["content"] else None,
        received_on=row["received_on"],
        expires_on=row["expires_on"],
        remind_on=row["remind_on"],
        published=Step(row["published_at"], row["published_stream"], row["published_index"]),
        reminded=_step(row, "reminded"),
        opened=_step(row, "opened"),
    )


def _step(row: Any, name: str) -> Step | None:
    at, stream, place = row[f"{name}_at"], row[f"{name}_stream"], row[f"{name}_index"]
    return Step(at, stream, place) if at is not None and stream is not None else None

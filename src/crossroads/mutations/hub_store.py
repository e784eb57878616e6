"""Changes that the hub itself causes, in PostgreSQL. Private to this room."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from crossroads.identity.database import Connection, rows
from crossroads.identity.ports import Overlapping
from crossroads.kernel.period import Period
from crossroads.mutations.model import Caused, Happening, OwnLine
from crossroads.mutations.store import queries


class HubWork(NamedTuple):
    """Whether changes of who people are wait, and which day of ended inscriptions is looked at."""

    events: bool
    day: date | None


class Ends(NamedTuple):
    """How far the look at ended inscriptions has come: the day, and the last line of it that was told of."""

    day: date
    person: int = 0
    inscription: int = 0


async def work(connection: Connection) -> HubWork:
    """Tell what there is to do."""
    return HubWork(await queries.happened(connection), await queries.day_of_ends(connection))


async def happenings(connection: Connection, limit: int) -> list[Happening]:
    """Give the changes of who people are that wait longest."""
    return [Happening(*row) for row in await rows(queries.happenings(connection, limit=limit))]


async def take(connection: Connection, happened: Sequence[Happening]) -> int:
    """Remove changes of who people are from the outbox, and count those that were there."""
    taken = queries.take_happenings(
        connection, persons=[one.person for one in happened], events=[one.event for one in happened]
    )
    return len(await rows(taken))


async def numbers(connection: Connection, persons: Iterable[int]) -> dict[int, str]:
    """Give the number of each person, as that person alone has it."""
    found = await rows(queries.numbers_of_persons(connection, persons=list(persons)))
    return {row["person"]: row["ssin"] for row in found}


async def replaced(connection: Connection, persons: Iterable[int], ticket: UUID) -> str | None:
    """Give the number that was replaced under a ticket."""
    found: str | None = await queries.number_replaced(connection, persons=list(persons), ticket=ticket)
    return found


async def add(connection: Connection, caused: Sequence[tuple[UUID, Caused]]) -> None:
    """Write what is to be told, each with its ticket, and queue it."""
    told = [one for _, one in caused]
    await queries.add_caused(
        connection,
        persons=[one.person for one in told],
        ssins=[one.ssin for one in told],
        tickets=[ticket for ticket, _ in caused],
        sources=[one.source for one in told],
        contexts=[one.context for one in told],
        data_groups=[one.data_group for one in told],
        starts=[one.period.start_date for one in told],
        ends=[one.period.end_date for one in told],
        kinds=[str(one.kind) for one in told],
        happened=[one.happened_on for one in told],
        addressees=[one.addressee for one in told],
        reports=[one.report for one in told],
        told=[one.told for one in told],
    )


async def begin_ends(connection: Connection, day: date) -> None:
    """Begin to look at ended inscriptions with a day."""
    await queries.begin_ends(connection, day=day)


async def ends(connection: Connection) -> Ends:
    """Give how far the look at ended inscriptions has come, which nobody else moves until the transaction ends."""
    return Ends(*await queries.ends(connection))


async def move_ends(connection: Connection, ends: Ends) -> None:
    """Keep how far it has come."""
    await queries.move_ends(connection, **ends._asdict())


async def ended(connection: Connection, after: Ends, limit: int) -> list[OwnLine]:
    """Give the next inscriptions of which the day was the last, in order."""
    return _lines(await rows(queries.ended_on(connection, **after._asdict(), limit=limit)))


async def overlapping(connection: Connection, merge: Happening, lines: Sequence[Overlapping]) -> list[OwnLine]:
    """Give inscriptions as they were, if the merge since which they overlap still holds."""
    found = queries.overlapping(
        connection,
        persons=[line.person for line in lines],
        inscriptions=[line.inscription for line in lines],
        from_person=merge.related,
        ticket=merge.ticket,
    )
    return _lines(await rows(found))


def _lines(found: Sequence[Any]) -> list[OwnLine]:
    return [
        OwnLine(
            row["person"],
            row["inscription"],
            row["institution"],
            row["context"],
            Period(row["start_date"], row["end_date"]),
            row["ssin"],
        )
        for row in found
    ]

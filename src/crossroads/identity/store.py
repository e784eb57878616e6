"""The tables of identity. Private to this room; `closure.py` is the door for rooms that share a transaction."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import aiosql

from crossroads.identity.database import Connection, rows
from crossroads.identity.files import MAXIMUM_FAULTS
from crossroads.identity.model import Belief, Closure, Kin, Number, Stamp

queries: Any = aiosql.from_path(Path(__file__).parent / "queries.sql", "asyncpg", mandatory_parameters=False)


class Known(NamedTuple):
    """What is believed of a person now."""

    person: int
    ssin: str
    deceased_on: date | None


class Present(NamedTuple):
    """Who a person is today: the one into which it was linked, if it was."""

    person: int
    ssin: str


class UsedReference(NamedTuple):
    """What an institution's reference was used for."""

    digest: bytes
    person: int
    ticket: UUID


async def closure(connection: Connection, ssin: str) -> Closure | None:
    """Give who the number means; None where nobody has or had it."""
    return (await closures(connection, [ssin])).get(ssin)


async def closures(connection: Connection, ssins: Sequence[str]) -> dict[str, Closure]:
    """Give who each of the numbers means; those that nobody has or had are not in it."""
    found = await rows(queries.persons_of(connection, ssins=list(ssins)))
    kin = await linked(connection, [row["person"] for row in found if row["linked"]])
    return {ssin: Closure(asked, kin[asked].persons if asked in kin else (asked,)) for ssin, asked, _ in found}


async def numbered(connection: Connection, ssins: Sequence[str]) -> dict[str, int]:
    """Give the person of each of the numbers that somebody has or had."""
    return {row["ssin"]: row["person"] for row in await rows(queries.persons_of(connection, ssins=list(ssins)))}


async def linked(connection: Connection, persons: Sequence[int]) -> dict[int, Kin]:
    """Give, for each person, those who are the same human being. Few were ever linked: ask of those alone."""
    found = await rows(queries.linked(connection, persons=list(persons))) if persons else ()
    return {row["asked"]: Kin(tuple(row["persons"]), row["head"]) for row in found}


async def present_numbers(connection: Connection, persons: Sequence[int]) -> dict[int, Present]:
    """Give key and number of today of each of the persons."""
    found = await rows(queries.present_numbers(connection, persons=list(persons)))
    kin = await linked(connection, [row["person"] for row in found if row["linked"]])
    heads = await rows(queries.present_numbers(connection, persons=[one.head for one in kin.values()])) if kin else ()
    numbers = {row["person"]: row["ssin"] for row in (*found, *heads)}
    today = {row["person"]: kin[row["person"]].head if row["linked"] else row["person"] for row in found}
    return {person: Present(head, numbers[head]) for person, head in today.items()}


async def lock(connection: Connection, persons: Iterable[int]) -> None:
    """Take the locks of these persons, in key order."""
    await queries.lock_person(connection, [{"person": person} for person in sorted(persons)])


async def present(connection: Connection, persons: Sequence[int]) -> Known:
    """Give the person into which the others of a closure were linked."""
    return Known(*await queries.present(connection, persons=list(persons)))


async def person(connection: Connection, key: int) -> Known:
    """Give a person."""
    return Known(*await queries.person(connection, person=key))


async def moment(connection: Connection) -> datetime:
    """Give the moment at which a change is recorded."""
    return await queries.moment(connection)  # type: ignore[no-any-return]  # aiosql has no types


async def add(connection: Connection, ssin: str, stamp: Stamp, valid_from: date = date.min) -> int | None:
    """Bring a person with this number into being; None where the number has an owner."""
    person = await queries.new_person(connection)
    if not await assign(connection, ssin, person, stamp, valid_from):
        return None
    await queries.add_person(connection, person=person, ssin=ssin, moment=stamp.moment, ticket=stamp.ticket)
    return int(person)


async def assign(connection: Connection, ssin: str, person: int, stamp: Stamp, valid_from: date) -> bool:
    """Assign a number; False where it has an owner."""
    assigned = await queries.assign(
        connection, ssin=ssin, person=person, valid_from=valid_from, moment=stamp.moment, ticket=stamp.ticket
    )
    return assigned is not None


async def end_assignment(connection: Connection, ssin: str, last: date, stamp: Stamp) -> None:
    """Record the last day of a number; what was believed goes to the history."""
    await queries.assignment_to_history(connection, ssin=ssin, **stamp._asdict())
    await queries.end_assignment(connection, ssin=ssin, valid_until=last, moment=stamp.moment, ticket=stamp.ticket)


async def change_person(connection: Connection, person: Known, stamp: Stamp) -> None:
    """Record number and death of a person; what was believed goes to the history."""
    await queries.person_to_history(connection, person=person.person, **stamp._asdict())
    await queries.change_person(
        connection,
        person=person.person,
        ssin=person.ssin,
        deceased_on=person.deceased_on,
        moment=stamp.moment,
        ticket=stamp.ticket,
    )


async def link(connection: Connection, from_person: int, into_person: int, since: date, stamp: Stamp) -> None:
    """Record that two persons are one."""
    await queries.add_link(
        connection,
        from_person=from_person,
        into_person=into_person,
        since=since,
        moment=stamp.moment,
        ticket=stamp.ticket,
    )


async def unlink(connection: Connection, from_person: int, into_person: int, stamp: Stamp) -> bool:
    """Tell two persons apart again; False where they were not linked so."""
    pair = {"from_person": from_person, "into_person": into_person}
    await queries.link_to_history(connection, **pair, **stamp._asdict())
    return await queries.remove_link(connection, **pair) is not None


async def use_act(connection: Connection, digest: str, kind: str, ticket: UUID) -> bool:
    """Note that an act is carried out; False where it was before."""
    return await queries.use_act(connection, digest=digest, kind=kind, ticket=ticket) is not None


async def used_reference(connection: Connection, institution: str, reference: str) -> UsedReference | None:
    """Give what a reference was used for."""
    row = await queries.reference(connection, institution=institution, reference=reference)
    return UsedReference(*row) if row else None


async def keep_reference(connection: Connection, institution: str, reference: str, used: UsedReference) -> None:
    """Keep what a reference was used for."""
    await queries.keep_reference(connection, institution=institution, reference=reference, **used._asdict())


async def believed(connection: Connection, ssin: str, at: datetime) -> Belief | None:
    """Give what was believed at a moment of the human being that the number meant then."""
    found = await rows(queries.believed(connection, ssin=ssin, moment=at))
    if not found:
        return None
    return Belief(
        persons=tuple(dict.fromkeys(row["person"] for row in found)),
        ssin=next(row["present"] for row in found if not row["linked"]),
        numbers=tuple(Number(row["ssin"], row["person"], row["valid_from"], row["valid_until"]) for row in found),
        deceased_on=max((row["deceased_on"] for row in found if row["deceased_on"]), default=None),
    )


async def stage_persons(connection: Connection) -> None:
    """Make the place where the lines of a file wait to be checked."""
    await queries.stage_persons(connection)


async def staged_faults(connection: Connection) -> tuple[list[int], list[int]]:
    """Give the staged lines whose number stands in an earlier line, and those whose number has an owner."""
    repeated = await rows(queries.repeated_numbers(connection, limit=MAXIMUM_FAULTS))
    known = await rows(queries.known_numbers(connection, limit=MAXIMUM_FAULTS))
    return [row["line"] for row in repeated], [row["line"] for row in known]


async def add_staged(connection: Connection, ticket: UUID) -> int:
    """Bring the staged persons into being, and count them."""
    stamp = {"moment": await moment(connection), "ticket": ticket}
    await queries.add_staged_persons(connection, **stamp)
    return int(await queries.add_staged_numbers(connection, **stamp))

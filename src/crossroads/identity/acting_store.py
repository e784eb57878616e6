"""The tables of who acts for whom. Private to this room."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import aiosql

from crossroads.identity import store
from crossroads.identity.database import Connection, rows
from crossroads.wire.acting import Scope, Side

queries: Any = aiosql.from_path(Path(__file__).parent / "acting.sql", "asyncpg", mandatory_parameters=False)


class NewMandate(NamedTuple):
    """A mandate as it is given. The persons are keys."""

    mandate: UUID
    institution: str
    reference: str
    giver: int
    receiver: int
    giver_name: str
    receiver_name: str
    receiver_ssin: str
    scopes: list[str]
    start_date: date
    end_date: date


class Mandate(NamedTuple):
    """A mandate, with what became of it. The persons are keys."""

    mandate: UUID
    giver: int
    receiver: int
    giver_name: str
    receiver_name: str
    receiver_ssin: str
    """As the one who gave it typed it."""
    scopes: tuple[Scope, ...]
    start_date: date
    end_date: date
    given_at: datetime
    accepted_at: datetime | None
    ended_at: datetime | None
    ended_by: Side | None

    def stands(self, on: date) -> bool:
        """Tell whether it counts on a day: accepted, not ended, and within its days."""
        return self.accepted_at is not None and self.ended_at is None and self.start_date <= on <= self.end_date


class Begun(NamedTuple):
    """That an agent acts for a person on a day. The persons are keys."""

    person: int
    ticket: UUID
    acting_person: int
    institution: str
    agent: str
    legal_context: str
    mandate: UUID | None
    day: date


async def add(connection: Connection, new: NewMandate, moment: datetime) -> bool:
    """Add a mandate; False where its reference was used before."""
    return await queries.add_mandate(connection, **new._asdict(), moment=moment) is not None


async def of_reference(connection: Connection, institution: str, reference: str) -> Mandate | None:
    """Give the mandate for which a reference was used."""
    found = await queries.mandate_of_reference(connection, institution=institution, reference=reference)
    return await mandate(connection, found) if found else None


async def mandate(connection: Connection, wanted: UUID) -> Mandate | None:
    """Give a mandate."""
    row = await queries.mandate(connection, mandate=wanted)
    return _mandate(row) if row else None


async def mandates(connection: Connection, persons: Sequence[int], day: date, limit: int) -> list[Mandate]:
    """Give those that some persons gave or got: all that are open, then the newest of those that are over."""
    found = await rows(queries.mandates(connection, persons=list(persons), day=day, limit=limit))
    return [_mandate(row) for row in found]


async def open_mandates(connection: Connection, persons: Sequence[int], day: date) -> int:
    """Count those that some persons gave and that are not over."""
    return int(await queries.open_mandates(connection, persons=list(persons), day=day))


async def given_on(connection: Connection, persons: Sequence[int], day: date) -> int:
    """Count those that some persons gave on a day."""
    return int(await queries.given_on(connection, persons=list(persons), day=day))


async def given_to(connection: Connection, persons: Sequence[int], others: Sequence[int], since: date) -> int:
    """Count those that some persons gave to some others since a day."""
    return int(await queries.given_to(connection, persons=list(persons), others=list(others), day=since))


async def tries(connection: Connection, persons: Sequence[int], day: date) -> int:
    """Count how often some persons tried to give one on a day, in vain or not yet in vain."""
    return int(await queries.tries(connection, persons=list(persons), day=day))


async def add_try(connection: Connection, person: int, ticket: UUID, day: date) -> None:
    """Note that somebody tries to give one."""
    await queries.add_try(connection, person=person, ticket=ticket, day=day)


async def remove_try(connection: Connection, person: int, ticket: UUID) -> None:
    """Remove a try."""
    await queries.remove_try(connection, person=person, ticket=ticket)


async def note(connection: Connection, wanted: UUID, kind: str, side: Side, ticket: UUID, moment: datetime) -> bool:
    """Note what became of a mandate; False where that was noted before."""
    said = {"kind": kind, "side": side.value, "ticket": ticket, "moment": moment}
    return await queries.add_act(connection, mandate=wanted, **said) is not None


async def living(connection: Connection, persons: Sequence[int]) -> bool:
    """Tell whether a human being is there and not recorded as deceased."""
    return bool(await queries.living(connection, persons=list(persons)))


async def begin(connection: Connection, begun: Begun) -> None:
    """Note that an agent acts for a person."""
    await queries.begin_acting(connection, **begun._asdict())


async def grounds(
    connection: Connection, persons: Sequence[int], institution: str, agent: str, legal_context: str, day: date
) -> list[tuple[Scope, ...]]:
    """Give for what an agent acts for a human being, by each ground that stands: a parent for everything.

    Both must live, by what is recorded of each person linked with one of them.
    """
    said = {"institution": institution, "agent": agent, "legal_context": legal_context, "day": day}
    found = await rows(queries.acted_for(connection, persons=list(persons), **said))
    if not found:
        return []
    standing = await _who_live(connection, [*persons, *(row["acting_person"] for row in found)])
    if not standing.issuperset(persons):
        return []
    return [tuple(map(Scope, row["scopes"] or Scope)) for row in found if row["acting_person"] in standing]


async def _who_live(connection: Connection, persons: Sequence[int]) -> set[int]:
    """Give those of some persons of whom neither they nor anybody linked with them is recorded as deceased."""
    found = {row["person"]: row for row in await rows(queries.lives(connection, persons=list(persons)))}
    kin = await store.linked(connection, [one for one, row in found.items() if row["linked"]])
    if others := {one for kins in kin.values() for one in kins.persons} - found.keys():
        found |= {row["person"]: row for row in await rows(queries.lives(connection, persons=sorted(others)))}
    living = {one for one, row in found.items() if row["lives"]}
    return {one for one in persons if one in living and (one not in kin or living.issuperset(kin[one].persons))}


async def forget(connection: Connection, acting_before: date, mandates_before: date) -> None:
    """Remove who acted or tried on days before one, and the mandates that were over before another."""
    await queries.forget_acting(connection, day=acting_before)
    await queries.forget_tries(connection, day=acting_before)
    await queries.forget_mandates(connection, day=mandates_before)


def _mandate(row: Any) -> Mandate:
    ended_by = Side(row["ended_by"]) if row["ended_by"] else None
    return Mandate(**dict(row) | {"scopes": tuple(map(Scope, row["scopes"])), "ended_by": ended_by})

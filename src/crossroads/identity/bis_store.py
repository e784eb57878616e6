"""The tables of the BIS register, and the outbox. Private to this room."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from crossroads.identity.bis_model import Change, Given, Recorded
from crossroads.identity.database import Connection, rows
from crossroads.identity.model import Stamp
from crossroads.identity.store import queries
from crossroads.kernel.names.index import keys
from crossroads.kernel.names.particulars import Particulars, Sex
from crossroads.wire.persons import PersonEvidence, PersonParticulars, Truth


async def tell(connection: Connection, change: Change, stamp: Stamp) -> None:
    """Write a change into the outbox."""
    await queries.tell(connection, **change._asdict(), moment=stamp.moment, ticket=stamp.ticket)


async def claim_request(
    connection: Connection, institution: str, reference: str, digest: bytes
) -> tuple[bytes, str] | None:
    """Take a reference; where it is taken, give the digest of that request and what came of it."""
    claimed = await queries.claim_request(connection, institution=institution, reference=reference, digest=digest)
    return None if claimed is not None else await used_request(connection, institution, reference)


async def used_request(connection: Connection, institution: str, reference: str) -> tuple[bytes, str] | None:
    """Give the digest of the request that a reference was used for, and what came of it."""
    row = await queries.request(connection, institution=institution, reference=reference)
    return (row["digest"], row["outcome"]) if row else None


async def keep_outcome(connection: Connection, institution: str, reference: str, outcome: str) -> None:
    """Keep what came of a request."""
    await queries.keep_outcome(connection, institution=institution, reference=reference, outcome=outcome)


async def take_turn(connection: Connection) -> None:
    """Wait until nobody else brings a person into being; the turn ends with the transaction."""
    await queries.take_turn(connection)


async def next_in_series(connection: Connection, series: str, size: int) -> int | None:
    """Give the next number of a series, counted from 1; None when all are used up."""
    return await queries.next_in_series(connection, series=series, size=size)  # type: ignore[no-any-return]  # aiosql has no types


async def add_exception(connection: Connection, institution: str, reference: str, digest: str, stamp: Stamp) -> bool:
    """Note that a request may go on beside persons who agree closely; False where that is noted."""
    key = {"institution": institution, "reference": reference, "digest": digest}
    return await queries.add_exception(connection, **key, moment=stamp.moment, ticket=stamp.ticket) is not None


async def excepted(connection: Connection, institution: str, reference: str, digest: str) -> bool:
    """Tell whether a request may go on beside persons who agree closely."""
    return bool(await queries.excepted(connection, institution=institution, reference=reference, digest=digest))


async def add_given(connection: Connection, given: Given, stamp: Stamp) -> None:
    """Note that the register gave out a number."""
    await queries.add_given(connection, **given._asdict(), moment=stamp.moment, ticket=stamp.ticket)


async def given(connection: Connection, persons: Sequence[int]) -> list[Given]:
    """Give the numbers that the register gave to persons."""
    return [Given(*row) for row in await rows(queries.given(connection, persons=list(persons)))]


async def recorded(connection: Connection, persons: Sequence[int]) -> list[Recorded]:
    """Give what is recorded of persons, the newest days first."""
    return [_recorded(row) for row in await rows(queries.particulars(connection, persons=list(persons)))]


async def believed(connection: Connection, persons: Sequence[int], moment: datetime) -> list[Recorded]:
    """Give what was believed of persons at a moment, the newest days first."""
    found = queries.believed_particulars(connection, persons=list(persons), moment=moment)
    return [_recorded(row) for row in await rows(found)]


async def record(connection: Connection, line: Recorded, stamp: Stamp) -> None:
    """Record particulars."""
    person, evidence = line.particulars, line.evidence
    await queries.add_particulars(
        connection,
        person=line.person,
        truth=line.truth,
        start_date=line.start_date,
        end_date=line.end_date,
        last_name=person.last_name,
        first_names=person.first_names,
        birth_date=person.birth_date,
        sex=person.sex,
        birth_place=person.birth_place,
        nationality=person.nationality,
        address=person.address,
        evidence_kind=evidence.kind,
        evidence_number=evidence.number,
        evidence_issuer=evidence.issuer,
        recorded_by=line.recorded_by,
        name_keys=keys(compared(person)),
        moment=stamp.moment,
        ticket=stamp.ticket,
    )


async def end_belief(connection: Connection, line: Recorded, stamp: Stamp) -> None:
    """Move particulars to the history."""
    key: dict[str, int | str | date] = {"person": line.person, "truth": line.truth, "start_date": line.start_date}
    await queries.particulars_to_history(connection, **key, **stamp._asdict())
    await queries.remove_particulars(connection, **key)


class Due(NamedTuple):
    """Whose particulars go: why, after how many days, and in how many lines."""

    person: int
    why: str
    days: int
    lines: int


async def see_served(connection: Connection) -> None:
    """Note whose particulars have served: their days begin, by the clock of the database."""
    await queries.see_served(connection)


async def due(connection: Connection, limit: int, persons: Sequence[int] | None = None) -> list[Due]:
    """Give whose days are over, of all or of some."""
    asked = None if persons is None else list(persons)
    return [Due(**row) for row in await rows(queries.due_particulars(connection, limit=limit, persons=asked))]


async def remove_all(connection: Connection, due: Due, ticket: UUID) -> None:
    """Remove what is and was recorded of a person, of which the log tells; that it was removed is kept."""
    await queries.remove_all_particulars(connection, person=due.person)
    moment = await queries.moment(connection)
    await queries.keep_removal(
        connection, person=due.person, ticket=ticket, why=due.why, lines=due.lines, moment=moment
    )


async def removals(connection: Connection, limit: int) -> Sequence[Any]:
    """Give day, reason, persons and lines of what was removed, the newest days first."""
    return await rows(queries.removals(connection, limit=limit))


def compared(person: PersonParticulars) -> Particulars:
    """Give what the comparison of persons looks at."""
    return Particulars(person.last_name, person.first_names, person.birth_date, person.sex)


def _recorded(row: Any) -> Recorded:
    return Recorded(
        row["person"],
        Truth(row["truth"]),
        row["start_date"],
        row["end_date"],
        PersonParticulars(
            last_name=row["last_name"],
            first_names=row["first_names"],
            birth_date=row["birth_date"],
            sex=Sex(row["sex"]) if row["sex"] else None,
            birth_place=row["birth_place"],
            nationality=row["nationality"],
            address=row["address"],
        ),
        PersonEvidence(kind=row["evidence_kind"], number=row["evidence_number"], issuer=row["evidence_issuer"]),
        row["recorded_by"],
    )

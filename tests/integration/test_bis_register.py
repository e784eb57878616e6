"""The BIS register: who is created gets a number of their own, and nothing is written that is not logged."""

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path

import asyncpg
import msgspec
import pytest

from bis import (
    PASSPORT,
    Hub,
    created,
    creation,
    death,
    hub_of,
    logged,
    outbox,
    particulars,
    person_of,
)
from crossroads.identity.bis_numbers import all_series
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Conflict, CrossroadsError
from crossroads.kernel.names.particulars import Sex
from crossroads.kernel.ssin import Environment, IncompleteDate, Register, parse_ssin
from crossroads.wire.messages import InscriptionQuery
from database import Database
from people import (
    GHENT,
    OpenPool,
    by,
    days,
    line,
)

pytest_plugins = ["bis_fixtures"]


async def test_a_person_gets_a_number_and_can_be_inscribed(office: Hub) -> None:
    request = creation(particulars(sex=Sex.FEMALE, birth_place="Illustria", nationality="ZZ", address="Road 1"))
    outcome = await office.bis.create(request, by(GHENT))
    number = outcome.ssin.value
    parsed = parse_ssin(number, Environment.TEST, date(2026, 6, 1))
    assert (parsed.register, parsed.male, parsed.birth.known) == (Register.MOCK, False, date(1980, 3, 15))
    assert await office.bis.create(request, by(GHENT)) == outcome
    person = await person_of(office, number)
    assert await outbox(office) == [("created", person, None)]
    (entry,) = await logged(office, "identity:bis:created")
    assert (entry["person"], entry["asker"], entry["ticket"]) == (person, GHENT, outcome.ticket)
    for secret in (number, "Zandbergen", "1980-03-15", PASSPORT.number, "Road 1"):
        assert secret not in entry["content"]
    held = await office.world.directory.query(_lines_of(number), by(GHENT))
    assert held.items == ()
    assert (await office.world.directory.open(line(number, days("2026-01-01")), by(GHENT))).items


def _lines_of(number: str) -> InscriptionQuery:
    return InscriptionQuery(institution=GHENT, ssin=number, period=days("1950-01-01"))


async def test_the_same_reference_with_another_body_is_refused(office: Hub) -> None:
    request = creation()
    await office.bis.create(request, by(GHENT))
    with pytest.raises(Conflict) as conflict:
        await office.bis.create(msgspec.structs.replace(request, particulars=particulars("Ander")), by(GHENT))
    assert conflict.value.code is Code.REFERENCE_REUSED
    assert len(await outbox(office)) == 1


async def test_many_who_create_others_of_one_birth_date_at_once_get_numbers_of_their_own(pool: OpenPool) -> None:
    names = ["Aerts", "Bogaert", "Ciobanu", "Dewit", "Erdogan", "Fontaine", "Goossens", "Haddad", "Ionescu", "Janssens"]
    firsts = ["Tim", "Eva", "Oleg", "Ruth", "Zoe", "Max", "Lea", "Ugo", "Kim", "Pia"]
    async with hub_of(pool) as first, hub_of(pool) as second:
        work = [
            (first, second)[at % 2].bis.create(creation(particulars(last, firsts[at], "1980-03-15")), by(GHENT))
            for at, last in enumerate(names)
        ]
        numbers = {outcome.ssin.value for outcome in await asyncio.gather(*work)}
        assert len(numbers) == len(names)


async def test_a_number_that_a_first_load_brought_is_passed_over(office: Hub, tmp_path: Path) -> None:
    taken = next(all_series(IncompleteDate(1980, 3, 15), Sex.MALE, Environment.TEST)).number(1)
    await office.world.births(taken, tmp=tmp_path)
    number = await created(office, "Zandbergen", "Ilse", "1980-03-15", sex=Sex.MALE)
    assert (taken[:9], number[:9]) == ("806315997", "806315995")


async def test_when_a_birth_date_is_used_up_the_number_says_the_year_alone(office: Hub) -> None:
    await office.world.pool.execute("INSERT INTO bis_counter (series, last) VALUES ('19806315 997/2', 499)")
    number = await created(office, "Zandbergen", "Ward", "1980-03-15", sex=Sex.MALE)
    assert number[:9] == "806000997"


async def test_death_is_recorded_and_taken_back(office: Hub) -> None:
    number = await created(office, "Zandbergen", "Ilse", "1980-03-15")
    await office.bis.decease(death(number), by(GHENT))
    with pytest.raises(Conflict):
        await office.bis.decease(death(number), by(GHENT))
    dead = await office.world.identity.as_believed_on(number, datetime.now(UTC))
    await office.bis.decease(death(number, None), by(GHENT))
    alive = await office.world.identity.as_believed_on(number, datetime.now(UTC))
    assert dead is not None
    assert alive is not None
    assert (dead.deceased_on, alive.deceased_on) == (date(2026, 5, 5), None)
    assert [kind for kind, *_ in await outbox(office)] == ["created", "deceased", "deceased"]


async def test_what_cannot_be_logged_does_not_happen(office: Hub) -> None:
    await office.world.log.stop()
    with pytest.raises(CrossroadsError):
        await office.bis.create(creation(), by(GHENT))
    assert await office.world.pool.fetchval("SELECT count(*) FROM person") == 0
    assert await outbox(office) == []


async def test_the_hub_may_not_rewrite_what_was_believed(office: Hub, database: Database) -> None:
    await created(office)
    connection = await asyncpg.connect(database.url())
    try:
        for statement in (
            "UPDATE bis_particulars SET last_name = 'x'",
            "DELETE FROM bis_particulars_history",
            "UPDATE bis_number SET creator = 'x'",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="are not over"):
            await connection.execute("SELECT remove_bis_particulars(person) FROM bis_number")
    finally:
        await connection.close()

"""What the BIS register holds of a person goes some days after it has served; number and log stay."""

import asyncio
from datetime import UTC, date, datetime
from uuid import uuid4

import asyncpg
import pytest

from bis import (
    NATIONAL,
    Hub,
    by_name,
    by_number,
    correction,
    created,
    death,
    logged,
    particulars,
    person_of,
    replacement,
)
from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.bootstrap.settings import Settings
from crossroads.bootstrap.settling import settle
from crossroads.identity.bis_retention import BisRetention
from database import Database, execute
from people import GHENT, LIEGE, OPERATORS, by, link_act, unlink_act

pytest_plugins = ["bis_fixtures"]
pytestmark = pytest.mark.usefixtures("settled")

KEPT = 100
LATER = "UPDATE bis_served SET since = since - make_interval(days => {})"


@pytest.fixture
async def settled(database: Database) -> None:
    """Have the owner settle for how many days it is kept."""
    await settle(database.url("crossroads_owner"), Settings(bis_kept_days=KEPT))


def retention(office: Hub) -> BisRetention:
    return BisRetention(office.world.pool, office.world.log)


async def works(office: Hub, database: Database, days: int = 101) -> None:
    """See who has served, let days pass, and look again."""
    await retention(office).work()
    await execute(database.url("crossroads_owner"), LATER.format(days))
    await retention(office).work()


async def lines(office: Hub, number: str) -> tuple[int, int]:
    """Give how many lines are recorded of a person, and how many were believed before."""
    person = await person_of(office, number)
    fetch = office.world.pool.fetchval
    now = await fetch("SELECT count(*) FROM bis_particulars WHERE person = $1", person)
    return now, await fetch("SELECT count(*) FROM bis_particulars_history WHERE person = $1", person)


async def corrected(office: Hub, last: str, born: str) -> str:
    number = await created(office, last, "Ilse", born)
    await office.bis.correct(correction(number, particulars(f"{last}man", "Ilse", born)), by(GHENT))
    return number


async def replaced(office: Hub, number: str, last: str) -> None:
    office.world.register.names[NATIONAL] = f"{last}man"
    await office.bis.replace(replacement(number, NATIONAL), by(GHENT))


async def test_it_goes_of_who_died_or_was_renumbered_and_stays_of_others(office: Hub, database: Database) -> None:
    dead, moved, alive = [
        await corrected(office, last, born)
        for last, born in (("Zandbergen", "1980-03-15"), ("Duinen", "1971-07-02"), ("Waterloo", "1965-11-30"))
    ]
    await office.bis.decease(death(dead), by(GHENT))
    await replaced(office, moved, "Duinen")
    await works(office, database)
    assert [await lines(office, number) for number in (dead, moved, alive)] == [(0, 0), (0, 0), (1, 1)]
    removed = await retention(office).removed()
    assert [(one.why, one.persons, one.lines) for one in removed] == [("deceased", 1, 2), ("replaced", 1, 3)]
    entries = {entry["person"]: entry["content"] for entry in await logged(office, "identity:bis:removed")}
    assert entries.keys() == {await person_of(office, dead), await person_of(office, moved)}
    for content in entries.values():
        assert "Zandbergen" not in content
        assert dead not in content
    (found,) = (await office.identification.find(by_number(moved), by(GHENT))).items
    assert (found.ssin.value, found.ssin.replaces, found.known) == (NATIONAL, moved, ())
    for last, born in (("Zandbergenman", "1980-03-15"), ("Duinenman", "1971-07-02")):
        assert (await office.identification.find(by_name(last, born, "Ilse"), by(GHENT))).items == ()


async def test_the_days_count_from_when_it_was_seen_whatever_the_hub_recorded(office: Hub, database: Database) -> None:
    number = await corrected(office, "Zandbergen", "1980-03-15")
    await office.bis.decease(death(number, "2020-01-01"), by(GHENT))
    await office.world.pool.execute("UPDATE person SET recorded_at = '2020-01-01Z'")
    await works(office, database, 99)
    assert await lines(office, number) == (1, 1)
    await works(office, database, 2)
    assert await lines(office, number) == (0, 0)


async def test_without_a_number_of_days_it_is_kept_for_ever(office: Hub, database: Database) -> None:
    number = await corrected(office, "Zandbergen", "1980-03-15")
    await office.bis.decease(death(number), by(GHENT))
    await settle(database.url("crossroads_owner"), Settings())
    await works(office, database, 40_000)
    assert await lines(office, number) == (1, 1)
    assert await retention(office).removed() == []


async def test_a_death_that_is_recorded_again_has_its_days_anew(office: Hub, database: Database) -> None:
    number = await corrected(office, "Zandbergen", "1980-03-15")
    await office.bis.decease(death(number), by(GHENT))
    await works(office, database, 90)
    await office.bis.decease(death(number, None), by(GHENT))
    await retention(office).work()
    await office.bis.decease(death(number), by(GHENT))
    await works(office, database, 90)
    assert await lines(office, number) == (1, 1)


REMOVE = "SELECT remove_bis_particulars($1)"


async def test_the_database_removes_nothing_before_its_day_nor_without_the_log(office: Hub, database: Database) -> None:
    number = await corrected(office, "Zandbergen", "1980-03-15")
    await office.bis.decease(death(number), by(GHENT))
    person, hub = await person_of(office, number), office.world.pool
    await retention(office).work()
    said = Entry(event=Event.BIS_REMOVED, ticket=uuid4(), person=person, asker=None, fields={})
    for days, reason in ((0, "not over"), (99, "not over"), (2, "The log does not say")):
        await execute(database.url("crossroads_owner"), LATER.format(days))
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match=reason):
            await hub.fetchval(REMOVE, person)
    await office.world.log.append(said)
    assert await hub.fetchval(REMOVE, person) == 2
    for denied in (
        "UPDATE bis_served SET since = '2000-01-01'",
        "UPDATE bis_term SET days = 1",
        "DELETE FROM bis_term",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await hub.execute(denied)


async def test_an_entry_of_an_earlier_removal_does_not_count(office: Hub, database: Database) -> None:
    number = await corrected(office, "Zandbergen", "1980-03-15")
    person = await person_of(office, number)
    await office.world.log.append(Entry(event=Event.BIS_REMOVED, ticket=uuid4(), person=person, asker=None, fields={}))
    await office.bis.decease(death(number), by(GHENT))
    await retention(office).work()
    await execute(database.url("crossroads_owner"), "UPDATE bis_term SET days = 1")
    await execute(database.url("postgres"), "UPDATE log_entry SET at = at - interval '30 hours'")
    await execute(database.url("postgres"), "UPDATE bis_served SET since = now() - interval '25 hours'")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="The log does not say"):
        await office.world.pool.fetchval(REMOVE, person)


async def test_a_death_that_was_taken_back_keeps_it(office: Hub, database: Database) -> None:
    number = await corrected(office, "Zandbergen", "1980-03-15")
    await office.bis.decease(death(number), by(GHENT))
    await office.bis.decease(death(number, None), by(GHENT))
    await works(office, database)
    assert await lines(office, number) == (1, 1)


async def test_a_death_that_is_taken_back_while_it_is_looked_at_keeps_it(office: Hub, database: Database) -> None:
    number = await corrected(office, "Zandbergen", "1980-03-15")
    await office.bis.decease(death(number), by(GHENT))
    await retention(office).work()
    await execute(database.url("crossroads_owner"), LATER.format(101))
    person = await person_of(office, number)
    async with office.world.pool.acquire() as connection:
        async with connection.transaction():
            await connection.execute("SELECT FROM person WHERE person = $1 FOR NO KEY UPDATE", person)
            removing = asyncio.create_task(retention(office).work())
            while not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"):
                assert not removing.done()
            await connection.execute("UPDATE person SET deceased_on = NULL WHERE person = $1", person)
        await removing
    assert await lines(office, number) == (1, 1)
    assert await logged(office, "identity:bis:removed") == []


async def test_who_turned_out_to_be_somebody_of_another_register_has_it_removed_too(
    office: Hub, database: Database
) -> None:
    number, other = (
        await corrected(office, "Zandbergen", "1980-03-15"),
        await corrected(office, "Duinen", "1971-07-02"),
    )
    await replaced(office, other, "Duinen")
    await office.world.identity.link(link_act(number, NATIONAL), OPERATORS)
    await works(office, database)
    assert await lines(office, number) == (0, 0)


async def test_two_of_one_register_are_kept_and_who_is_told_apart_again_too(office: Hub, database: Database) -> None:
    number, other = (
        await corrected(office, "Zandbergen", "1980-03-15"),
        await corrected(office, "Duinen", "1971-07-02"),
    )
    await office.world.identity.link(link_act(number, other), OPERATORS)
    await works(office, database)
    assert await lines(office, number) == (1, 1)
    await office.world.identity.unlink(unlink_act(number, other), OPERATORS)
    await office.bis.decease(death(other), by(GHENT))
    await works(office, database)
    assert [await lines(office, one) for one in (number, other)] == [(1, 1), (0, 0)]


async def test_processes_at_once_remove_each_person_once(office: Hub, database: Database) -> None:
    names = [("Zandbergen", "1980-03-15"), ("Duinen", "1971-07-02"), ("Waterloo", "1965-11-30")]
    numbers = [await corrected(office, last, born) for last, born in names]
    for number in numbers:
        await office.bis.decease(death(number), by(GHENT))
    await asyncio.gather(*(retention(office).work() for _ in range(4)))
    await execute(database.url("crossroads_owner"), LATER.format(101))
    await asyncio.gather(*(retention(office).work() for _ in range(4)))
    assert len(await logged(office, "identity:bis:removed")) == len(numbers)
    assert [one.persons for one in await retention(office).removed()] == [len(numbers)]


@pytest.mark.parametrize("at", [GHENT, LIEGE])
async def test_what_is_removed_can_no_longer_be_believed_on_a_day(office: Hub, database: Database, at: str) -> None:
    number = await created(office, "Zandbergen", "Ilse", "1980-03-15", at=at)
    then = datetime.now(UTC)
    await office.bis.decease(death(number, date(2026, 1, 1).isoformat()), by(at))
    assert len(await office.bis.as_believed_on(number, then)) == 1
    await works(office, database)
    assert await office.bis.as_believed_on(number, then) == ()

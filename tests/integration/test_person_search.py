"""People found in the BIS register by name and date, in a real database."""

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from crossroads.identity.search import CANDIDATES, Candidate, search
from crossroads.kernel.names.comparison import DUPLICATE, POSSIBLE
from crossroads.kernel.names.index import keys
from crossroads.kernel.names.particulars import Particulars, Sex
from crossroads.kernel.names.reasons import Reason
from people import OpenPool, ssin

Row = tuple[int, Particulars]

JAN = Particulars("Van de Velde", "Jan Willem", "1980-03-05", Sex.MALE)
YUSUF = Particulars("Şahin", "Yusuf", "1971-11-23", Sex.MALE)
FATIMA = Particulars("El Amrani", "Fatima Zahra", "1990-00-00", Sex.FEMALE)
MARIE = Particulars("Lefèvre", "Marie-Christine", "1955-07-30", Sex.FEMALE)
TOM, BART = (Particulars("Peeters", name, "1999-12-31", Sex.MALE) for name in ("Tom", "Bart"))
_PARTICULARS = (
    *("person", "truth", "start_date", "last_name", "first_names", "birth_date", "sex", "evidence_kind"),
    *("evidence_number", "evidence_issuer", "recorded_by", "name_keys", "recorded_at", "ticket"),
)
PEOPLE = dict(enumerate((JAN, YUSUF, FATIMA, MARIE, TOM, BART), 1))


class Register:
    """The tables of the register, filled as the owner may."""

    def __init__(self, owner: Any, hub: Any) -> None:
        self.owner, self.hub = owner, hub

    async def find(self, asked: Particulars, limit: int = 5) -> tuple[Candidate, ...]:
        async with self.hub.acquire() as connection:
            return await search(connection, asked, limit)

    async def add(self, rows: Iterable[Row], truth: str = "shown") -> None:
        now, ticket = datetime.now(UTC), UUID(int=0)
        await self.owner.copy_records_to_table(
            "bis_particulars",
            columns=_PARTICULARS,
            records=[
                (person, truth, date(2020, 1, 1), *_name(who), "passport", "1", "-", "-", keys(who), now, ticket)
                for person, who in rows
            ],
        )

    async def births(self, rows: Iterable[Row]) -> None:
        given = list(rows)
        records = [(person, ssin(person), UUID(int=0)) for person, _ in given]
        await self.owner.copy_records_to_table("person", columns=("person", "ssin", "ticket"), records=records)
        await self.add(given)

    async def link(self, from_person: int, into_person: int) -> None:
        await self.owner.execute(
            "INSERT INTO person_link (from_person, into_person, since, ticket) VALUES ($1, $2, $3, $4)",
            *(from_person, into_person, date(2026, 1, 1), UUID(int=0)),
        )

    async def found(self, *asked: Any) -> list[int]:
        return [candidate.person for candidate in await self.find(Particulars(*asked))]


def _name(who: Particulars) -> tuple[str, str, str, Sex | None]:
    return who.last_name, who.first_names, who.birth_date, who.sex


@pytest.fixture
async def register(pool: OpenPool) -> AsyncIterator[Register]:
    owner = await pool("crossroads_owner")
    async with owner.acquire() as connection:
        made = Register(connection, await pool("crossroads_hub"))
        await made.births(PEOPLE.items())
        yield made


@pytest.mark.parametrize(("person", "who"), PEOPLE.items())
async def test_everybody_is_found_first_by_their_own_particulars(
    register: Register, person: int, who: Particulars
) -> None:
    best = (await register.find(who))[0]
    assert (best.person, best.ssin) == (person, ssin(person))
    assert {Reason.NAME_SAME, Reason.FIRST_NAMES_SAME} <= set(best.match.reasons)
    assert (best.match.score >= DUPLICATE) == (who is not FATIMA)


@pytest.mark.parametrize(
    ("person", "asked"),
    [
        (1, ("VANDEVELDE", "jan", "1980-03-05")),
        (1, ("Velde", "Jan", "1980-05-03")),
        (1, ("Vandevelde", "J. W.", "1980-00-00")),
        (1, ("Jan Willem", "Van de Velde", "1980-03-05")),
        (2, ("Chahin", "Youssef", "1971-11-23")),
        (2, ("Joesoef", "Sahin", "1971-11-00")),
        (2, ("Sahon", "Yusuf", "1971-11-24")),
        (3, ("Elamrani", "Fatma", "1990-04-12")),
        (3, ("Amrani", "", "1990-00-00")),
        (4, ("Lefebvre", "Marie Christine", "1955-07-30")),
        (4, ("LEFEVRE", "Mariechristine", "1955-07-03")),
        (4, ("Lefèvre", "Marie", "")),
    ],
)
async def test_a_person_is_found_as_others_write_them(register: Register, person: int, asked: tuple[str, ...]) -> None:
    assert (await register.found(*asked))[:1] == [person]


@pytest.mark.parametrize(
    "asked",
    [
        ("Peeters", "Tom", "1969-12-31"),
        ("Peeters", "Tom", "1970-01-05"),
        ("Janssens", "Tom", "1999-12-31"),
        ("Nobody", "Known", "1980-03-05"),
        ("", "", ""),
        ("123", "", "1980-00-00"),
    ],
)
async def test_others_are_not_found(register: Register, asked: tuple[str, str, str]) -> None:
    possible = await register.find(Particulars(*asked))
    assert all(POSSIBLE <= candidate.match.score < DUPLICATE for candidate in possible)
    assert asked[2] == "1969-12-31" or not possible


async def test_of_twins_only_the_one_asked_for_is_found(register: Register) -> None:
    assert await register.found("Peeters", "Bart", "1999-12-31") == [6]


async def test_without_a_first_name_both_twins_may_be_meant(register: Register) -> None:
    assert await register.found("Peeters", "", "1999-12-31") == [5, 6]


async def test_a_person_whom_two_sources_describe_counts_once_by_the_better(register: Register) -> None:
    other = msgspec.structs.replace(YUSUF, last_name="Chahin", birth_date="1971-00-00")
    await register.add([(2, other)], truth="register")
    by_other = await register.find(other)
    assert [(one.person, Reason.NAME_SAME in one.match.reasons) for one in by_other] == [(2, True)]
    assert (await register.find(YUSUF))[0].match.score == 1


async def test_linked_persons_are_one_under_the_number_of_today(register: Register) -> None:
    await register.births([(7, Particulars("Peters", "Thomas", "1999-12-31")), (8, BART)])
    await register.link(5, 7)
    await register.link(7, 8)
    found = await register.find(TOM)
    assert [(one.person, one.ssin, one.match.score) for one in found] == [(8, ssin(8), 1)]


async def test_among_ten_thousand_people_of_one_name_the_birth_date_finds_the_right_one(register: Register) -> None:
    days = [f"{1940 + n // 336}-{n // 28 % 12 + 1:02}-{n % 28 + 1:02}" for n in range(10_000)]
    await register.births((100 + n, Particulars("Benali", "Mohamed", day)) for n, day in enumerate(days))
    found = await register.find(Particulars("Ben Ali", "Mohammed", days[7_777]))
    assert found[0].person == 7_877
    assert found[0].match.score > found[1].match.score


async def test_ten_thousand_births_of_one_name_and_date_bring_no_more_than_was_asked_for(register: Register) -> None:
    await register.births((100 + n, Particulars("Benali", "Mohamed", "2020-02-29")) for n in range(10_000))
    found = await register.find(Particulars("Benali", "Mohamed", "2020-02-29"), 3 * CANDIDATES)
    assert len(found) == CANDIDATES
    assert {one.match.score for one in found} == {1}
    assert len(await register.found("Benali", "Mohamed", "2020-02-29")) == 5


async def test_nothing_of_a_candidate_shows_where_a_program_prints_it(register: Register) -> None:
    assert ssin(1) not in repr(await register.find(JAN))

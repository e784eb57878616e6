"""Changes reach exactly the mailboxes of those who hold the person, may know, and asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from crossroads.kernel.clock import SystemClock
from crossroads.kernel.errors import Malformed, Refused
from crossroads.kernel.period import Period
from crossroads.mutations.errors import NotTheWriter
from crossroads.mutations.tasks import Distributor
from crossroads.wire.mutations import Mutation, MutationKind
from mutating import (
    ADDRESS,
    CHILD,
    CIVIL,
    FILE,
    LOCAL_SOURCE,
    PCSAS,
    SECOND_SOURCE,
    SOURCE,
    STRANGER,
    TAX,
    Town,
    change,
    populate,
    town,
)
from people import FUND, GHENT, LIEGE, LIVING_WAGE, MANAGED, MANAGER, OPERATORS, OpenPool, days, link_act, ssin


@pytest.fixture
async def world(pool: OpenPool) -> AsyncIterator[Town]:
    async with town(pool) as made:
        yield made


@pytest.fixture
async def people(world: Town, tmp_path: Path) -> list[str]:
    return await populate(world, tmp_path)


async def test_a_change_reaches_exactly_the_right_mailboxes(world: Town, people: list[str]) -> None:
    anna, bea, _ = people
    await world.inscribe(anna, (GHENT, LIVING_WAGE), (FUND, CHILD), (STRANGER, TAX), (SECOND_SOURCE, FILE))
    await world.inscribe(anna, (LIEGE, LIVING_WAGE), period=days("2020-01-01", "2025-12-31"))
    await world.inscribe(bea, (MANAGED, LIVING_WAGE))
    await world.told(change(anna), change(anna, CIVIL), change(bea))
    assert await world.recipients() == {GHENT: 2, FUND: 1, MANAGER: 1}
    (item,) = await world.emptied(MANAGER)
    assert item.concerning == MANAGED
    assert item.change is not None
    assert (item.change.ssin.value, item.change.data_group, item.change.source) == (bea, ADDRESS, SOURCE)
    assert [(item.number, item.concerning) for item in await world.emptied(GHENT)] == [(1, None), (2, None)]


async def test_a_source_without_a_connection_notifies_through_its_manager(world: Town, people: list[str]) -> None:
    await world.inscribe(people[0], (GHENT, LIVING_WAGE), (LOCAL_SOURCE, FILE))
    await world.told(change(people[0], on_behalf_of=LOCAL_SOURCE))
    (item,) = await world.emptied(GHENT)
    assert item.change is not None
    assert item.change.source == LOCAL_SOURCE
    (refused,) = await world.notify(change(people[1], on_behalf_of=LOCAL_SOURCE))
    assert refused.code == "CR-PERSON-NOT-HELD"


async def test_why_others_are_not_told_can_be_said(world: Town, people: list[str]) -> None:
    anna = people[0]
    await world.inscribe(anna, (GHENT, LIVING_WAGE), (STRANGER, TAX), ("pcsa-1", LIVING_WAGE))
    await world.inscribe(anna, (LIEGE, LIVING_WAGE), period=days("2020-01-01", "2025-12-31"))
    (outcome,) = await world.told(change(anna))
    assert outcome.ticket is not None
    asked = [GHENT, SOURCE, FUND, LIEGE, STRANGER]
    told = await world.mutations.why_not(outcome.ticket, asked)
    codes = [None, "CR-SOURCE-ITSELF", "CR-NOT-INSCRIBED", "CR-OUTSIDE-PERIOD", "CR-NOT-SUBSCRIBED"]
    assert told == dict(zip(asked, codes, strict=True))
    with pytest.raises(Refused, match="no institution pcsa-ghant, nobody"):
        await world.mutations.why_not(outcome.ticket, [FUND, "pcsa-ghant", "nobody"])
    world.catalogue.withdraw(PCSAS)
    assert (await world.mutations.why_not(outcome.ticket, [GHENT]))[GHENT] == "MSG00015"


async def test_what_is_notified_again_has_the_same_outcome_and_happens_once(world: Town, people: list[str]) -> None:
    await world.inscribe(people[0], (GHENT, LIVING_WAGE))
    first = change(people[0], reference="R1")
    (taken,) = await world.told(first)
    assert await world.told(first) == [taken]
    (other,) = await world.notify(change(people[0], CIVIL, reference="R1"))
    assert (other.status, other.code, other.ticket) == (409, "CR-REFERENCE-REUSED", None)
    assert await world.recipients() == {GHENT: 1}
    (refusal,) = await world.logged("mutations:change:refused")
    assert refusal["refused"] == {"CR-REFERENCE-REUSED": 1}
    assert [entry["ticket"] for entry in await world.logged("mutations:change:notified")] == [taken.ticket]


async def test_two_at_once_under_one_reference_are_one(world: Town, people: list[str]) -> None:
    await world.inscribe(people[0], (GHENT, LIVING_WAGE))
    for round_ in range(5):
        same = change(people[0], reference=f"same {round_}")
        outcomes = await asyncio.gather(*(world.notify(same) for _ in range(4)))
        assert len({outcome.ticket for (outcome,) in outcomes}) == 1
        different = [change(people[0], reference=f"other {round_}", period=days(f"2026-01-0{n}")) for n in (1, 2)]
        statuses = [(await one)[0].status for one in asyncio.as_completed(map(world.notify, different))]
        assert sorted(statuses) == [202, 409]
    while await world.distributor.distribute():
        pass
    assert await world.recipients() == {GHENT: 10}


def wrong(person: str, unknown: str) -> dict[str, tuple[str, Mutation, int, str]]:
    """Give who notifies what in vain, with status and code."""
    return {
        "not the source": (GHENT, change(person), 403, "CR-NOT-THE-SOURCE"),
        "not held for the whole period": (
            SOURCE,
            change(person, period=Period(days("2019-12-31").start_date)),
            403,
            "",
        ),
        "person unknown": (SOURCE, change(unknown), 403, "CR-PERSON-NOT-HELD"),
        "person of another source": (SECOND_SOURCE, change(person), 403, "CR-PERSON-NOT-HELD"),
        "not a context of the group": (SOURCE, change(person, context=CHILD), 403, "CR-NOT-AVAILABLE"),
        "no such group": (SOURCE, change(person, "name@7"), 403, "CR-NOT-AVAILABLE"),
        "content of a sealed group": (SOURCE, change(person, content={"state": "x"}), 403, "CR-CONTENT-SEALED"),
        "content out of schema": (SOURCE, change(person, CIVIL, content={"x": 1}), 400, "CR-CONTENT-OUT-OF-SCHEMA"),
        "content too large": (
            SOURCE,
            change(person, CIVIL, content={"state": "x" * 9_000}),
            400,
            "CR-MUTATION-MALFORMED",
        ),
        "content too large to be looked at": (
            SOURCE,
            change(person, content={"state": "x" * 9_000}),
            400,
            "CR-MUTATION-MALFORMED",
        ),
        "for one it does not manage": (SOURCE, change(person, on_behalf_of=GHENT), 403, "CR-NOT-MANAGED"),
        **{
            f"wrong since {moment}": (
                SOURCE,
                change(person, kind=MutationKind.CORRECTED, wrong_since=datetime.fromisoformat(moment)),
                400,
                "CR-MUTATION-MALFORMED",
            )
            for moment in ("0001-01-01T00:00:00+00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-14:00")
        },
        "a period before 1900": (SOURCE, change(person, period=days("1899-12-31")), 400, "CR-MUTATION-MALFORMED"),
        "a day before 1900": (SOURCE, change(person, happened_on=date.min), 400, "CR-MUTATION-MALFORMED"),
        "no number of a person": (SOURCE, change("12345678901"), 400, "CR-MUTATION-MALFORMED"),
        "a number as reference": (SOURCE, change(person, reference=person), 400, "CR-MUTATION-MALFORMED"),
    }


@pytest.mark.parametrize("case", wrong("", ""))
async def test_what_may_not_be_notified_is_refused_and_changes_nothing(
    world: Town, people: list[str], case: str
) -> None:
    await world.inscribe(people[0], (GHENT, LIVING_WAGE))
    at, notified, status, code = wrong(people[0], ssin(999))[case]
    refused, *others = await world.notify(notified, *([change(people[0])] if at == SOURCE else []), at=at)
    assert (refused.status, refused.code) == (status, code or "CR-PERSON-NOT-HELD")
    assert [outcome.status for outcome in others] == [202] * len(others)
    assert await world.pool.fetchval("SELECT count(*) FROM mutation") == len(others)
    assert await world.pool.fetchval("SELECT count(*) FROM mutation_reference") == len(others)
    logged = await world.logged("mutations:change:refused")
    assert [entry["refused"] for entry in logged] == ([{refused.code: 1}] if status == 403 else [])


async def test_a_refusal_is_the_same_for_unknown_and_known_persons(world: Town, people: list[str]) -> None:
    (unknown,) = await world.notify(change(ssin(999), reference="R"))
    (known,) = await world.notify(change(people[0], reference="R"), at=SECOND_SOURCE)
    assert unknown == known
    logged = await world.logged("mutations:change:refused")
    assert {entry["person"] for entry in logged} == {None}


async def test_what_is_refused_makes_one_entry_however_much_it_is(world: Town, people: list[str]) -> None:
    refused = [change(people[0]) for _ in range(3)] + [change(people[0], on_behalf_of=FUND)]
    assert {outcome.status for outcome in await world.notify(*refused, at=GHENT)} == {403}
    (entry,) = await world.logged("mutations:change:refused")
    assert (entry["asker"], entry["person"]) == (GHENT, None)
    assert entry["refused"] == {"CR-NOT-THE-SOURCE": 3, "CR-NOT-MANAGED": 1}


async def test_nobody_is_locked_whom_the_source_does_not_hold(world: Town, people: list[str]) -> None:
    """Whether the hub knows somebody shows in no waiting."""
    async with world.pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT FROM person FOR UPDATE")
        async with asyncio.timeout(5):
            (refused,) = await world.notify(change(people[0]), at=SECOND_SOURCE)
    assert refused.code == "CR-PERSON-NOT-HELD"


async def test_what_was_taken_has_its_outcome_also_when_it_could_be_sent_no_more(
    world: Town, people: list[str]
) -> None:
    first = change(people[0], reference="R1")
    (taken,) = await world.told(first)
    world.catalogue.change(ADDRESS, authentic_source=50)
    assert await world.notify(first) == [taken]
    (other,) = await world.notify(change(people[0], reference="R1", happened_on=date(2026, 1, 2)))
    assert other.code == "CR-REFERENCE-REUSED"


async def test_a_reference_may_not_stand_twice_in_one_notification(world: Town, people: list[str]) -> None:
    with pytest.raises(Malformed, match=r"\$\.mutations\[1\]\.reference"):
        await world.notify(change(people[0], reference="R"), change(people[0], CIVIL, reference="R"))


async def test_numbers_have_no_gap_and_follow_the_order_of_each_person(world: Town, tmp_path: Path) -> None:
    people = await populate(world, tmp_path, 8)
    for person in people:
        await world.inscribe(person, (GHENT, LIVING_WAGE), (FUND, CHILD))
    other = Distributor(world.pool, cast(Any, world.catalogue), SystemClock())
    stop = asyncio.Event()

    async def fill(distributor: Distributor) -> None:
        while not stop.is_set() or await world.pool.fetchval("SELECT EXISTS (SELECT FROM mutation_queue)"):
            with suppress(NotTheWriter):
                await distributor.distribute()
            await asyncio.sleep(0)

    filling = [asyncio.create_task(fill(distributor)) for distributor in (world.distributor, other)]
    order: dict[str, list[str]] = {person: [] for person in people}

    async def notify(person: str, count: int) -> None:
        for _ in range(count):
            one = change(person, reference=f"{people.index(person)}-{len(order[person])}")
            order[person].append(one.reference)
            await world.notify(one)

    await asyncio.gather(*(notify(person, 10) for person in people))
    stop.set()
    await asyncio.gather(*filling)
    assert await world.recipients() == {GHENT: 80, FUND: 80}
    tickets = {
        row["ticket"]: row["reference"]
        for row in await world.pool.fetch("SELECT ticket, reference FROM mutation_reference")
    }
    for box in (GHENT, FUND):
        items = await world.emptied(box)
        assert [item.number for item in items] == list(range(1, 81))
        for at, person in enumerate(people):
            mine = [tickets[item.ticket] for item in items if item.change and item.change.ssin.value == person]
            assert mine == order[person], at


async def test_linked_persons_are_one_person(world: Town, people: list[str]) -> None:
    anna, bea, _ = people
    await world.inscribe(bea, (GHENT, LIVING_WAGE))
    await world.identity.link(link_act(anna, bea), OPERATORS)
    await world.told(change(anna))
    (item,) = await world.emptied(GHENT)
    assert item.change is not None
    assert (item.change.ssin.value, item.change.ssin.replaces) == (bea, anna)


async def test_who_lost_the_mailboxes_writes_nothing_any_more(world: Town, people: list[str]) -> None:
    await world.inscribe(people[0], (GHENT, LIVING_WAGE))
    await world.told(change(people[0]))
    await world.notify(change(people[0], CIVIL))
    other = Distributor(world.pool, cast(Any, world.catalogue), SystemClock())
    with pytest.raises(NotTheWriter):
        await other.distribute()
    await world.pool.execute("UPDATE mutation_writer SET lease_until = now() - interval '1 second'")
    assert await other.distribute() == 1
    await world.notify(change(people[0]))
    with pytest.raises(NotTheWriter):
        await world.distributor.distribute()
    assert await world.recipients() == {GHENT: 2}
    assert await other.distribute() == 1
    assert [item.number for item in await world.emptied(GHENT)] == [1, 2, 3]

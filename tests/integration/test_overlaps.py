"""Two persons turn out to be one, and two institutions then have that one in an exclusive context on the same days."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from itertools import combinations
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossroads.directory.model import KnownOverlap
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Conflict, CrossroadsError
from crossroads.kernel.period import Period
from people import (
    GHENT,
    LIEGE,
    LIVING_WAGE,
    MANAGED,
    OPERATORS,
    OTHER_AID,
    OpenPool,
    World,
    by,
    days,
    line,
    link_act,
    ssin,
    unlink_act,
    world,
)

PEOPLE = ANNA, BEA, CARL = ssin(0), ssin(1), ssin(2)
YEAR, HALF = days("2026-01-01", "2026-12-31"), days("2026-01-01", "2026-06-30")
FIRST_DAY = days("2026-01-01", "2026-01-01")


@pytest.fixture
async def hub(pool: OpenPool, tmp_path: Path) -> AsyncIterator[World]:
    async with world(pool) as opened:
        await opened.births(*PEOPLE, tmp=tmp_path)
        yield opened


async def inscribed(hub: World, number: str, at: str, period: Period = YEAR, context: str = LIVING_WAGE) -> int:
    """Inscribe a person, and give the number of the line that has the days."""
    outcome = await hub.directory.open(line(number, period, at, context=context), by(at))
    return next(item.inscription for item in outcome.items if item.period.overlaps(period))


async def merged(hub: World, source: str = ANNA, target: str = BEA) -> UUID:
    return await hub.identity.link(link_act(source, target), OPERATORS)


async def known(hub: World) -> tuple[KnownOverlap, ...]:
    """Give the overlaps that merges made, after a look that nothing else breaks the rule."""
    found = await hub.directory.check()
    assert found.conflicts == ()
    return found.known


async def pairs(hub: World) -> list[tuple[int, int]]:
    return [one.inscriptions for one in await known(hub)]


async def test_a_merge_is_carried_out_and_the_check_knows_what_it_made(hub: World) -> None:
    mine, yours = await inscribed(hub, ANNA, GHENT), await inscribed(hub, BEA, LIEGE, HALF)
    await inscribed(hub, ANNA, GHENT, context=OTHER_AID)
    await inscribed(hub, BEA, LIEGE, context=OTHER_AID)
    assert await known(hub) == ()
    ticket = await merged(hub)
    (found,) = await known(hub)
    assert (found.context, found.inscriptions, found.link) == (LIVING_WAGE, (mine, yours), ticket)
    linked = await hub.pool.fetchrow("SELECT recorded_at, since FROM person_link")
    assert (found.recorded_at, found.since) == tuple(linked)
    entry = await hub.pool.fetchrow("SELECT ticket, content->>'overlapping' FROM log_entry WHERE event LIKE '%:linked'")
    assert tuple(entry) == (ticket, f"[{mine}, {yours}]")


async def test_nobody_takes_more_of_the_days_and_others_are_free(hub: World) -> None:
    await inscribed(hub, ANNA, GHENT)
    await inscribed(hub, BEA, LIEGE, HALF)
    await merged(hub)
    before = await pairs(hub)
    for number in (ANNA, BEA):
        for at, period in ((MANAGED, FIRST_DAY), (LIEGE, days("2026-07-01")), (GHENT, FIRST_DAY), (LIEGE, FIRST_DAY)):
            signer = "pcsa-manager" if at == MANAGED else at
            with pytest.raises(Conflict) as refusal:
                await hub.directory.open(line(number, period, at), by(signer))
            assert refusal.value.code is Code.INSCRIPTION_EXCLUSIVE
    assert await pairs(hub) == before
    longer = await inscribed(hub, ANNA, GHENT, days("2027-01-01"))
    assert await pairs(hub) == [(before[0][1], longer)]


@pytest.mark.parametrize(
    ("number", "at", "act", "period"),
    [
        (ANNA, GHENT, "cancel", YEAR),
        (BEA, GHENT, "cut", HALF),
        (ANNA, GHENT, "cut", YEAR),
        (BEA, LIEGE, "cancel", HALF),
        (ANNA, LIEGE, "cut", HALF),
    ],
)
async def test_it_ends_when_either_ends_its_own(hub: World, number: str, at: str, act: str, period: Period) -> None:
    await inscribed(hub, ANNA, GHENT)
    await inscribed(hub, BEA, LIEGE, HALF)
    await merged(hub)
    assert len(await known(hub)) == 1
    await getattr(hub.directory, act)(line(number, period, at), by(at))
    assert await known(hub) == ()


async def test_a_part_that_is_left_is_known_still(hub: World) -> None:
    await inscribed(hub, ANNA, GHENT, days("2026-01-01"))
    await inscribed(hub, BEA, LIEGE)
    ticket = await merged(hub)
    await hub.directory.close(line(ANNA, days("2026-01-01", "2026-09-30")), by(GHENT))
    await hub.directory.cut(line(BEA, days("2026-02-01", "2026-08-31"), LIEGE), by(LIEGE))
    assert [one.link for one in await known(hub)] == [ticket, ticket]
    await hub.directory.cut(line(ANNA, days("2026-01-01", "2026-01-31")), by(GHENT))
    assert [one.link for one in await known(hub)] == [ticket]
    await hub.directory.cancel(line(BEA, days("2026-09-01", "2026-12-31"), LIEGE), by(LIEGE))
    assert await known(hub) == ()


async def test_persons_told_apart_again_have_no_overlap_until_they_are_one_again(hub: World) -> None:
    await inscribed(hub, ANNA, GHENT)
    await inscribed(hub, BEA, LIEGE)
    await merged(hub)
    await hub.identity.unlink(unlink_act(ANNA, BEA), OPERATORS)
    assert await known(hub) == ()
    again = await merged(hub, BEA, ANNA)
    assert [one.link for one in await known(hub)] == [again]


async def test_each_overlap_is_told_with_the_merge_that_made_it(hub: World) -> None:
    first, second, third = [
        await inscribed(hub, *place) for place in zip(PEOPLE, (GHENT, LIEGE, "pcsa-1"), strict=True)
    ]
    one = await merged(hub, ANNA, BEA)
    two = await merged(hub, BEA, CARL)
    causes = {found.inscriptions: found.link for found in await known(hub)}
    assert causes == {(first, second): one, (first, third): two, (second, third): two}
    said = await hub.pool.fetch(
        "SELECT ticket, content->'overlapping' AS lines FROM log_entry WHERE event LIKE '%:linked'"
    )
    lines = {row["ticket"]: row["lines"] for row in said}
    assert lines == {one: f"[{first}, {second}]", two: f"[{first}, {second}, {third}]"}


@pytest.mark.parametrize("person", [ANNA, BEA])
async def test_what_came_past_the_rule_after_a_merge_is_none_that_the_merge_made(hub: World, person: str) -> None:
    await inscribed(hub, ANNA, GHENT)
    await inscribed(hub, BEA, LIEGE, HALF)
    await merged(hub)
    past = await hub.pool.fetchval(
        "INSERT INTO inscription (person, institution, context, start_date, end_date, phase, ticket)"
        " SELECT person, 'pcsa-liege', '17:2', '2026-08-01', '2026-08-31', 0, gen_random_uuid() FROM ssin_assignment"
        " WHERE ssin = $1 RETURNING inscription",
        person,
    )
    found = await hub.directory.check()
    assert past in found.conflicts
    assert past not in {number for one in found.known for number in one.inscriptions}
    assert len(found.known) == 1


async def test_a_merge_and_an_inscription_at_once_never_break_the_rule_unseen(hub: World, tmp_path: Path) -> None:
    numbers = [ssin(number) for number in range(10, 34)]
    await hub.births(*numbers, tmp=tmp_path)
    both = list(zip(numbers[::2], numbers[1::2], strict=True))
    expected: list[tuple[int, int]] = []

    async def attempt(source: str, target: str, at: int) -> None:
        mine = await inscribed(hub, source, GHENT)
        acts: list[Awaitable[Any]] = [merged(hub, source, target), inscribed(hub, target, LIEGE)]
        done = await asyncio.gather(*acts[:: at % 2 * 2 - 1], return_exceptions=True)
        (ticket,) = [one for one in done if isinstance(one, UUID)]
        (other,) = [one for one in done if one is not ticket]
        if isinstance(other, int):
            expected.append((mine, other))
        else:
            assert isinstance(other, Conflict)
            assert other.code is Code.INSCRIPTION_EXCLUSIVE

    for at, (source, target) in enumerate(both):
        await attempt(source, target, at)
    assert sorted(await pairs(hub)) == sorted(expected)


Act = Callable[[World], Awaitable[object]]
_periods = st.tuples(st.integers(1, 12), st.integers(0, 6)).map(
    lambda drawn: days(f"2026-03-{drawn[0]:02d}", f"2026-03-{drawn[0] + drawn[1]:02d}")
)
_places = st.sampled_from([GHENT, LIEGE, "pcsa-1"])
_opened = st.tuples(st.just("open"), st.sampled_from(PEOPLE), _places, _periods)
_ended = st.tuples(st.sampled_from(["cut", "close", "cancel"]), st.sampled_from(PEOPLE), _places, _periods)
_linked = st.tuples(st.sampled_from(["link", "unlink"]), st.permutations(PEOPLE))


async def carried_out(hub: World, act: tuple[Any, ...]) -> None:
    """Do what was drawn, as far as the rules let it."""
    with suppress(CrossroadsError):
        match act:
            case "link", (source, target, _):
                await merged(hub, source, target)
            case "unlink", (source, target, _):
                await hub.identity.unlink(unlink_act(source, target), OPERATORS)
            case name, number, at, period:
                await getattr(hub.directory, name)(line(number, period, at), by(at))


async def overlapping(hub: World) -> set[tuple[int, int]]:
    """Give all pairs of lines of one human being that overlap at two institutions, found by comparing all."""
    links = await hub.pool.fetch("SELECT from_person, into_person FROM person_link")
    groups = [{row["person"]} for row in await hub.pool.fetch("SELECT person FROM person")]
    for source, target in links:
        first, second = (next(group for group in groups if person in group) for person in (source, target))
        groups = [group for group in groups if group not in (first, second)] + [first | second]
    found = await hub.pool.fetch("SELECT * FROM inscription ORDER BY inscription")
    return {
        (one["inscription"], other["inscription"])
        for one, other in combinations(found, 2)
        if any({one["person"], other["person"]} <= group for group in groups)
        and one["institution"] != other["institution"]
        and Period(one["start_date"], one["end_date"]).overlaps(Period(other["start_date"], other["end_date"]))
    }


@settings(max_examples=settings().max_examples // 5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_opened, min_size=3, max_size=8), st.lists(_opened | _ended | _linked, min_size=2, max_size=10))
async def test_whatever_institutions_and_operators_do_every_overlap_is_one_that_a_merge_made(
    hub: World, before: list[tuple[Any, ...]], after: list[tuple[Any, ...]]
) -> None:
    await hub.pool.execute("DELETE FROM inscription")
    await hub.pool.execute("DELETE FROM person_link")
    for act in [*before, ("link", PEOPLE), ("link", PEOPLE[1:] + PEOPLE[:1]), *after]:
        await carried_out(hub, act)
    assert set(await pairs(hub)) == await overlapping(hub)

"""Many lines at once: each is decided as alone, the rule against fraud holds within a file and between files."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Conflict, CrossroadsError, Refused
from crossroads.wire.inscriptions import Action, BulkLine, BulkOutcome, InscriptionBulk
from crossroads.wire.messages import InscriptionLine, InscriptionOutcome
from inscribing import ANNA, BEA, CARLA, NOBODY, YEAR, three_persons
from people import (
    GHENT,
    LIEGE,
    LIVING_WAGE,
    MANAGED,
    MANAGER,
    OPERATORS,
    OTHER_AID,
    OpenPool,
    World,
    by,
    days,
    line,
    link_act,
    world,
)

MISTYPED = ANNA[:-1] + str((int(ANNA[-1]) + 1) % 10)


@pytest.fixture
async def hub(pool: OpenPool, tmp_path: Path) -> AsyncIterator[World]:
    async with three_persons(pool, tmp_path) as opened:
        yield opened


def act(action: Action, about: InscriptionLine) -> BulkLine:
    return BulkLine(action=action, **{name: getattr(about, name) for name in about.__struct_fields__})


def register(*lines: InscriptionLine) -> InscriptionBulk:
    return InscriptionBulk(lines=tuple(act(Action.REGISTER, one) for one in lines))


async def lines_in(hub: World) -> list[tuple[Any, ...]]:
    rows = await hub.pool.fetch(
        "SELECT p.ssin, institution, context, start_date, end_date, phase"
        " FROM inscription JOIN person AS p USING (person) ORDER BY 1, 2, 3, 4"
    )
    return [tuple(row) for row in rows]


async def test_each_line_is_kept_or_refused_by_itself_and_says_why(hub: World) -> None:
    await hub.directory.open(line(BEA, YEAR, LIEGE), by(LIEGE))
    asked = [
        line(ANNA, YEAR),
        line(BEA, YEAR),
        line(NOBODY, YEAR),
        line(MISTYPED, YEAR),
        line(CARLA, YEAR, LIEGE),
        line(CARLA, YEAR, evidence=None),
        line(CARLA, YEAR, phase=7),
        line(CARLA, YEAR),
    ]
    items = (await hub.directory.bulk(register(*asked), by(GHENT))).items
    assert [(item.reference, item.status, item.code) for item in items] == [
        (asked[0].reference, 201, None),
        (asked[1].reference, 409, Code.INSCRIPTION_EXCLUSIVE),
        (asked[2].reference, 403, Code.PERSON_NOT_IDENTIFIED),
        (asked[3].reference, 400, None),
        (asked[4].reference, 403, Code.NOT_MANAGED),
        (asked[5].reference, 403, Code.EVIDENCE_MISSING),
        (asked[6].reference, 400, None),
        (asked[7].reference, 201, None),
    ]
    told = " ".join(item.reason or "" for item in items)
    assert not [number for number in (ANNA, BEA, CARLA, NOBODY, MISTYPED, LIEGE) if number in told]
    assert [row[:2] for row in await lines_in(hub)] == [(ANNA, GHENT), (BEA, LIEGE), (CARLA, GHENT)]


async def test_every_line_is_in_the_log_of_its_person_and_no_number_is(hub: World) -> None:
    asked = [line(ANNA, YEAR), line(BEA, YEAR), line(NOBODY, YEAR), line(CARLA, YEAR, evidence=None)]
    items = (await hub.directory.bulk(register(*asked), by(GHENT))).items
    rows = await hub.pool.fetch(
        "SELECT event, log_entry.ticket, p.ssin, content FROM log_entry LEFT JOIN person AS p USING (person)"
        " WHERE event LIKE 'directory:inscription:%' ORDER BY stream, index"
    )
    assert [(row["event"].rsplit(":")[-1], row["ssin"]) for row in rows] == [
        ("opened", ANNA), ("opened", BEA), ("refused", None), ("refused", CARLA),
    ]  # fmt: skip
    assert [row["ticket"] for row in rows[:2]] == [item.ticket for item in items[:2]]
    assert not [row for row in rows for number in (ANNA, BEA, CARLA, NOBODY) if number in row["content"]]


async def test_lines_about_one_person_are_kept_in_their_order(hub: World) -> None:
    opened, closed = line(ANNA, days("2026-01-01")), line(ANNA, days("2026-01-01", "2026-06-30"))
    cut = line(ANNA, days("2026-03-01", "2026-03-31"))
    cancelled = line(ANNA, days("2026-04-01", "2026-06-30"))
    actions = zip(
        (Action.REGISTER, Action.CLOSE, Action.CUT, Action.CANCEL), (opened, closed, cut, cancelled), strict=True
    )
    items = (await hub.directory.bulk(InscriptionBulk(lines=tuple(act(*one) for one in actions)), by(GHENT))).items
    assert [item.status for item in items] == [201, 200, 200, 200]
    assert await lines_in(hub) == [(ANNA, GHENT, LIVING_WAGE, *_dates("2026-01-01", "2026-02-28"), 0)]
    tickets = await hub.pool.fetch(
        "SELECT replaced_by, reason FROM inscription_history ORDER BY recorded_until, inscription"
    )
    assert [(row["replaced_by"], row["reason"].rsplit(":")[-1]) for row in tickets] == [
        (items[1].ticket, "closed"), (items[2].ticket, "cut"), (items[3].ticket, "cancelled"),
    ]  # fmt: skip


async def test_the_rule_holds_within_a_request_of_a_manager(hub: World) -> None:
    asked = register(line(ANNA, YEAR, MANAGED), line(ANNA, days("2026-12-31"), MANAGER), line(BEA, YEAR, MANAGER))
    items = (await hub.directory.bulk(asked, by(MANAGER))).items
    assert [(item.status, item.code) for item in items] == [(201, None), (409, Code.INSCRIPTION_EXCLUSIVE), (201, None)]
    assert (await hub.directory.check()).conflicts == ()


async def test_the_rule_holds_for_two_numbers_of_one_human_being(hub: World) -> None:
    await hub.identity.link(link_act(ANNA, BEA), OPERATORS)
    asked = register(line(ANNA, YEAR, MANAGED), line(BEA, YEAR, MANAGER))
    items = (await hub.directory.bulk(asked, by(MANAGER))).items
    assert [item.status for item in items] == [201, 409]


async def test_sent_again_it_has_the_same_outcome_and_is_done_once(hub: World) -> None:
    bulk = register(line(ANNA, YEAR), line(BEA, YEAR), line(NOBODY, YEAR))
    answers = await asyncio.gather(*(hub.directory.bulk(bulk, by(GHENT)) for _ in range(4)))
    assert len({answer.items[:2] for answer in answers}) == 1
    assert await hub.pool.fetchval("SELECT count(*) FROM log_entry WHERE event = 'directory:inscription:opened'") == 2
    alone = await hub.directory.open(bulk.lines[0].line, by(GHENT))
    assert alone.ticket == answers[0].items[0].ticket


async def test_a_reference_twice_in_a_request_is_one_line_or_a_conflict(hub: World) -> None:
    first = line(ANNA, YEAR, reference="r")
    items = (await hub.directory.bulk(register(first, first, line(BEA, YEAR, reference="r")), by(GHENT))).items
    assert [item.status for item in items] == [201, 201, 409]
    assert items[0] == items[1]
    assert items[2].code == Code.REFERENCE_REUSED


async def test_a_refused_line_leaves_its_reference_free(hub: World) -> None:
    refused, other = line(NOBODY, YEAR, reference="r"), line(ANNA, YEAR, reference="r")
    items = (await hub.directory.bulk(register(refused, other), by(GHENT))).items
    assert [item.status for item in items] == [403, 201]
    assert (await hub.directory.bulk(register(other), by(GHENT))).items == items[1:]


async def test_of_two_files_that_want_the_same_days_one_wins_each_person(hub: World, pool: OpenPool) -> None:
    people = [ANNA, BEA, CARLA]
    ghent = register(*(line(number, YEAR) for number in people))
    liege = register(*(line(number, YEAR, LIEGE) for number in reversed(people)))
    async with world(pool) as second:
        answers = await asyncio.gather(hub.directory.bulk(ghent, by(GHENT)), second.directory.bulk(liege, by(LIEGE)))
    statuses = zip((i.status for i in answers[0].items), (i.status for i in reversed(answers[1].items)), strict=True)
    assert [sorted(pair) for pair in statuses] == [[201, 409]] * 3
    assert len(await lines_in(hub)) == 3
    assert (await hub.directory.check()).conflicts == ()


async def test_files_and_single_lines_at_once_never_break_the_rule(hub: World, pool: OpenPool) -> None:
    people = [ANNA, BEA, CARLA]

    async def file(other: World, number: int) -> object:
        name, order = f"pcsa-{number}", people[number % 3 :] + people[: number % 3]
        return await other.directory.bulk(register(*(line(one, YEAR, name) for one in order)), by(name))

    async def single(other: World, number: int) -> object:
        name = f"pcsa-{number}"
        return await other.directory.open(line(people[number % 3], YEAR, name), by(name))

    async with world(pool) as second:
        work = [(file, single)[n % 2]((hub, second)[n // 2 % 2], n) for n in range(24)]
        answers = await asyncio.gather(*work, return_exceptions=True)
    lost = [one for one in answers if isinstance(one, BaseException)]
    assert {type(one) for one in lost} <= {Conflict}
    rows = await lines_in(hub)
    assert [row[0] for row in rows] == sorted(people)
    assert (await hub.directory.check()).conflicts == ()


async def test_what_cannot_be_logged_is_not_written(hub: World) -> None:
    await hub.log.stop()
    with pytest.raises(CrossroadsError):
        await hub.directory.bulk(register(line(ANNA, YEAR)), by(GHENT))
    assert await lines_in(hub) == []
    assert await hub.pool.fetchval("SELECT count(*) FROM inscription_reference") == 0


MONTHS = st.integers(1, 11)
PERIODS = st.one_of(
    st.builds(lambda a, n: days(f"2026-{a:02d}-01", f"2026-{min(a + n, 12):02d}-28"), MONTHS, st.integers(0, 4)),
    st.builds(lambda a: days(f"2026-{a:02d}-01"), MONTHS),
)
REQUESTS = st.lists(
    st.tuples(
        st.sampled_from(Action),
        st.sampled_from([ANNA, BEA, CARLA, NOBODY, MISTYPED]),
        PERIODS,
        st.sampled_from([MANAGED, MANAGER, GHENT]),
        st.sampled_from([LIVING_WAGE, OTHER_AID]),
        st.sampled_from([0, 0, 902]),
        st.sampled_from([f"r-{number}" for number in range(9)]),
    ),
    min_size=1,
    max_size=14,
)


async def one_by_one(hub: World, lines: tuple[BulkLine, ...]) -> list[tuple[object, ...]]:
    routes = {
        Action.REGISTER: hub.directory.open,
        Action.CLOSE: hub.directory.close,
        Action.CUT: hub.directory.cut,
        Action.CANCEL: hub.directory.cancel,
    }
    found: list[tuple[object, ...]] = []
    for one in lines:
        try:
            outcome = await routes[one.action](one.line, by(MANAGER))
        except (Refused, Conflict) as error:
            found.append(({Refused: 403, Conflict: 409}[type(error)], error.code))
        except CrossroadsError:
            found.append((400, None))
        else:
            found.append((201 if one.action is Action.REGISTER else 200, _counts(outcome)))
    return found


def _counts(outcome: InscriptionOutcome | BulkOutcome) -> tuple[int, int]:
    return len(outcome.ended), len(outcome.items)


def _dates(*texts: str) -> list[Any]:
    return [days(text).start_date for text in texts]


@settings(max_examples=settings().max_examples // 5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(requests=REQUESTS, parts=st.integers(1, 3))
async def test_a_file_comes_to_the_same_as_its_lines_one_after_the_other(
    hub: World, requests: list[tuple[Any, ...]], parts: int
) -> None:
    await hub.pool.execute("DELETE FROM person_link")
    await hub.identity.link(link_act(BEA, CARLA), OPERATORS)
    seen = []
    for way in (one_by_one, in_parts(parts)):
        await hub.pool.execute("DELETE FROM inscription")
        outcomes = await way(hub, _file(requests))
        seen.append((outcomes, await lines_in(hub)))
    assert seen[0] == seen[1]
    assert (await hub.directory.check()).conflicts == ()


def in_parts(parts: int) -> Any:
    async def sent(hub: World, lines: tuple[BulkLine, ...]) -> list[tuple[object, ...]]:
        size = -(-len(lines) // parts)
        cut = [lines[at : at + size] for at in range(0, len(lines), size)]
        answers = [(await hub.directory.bulk(InscriptionBulk(lines=part), by(MANAGER))).items for part in cut]
        return [(one.status, _counts(one) if one.done else one.code) for answer in answers for one in answer]

    return sent


def _file(requests: list[tuple[Any, ...]]) -> tuple[BulkLine, ...]:
    file = uuid4().hex[:8]
    return tuple(
        act(action, line(number, period, at, context=context, phase=phase, reference=f"{file}-{name}"))
        for action, number, period, at, context, phase, name in requests
    )

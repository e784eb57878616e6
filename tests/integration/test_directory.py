"""Institutions keep their lines: who may, what comes of it, the rule against fraud, and the log."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Conflict, CrossroadsError, Malformed, Refused
from crossroads.wire.messages import InscriptionEvidence, InscriptionQuery
from inscribing import ANNA, BEA, NOBODY, YEAR, three_persons
from people import (
    CHILD,
    FIRST_CONTACT,
    FUND,
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
    ssin,
    unlink_act,
    world,
)


@pytest.fixture
async def hub(pool: OpenPool, tmp_path: Path) -> AsyncIterator[World]:
    async with three_persons(pool, tmp_path) as opened:
        yield opened


async def own(hub: World, number: str, at: str = GHENT, context: str | None = None) -> list[tuple[Any, ...]]:
    query = InscriptionQuery(institution=at, ssin=number, period=days("1900-01-01"), context=context)
    return [(i.context, i.period, i.phase) for i in (await hub.directory.query(query, by(at))).items]


async def refused(hub: World, request: Any, signer: str) -> Code | None:
    with pytest.raises((Refused, Conflict)) as refusal:
        await hub.directory.open(request, by(signer))
    assert request.ssin not in str(refusal.value)
    return refusal.value.code


async def test_open_extend_close_cut_and_cancel(hub: World) -> None:
    keep = hub.directory
    await keep.open(line(ANNA, days("2026-01-01", "2026-03-31")), by(GHENT))
    outcome = await keep.open(line(ANNA, days("2026-04-01")), by(GHENT))
    assert [item.period for item in outcome.items] == [days("2026-01-01")]
    assert len(outcome.ended) == 1
    outcome = await keep.cut(line(ANNA, days("2026-02-01", "2026-02-28")), by(GHENT))
    assert [item.period for item in outcome.items] == [days("2026-01-01", "2026-01-31"), days("2026-03-01")]
    await keep.close(line(ANNA, days("2026-03-01", "2026-05-31")), by(GHENT))
    await keep.cancel(line(ANNA, days("2026-01-01", "2026-01-31")), by(GHENT))
    assert await own(hub, ANNA) == [(LIVING_WAGE, days("2026-03-01", "2026-05-31"), 0)]


async def test_each_change_is_in_the_log_with_the_lines_it_touched(hub: World) -> None:
    first = await hub.directory.open(line(ANNA, YEAR), by(GHENT))
    second = await hub.directory.cut(line(ANNA, days("2026-02-01", "2026-02-28")), by(GHENT))
    rows = await hub.pool.fetch(
        "SELECT ticket, event, asker, content->'ended' AS ended, content->'written' AS written FROM log_entry"
        " WHERE event LIKE 'directory:%' ORDER BY at"
    )
    opened, cut = rows
    numbers = [item.inscription for item in second.items]
    assert tuple(opened) == (
        first.ticket, "directory:inscription:opened", GHENT, "[]", f"[{first.items[0].inscription}]",
    )  # fmt: skip
    assert tuple(cut)[1:] == (
        "directory:inscription:cut", GHENT, f"[{first.items[0].inscription}]", f"[{numbers[0]}, {numbers[1]}]",
    )  # fmt: skip
    kept = await hub.pool.fetchrow("SELECT inscription, replaced_by, reason, actor FROM inscription_history")
    assert tuple(kept) == (first.items[0].inscription, second.ticket, "directory:inscription:cut", GHENT)


async def test_no_number_of_a_person_is_in_the_log(hub: World) -> None:
    await hub.directory.open(line(ANNA, YEAR), by(GHENT))
    await refused(hub, line(ANNA, YEAR, LIEGE), LIEGE)
    assert await hub.pool.fetchval("SELECT count(*) FROM log_entry WHERE content::text LIKE $1", f"%{ANNA}%") == 0


@pytest.mark.parametrize(
    ("request_of", "signer", "code"),
    [
        ({"at": GHENT}, LIEGE, Code.NOT_MANAGED),
        ({"at": MANAGED}, LIEGE, Code.NOT_MANAGED),
        ({"at": "nobody"}, GHENT, Code.NOT_MANAGED),
        ({"at": "nobody"}, "nobody", Code.INSTITUTION_INACTIVE),
        ({"context": CHILD}, GHENT, Code.CONTEXT_NOT_OWN),
        ({"context": "17:99"}, GHENT, Code.CONTEXT_NOT_OWN),
        ({"evidence": None}, GHENT, Code.EVIDENCE_MISSING),
        ({"context": FIRST_CONTACT}, GHENT, Code.EVIDENCE_MISSING),
    ],
)
async def test_who_may_not_is_refused_and_that_is_logged(
    hub: World, request_of: dict[str, Any], signer: str, code: Code
) -> None:
    assert await refused(hub, line(ANNA, YEAR, **request_of), signer) is code
    row = await hub.pool.fetchrow(
        "SELECT asker, content->>'rule' AS rule, person IS NOT NULL AS known FROM log_entry"
        " WHERE event = 'directory:inscription:refused'"
    )
    assert tuple(row) == (signer, code.value, True)
    assert await hub.pool.fetchval("SELECT count(*) FROM inscription") == 0


WRITTEN = f"{ANNA[:2]}.{ANNA[2:4]}.{ANNA[4:6]}-{ANNA[6:9]}.{ANNA[9:]}"
CARD = InscriptionEvidence(kind="reference", value=f"{ANNA[:6]}/{ANNA[6:9]} {ANNA[9:]}")


@pytest.mark.parametrize(
    ("exposed", "places"),
    [
        ({"reference": WRITTEN}, ["$.reference"]),
        ({"evidence": CARD}, ["$.evidence.value"]),
        ({"reference": NOBODY, "evidence": CARD, "context": "17:99"}, ["$.reference", "$.evidence.value"]),
    ],
)
async def test_a_number_of_a_person_is_no_reference_and_no_evidence(
    hub: World, exposed: dict[str, Any], places: list[str]
) -> None:
    with pytest.raises(Malformed) as malformed:
        await hub.directory.open(line(ANNA, YEAR, **exposed), by(GHENT))
    assert [fault.path for fault in malformed.value.faults] == places
    assert not any(digits in str(malformed.value) for digits in (ANNA[:6], WRITTEN, NOBODY))
    assert await hub.pool.fetchval("SELECT count(*) FROM log_entry WHERE event LIKE 'directory:%'") == 0


async def test_evidence_is_of_the_kind_that_the_context_demands(hub: World) -> None:
    card = InscriptionEvidence(kind="document", value="590-1234567-89")
    await hub.directory.open(line(ANNA, YEAR, context=FIRST_CONTACT, evidence=card), by(GHENT))
    await hub.directory.open(line(ANNA, YEAR, context=OTHER_AID, evidence=None), by(GHENT))
    assert len(await own(hub, ANNA)) == 2


async def test_a_manager_keeps_the_lines_of_those_it_manages(hub: World) -> None:
    await hub.directory.open(line(ANNA, YEAR, MANAGED), by(MANAGER))
    assert await own(hub, ANNA, MANAGED) == [(LIVING_WAGE, YEAR, 0)]
    query = InscriptionQuery(institution=MANAGED, ssin=ANNA, period=YEAR)
    assert (await hub.directory.query(query, by(MANAGER))).total == 1
    with pytest.raises(Refused):
        await hub.directory.query(query, by(LIEGE))


async def test_a_query_shows_own_lines_that_overlap_and_nothing_of_others(hub: World) -> None:
    await hub.directory.open(line(ANNA, YEAR), by(GHENT))
    await hub.directory.open(line(ANNA, YEAR, FUND, context=CHILD), by(FUND))
    for number, period, total in (
        (ANNA, days("2026-12-31"), 1), (ANNA, days("2027-01-01"), 0), (NOBODY, YEAR, 0), (BEA, YEAR, 0),
    ):  # fmt: skip
        query = InscriptionQuery(institution=GHENT, ssin=number, period=period)
        assert (await hub.directory.query(query, by(GHENT))).total == total


async def test_who_is_not_known_cannot_be_inscribed(hub: World) -> None:
    assert await refused(hub, line(NOBODY, YEAR), GHENT) is Code.PERSON_NOT_IDENTIFIED
    with pytest.raises(Refused) as refusal:
        await hub.directory.cut(line(NOBODY, YEAR), by(GHENT))
    assert refusal.value.code is Code.INSCRIPTION_UNKNOWN


async def test_only_two_phases_are_written(hub: World) -> None:
    with pytest.raises(Malformed, match=r"\$\.phase"):
        await hub.directory.open(line(ANNA, YEAR, phase=999), by(GHENT))
    await hub.directory.open(line(ANNA, days("2026-01-01"), phase=902), by(GHENT))
    await hub.directory.open(line(ANNA, days("2026-03-01")), by(GHENT))
    assert await own(hub, ANNA) == [
        (LIVING_WAGE, days("2026-01-01", "2026-02-28"), 902),
        (LIVING_WAGE, days("2026-03-01"), 0),
    ]


async def test_a_reference_is_carried_out_once(hub: World) -> None:
    request = line(ANNA, YEAR)
    outcomes = await asyncio.gather(*(hub.directory.open(request, by(GHENT)) for _ in range(6)))
    assert len({outcome.ticket for outcome in outcomes}) == 1
    assert await hub.pool.fetchval("SELECT count(*) FROM log_entry WHERE event LIKE 'directory:%'") == 1
    other = line(ANNA, days("2027-01-01"), reference=request.reference)
    assert await refused(hub, other, GHENT) is Code.REFERENCE_REUSED
    with pytest.raises(Conflict):
        await hub.directory.cut(request, by(GHENT))


async def test_an_exclusive_context_is_held_once_and_the_refusal_names_nobody(hub: World) -> None:
    await hub.directory.open(line(ANNA, days("2026-01-01", "2026-06-30")), by(GHENT))
    with pytest.raises(Conflict) as conflict:
        await hub.directory.open(line(ANNA, days("2026-06-30"), LIEGE), by(LIEGE))
    assert conflict.value.code is Code.INSCRIPTION_EXCLUSIVE
    assert GHENT not in str(conflict.value)
    provisional = line(ANNA, days("2026-01-05", "2026-01-05"), LIEGE, phase=902)
    assert await refused(hub, provisional, LIEGE) is Code.INSCRIPTION_EXCLUSIVE
    await hub.directory.open(line(ANNA, days("2026-07-01"), LIEGE), by(LIEGE))
    await hub.directory.open(line(ANNA, YEAR, LIEGE, context=OTHER_AID), by(LIEGE))
    await hub.directory.open(line(ANNA, YEAR, context=OTHER_AID), by(GHENT))
    assert (await hub.directory.check()).conflicts == ()


async def test_of_fifty_who_want_the_same_days_exactly_one_gets_them(hub: World, pool: OpenPool) -> None:
    async def attempt(other: World, number: int) -> object:
        name = f"pcsa-{number}"
        return await other.directory.open(line(ANNA, days(f"2026-01-{number % 28 + 1:02d}"), name), by(name))

    async with world(pool) as second:
        tries = [attempt((hub, second)[number % 2], number) for number in range(50)]
        outcomes = await asyncio.gather(*tries, return_exceptions=True)
    lost = [outcome for outcome in outcomes if isinstance(outcome, CrossroadsError)]
    assert [error.code for error in lost] == [Code.INSCRIPTION_EXCLUSIVE] * 49
    assert await hub.pool.fetchval("SELECT count(*) FROM inscription") == 1
    assert await hub.pool.fetchval("SELECT count(*) FROM log_entry WHERE event = 'directory:inscription:opened'") == 1
    assert (await hub.directory.check()).conflicts == ()


async def test_writers_and_links_at_once_never_break_the_rule(hub: World) -> None:
    async def write(number: int) -> object:
        person, name = (ANNA, BEA)[number % 2], f"pcsa-{number}"
        return await hub.directory.open(line(person, YEAR, name), by(name))

    async def link() -> object:
        return await hub.identity.link(link_act(ANNA, BEA), OPERATORS)

    for _ in range(5):
        await asyncio.gather(*(write(n) for n in range(6)), link(), return_exceptions=True)
        found = await hub.directory.check()
        assert (found.conflicts, found.persons) == ((), len(found.known) + 1)


async def test_the_rule_holds_through_links_and_replaced_numbers(hub: World) -> None:
    new = ssin(7)
    await hub.directory.open(line(ANNA, YEAR), by(GHENT))
    await hub.identity.replace_ssin(ANNA, new, date(2026, 2, 1), reason="changed", actor="register")
    await hub.identity.link(link_act(new, BEA), OPERATORS)
    for number in (ANNA, new, BEA):
        assert await refused(hub, line(number, YEAR, LIEGE), LIEGE) is Code.INSCRIPTION_EXCLUSIVE
        assert await own(hub, number) == [(LIVING_WAGE, YEAR, 0)]


async def test_persons_told_apart_again_keep_what_was_written_under_their_number(hub: World) -> None:
    await hub.directory.open(line(ANNA, days("2026-01-01", "2026-01-31")), by(GHENT))
    await hub.identity.link(link_act(ANNA, BEA), OPERATORS)
    await hub.directory.open(line(BEA, days("2026-02-01", "2026-02-28")), by(GHENT))
    await hub.directory.cut(line(BEA, days("2026-01-10", "2026-02-10")), by(GHENT))
    assert len(await own(hub, ANNA)) == 2
    await hub.identity.unlink(unlink_act(ANNA, BEA), OPERATORS)
    assert await own(hub, ANNA) == [(LIVING_WAGE, days("2026-01-01", "2026-01-09"), 0)]
    assert await own(hub, BEA) == [(LIVING_WAGE, days("2026-02-11", "2026-02-28"), 0)]


async def test_what_was_believed_stays_known(hub: World) -> None:
    never = datetime.now(UTC)
    await hub.directory.open(line(ANNA, YEAR), by(GHENT))
    opened = datetime.now(UTC)
    await hub.directory.cancel(line(ANNA, YEAR), by(GHENT))
    then = await hub.directory.as_believed_on(ANNA, opened)
    assert [(found.institution, found.period) for found in then] == [(GHENT, YEAR)]
    assert await hub.directory.as_believed_on(ANNA, never) == ()
    assert await hub.directory.as_believed_on(ANNA, datetime.now(UTC)) == ()


async def test_what_cannot_be_logged_is_not_written(hub: World) -> None:
    await hub.log.stop()
    with pytest.raises(CrossroadsError):
        await hub.directory.open(line(ANNA, YEAR), by(GHENT))
    assert await hub.pool.fetchval("SELECT count(*) FROM inscription") == 0


async def test_the_check_finds_what_came_in_past_the_rules(hub: World) -> None:
    await hub.pool.execute(
        """WITH who AS (SELECT min(person) AS who FROM person)
        INSERT INTO inscription (person, institution, context, start_date, end_date, phase, ticket)
        SELECT who, 'a', '17:2', date '2026-01-01', date '2026-12-31', 0, gen_random_uuid() FROM who UNION ALL
        SELECT who, 'a', '17:2', date '2026-02-01', date '2026-02-02', 0, gen_random_uuid() FROM who UNION ALL
        SELECT who, 'b', '17:2', date '2026-06-01', NULL, 0, gen_random_uuid() FROM who UNION ALL
        SELECT who, 'b', '17:4', date '2026-01-01', NULL, 0, gen_random_uuid() FROM who"""
    )
    found = await hub.directory.check()
    assert (found.inscriptions, found.persons, found.exclusive) == (4, 1, 3)
    numbers = await hub.pool.fetch(
        "SELECT inscription FROM inscription WHERE end_date IS DISTINCT FROM '2026-02-02' AND context = '17:2'"
    )
    assert found.conflicts == tuple(sorted(row["inscription"] for row in numbers))

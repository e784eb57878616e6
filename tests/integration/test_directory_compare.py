"""An institution's own list against its lines of the directory."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from crossroads.directory import comparing
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Malformed, Refused
from crossroads.kernel.period import Period
from crossroads.wire.inscriptions import (
    ComparedLine,
    ComparedOutcome,
    HeldDays,
    InscriptionComparison,
    InscriptionDifferences,
    Unlisted,
    Verdict,
)
from inscribing import ANNA, BEA, CARLA, NOBODY, YEAR, inscribe, three_persons
from people import (
    CHILD,
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
    link_act,
    ssin,
)

MISSING, SAME = ComparedOutcome(verdict=Verdict.MISSING), ComparedOutcome(verdict=Verdict.SAME)


@pytest.fixture
async def hub(pool: OpenPool, tmp_path: Path) -> AsyncIterator[World]:
    async with three_persons(pool, tmp_path) as opened:
        yield opened


def listed(number: str, period: Period = YEAR, context: str = LIVING_WAGE, phase: int = 0) -> ComparedLine:
    return ComparedLine(ssin=number, context=context, period=period, phase=phase)


async def compared(hub: World, *lines: ComparedLine, at: str = GHENT, **more: Any) -> InscriptionDifferences:
    return await hub.directory.compare(InscriptionComparison(institution=at, lines=lines, **more), by(at))


def different(*held: tuple[Period, int]) -> ComparedOutcome:
    days = tuple(HeldDays(period=period, phase=phase) for period, phase in held)
    return ComparedOutcome(verdict=Verdict.DIFFERENT, held=days)


async def test_each_line_is_the_same_different_or_missing(hub: World) -> None:
    await inscribe(hub, ANNA)
    await inscribe(hub, BEA, days("2026-03-01"))
    found = await compared(
        hub,
        listed(ANNA),
        listed(BEA),
        listed(CARLA),
        listed(NOBODY),
        listed(ANNA, context=OTHER_AID),
        listed(ANNA, days("2027-01-01")),
    )
    assert found.items[1] == different((days("2026-03-01"), 0))
    assert found.items[2:5] == (MISSING,) * 3
    assert (found.unlisted, found.next) == ((), None)
    # A line that goes on after a year of the directory makes the days of both longer than those.
    assert (found.items[0], found.items[5]) == (different((YEAR, 0)), MISSING)
    assert (await compared(hub, listed(ANNA))).items == (SAME,)


async def test_days_count_and_not_how_they_are_cut_in_lines(hub: World) -> None:
    await inscribe(hub, ANNA)
    await inscribe(hub, BEA, days("2026-01-01", "2026-01-31"))
    await inscribe(hub, BEA, days("2026-03-01", "2026-03-31"))
    halves = [listed(ANNA, days("2026-01-01", "2026-06-30")), listed(ANNA, days("2026-07-01", "2026-12-31"))]
    assert (await compared(hub, *halves)).items == (SAME, SAME)
    assert (await compared(hub, halves[0])).items == (different((YEAR, 0)),)
    assert (await compared(hub, listed(BEA))).items == (
        different((days("2026-01-01", "2026-01-31"), 0), (days("2026-03-01", "2026-03-31"), 0)),
    )


async def test_a_provisional_line_is_not_a_definitive_one(hub: World) -> None:
    await inscribe(hub, ANNA, phase=902)
    assert (await compared(hub, listed(ANNA, phase=902))).items == (SAME,)
    assert (await compared(hub, listed(ANNA))).items == (different((YEAR, 902)),)


async def test_what_the_directory_has_besides_is_told_page_by_page(hub: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "MAXIMUM_COMPARED", 2)
    await inscribe(hub, ANNA)
    late = await inscribe(hub, ANNA, days("2028-01-01"))
    other = await inscribe(hub, BEA, context=OTHER_AID)
    await inscribe(hub, CARLA, at=LIEGE)
    lines, pages, after = (listed(ANNA, days("2026-12-31", "2026-12-31")), listed(BEA)), [], 0
    while True:
        page = await compared(hub, *lines, after=after)
        pages.append(page.unlisted)
        assert page.items == ()
        if page.next is None:
            break
        after = page.next
    assert pages == [
        (Unlisted(inscription=late, ssin=ANNA, context=LIVING_WAGE, period=days("2028-01-01")),),
        (Unlisted(inscription=other, ssin=BEA, context=OTHER_AID, period=YEAR),),
    ]


async def test_one_human_being_has_one_place_whatever_the_number(hub: World) -> None:
    new = ssin(7)
    await inscribe(hub, ANNA)
    await inscribe(hub, BEA, context=OTHER_AID)
    await hub.identity.replace_ssin(ANNA, new, date(2026, 2, 1), reason="changed", actor="register")
    await hub.identity.link(link_act(new, BEA), OPERATORS)
    for number in (ANNA, new, BEA):
        told = None if number == BEA else BEA
        found = (await compared(hub, listed(number), listed(number, context=OTHER_AID))).items
        assert found == (ComparedOutcome(verdict=Verdict.SAME, ssin=told),) * 2
        assert (await compared(hub, listed(number), after=0)).unlisted[0].ssin == BEA
    assert (await compared(hub, listed(new), listed(ANNA, context=OTHER_AID), after=0)).unlisted == ()


async def test_nobody_is_told_of_persons_that_are_not_its_own(hub: World) -> None:
    new = ssin(7)
    await inscribe(hub, ANNA, at=LIEGE)
    await hub.identity.replace_ssin(ANNA, new, date(2026, 2, 1), reason="changed", actor="register")
    assert (await compared(hub, listed(ANNA), listed(new), listed(NOBODY))).items == (MISSING,) * 3
    assert (await compared(hub, after=0)).unlisted == ()
    assert [one.ssin for one in (await compared(hub, at=LIEGE, after=0)).unlisted] == [new]


@pytest.mark.parametrize(
    ("signer", "institution", "code"),
    [
        (GHENT, GHENT, None),
        (MANAGED, MANAGED, None),
        (MANAGER, MANAGED, None),
        (MANAGED, MANAGER, Code.NOT_MANAGED),
        (GHENT, LIEGE, Code.NOT_MANAGED),
        (FUND, GHENT, Code.NOT_MANAGED),
        (GHENT, "nobody", Code.NOT_MANAGED),
        ("nobody", "nobody", Code.INSTITUTION_INACTIVE),
    ],
)
@pytest.mark.parametrize("after", [None, 0])
async def test_who_may_see_which_lines(
    hub: World, signer: str, institution: str, code: Code | None, after: int | None
) -> None:
    await inscribe(hub, ANNA, at=MANAGED)
    await inscribe(hub, ANNA, at=FUND, context=CHILD)
    await inscribe(hub, BEA)
    asked = InscriptionComparison(institution=institution, lines=(listed(ANNA), listed(BEA)), after=after)
    if code is None:
        own = {GHENT: BEA, MANAGED: ANNA}[institution]
        items = (await hub.directory.compare(asked, by(signer))).items
        assert [item.verdict is Verdict.SAME for item in items] == ([] if after == 0 else [own == ANNA, own == BEA])
        everything = InscriptionComparison(institution=institution, after=0)
        assert [one.ssin for one in (await hub.directory.compare(everything, by(signer))).unlisted] == [own]
        return
    with pytest.raises(Refused) as refusal:
        await hub.directory.compare(asked, by(signer))
    assert refusal.value.code is code


async def test_what_is_no_number_is_told_with_its_place(hub: World) -> None:
    wrong = ANNA[:-1] + str((int(ANNA[-1]) + 1) % 10)
    with pytest.raises(Malformed) as malformed:
        await compared(hub, listed(ANNA), listed(wrong))
    assert [fault.path for fault in malformed.value.faults] == ["$.lines[1].ssin"]
    assert wrong not in str(malformed.value)

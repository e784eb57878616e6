"""Counts for policy makers: who gains and loses by a draft, who is entitled and absent; nobody can be recognised."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.kernel.errors import Refused
from crossroads.kernel.period import Period
from crossroads.statuses.absent import absent, absent_adults
from crossroads.statuses.deciding import Decider
from crossroads.statuses.hiding import FEWEST, shown
from crossroads.statuses.model import Holding, Home, Resident
from crossroads.statuses.rights import Right, read_rights
from crossroads.statuses.staging import Round
from crossroads.statuses.trying import compared, drafted

DAY = date(2026, 2, 2)
RIGHTS = {right.id: right for right in read_rights(Path(__file__).parents[2] / "rights" / "belgium")}
TARIFF = RIGHTS["social-tariff"]
HELD = {"living-wage": 30, "increased-reimbursement": 20, "elderly-assistance": 3}
"""How many have each status; all live with one other person, in Gent but for those of the last, in Liège."""


@pytest.fixture
def decider(tmp_path: Path) -> Iterator[Decider]:
    with Round(tmp_path, 1) as found:
        for status, many in HELD.items():
            for number in range(many):
                ssin, other = f"{status}-{number}", f"{status}-{number}-other"
                for one in (ssin, other):
                    postcode = "4000" if status == "elderly-assistance" else "9000"
                    found.reside(Resident(ssin=one, birth=date(1950, 1, 1), postcode=postcode))
                    found.share(Home(ssin=one, members=frozenset((ssin, other)), collective=False))
                period = Period(date(2025, 1, 1))
                found.hold(Holding(ssin=ssin, status=status, source="source", period=period, extracted=DAY))
    with Decider(tmp_path, DAY) as opened:
        yield opened


def draft() -> Right:
    """Give a table that opens the tariff by the reimbursement again, and no more by the allowance for the elderly."""
    xml = TARIFF.xml.replace(b'[date("2021-02-01")..date("2023-06-30")]', b'&gt;= date("2021-02-01")')
    xml = xml.replace(b', date("2023-06-30"))', b")").replace(b', "elderly-assistance"</text>', b"</text>", 2)
    assert xml != TARIFF.xml
    return drafted(TARIFF, "draft.dmn", xml)


def test_a_draft_is_compared_with_what_is_in_force(decider: Decider) -> None:
    whole, *areas = compared(decider, TARIFF, draft())
    # Of 106 people 40 gain and 6 lose; all who lose are of one area, of which no other number is told.
    assert (whole.gain, whole.lose, whole.other_days, whole.same) == (40, 5, None, 60)
    assert [(one.area, one.gain, one.lose, one.same) for one in areas] == [
        ("4", None, None, None),
        ("9", None, None, None),
    ]


def test_a_change_for_nobody_is_not_told_from_one_for_a_few(decider: Decider) -> None:
    # Else a draft that names one birth date would tell about that person.
    same, *_ = compared(decider, TARIFF, drafted(TARIFF, "same.dmn", TARIFF.xml))
    assert (same.gain, same.lose, same.other_days, same.same) == (None, None, None, None)


def test_a_household_is_absent_when_nobody_of_it_is_on_the_list(decider: Decider) -> None:
    listed = [f"living-wage-{number}-other" for number in range(11)] + [f"stranger-{number}" for number in range(20)]
    whole, *places = absent(decider, TARIFF, [*listed, "living-wage-3"])
    # 33 and 22; the postcode of three households has no line, and hides the other, which would follow.
    assert (whole.entitled, whole.absent) == (35, 20)
    assert [(one.postcode, one.entitled, one.absent) for one in places] == [("9000", None, None)]


def test_a_right_of_ones_own_counts_people(decider: Decider) -> None:
    listed = [f"living-wage-{number}" for number in range(20)] + ["living-wage-2-other"]
    whole, *_ = absent(decider, RIGHTS["de-lijn"], listed)
    assert (whole.entitled, whole.absent) == (55, 35)


def test_a_list_tells_nothing_about_one_person(decider: Decider) -> None:
    with pytest.raises(Refused, match="fewer than 20"):
        absent(decider, TARIFF, ["living-wage-1"] * 40)
    strangers = [f"stranger-{number}" for number in range(30)]
    told = [absent(decider, TARIFF, [*strangers, one]) for one in ("living-wage-1", "nobody")]
    assert told[0] == told[1]


def test_those_of_age_are_written_to_the_eldest_first(tmp_path: Path) -> None:
    """Nobody of a home of which somebody is on the list, nor who is too young, dead, of unknown age or has no right."""
    today = date(2026, 3, 1)
    births = {"old": date(1950, 1, 1), "of-age": date(2008, 3, 1), "young": date(2008, 3, 2), "unknown": None}
    deaths = {"dead": date(2026, 2, 20)}
    homes = {"home": (*births, *deaths), "listed": ("listed-1", "listed-2"), "children": ("child",)}
    with Round(tmp_path, 1) as found:
        for name, members in homes.items():
            for one in members:
                birth = births.get(one, date(1940, 1, 1)) if one != "child" else date(2015, 1, 1)
                found.reside(Resident(ssin=one, birth=birth, death=deaths.get(one), postcode="9000"))
                # Of the stranger the register does not say so on both sides.
                with_others = frozenset((*members, "stranger")) if name == "home" else frozenset(members)
                found.share(Home(ssin=one, members=with_others, collective=False))
            holder, period = members[0], Period(date(2025, 1, 1))
            found.hold(Holding(ssin=holder, status="living-wage", source="source", period=period, extracted=DAY))
        found.reside(Resident(ssin="stranger", birth=date(1930, 1, 1), postcode="9000"))
        found.share(Home(ssin="stranger", members=frozenset(("stranger",)), collective=False))
    listed = ["listed-2", *(f"customer-{number}" for number in range(20))]
    with Decider(tmp_path, DAY) as opened:
        found_adults = list(absent_adults(opened, RIGHTS["water-flanders"], listed, today))
        assert sorted(found_adults, key=len) == [[], ["old", "of-age"]]
        with pytest.raises(Refused, match="fewer than 20"):
            absent_adults(opened, RIGHTS["water-flanders"], listed[:3], today)


COUNTS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=8)


@given(COUNTS)
def test_no_count_of_a_few_is_told_or_can_be_computed(both: list[tuple[int, int]]) -> None:
    counts, others = [one for one, _ in both], [other for _, other in both]
    total, parts = shown(counts, others)
    for told, count, other in zip([total, *parts], [sum(counts), *counts], [sum(others), *others], strict=True):
        assert told is None or (told % 5 == 0 and abs(told - count) < FEWEST and min(count, other) >= FEWEST)
    assert len(parts) == 1 or parts.count(None) != 1


@given(COUNTS, st.integers(0, FEWEST - 1), st.integers(0, FEWEST - 1))
def test_how_few_there_are_of_is_not_seen_in_the_places(both: list[tuple[int, int]], one: int, other: int) -> None:
    counts, others = [count for count, _ in both], [rest for _, rest in both]
    assert shown([one, *counts], [40, *others])[1] == shown([other, *counts], [40, *others])[1]

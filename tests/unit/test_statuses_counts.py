"""Counts for policy makers: who gains and loses by a draft, who is entitled and absent; nobody can be recognised."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.kernel.period import Period
from crossroads.statuses.absent import absent
from crossroads.statuses.deciding import Decider
from crossroads.statuses.hiding import FEWEST, hidden, total
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
    assert (whole.gain, whole.lose, whole.other_days, whole.same) == (40, 6, 0, 60)
    assert [(one.area, one.gain, one.lose, one.same) for one in areas] == [("4", 0, 6, 0), ("9", 40, 0, 60)]


def test_the_table_in_force_changes_nothing(decider: Decider) -> None:
    whole, *_ = compared(decider, TARIFF, drafted(TARIFF, "same.dmn", TARIFF.xml))
    assert (whole.gain, whole.lose, whole.other_days, whole.same) == (0, 0, 0, 66)


def test_a_household_is_absent_when_nobody_of_it_is_on_the_list(decider: Decider) -> None:
    listed = [f"living-wage-{number}-other" for number in range(10)] + ["living-wage-11", "stranger"]
    whole, liege, gent = absent(decider, TARIFF, listed)
    assert (whole.entitled, whole.absent) == (33, 22)
    assert (gent.postcode, gent.entitled, gent.absent) == ("9000", None, None)
    assert (liege.postcode, liege.entitled, liege.absent) == ("4000", None, None)


def test_a_right_of_ones_own_counts_people(decider: Decider) -> None:
    whole, *_ = absent(decider, RIGHTS["de-lijn"], ["living-wage-1", "living-wage-2-other"])
    assert (whole.entitled, whole.absent) == (53, 52)


@given(st.lists(st.integers(0, 40), max_size=8))
def test_no_count_of_a_few_is_told_or_can_be_computed(counts: list[int]) -> None:
    shown = hidden(counts)
    assert all(one is None or one == 0 or one >= FEWEST for one in shown)
    assert all(one in (None, count) for one, count in zip(shown, counts, strict=True))
    unseen = [count for one, count in zip(shown, counts, strict=True) if one is None]
    # What is left of the sum is one hidden number only where the sum itself is hidden.
    if total(counts) is not None and len(unseen) == 1:
        assert len([count for count in counts if count]) == 1
        assert unseen[0] >= FEWEST

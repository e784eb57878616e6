"""Periods, held against plain sets of days."""

from datetime import date, timedelta
from itertools import pairwise

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crossroads.kernel.errors import InvalidPeriod
from crossroads.kernel.period import Period, covered, day, merged

FIRST = date(2026, 1, 1)
HORIZON = 30
"""Days that the sets hold; an open end reaches beyond it."""

days = st.integers(0, HORIZON - 1).map(lambda n: FIRST + timedelta(n))


@st.composite
def periods(draw: st.DrawFn) -> Period:
    start = draw(days)
    end = draw(st.none() | days)
    return Period(min(start, end), max(start, end)) if end else Period(start)


def set_of(*some: Period) -> set[date]:
    """Give the days, and for an open end one more that stands for all later ones."""
    horizon = [FIRST + timedelta(n) for n in range(HORIZON)] + [date.max]
    return {one for one in horizon for period in some if period.start_date <= one <= period.last}


lists = st.lists(periods(), max_size=6)


@given(periods(), periods())
def test_two_periods_are_compared_as_their_days(one: Period, other: Period) -> None:
    shared = one.intersection(other)
    assert one.overlaps(other) == bool(set_of(one) & set_of(other))
    assert one.contains(other) == (set_of(other) <= set_of(one))
    assert set_of(*([shared] if shared else [])) == set_of(one) & set_of(other)
    assert set_of(*one.without(other)) == set_of(one) - set_of(other)


@given(lists)
def test_merged_is_the_union_as_the_fewest_periods_in_order(some: list[Period]) -> None:
    union = merged(some)
    assert set_of(*union) == set_of(*some)
    for earlier, later in pairwise(union):
        assert earlier.end_date is not None
        assert earlier.end_date + timedelta(1) < later.start_date
    assert merged(union) == union
    assert merged(reversed(some)) == union


@given(periods(), lists)
def test_covered_is_that_every_day_is_in_the_union(asked: Period, some: list[Period]) -> None:
    assert covered(asked, some) == (set_of(asked) <= set_of(*some))


@given(periods(), lists)
def test_what_is_cut_out_is_gone_and_nothing_else(one: Period, cuts: list[Period]) -> None:
    left = [one]
    for cut in cuts:
        left = [piece for period in left for piece in period.without(cut)]
    assert set_of(*left) == set_of(one) - set_of(*cuts)


@given(st.dates(), st.dates())
def test_it_cannot_end_before_it_starts(start: date, end: date) -> None:
    assume(end < start)
    with pytest.raises(InvalidPeriod, match="ends before it starts"):
        Period(start, end)


@pytest.mark.parametrize("start", [FIRST, date.max])
def test_the_last_day_that_exists_is_no_end(start: date) -> None:
    with pytest.raises(InvalidPeriod, match="open period has no end date"):
        Period(start, date.max)


@given(periods(), periods())
def test_the_hull_is_from_the_first_day_to_the_last(one: Period, other: Period) -> None:
    hull = one.hull(other)
    assert hull.contains(one)
    assert hull.contains(other)
    assert {hull.start_date, hull.last} <= {one.start_date, one.last, other.start_date, other.last}


@given(st.dates(), st.none() | st.dates(max_value=date.max - timedelta(1)))
def test_it_travels_as_two_dates_and_an_open_end_is_absent(start: date, end: date | None) -> None:
    assume(end is None or start <= end)
    text = msgspec.json.encode(Period(start, end))
    assert msgspec.json.decode(text) == {"startDate": str(start)} | ({"endDate": str(end)} if end else {})
    assert msgspec.json.decode(text, type=Period) == Period(start, end)


def test_the_last_day_that_exists_does_not_overflow() -> None:
    whole, last = Period(date.min), day(date.max)
    assert merged([whole, last, day(date.min)]) == [whole]
    assert last.without(whole) == []
    assert whole.without(last) == [Period(date.min, date.max - timedelta(1))]
    assert covered(last, [Period(FIRST)])

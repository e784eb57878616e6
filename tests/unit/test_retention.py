"""What may expire: by class, and nothing that is younger than the owner of the database settled."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.audit.events import EXPIRING, KEPT, Event, LogClass
from crossroads.audit.ranges import Ranges
from crossroads.audit.terms import Term, days_by_event, expiring_before
from crossroads.kernel.clock import BRUSSELS, brussels_day
from crossroads.kernel.errors import Refused

TODAY = date(2026, 7, 1)
KEPT_FOR_EVER = {"installation", "catalogue", "committee", "jobs", "log"}


def terms(*days: int) -> list[Term]:
    """Give a class for each of some days."""
    return [
        Term(f"class-{number}", kept, datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=BRUSSELS) - timedelta(kept))
        for number, kept in enumerate(days)
    ]


@given(st.lists(st.integers(1, 36_525), min_size=1, max_size=4), st.integers(0, 40_000))
def test_a_class_expires_up_to_the_day_and_never_beyond_its_own(kept: list[int], back: int) -> None:
    day = TODAY - timedelta(days=back)
    if back < min(kept):
        with pytest.raises(Refused, match="log_kept_days"):
            expiring_before(day, terms(*kept))
        return
    found = expiring_before(day, terms(*kept))
    assert [brussels_day(found[term.log_class]) for term in terms(*kept)] == [
        min(day, brussels_day(term.before)) for term in terms(*kept)
    ]


def test_without_terms_nothing_expires_and_the_remedy_is_named() -> None:
    with pytest.raises(Refused, match="crossroads migrate"):
        expiring_before(TODAY, [])


@given(st.integers(1, 99), st.dictionaries(st.sampled_from(LogClass), st.integers(100, 199)))
def test_each_event_that_expires_has_the_days_of_its_class_or_those_of_all(
    kept: int, by_class: dict[LogClass, int]
) -> None:
    found = days_by_event(kept, by_class)
    assert found.keys() == {event.value for event in Event} - {event.value for event in KEPT}
    for event, log_class in EXPIRING.items():
        assert found[event.value] == (log_class.value, by_class.get(log_class, kept))


def test_an_event_of_a_new_part_of_the_house_is_given_its_class() -> None:
    assert {event.value.partition(":")[0] for event in KEPT} <= KEPT_FOR_EVER


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9)).map(lambda at: range(at[0], at[0] + at[1]))))
def test_merged_ranges_hold_what_any_of_them_holds(ranges: list[range]) -> None:
    merged = Ranges(ranges)
    assert [index in merged for index in range(-1, 75)] == [
        any(index in one for one in ranges) for index in range(-1, 75)
    ]

"""Who is certainly under age, and what a request to act must say."""

from datetime import date
from uuid import uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.wire.acting import ADULT, AS_MANDATARY, BeginActing, Child

DAYS = st.dates(date(1930, 1, 1), date(2080, 1, 1))


def child(birth_date: str) -> Child:
    return Child(ssin="x", last_name="Peeters", first_names="Lotte", birth_date=birth_date)


@given(DAYS, DAYS)
def test_a_child_is_under_age_until_the_day_on_which_it_is_18(born: date, on: date) -> None:
    years = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    assert child(born.isoformat()).minor(on) == (years < ADULT)


@given(DAYS, DAYS)
def test_of_an_incomplete_birth_date_the_earliest_day_counts(born: date, on: date) -> None:
    whole, month, year = (child(f"{born:{form}}") for form in ("%Y-%m-%d", "%Y-%m-00", "%Y-00-00"))
    assert whole.minor(on) >= month.minor(on) >= year.minor(on)
    assert year.minor(on) == child(f"{born.year}-01-01").minor(on)


@pytest.mark.parametrize("grounds", [{}, {"mandate": uuid4(), "descent": "a.b.c"}])
def test_somebody_acts_on_one_ground(grounds: dict[str, object]) -> None:
    said = {"ssin": "80631500121", "legalContext": AS_MANDATARY, "agent": "a", "by": "80631500220", **grounds}
    with pytest.raises(msgspec.ValidationError, match="under a mandate, or as a parent"):
        msgspec.convert(said, BeginActing)

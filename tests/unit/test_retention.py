"""What may expire: days count in Brussels, and none that is younger than the log is kept."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.audit.retention import expiring_before
from crossroads.kernel.clock import BRUSSELS, brussels_day
from crossroads.kernel.errors import Refused

LATE = datetime(2026, 6, 30, 22, 30, tzinfo=UTC)
"""In Brussels it is July."""


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - given a zone beside it
    st.integers(1, 36_525),
    st.integers(-1000, 1000),
)
def test_a_day_may_expire_once_its_eve_is_as_old_as_the_log_is_kept(now: datetime, kept: int, more: int) -> None:
    try:
        day = brussels_day(now) - timedelta(days=kept + more)
    except OverflowError:
        return
    if more >= 0:
        assert brussels_day(expiring_before(day, now, kept)) == day
    else:
        with pytest.raises(Refused, match="log_kept_days"):
            expiring_before(day, now, kept)


def test_a_day_begins_when_it_does_in_brussels() -> None:
    first = expiring_before(date(2026, 6, 1), LATE, 30)
    assert first == datetime(2026, 6, 1, tzinfo=BRUSSELS) == datetime(2026, 5, 31, 22, tzinfo=UTC)
    with pytest.raises(Refused, match="2026-06-01 may"):
        expiring_before(date(2026, 6, 2), LATE, 30)

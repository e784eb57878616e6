"""Dates, times and durations of FEEL: as the calendar has them, written and read back, moved and subtracted."""

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.dmn.feel import values
from crossroads.dmn.feel.temporal import LAST_YEAR, Date, DateTime, DaysTime, Time, YearsMonths, Zone

EPOCH = dt.date(1970, 1, 1).toordinal()
NAMED = ["Europe/Brussels", "Australia/Melbourne", "Asia/Dhaka", "Etc/UTC"]
zones: st.SearchStrategy[Zone] = st.none() | st.integers(-64_800, 64_800) | st.sampled_from(NAMED)
dates = st.integers(Date(-LAST_YEAR, 1, 1).number, Date(LAST_YEAR, 12, 31).number).map(Date.of_number)
times = st.builds(Time.of_number, st.integers(0, 86_400 * 10**9 - 1), zones)
moments = st.builds(DateTime, dates, times)
durations = st.integers(-(10**24), 10**24).map(DaysTime) | st.integers(-(10**10), 10**10).map(YearsMonths)


@given(st.dates())
def test_days_are_those_of_the_calendar(day: dt.date) -> None:
    date = Date(day.year, day.month, day.day)
    assert date.number == day.toordinal() - EPOCH
    assert Date.of_number(date.number) == date
    assert date.weekday == day.isoweekday()


@given(dates)
def test_days_are_counted_beyond_the_year_9999_too(date: Date) -> None:
    assert Date.of_number(date.number) == date
    assert Date.of_number(date.number + 1 if date.number < 0 else date.number - 1) != date


@given(dates | times | moments | durations)
def test_what_is_written_reads_back_as_the_same(value: values.Value) -> None:
    text = values.text_of(value)
    assert values.read_at_literal(text) == value
    assert values.from_text(text, values.kind(value)) == value


@given(st.datetimes(dt.datetime(1950, 1, 1), dt.datetime(2100, 1, 1)), st.sampled_from(NAMED))  # noqa: DTZ001 - local
def test_named_zones_follow_summer_time(moment: dt.datetime, name: str) -> None:
    there = values.from_python(moment.replace(tzinfo=dt.UTC))
    clock = moment.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(name))
    assert isinstance(there, DateTime)
    here = DateTime.of_instant(there.instant, name)
    assert here == values.from_python(clock)
    assert here.instant == there.instant or clock.fold  # the hour that a clock shows twice is taken for the first one


@pytest.mark.parametrize(
    "text",
    [
        "2020-02-30",
        "2021-02-29",
        "2020-13-01",
        "2020-1-01",
        "20200101",
        "+2020-01-01",
        "02020-01-01",
        "1000000000-01-01",
        "24:00:00",
        "10:60:00",
        "10:00:60",
        "1:00:00",
        "10:00",
        "10:00:00.",
        "10:00:00+18:01",
        "10:00:00+1:00",
        "10:00:00+02:60",
        "10:00:00@Nowhere/Land",
        "10:00:00@../etc",
        "10:00:00+01:00@Europe/Brussels",
        "2020-01-01 10:00:00",
        "2020-01-01T24:00:01",
        "2020-01-01T10:00",
        "P",
        "PT",
        "P1DT",
        "1D",
        "P1H",
        "P1Y1D",
        "P-1D",
        "P1.5D",
        "p1d",
        "",
    ],
)
def test_a_text_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a date, a time"):
        values.read_at_literal(text)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("P13M", "P1Y1M"),
        ("-P25M", "-P2Y1M"),
        ("P0Y", "P0M"),
        ("PT86400S", "P1D"),
        ("PT90M", "PT1H30M"),
        ("P0D", "PT0S"),
        ("-PT36H", "-P1DT12H"),
        ("PT0.50S", "PT0.5S"),
        ("P1DT24H", "P2D"),
        ("10:00:00+00:00", "10:00:00Z"),
        ("10:00:00.500", "10:00:00.5"),
        ("2020-12-31T24:00:00", "2021-01-01T00:00:00"),
        ("10:00:00-01:00:30", "10:00:00-01:00:30"),
        ("T10:00:00z", "10:00:00Z"),
    ],
)
def test_values_have_one_normal_form(text: str, normal: str) -> None:
    assert values.text_of(values.read_at_literal(text)) == normal


SUMS = [
    ("2024-01-31", "P1M", "2024-02-29"),
    ("2024-02-29", "P12M", "2025-02-28"),
    ("2024-03-31", "-P1M", "2024-02-29"),
    ("2024-02-28", "PT47H", "2024-02-29"),
    ("2024-03-01", "-PT1S", "2024-02-29"),
    ("22:30:00", "PT2H", "00:30:00"),
    ("00:30:00+05:00", "-PT1H", "23:30:00+05:00"),
    ("2024-03-30T12:00:00@Europe/Brussels", "P1D", "2024-03-31T13:00:00@Europe/Brussels"),
    ("2024-03-30T12:00:00@Europe/Brussels", "P1M", "2024-04-30T12:00:00@Europe/Brussels"),
    ("2024-03-30T12:00:00+01:00", "P1D", "2024-03-31T12:00:00+01:00"),
    ("P1Y", "-P13M", "-P1M"),
    ("P1D", "-PT25H", "-PT1H"),
]


@pytest.mark.parametrize(("one", "other", "total"), SUMS)
def test_durations_are_added_on_either_side(one: str, other: str, total: str) -> None:
    left, right = values.read_at_literal(one), values.read_at_literal(other)
    assert values.text_of(values.add(left, right)) == total
    assert values.text_of(values.add(right, left)) == total
    assert values.text_of(values.subtract(left, values.negate(right))) == total


@pytest.mark.parametrize(
    ("left", "right", "difference"),
    [
        ("2024-03-01", "2024-02-01", "P29D"),
        ("2024-03-31T12:00:00@Europe/Brussels", "2024-03-30T12:00:00@Europe/Brussels", "PT23H"),
        ("2024-01-01T12:00:00Z", "2024-01-01T12:00:00@Europe/Brussels", "PT1H"),
        ("2024-01-01", "2024-01-01T02:00:00+02:00", "PT0S"),
        ("10:00:00+01:00", "10:00:00Z", "-PT1H"),
        ("2024-01-01", "2024-01-01T00:00:00", None),
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00", None),
        ("10:00:00", "10:00:00Z", None),
        ("P1Y", "P1D", None),
        ("P1D", "2024-01-01", None),
    ],
)
def test_differences(left: str, right: str, difference: str | None) -> None:
    found = values.subtract(values.read_at_literal(left), values.read_at_literal(right))
    assert (None if found is None else values.text_of(found)) == difference


@pytest.mark.parametrize(
    ("duration", "factor", "product"),
    [
        ("P1Y1M", "1.5", "P1Y7M"),
        ("P1Y1M", "-1.5", "-P1Y7M"),
        ("PT1H", "0.25", "PT15M"),
        ("P1D", "-2", "-P2D"),
        ("P1Y", "0", "P0M"),
    ],
)
def test_durations_are_multiplied_towards_zero(duration: str, factor: str, product: str) -> None:
    found = values.multiply(values.read_at_literal(duration), Decimal(factor))
    assert values.text_of(found) == product
    assert found == values.multiply(Decimal(factor), values.read_at_literal(duration))


def test_a_duration_is_divided_by_a_number_or_a_duration_of_its_kind() -> None:
    day, month = values.read_duration("P1D"), values.read_duration("P1M")
    assert values.text_of(values.divide(day, Decimal("2.5"))) == "PT9H36M"
    assert values.divide(day, values.read_duration("PT6H")) == 4
    assert values.divide(day, values.read_duration("PT0S")) is None
    assert values.divide(day, month) is None
    assert values.divide(month, Decimal(0)) is None


def test_beyond_the_calendar_there_is_null() -> None:
    assert values.add(Date(LAST_YEAR, 12, 31), values.read_duration("P1D")) is None
    assert values.subtract(Date(-LAST_YEAR, 1, 1), values.read_duration("P1M")) is None
    assert values.multiply(values.read_duration("P1D"), Decimal("1E+6000")) is None
    assert values.multiply(values.read_duration("P1Y"), Decimal("1E+6000")) is None


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("2024-02-29", "weekday", "4"),
        ("2024-02-29T10:00:00", "month", "2"),
        ("10:20:30.5", "second", "30"),
        ("10:20:30@Europe/Brussels", "timezone", "Europe/Brussels"),
        ("10:20:30+02:00", "time offset", "PT2H"),
        ("2024-07-01T10:00:00@Europe/Brussels", "time offset", "PT2H"),
        ("-P1Y2M", "months", "-2"),
        ("-P1DT2H3M4.5S", "hours", "-2"),
        ("10:20:30", "time offset", "null"),
        ("10:20:30Z", "timezone", "null"),
    ],
)
def test_properties(text: str, name: str, expected: str) -> None:
    known, found = values.property_of(values.read_at_literal(text), name)
    assert known
    assert values.text_of(found) == expected


def test_a_date_has_no_hour() -> None:
    assert values.property_of(Date(2024, 1, 1), "hour") == (False, None)

"""A feed as a file, and what a line changes among the rows of a person: rules, with nothing outside."""

import io
import json
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.kernel.errors import Malformed
from crossroads.participant.feed import FeedRefused, entries, examine
from crossroads.participant.feed_changes import LineRefused, altered
from crossroads.participant.feed_events import event_of, kind_of

FIRST = date(2020, 1, 1)
DAYS = 40
NUMBER = "80032512345"


def feed(count: int, kinds: dict[str, int] | None = None) -> bytes:
    header = {"feed": "crossroads-register-feed", "version": 1, "institution": "register", "day": "2026-03-02"}
    lines = [header | {"sequence": 4, "count": count}, *({"kind": "move"} for _ in range(count))]
    lines.append({"counts": {"move": count} if kinds is None else kinds})
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def test_a_whole_feed_is_examined_and_its_lines_are_numbered() -> None:
    file = io.BytesIO(feed(3))
    found = examine(file)
    assert (found.header.sequence, found.announced.move, len(found.digest)) == (4, 3, 64)
    assert [number for number, _ in entries(file, 0, 3)] == [1, 2, 3]
    assert [number for number, _ in entries(file, 2, 3)] == [3]
    assert list(entries(file, 3, 3)) == []


@given(st.integers(0, 6), st.data())
def test_a_feed_that_is_cut_anywhere_is_refused(count: int, data: st.DataObject) -> None:
    whole = feed(count)
    cut = data.draw(st.integers(0, len(whole) - 2))
    with pytest.raises(FeedRefused):
        examine(io.BytesIO(whole[:cut]))


@given(st.binary(max_size=300), st.integers(0, 10))
def test_whatever_stands_in_a_line_it_is_refused_or_read(noise: bytes, at: int) -> None:
    whole = bytearray(feed(2))
    whole[at * 20 : at * 20] = noise
    try:
        found = examine(io.BytesIO(bytes(whole)))
    except FeedRefused:
        return
    assert found.header.count == found.announced.total


@given(st.recursive(st.none() | st.integers() | st.just(NUMBER), lambda inner: st.dictionaries(st.text(), inner)))
def test_a_line_of_any_form_is_refused_without_its_values(value: Any) -> None:
    for wrong in ({"on": value}, {"on": "2026-03-01", "ssin": NUMBER, NUMBER: value}, {"ssin": value, "on": NUMBER}):
        line = json.dumps({"kind": "death", **wrong}).encode()
        assert kind_of(line) == "death"
        with pytest.raises(Malformed) as error:
            event_of(line)
        assert NUMBER not in str(error.value)


def test_counts_that_do_not_agree_are_refused() -> None:
    for kinds in ({}, {"move": 2}, {"move": 4}, {"move": 2, "birth": 2}):
        with pytest.raises(FeedRefused, match="announces 3 lines"):
            examine(io.BytesIO(feed(3, kinds)))
    examine(io.BytesIO(feed(3, {"birth": 3})))


periods = st.lists(st.integers(1, DAYS), min_size=1, max_size=5, unique=True)
values = st.sampled_from("abc")


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Give rows of one person: some days each, a gap here and there, the last one perhaps open."""
    starts = sorted(draw(periods))
    rows = []
    for number, start in enumerate(starts):
        last = starts[number + 1] - 1 if number + 1 < len(starts) else None
        end = draw(st.integers(start, last)) if last is not None else draw(st.none() | st.integers(start, DAYS))
        row = {"start_date": _day(start), "end_date": None if end is None else _day(end), "name": draw(values)}
        rows.append(row | {"street": draw(values)})
    return rows


def _day(number: int) -> date:
    return FIRST + timedelta(days=number)


def by_day(rows: list[Any]) -> dict[date, tuple[str, str]]:
    """Give what is recorded on each day."""
    days: dict[date, tuple[str, str]] = {}
    for row in rows:
        day = row["start_date"]
        while day <= min(row["end_date"] or date.max, _day(DAYS + 5)):
            assert day not in days
            days[day] = (row["name"], row["street"])
            day += timedelta(days=1)
    return days


@given(histories(), st.integers(1, DAYS), values)
def test_a_change_holds_until_the_same_thing_changes_again(rows: list[dict[str, Any]], on: int, street: str) -> None:
    before, since = by_day(rows), _day(on)
    if since not in before or before[since][1] == street:
        with pytest.raises(LineRefused):
            altered(rows, since, {"street": street})
        return
    change = altered(rows, since, {"street": street})
    after = by_day([*(row for row in rows if row not in change.removed), *change.added])
    expected, day = dict(before), since
    while day in before and before[day][1] == before[since][1]:
        expected[day] = (before[day][0], street)
        day += timedelta(days=1)
    assert after == expected
    assert {day for day in after if after[day] != before[day]} == {
        day for day in after if change.period.start_date <= day <= change.period.last
    }

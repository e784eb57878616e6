"""What a line of a feed changes among the rows of a person. Pure.

A change holds from its day until the next day on which the same thing changes again: a move of January that is told in
March, after a move of February, gives January its address and leaves February alone.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from crossroads.kernel.errors import Refused
from crossroads.kernel.period import Period
from crossroads.participant.feed_events import Address

Row = Mapping[str, Any]

_DAY = timedelta(days=1)


class LineRefused(Refused):
    """A line that says something that cannot be. The message names no person."""


class Altered(NamedTuple):
    """The rows that go, those that come, and the days whose data changed."""

    removed: list[Row]
    added: list[Row]
    period: Period


def altered(rows: Sequence[Row], on: date, values: Row) -> Altered:
    """Give the rows of a person with other values from a day on. Raises LineRefused."""
    later = _since(rows, on)
    if not later or _start(later[0]) > on:
        raise LineRefused("Nothing is recorded of the person on this day.")
    before = {name: later[0][name] for name in values}
    if recorded(later, on, values):
        raise LineRefused("This is what is recorded already.")
    run = _run(later, before)
    split = [{**run[0], "end_date": on - _DAY}] if _start(run[0]) < on else []
    changed = [{**row, **values, "start_date": max(_start(row), on)} for row in run]
    return Altered(run, [*split, *changed], Period(on, run[-1]["end_date"]))


def recorded(rows: Sequence[Row], on: date, values: Row) -> bool:
    """Tell whether this is what the rows say of a day already."""
    there = (row for row in rows if _start(row) <= on <= _last(row))
    return any(all(row[name] == value for name, value in values.items()) for row in there)


def entered(rows: Sequence[Row], on: date, values: Row, own: Row) -> Altered:
    """Give the rows with other values from a day on, of which nothing need be recorded yet. Raises LineRefused."""
    if any(_start(row) <= on <= _last(row) for row in rows):
        return altered(rows, on, values)
    end = min((_start(row) - _DAY for row in rows if _start(row) > on), default=None)
    return Altered([], [{**own, **values, "start_date": on, "end_date": end}], Period(on, end))


def left(rows: Sequence[Row], on: date) -> Altered | None:
    """Give the rows without those from a day on; None where there are none."""
    gone = _since(rows, on)
    if not gone:
        return None
    kept: list[Row] = [{**gone[0], "end_date": on - _DAY}] if _start(gone[0]) < on else []
    return Altered(gone, kept, Period(max(on, _start(gone[0])), gone[-1]["end_date"]))


def address_values(address: Address | None) -> Row:
    """Give the columns of an address; without one they are empty."""
    names = ("street", "house_number", "postcode", "municipality", "municipality_code")
    return {name: getattr(address, name, None) for name in names}


def _since(rows: Sequence[Row], on: date) -> list[Row]:
    return [row for row in sorted(rows, key=_start) if _last(row) >= on]


def _run(rows: Sequence[Row], before: Row) -> list[Row]:
    """Give the rows, without a gap between them, that say the same as the first."""
    run = [rows[0]]
    for row in rows[1:]:
        if _start(row) != _last(run[-1]) + _DAY or any(row[name] != value for name, value in before.items()):
            break
        run.append(row)
    return run


def _start(row: Row) -> date:
    start: date = row["start_date"]
    return start


def _last(row: Row) -> date:
    return row["end_date"] or date.max

"""What anybody can bring about at will is counted by the hour."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crossroads.web.tally import Tally

THINGS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 90)), max_size=60)
"""What happens, and how many minutes after what came before."""


@dataclass
class Passing:
    """A clock that a test sets on."""

    at: datetime = field(default=datetime(2026, 11, 22, tzinfo=UTC))

    def now(self) -> datetime:
        return self.at


@given(THINGS)
def test_each_is_told_once_an_hour_and_the_others_when_it_is_over(things: list[tuple[str, int]]) -> None:
    clock = Passing()
    tally = Tally[str](clock)
    told, hours = [], set()
    for thing, minutes in things:
        clock.at += timedelta(minutes=minutes)
        hours.add((thing, clock.at.replace(minute=0)))
        if tally.first(thing):
            told.append(thing)
    assert len(told) == len(hours)
    again = tally.again()
    this_hour = tally.rest()
    for thing in "abc":
        assert told.count(thing) + again[thing] + this_hour[thing] == [one for one, _ in things].count(thing)
    assert not tally.rest()


def test_there_is_room_for_so_many_kinds_an_hour() -> None:
    clock = Passing()
    tally = Tally[int](clock)
    assert sum(tally.first(number) for number in range(10_050)) == 10_000
    clock.at += timedelta(hours=1)
    assert tally.first(10_049)

"""Numbers of mailboxes, and the messages that carry them."""

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.access.push import Changed, Pushing
from crossroads.directory.model import Line
from crossroads.mutations.model import Addressed, Queued, Tail, numbered, slot_of
from crossroads.wire.mutations import SLOTS, Acknowledgement, Mutation, Pull
from mutating import ADDRESS, CHILD, SOURCE, entries, snapshot_of
from people import FUND, GHENT, LIVING_WAGE, MANAGED, MANAGER, days

NOW = datetime(2026, 6, 1, tzinfo=UTC)
PUSHING = Pushing(snapshot_of(entries()), NOW.date())
PLACES = {GHENT: LIVING_WAGE, FUND: CHILD, MANAGED: LIVING_WAGE, MANAGER: LIVING_WAGE}


def addressed(at: int, person: int, places: set[str]) -> Addressed:
    period = days("2026-01-01")
    lines = [Line(1, place, PLACES[place], period, 0) for place in places]
    change = Queued(at, person, UUID(int=at), SOURCE, ADDRESS, period.start_date, None, "changed", None, None)
    return Addressed(change, slot_of(person), PUSHING.permits(Changed(SOURCE, ADDRESS, period), lines))


@given(
    st.lists(st.tuples(st.integers(0, 200), st.sets(st.sampled_from(sorted(PLACES)))), max_size=30), st.integers(0, 9)
)
def test_numbers_have_no_gap_and_each_knows_the_one_before_in_its_slot(
    changes: list[tuple[int, set[str]]], before: int
) -> None:
    tails = {place: Tail(before, tuple(before if slot == 3 else 0 for slot in range(SLOTS))) for place in PLACES}
    items, moved = numbered([addressed(at, *change) for at, change in enumerate(changes)], tails, NOW)
    of: dict[str, list[int]] = defaultdict(list)
    slots = {(place, slot): last for place in PLACES for slot, last in enumerate(tails[place].slots)}
    for item in items:
        of[item.recipient].append(item.number)
        assert item.previous == slots[item.recipient, item.slot]
        slots[item.recipient, item.slot] = item.number
    for place in PLACES:
        assert of[place] == list(range(before + 1, before + 1 + len(of[place])))
        assert moved[place].last == before + len(of[place])
        assert moved[place].slots == tuple(slots[place, slot] for slot in range(SLOTS))
    assert len(items) == sum(len(places) for _, places in changes)


@pytest.mark.parametrize("lanes", [1, 2, 4, 8, 16, 32, 64])
def test_the_lanes_share_out_all_slots(lanes: int) -> None:
    pulls = [msgspec.convert({"lanes": lanes, "lane": lane}, Pull) for lane in range(lanes)]
    assert sorted(slot for pull in pulls for slot in pull.slots) == list(range(SLOTS))


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (Pull, {"lanes": 2, "lane": 2}),
        (Pull, {"lanes": 3}),
        (Pull, {"from": 1, "parked": True}),
        (Pull, {"from": 0}),
        (Acknowledgement, {"lease": str(UUID(int=1))}),
        (Acknowledgement, {"lease": str(UUID(int=1)), "upTo": 1, "numbers": [1]}),
        (Acknowledgement, {"lease": str(UUID(int=1)), "numbers": []}),
        (
            Mutation,
            {
                "reference": "r", "ssin": "40610100172", "dataGroup": ADDRESS, "context": "0:1",
                "period": {"startDate": "2026-01-01"}, "kind": "changed", "happenedOn": "2026-01-01",
                "wrongSince": "2026-01-01T00:00:00Z",
            },
        ),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_refused(kind: type[Any], content: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(content, kind)

"""The ring of nonces: what may still be replayed is never emptied."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crossroads.directory.nonces import SLOTS, slot_of
from crossroads.wire.signatures import MAXIMUM_AGE, MAXIMUM_AHEAD

moments = st.datetimes(datetime(2024, 1, 1), datetime(2040, 1, 1)).map(lambda naive: naive.replace(tzinfo=UTC))  # noqa: DTZ001


@given(moments, st.floats(-MAXIMUM_AHEAD, MAXIMUM_AGE), st.floats(-60, 60))
def test_no_live_request_lies_in_a_slot_that_is_emptied(received: datetime, age: float, skew: float) -> None:
    """Also where the clocks of the database and of the process are a minute apart."""
    created = received - timedelta(seconds=age)
    minute = int((received + timedelta(seconds=skew)).timestamp()) // 60
    emptied = {(minute - ago) % SLOTS for ago in range(4, 11)}
    assert slot_of(created) not in emptied


@given(moments)
def test_a_replay_looks_where_the_first_request_was_noted(created: datetime) -> None:
    assert slot_of(created) == slot_of(datetime.fromisoformat(created.isoformat()))
    assert 0 <= slot_of(created) < SLOTS

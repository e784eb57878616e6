"""What holds before any cryptography."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.admission.limits import LimitReached, Limits, Turnstile
from crossroads.kernel.codes import Code


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def refused(turnstile: Turnstile, peer: str = "a", claimed: str = "x") -> Code | None:
    try:
        turnstile.enter(peer, claimed)
    except LimitReached as error:
        return error.code if error.retry_after >= 1 else None
    return None


def test_the_rate_is_of_a_peer_and_the_institution_it_claims() -> None:
    clock = Clock()
    turnstile = Turnstile(Limits(unverified_per_second=3), clock)
    assert [refused(turnstile) for _ in range(4)] == [None, None, None, Code.TOO_MANY_REQUESTS]
    assert refused(turnstile, claimed="y") is None
    assert refused(turnstile, peer="b") is None
    clock.now += 0.5
    assert [refused(turnstile) for _ in range(2)] == [None, Code.TOO_MANY_REQUESTS]


def test_a_peer_gains_nothing_by_claiming_many_names() -> None:
    limits = Limits(unverified_per_second_of_peer=5, concurrent_of_peer=4)
    turnstile = Turnstile(limits, Clock())
    assert [refused(turnstile, claimed=str(name)) for name in range(5)] == [None] * 4 + [Code.TOO_MANY_REQUESTS]
    for name in range(4):
        turnstile.leave("a", str(name))
    assert [refused(turnstile, claimed=f"new-{name}") for name in range(2)] == [None, Code.TOO_MANY_REQUESTS]
    assert refused(turnstile, peer="b") is None


def test_places_are_limited_for_each_and_for_all_together() -> None:
    turnstile = Turnstile(Limits(concurrent=3, concurrent_each=2), Clock())
    assert [refused(turnstile) for _ in range(3)] == [None, None, Code.TOO_MANY_REQUESTS]
    assert refused(turnstile, peer="b") is None
    assert refused(turnstile, peer="c") is Code.OVERLOADED
    turnstile.leave("a", "x")
    assert refused(turnstile, peer="c") is None


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=60))
def test_whoever_left_makes_place(steps: list[tuple[str, bool]]) -> None:
    turnstile = Turnstile(Limits(concurrent=5, concurrent_each=3, unverified_per_second=1000), Clock())
    inside: list[str] = []
    for peer, leaves in steps:
        if leaves and peer in inside:
            turnstile.leave(peer, "x")
            inside.remove(peer)
        elif refused(turnstile, peer) is None:
            inside.append(peer)
        else:
            assert len(inside) == 5 or inside.count(peer) == 3
    assert len(inside) <= 5
    assert all(inside.count(peer) <= 3 for peer in "abc")


def test_it_forgets_the_longest_unseen() -> None:
    turnstile = Turnstile(Limits(unverified_per_second=1, concurrent=10**9, concurrent_each=10**9), Clock())
    for number in range(Turnstile.capacity // 2 + 1):
        turnstile.enter(str(number), "x")
    with pytest.raises(LimitReached):
        turnstile.enter(str(Turnstile.capacity // 2), "x")
    turnstile.enter("0", "x")

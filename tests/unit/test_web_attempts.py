"""Logins under way, as a browser keeps them: nobody else's, not for ever, and never more than a cookie holds."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crossroads.web.attempts import LIFE, LONGEST_PATH, Attempt, opened, sealed
from crossroads.web.sessions import Level

NOW = datetime(2026, 6, 1, tzinfo=UTC)
KEY, OTHER = bytes(32), bytes([1]) * 32
SECOND = timedelta(seconds=1)


def attempt(path: str, ago: timedelta = timedelta()) -> Attempt:
    return Attempt(nonce="n" * 43, verifier="v" * 43, next=path, level=Level.LOW, began=NOW - ago)


@given(st.dictionaries(st.text(st.sampled_from("abc"), min_size=43, max_size=43), st.integers(0, LONGEST_PATH)))
def test_the_newest_come_back_and_a_cookie_holds_them(asked: dict[str, int]) -> None:
    given_ = {state: attempt("/" + "p" * length) for state, length in asked.items()}
    text = sealed(given_, KEY)
    assert len(text) <= 3500
    found = opened(text, KEY, NOW)
    assert list(found.items()) == list(given_.items())[len(given_) - len(found) :]
    assert bool(found) == bool(given_)


@given(st.binary(max_size=60), st.integers(0, 1000))
def test_what_is_not_ours_says_nothing(junk: bytes, place: int) -> None:
    text = sealed({"state": attempt("/me")}, KEY)
    assert opened(text, OTHER, NOW) == {}
    assert opened(junk.hex(), KEY, NOW) == {}
    at = place % len(text)
    forged = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
    assert opened(forged, KEY, NOW) in ({}, opened(text, KEY, NOW))
    assert opened("", KEY, NOW) == {}


def test_a_login_that_takes_too_long_is_forgotten() -> None:
    text = sealed({"old": attempt("/me", LIFE + SECOND), "new": attempt("/me", LIFE - SECOND)}, KEY)
    assert list(opened(text, KEY, NOW)) == ["new"]

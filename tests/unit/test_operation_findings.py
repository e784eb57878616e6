"""What an operator is told to look at, and how urgently."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crossroads.catalogue.keys import LogPlace, RegisteredKey
from crossroads.operation.model import (
    Found,
    Light,
    Mailbox,
    Source,
    Standing,
    What,
    Whole,
    keys_of,
    standing,
)
from crossroads.wire.keys import SealingKey, SigningKey
from crossroads.wire.registrations import KeyUse, act
from founding import registration

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SOUND = Whole(
    streams=16,
    held=3,
    unsigned=2,
    unsigned_since=NOW - timedelta(seconds=1),
    changes_waiting=0,
    checkpoint=7,
    checkpoint_at=NOW,
    questions=10,
    p50=0.1,
    p95=0.9,
    questions_since=NOW - DAY,
    database_bytes=1,
)


def key(name: str, days: float, use: KeyUse = KeyUse.SIGN, *, revoked: bool = False) -> RegisteredKey:
    """Give a key that ends after so many days."""
    made = SealingKey.generate(name) if use is KeyUse.SEAL else SigningKey.generate(name)
    of = registration(made, use, valid_from=NOW - 1000 * DAY, valid_until=NOW + days * DAY)
    place = LogPlace(0, 0)
    return RegisteredKey(of, act("register-key", of), place, None, (), NOW if revoked else None)


def judged(*, months: int = 12, keys: tuple[RegisteredKey, ...] = (), **more: Any) -> Standing:
    whole = {name: more.pop(name) for name in list(more) if name in Whole.__struct_fields__}
    sound = Whole(**{name: getattr(SOUND, name) for name in Whole.__struct_fields__} | whole)
    parts: dict[str, Any] = {"sources": (), "mailboxes": (), "jobs": ()} | more
    return standing(Found(whole=sound, months_ahead=months, keys=keys_of(keys), **parts), NOW, "hub")


def test_where_nothing_is_wrong_nothing_is_found() -> None:
    sound = judged(keys=(key("hub#1", 31), key("nsso#1", 400)))
    assert (sound.light, sound.findings) == (Light.WORKS, ())


@pytest.mark.parametrize(
    ("wrong", "what", "light"),
    [
        ({"held": 0}, What.NO_PROCESS, Light.ACT),
        ({"unsigned_since": NOW - timedelta(seconds=11)}, What.CHECKPOINT_LATE, Light.ACT),
        ({"months": 1}, What.MONTHS_FEW, Light.LOOK),
        ({"months": 0}, What.MONTHS_FEW, Light.ACT),
        ({"changes_waiting": 10_001}, What.CHANGES_MANY, Light.LOOK),
        ({"p95": 2.1}, What.SLOW, Light.LOOK),
        ({"keys": (key("nsso#1", 29),)}, What.KEY_EXPIRES, Light.LOOK),
        ({"keys": (key("nsso#1", -1),)}, What.KEY_EXPIRED, Light.LOOK),
        ({"keys": (key("hub#1", -1),)}, What.KEY_EXPIRED, Light.ACT),
        ({"sources": [Source(institution="a", failing_since=NOW)]}, What.SOURCE_FAILS, Light.LOOK),
        ({"sources": [Source(institution="a", failing_since=NOW, suspended=True)]}, What.SOURCE_SUSPENDED, Light.LOOK),
        (
            {"mailboxes": [Mailbox(recipient="a", waiting=1, parked=0, oldest=NOW - 1.1 * DAY)]},
            What.MAILBOX_OLD,
            Light.LOOK,
        ),
        ({"mailboxes": [Mailbox(recipient="a", waiting=0, parked=1, oldest=None)]}, What.ITEMS_PARKED, Light.LOOK),
    ],
)
def test_each_thing_that_is_wrong_is_found_by_itself(wrong: dict[str, Any], what: What, light: Light) -> None:
    found = judged(**wrong)
    assert [(one.what, one.light) for one in found.findings] == [(what, light)]
    assert found.light is light


def test_an_institution_is_warned_of_the_key_that_counts_longest_and_of_no_revoked_one() -> None:
    keys = (
        key("a#1", -100),
        key("a#2", 10),
        key("a#3", 500, revoked=True),
        key("a#4", 20, use=KeyUse.SEAL),
        key("b#1", 5),
        key("b#2", 100),
    )
    assert [one.key_id for one in keys_of(keys)] == ["a#2", "a#4", "b#2"]
    assert {one.about for one in judged(keys=keys).findings} == {"a#2", "a#4"}


def test_what_must_be_done_stands_before_what_may_wait() -> None:
    found = judged(keys=(key("nsso#1", 1),), held=0, months=1)
    assert [one.light for one in found.findings] == [Light.ACT, Light.LOOK, Light.LOOK]

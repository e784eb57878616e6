"""Pages of a mailbox that a participant reads: one that can be read in two ways is refused."""

import msgspec
import pytest

from crossroads.kernel.errors import Malformed
from crossroads.participant.pages import page_of
from participants import said_twice

ITEM = {
    "number": 1,
    "previous": 0,
    "slot": 3,
    "ticket": "00000000-0000-0000-0000-000000000001",
    "addedAt": "2026-01-01T00:00:00Z",
    "notice": {"kind": "merged", "ssin": {"value": "40610100172"}, "happenedOn": "2026-01-01"},
}
BODY = msgspec.json.encode({"environment": "test", "items": [ITEM]})


def test_a_page_is_read() -> None:
    (item,) = page_of(BODY).items
    assert item.notice is not None
    assert item.notice.ssin.value == "40610100172"


@pytest.mark.parametrize(
    ("member", "other"), [("value", "99650112399"), ("slot", "7"), ("environment", "test"), ("kind", "other")]
)
def test_a_page_that_can_be_read_in_two_ways_is_refused(member: str, other: str) -> None:
    with pytest.raises(Malformed):
        page_of(said_twice(BODY, member, other))

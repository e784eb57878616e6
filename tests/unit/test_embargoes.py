"""Embargoes: what an entry of the catalogue may say, and from when until when it keeps lines back."""

from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest

from crossroads.catalogue.kinds import Kind
from crossroads.catalogue.model import Embargo
from crossroads.catalogue.snapshot import Facts, Snapshot
from crossroads.transparency.embargoes import notices, veils

ENTRY: dict[str, Any] = {"id": "case", "legalContext": "A:B", "names": {"en": "Because"}, "validFrom": "2026-03-01"}
ENTRY |= {"provenance": "illustrative", "source": "ours: invented for a test"}


def snapshot(*entries: dict[str, Any]) -> Snapshot:
    every = tuple((Kind.EMBARGO, msgspec.convert({**ENTRY, **entry}, Embargo)) for entry in entries)
    return Snapshot(Facts(1, 1, None, every, (), (), {}))


@pytest.mark.parametrize("end", [{}, {"days": 30, "until": "2027-01-01"}, {"days": 0}, {"days": 4000}])
def test_an_embargo_has_one_end_and_lasts_at_most_ten_years(end: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        snapshot(end)


def test_days_are_those_of_brussels_and_an_embargo_that_ended_still_counts() -> None:
    (ended,) = veils(snapshot({"days": 30, "validUntil": "2026-03-31"}))
    # Winter time at its start, summer time at its end.
    assert ended.since == datetime(2026, 2, 28, 23, tzinfo=UTC)
    assert ended.before == datetime(2026, 3, 31, 22, tzinfo=UTC)
    (fixed,) = veils(snapshot({"until": "2027-01-01"}))
    assert fixed.opens == datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert fixed.before.year > 8000


def test_everybody_is_told_of_those_in_force_and_of_no_other() -> None:
    catalogue = snapshot({"days": 30, "validUntil": "2026-03-31"}, {"id": "other", "until": "2027-01-01"})
    assert [one.days for one in notices(catalogue, date(2026, 3, 31))] == [30, None]
    assert [one.until for one in notices(catalogue, date(2026, 4, 1))] == [date(2027, 1, 1)]
    assert notices(catalogue, date(2026, 2, 1)) == ()


def test_what_lies_before_every_reach_needs_no_second_look() -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    running, fixed = veils(snapshot({"days": 30}, {"id": "other", "until": "2027-01-01", "validFrom": "2026-04-01"}))
    assert running.reaches(now) == datetime(2026, 5, 2, tzinfo=UTC)
    assert fixed.reaches(now) == fixed.since
    assert fixed.reaches(datetime(2027, 6, 1, tzinfo=UTC)) == datetime(2027, 6, 1, tzinfo=UTC)

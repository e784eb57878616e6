"""Embargoes of the catalogue: what they keep from being seen, and what everybody is told of them. Pure."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from crossroads.audit.seen_store import Veil
from crossroads.catalogue.kinds import Kind
from crossroads.catalogue.model import Embargo
from crossroads.catalogue.snapshot import Snapshot
from crossroads.kernel.clock import BRUSSELS
from crossroads.transparency.words import Names, words
from crossroads.wire.usage import EmbargoNotice

_LAST = date(9000, 1, 1)


def veils(snapshot: Snapshot) -> tuple[Veil, ...]:
    """Give every embargo, past ones too: what was done under one is seen no sooner because it ended."""
    return tuple(
        Veil(
            one.legal_context,
            _begin(one.valid_from),
            _begin(one.valid_until + timedelta(days=1) if one.valid_until else _LAST),
            one.days,
            _begin(one.until) if one.until else None,
        )
        for one in _embargoes(snapshot, None)
    )


def notices(snapshot: Snapshot, on: date) -> tuple[EmbargoNotice, ...]:
    """Give the embargoes in force on a day, as they are told to everybody."""
    names = Names(snapshot, on)
    return tuple(
        EmbargoNotice(
            legal_context=one.legal_context,
            purpose=names.purpose(one.legal_context),
            reason=words(one.names),
            days=one.days,
            until=one.until,
        )
        for one in _embargoes(snapshot, on)
    )


def _embargoes(snapshot: Snapshot, on: date | None) -> Iterator[Embargo]:
    return (one for one in snapshot.listed(Kind.EMBARGO, on) if isinstance(one, Embargo))


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), BRUSSELS)

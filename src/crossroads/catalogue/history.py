"""What the catalogue ever said of one entry, and when it came to say that the entry is not in force. Pure."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from crossroads.catalogue.kinds import AnyEntry

_DECISION = re.compile(r"Decision ([0-9a-f-]{36}) of the committee, by .*?: (.*)", re.DOTALL)


class Belief(NamedTuple):
    """A version of an entry, from which version of the catalogue on it was believed, and until which."""

    entry: AnyEntry
    version: int
    since: datetime
    replaced_by: int | None = None
    """None where it is believed now."""
    until: datetime | None = None
    reason: str = ""
    """Why it is believed no longer."""

    @property
    def decision(self) -> tuple[str, str] | None:
        """The number of the decision of the committee that ended it, and why; None where no decision did."""
        found = _DECISION.fullmatch(self.reason)
        return (found[1], found[2]) if found else None


class TakenOut(NamedTuple):
    """That an entry, which was to be in force on a day, is not."""

    belief: Belief
    """The last one by which it was in force."""
    again: date | None
    """The first day on which it is in force again."""


def believed_in(beliefs: Iterable[Belief], version: int) -> list[AnyEntry]:
    """Give what was believed in a version of the catalogue."""
    return [
        one.entry
        for one in beliefs
        if one.version <= version and (one.replaced_by is None or version < one.replaced_by)
    ]


def on_day(versions: Sequence[AnyEntry], day: date) -> AnyEntry | None:
    """Give the version in force on a day; without one the last that began before, or else the next that begins."""
    begun = sorted((one for one in versions if one.valid_from <= day), key=lambda one: one.valid_from)
    return begun[-1] if begun else min(versions, key=lambda one: one.valid_from, default=None)


def taken_out(beliefs: Sequence[Belief], day: date) -> TakenOut | None:
    """Give by what an entry is not in force on a day on which it was to be; None where that is not so."""
    standing = [one.entry for one in beliefs if one.until is None]
    if any(one.in_force(day) for one in standing):
        return None
    ended = [one for one in beliefs if one.until is not None and one.entry.in_force(day)]
    if not ended:
        return None
    later = (one.valid_from for one in standing if one.valid_from > day)
    return TakenOut(max(ended, key=lambda one: one.replaced_by or 0), min(later, default=None))

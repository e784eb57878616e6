"""What was done at the portal for a person in one go: many lines of the log that are one visit to who reads. Pure."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from crossroads.portal.citizen import OWN_ACCESS
from crossroads.wire.acting import ACTING, PARENTAL
from crossroads.wire.usage import Action, Outcome, Usage

AT_THE_PORTAL = ACTING | {OWN_ACCESS, PARENTAL}
"""The purposes for which the portal asks."""
APART = timedelta(minutes=30)
"""Between two lines of one visit there is no more."""
_LAST = (Action.USAGE_SHOWN, Action.HOLDERS_SHOWN, Action.BOX_SHOWN, Action.MANDATES_SHOWN, Action.PROOF_SHOWN)
"""What matters least to a person: that somebody looked at a list."""


class Line(NamedTuple):
    """A line of the log, and its place on the page."""

    number: int
    usage: Usage


class Visit(NamedTuple):
    """Some lines by one hand for one purpose, newest first; often one alone."""

    lines: list[Line]

    @property
    def newest(self) -> Usage:
        """Give the line that says for all who, why and for whom."""
        return self.lines[0].usage

    @property
    def began(self) -> datetime:
        """Give the moment of the first line."""
        return self.lines[-1].usage.at

    @property
    def actions(self) -> Sequence[tuple[Action, int]]:
        """Give what was done and how often, what matters most to a person first."""
        found = Counter(line.usage.action for line in self.lines)
        return sorted(found.items(), key=lambda one: (one[0] in _LAST, list(Action).index(one[0])))


class Listed(NamedTuple):
    """The lines of a page: what institutions did, then what was done at this portal for the person."""

    others: Sequence[Visit]
    visits: Sequence[Visit]


def listed(usages: Sequence[Usage], portal: str) -> Listed:
    """Part the lines of a page, by the institution that the portal is. Each list stays newest first."""
    own: list[Line] = []
    others: list[Visit] = []
    for number, one in enumerate(usages):
        line = Line(number, one)
        if _is_own(one, portal):
            own.append(line)
        else:
            others.append(Visit([line]))
    return Listed(others, _visits(own))


def _is_own(one: Usage, portal: str) -> bool:
    """Tell whether the portal did it for the person: anybody can name a purpose that only the portal has."""
    return one.institution == portal and one.legal_context in AT_THE_PORTAL


def _visits(lines: Sequence[Line]) -> list[Visit]:
    """Put lines together whose next one by the same hand is not far. A visit stands where its newest line does.

    What was refused stands alone, so that nobody has to look for it among what was given.
    """
    found: list[Visit] = []
    open_ones: dict[Any, Visit] = {}
    for line in lines:
        if line.usage.outcome is Outcome.REFUSED:
            found.append(Visit([line]))
            continue
        hand = _hand(line.usage)
        visit = open_ones.get(hand)
        if visit is None or visit.began - line.usage.at > APART:
            visit = open_ones[hand] = Visit([])
            found.append(visit)
        visit.lines.append(line)
    return found


def _hand(one: Usage) -> tuple[Any, ...]:
    return one.legal_context, one.acted

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
    def granted(self) -> Usage:
        """Give the newest line of what was not refused, where there is one."""
        granted = (line.usage for line in self.lines if line.usage.outcome is not Outcome.REFUSED)
        return next(granted, self.newest)

    @property
    def refused(self) -> bool:
        """Tell whether something in it was refused."""
        return any(line.usage.outcome is Outcome.REFUSED for line in self.lines)

    @property
    def actions(self) -> Sequence[tuple[Action, int]]:
        """Give what was done and how often, what matters most to a person first."""
        found = Counter(line.usage.action for line in self.lines)
        return sorted(found.items(), key=lambda one: (one[0] in _LAST, list(Action).index(one[0])))


class Listed(NamedTuple):
    """The lines of a page: what institutions did, then what was done at the portal for the person."""

    others: Sequence[Visit]
    visits: Sequence[Visit]


def listed(usages: Sequence[Usage]) -> Listed:
    """Part the lines of a page. Each list stays newest first."""
    lines = [Line(number, one) for number, one in enumerate(usages)]
    own = [line for line in lines if line.usage.legal_context in AT_THE_PORTAL]
    return Listed([Visit([line]) for line in lines if line not in own], _visits(own))


def _visits(lines: Sequence[Line]) -> list[Visit]:
    """Put lines together whose next one by the same hand is not far. A visit stands where its newest line does."""
    found: list[Visit] = []
    open_ones: dict[Any, Visit] = {}
    for line in lines:
        hand = _hand(line.usage)
        visit = open_ones.get(hand)
        if visit is None or visit.began - line.usage.at > APART:
            visit = open_ones[hand] = Visit([])
            found.append(visit)
        visit.lines.append(line)
    return found


def _hand(one: Usage) -> tuple[Any, ...]:
    return one.institution, one.legal_context, one.acted

"""Who must be told of a change, and why others not. A pure function of change, catalogue and directory.

Recipients are derived, never listed: an institution is told when it has the person inscribed on days of the change, in
a context of a subscription in force, whose authorisation is in force in mode push and names that context. Lines of
different authorisations are never added up.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from itertools import groupby
from typing import NamedTuple

from crossroads.access.model import _MADE_BY_ACCESS
from crossroads.access.rules import PROVISIONAL, SSIN_REPLACED, look_back
from crossroads.catalogue.kinds import Kind
from crossroads.catalogue.model import Authorisation, Institution, Mode, Subscription
from crossroads.catalogue.snapshot import Snapshot
from crossroads.directory.model import Line
from crossroads.kernel.codes import Code
from crossroads.kernel.period import Period, covered


class Changed(NamedTuple):
    """What changed: a data group, for these days, at its source."""

    source: str
    data_group: str
    period: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class PushPermit:
    """That one institution may be told of a change. Only access makes it."""

    institution: str
    mailbox: str
    """Where it is told: in its own, or in that of the institution that manages it."""
    period: Period
    """From the first to the last day of the change that it may know."""
    whole: bool
    """Whether it may know every day of the change: only then may content go along."""
    legal_context: str
    authorisation: str
    lines: tuple[int, ...]
    """The inscriptions that the decision rests on."""
    catalogue_version: int
    made_by: object = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse a permit that access did not make."""
        if self.made_by is not _MADE_BY_ACCESS:
            raise TypeError("Only access makes permits.")


class _Way(NamedTuple):
    """A subscription with its authorisation, for one institution."""

    authorisation: Authorisation
    contexts: frozenset[str]
    legal_context: str
    mailbox: str | None
    first_day: date


class _Ways(NamedTuple):
    subscribed: bool
    ways: tuple[_Way, ...]


class Pushing:
    """The rule under one catalogue, on one day. Keeps what it found out of each institution and data group."""

    def __init__(self, snapshot: Snapshot, on: date) -> None:
        """Judge by what is in force on the day."""
        self.snapshot, self.on = snapshot, on
        self._ways: dict[tuple[str, str], _Ways] = {}
        self._subscriptions = [s for s in snapshot.listed(Kind.SUBSCRIPTION, on) if isinstance(s, Subscription)]
        authorisations = [a for a in snapshot.listed(Kind.AUTHORISATION, on) if isinstance(a, Authorisation)]
        self._authorisations = {a.reference: a for a in authorisations}

    def permits(self, changed: Changed, lines: Iterable[Line]) -> list[PushPermit]:
        """Give a permit for each institution that must be told, given all lines of the person."""
        ordered = sorted(lines, key=_institution)
        decided = (self.decide(changed, name, list(own)) for name, own in groupby(ordered, key=_institution))
        return [permit for permit in decided if isinstance(permit, PushPermit)]

    def decide(self, changed: Changed, institution: str, own: Sequence[Line]) -> PushPermit | Code:
        """Give the permit of an institution that has these lines of the person, or why it is not told."""
        held = [line for line in own if line.phase != SSIN_REPLACED]
        if institution == changed.source:
            return Code.NOT_TOLD_SOURCE
        if not held:
            return Code.DETAIL_NOT_INSCRIBED
        if not any(line.period.overlaps(changed.period) for line in held):
            return Code.NOT_TOLD_PERIOD
        found = self._found(institution, changed.data_group)
        if not found.subscribed:
            return Code.NOT_SUBSCRIBED
        if not found.ways:
            return Code.NOT_AUTHORISED
        decided = [self._by_way(way, changed, institution, held) for way in found.ways]
        permits = [permit for permit in decided if isinstance(permit, PushPermit)]
        return next((permit for permit in permits if permit.whole), permits[0] if permits else decided[0])

    def _by_way(self, way: _Way, changed: Changed, institution: str, held: Sequence[Line]) -> PushPermit | Code:
        lines = [line for line in held if self._counts(line, way, changed.data_group)]
        if not lines:
            return Code.DETAIL_NOT_INSCRIBED
        days = [part for line in lines if (part := line.period.intersection(changed.period))]
        if not days:
            return Code.NOT_TOLD_PERIOD
        allowed = Period(way.first_day)
        known = [part for part in (one.intersection(allowed) for one in days) if part]
        if not known:
            return Code.DETAIL_LOOK_BACK
        if way.mailbox is None:
            return Code.NOT_MANAGED
        return PushPermit(
            institution=institution,
            mailbox=way.mailbox,
            period=reduce(Period.hull, known),
            whole=covered(changed.period, known),
            legal_context=way.legal_context,
            authorisation=way.authorisation.reference,
            lines=tuple(line.inscription for line in lines),
            catalogue_version=self.snapshot.version,
            made_by=_MADE_BY_ACCESS,
        )

    def _counts(self, line: Line, way: _Way, group: str) -> bool:
        if line.context not in way.contexts:
            return False
        if line.phase != PROVISIONAL:
            return True
        context = self.snapshot.context(line.context, self.on)
        return context is not None and group in context.provisional_groups

    def _found(self, institution: str, group: str) -> _Ways:
        key = institution, group
        if key not in self._ways:
            known = self.snapshot.institution(institution, self.on)
            self._ways[key] = self._find(known, group) if known else _Ways(subscribed=False, ways=())
        return self._ways[key]

    def _find(self, institution: Institution, group: str) -> _Ways:
        subscriptions = [s for s in self._subscriptions if group in s.data_groups and s.party.includes(institution)]
        ways = (self._way(subscription, institution, group) for subscription in subscriptions)
        return _Ways(bool(subscriptions), tuple(way for way in ways if way))

    def _way(self, subscription: Subscription, institution: Institution, group: str) -> _Way | None:
        authorisation = self._authorisations.get(subscription.authorisation)
        if authorisation is None or group not in authorisation.data_groups or Mode.PUSH not in authorisation.modes:
            return None
        if not any(party.includes(institution) for party in authorisation.parties):
            return None
        # An authorisation that needs no inscription still tells only those who inscribed the person as they subscribed.
        named = set(authorisation.inscription_contexts or subscription.inscription_contexts)
        purposes = [name for name in authorisation.legal_contexts if self._assigned(name, institution)]
        if not purposes:
            return None
        reached = [(name, institution.manager(name, self.on)) for name in purposes]
        legal_context, mailbox = next((way for way in reached if way[1]), reached[0])
        return _Way(
            authorisation,
            frozenset(named & set(subscription.inscription_contexts)),
            legal_context,
            mailbox,
            look_back(authorisation, self.on),
        )

    def _assigned(self, legal_context: str, institution: Institution) -> bool:
        found = self.snapshot.legal_context(legal_context, self.on)
        return found is not None and found.assigned(institution)


def _institution(line: Line) -> str:
    return line.institution

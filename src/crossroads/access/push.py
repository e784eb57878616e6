"""Who must be told of a change, and why others not. A pure function of change, catalogue and directory.

Recipients are derived, never listed: an institution is told when it has the person inscribed on days of the change, in
a context of a subscription in force, whose authorisation is in force in mode push and names that context. Lines of
different authorisations are never added up. Who was given a wrong value is told of the correction without subscription,
where an authorisation of whatever mode still lets it have the data. What the hub itself changes about who a person is,
every holder is told, for it is about the identification that the holder has already.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, auto
from functools import reduce
from itertools import groupby
from typing import NamedTuple

from crossroads.access.model import _MADE_BY_ACCESS
from crossroads.access.rules import PROVISIONAL, SSIN_REPLACED, look_back, pushed
from crossroads.catalogue.institutions import Institution
from crossroads.catalogue.kinds import Kind
from crossroads.catalogue.model import Authorisation, Mode, Subscription
from crossroads.catalogue.snapshot import Snapshot
from crossroads.directory.model import Line
from crossroads.kernel.codes import Code
from crossroads.kernel.period import Period, covered


class Reach(Enum):
    """Among whom those are who are told."""

    SUBSCRIBED = auto()
    GIVEN = auto()
    """Those who subscribed, and those who were given what turned out to be wrong."""
    HOLDERS = auto()
    """Every institution that has the person inscribed, on whatever days."""
    ADDRESSEE = auto()
    """One institution, about its own inscription or report."""


class Changed(NamedTuple):
    """What changed: a data group, for these days, at its source; of what the hub itself changes, no data group."""

    source: str
    data_group: str
    period: Period
    reach: Reach = Reach.SUBSCRIBED
    addressee: str | None = None


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
    """With the authorisation, empty where no data is told of, but who the person is."""
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
    contexts: frozenset[str] | None
    """Of the inscriptions that count; None where none is needed."""
    legal_context: str
    mailbox: str | None
    allowed: Period
    """The days as far back as the authorisation looks."""


class _Ways(NamedTuple):
    subscribed: bool
    ways: tuple[_Way, ...]


class Pushing:
    """The rule under one catalogue, on one day. Keeps what it found out of each institution and data group."""

    def __init__(self, snapshot: Snapshot, on: date) -> None:
        """Judge by what is in force on the day."""
        self.snapshot, self.on = snapshot, on
        self._ways: dict[tuple[str, str], _Ways] = {}
        self._given: dict[tuple[str, str], _Ways] = {}
        self._subscriptions = [s for s in snapshot.listed(Kind.SUBSCRIPTION, on) if isinstance(s, Subscription)]
        authorisations = [a for a in snapshot.listed(Kind.AUTHORISATION, on) if isinstance(a, Authorisation)]
        self._authorisations = {a.reference: a for a in authorisations}

    def permits(self, changed: Changed, lines: Iterable[Line]) -> list[PushPermit]:
        """Give a permit for each institution that must be told, given all lines of the person.

        Of those who were given what was wrong, only the ones that subscribed: for the others, ask `decide`.
        """
        if changed.reach is Reach.GIVEN:
            changed = changed._replace(reach=Reach.SUBSCRIBED)
        ordered = sorted(lines, key=_institution)
        if changed.addressee is not None:
            ordered = [line for line in ordered if line.institution == changed.addressee]
            alone = self.decide(changed, changed.addressee, ordered)
            return [alone] if isinstance(alone, PushPermit) else []
        decided = (self.decide(changed, name, list(own)) for name, own in groupby(ordered, key=_institution))
        return [permit for permit in decided if isinstance(permit, PushPermit)]

    def decide(self, changed: Changed, institution: str, own: Sequence[Line]) -> PushPermit | Code:
        """Give the permit of an institution that has these lines of the person, or why it is not told."""
        held = [line for line in own if line.phase != SSIN_REPLACED]
        if changed.reach in (Reach.HOLDERS, Reach.ADDRESSEE):
            return self._of_identity(changed, institution, held)
        if institution == changed.source:
            return Code.NOT_TOLD_SOURCE
        decided = self._of_data(changed, institution, held, self._found(institution, changed.data_group))
        if isinstance(decided, PushPermit) or changed.reach is not Reach.GIVEN:
            return decided
        given = self._still_given(institution, changed.data_group)
        return self._of_data(changed, institution, held, given)

    def _of_data(self, changed: Changed, institution: str, held: Sequence[Line], found: _Ways) -> PushPermit | Code:
        if free := next((way for way in found.ways if way.contexts is None), None):
            return self._by_way(free, changed, institution, held)
        if not held:
            return Code.DETAIL_NOT_INSCRIBED
        if not any(line.period.overlaps(changed.period) for line in held):
            return Code.NOT_TOLD_PERIOD
        if not found.subscribed:
            return Code.NOT_SUBSCRIBED
        if not found.ways:
            return Code.NOT_AUTHORISED
        decided = [self._by_way(way, changed, institution, held) for way in found.ways]
        permits = [permit for permit in decided if isinstance(permit, PushPermit)]
        return next((permit for permit in permits if permit.whole), permits[0] if permits else decided[0])

    def _of_identity(self, changed: Changed, institution: str, held: Sequence[Line]) -> PushPermit | Code:
        if changed.reach is Reach.ADDRESSEE and institution != changed.addressee:
            return Code.DETAIL_NOT_INSCRIBED
        if changed.reach is Reach.HOLDERS and not held:
            return Code.DETAIL_NOT_INSCRIBED
        mailbox = self.mailbox(institution)
        if mailbox is None:
            return Code.NOT_MANAGED
        return PushPermit(
            institution=institution,
            mailbox=mailbox,
            period=changed.period,
            whole=False,
            legal_context="",
            authorisation="",
            lines=tuple(line.inscription for line in held),
            catalogue_version=self.snapshot.version,
            made_by=_MADE_BY_ACCESS,
        )

    def mailbox(self, institution: str) -> str | None:
        """Give where an institution is told what bears on no purpose: who manages it in all, before who does in one."""
        found = self.snapshot.institution(institution, self.on)
        if found is None:
            return None
        purposes = ["", *(name for one in found.managed_by for name in one.legal_contexts or ())]
        return next((where for name in purposes if (where := found.manager(name, self.on))), None)

    def _by_way(self, way: _Way, changed: Changed, institution: str, held: Sequence[Line]) -> PushPermit | Code:
        lines = [line for line in held if self._counts(line, way, changed.data_group)]
        if not lines and way.contexts is not None:
            return Code.DETAIL_NOT_INSCRIBED
        days = [part for line in lines if (part := line.period.intersection(changed.period))]
        if way.contexts is None:
            days = [changed.period]
        if not days:
            return Code.NOT_TOLD_PERIOD
        known = [part for part in (way.allowed.intersection(one) for one in days) if part]
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
        if way.contexts is None or line.context not in way.contexts:
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

    def _still_given(self, institution: str, group: str) -> _Ways:
        key = institution, group
        if key not in self._given:
            known = self.snapshot.institution(institution, self.on)
            naming = [a for a in self._authorisations.values() if group in a.data_groups] if known else []
            ways = (self._allowed(a, known, frozenset(a.inscription_contexts) or None) for a in naming if known)
            self._given[key] = _Ways(subscribed=True, ways=tuple(way for way in ways if way))
        return self._given[key]

    def _way(self, subscription: Subscription, institution: Institution, group: str) -> _Way | None:
        authorisation = self._authorisations.get(subscription.authorisation)
        if authorisation is None or group not in authorisation.data_groups or Mode.PUSH not in authorisation.modes:
            return None
        return self._allowed(authorisation, institution, frozenset(pushed(authorisation, subscription)))

    def _allowed(
        self, authorisation: Authorisation, institution: Institution, contexts: frozenset[str] | None
    ) -> _Way | None:
        if not any(party.includes(institution) for party in authorisation.parties):
            return None
        purposes = [name for name in authorisation.legal_contexts if self._assigned(name, institution)]
        if not purposes:
            return None
        reached = [(name, institution.manager(name, self.on)) for name in purposes]
        legal_context, mailbox = next((way for way in reached if way[1]), reached[0])
        return _Way(
            authorisation,
            contexts,
            legal_context,
            mailbox,
            Period(look_back(authorisation, self.on)),
        )

    def _assigned(self, legal_context: str, institution: Institution) -> bool:
        found = self.snapshot.legal_context(legal_context, self.on)
        return found is not None and found.assigned(institution)


def _institution(line: Line) -> str:
    return line.institution

"""Patterns in the log for a supervisor to look at, each with the rule that flagged it. Nobody is accused by one.

Neighbours are not looked for: the hub holds no addresses of people with a national number. Names it holds of the BIS
register alone, so namesakes are found among those.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from crossroads.access.sight import USAGE
from crossroads.audit.errors import SearchTooWide
from crossroads.audit.events import Event
from crossroads.audit.patterns import Pattern, patterns
from crossroads.audit.reading import Reading
from crossroads.audit.search_store import SearchStore
from crossroads.audit.suspicion_store import Odd, SuspicionStore, Within
from crossroads.catalogue.kinds import Kind
from crossroads.catalogue.model import Authorisation
from crossroads.catalogue.snapshot import Snapshot
from crossroads.identity.namesakes_store import namesakes
from crossroads.kernel.errors import Fault, Malformed
from crossroads.kernel.guards import Signed
from crossroads.kernel.period import Period
from crossroads.transparency.overseeing import Overseeing
from crossroads.transparency.parameters import OF_RULE, in_force
from crossroads.transparency.supervision import moments
from crossroads.transparency.watching import Watching
from crossroads.wire.acting import ACTING, PARENTAL
from crossroads.wire.supervision import (
    FlaggedPattern,
    Parameter,
    ParameterVersion,
    PatternList,
    PatternQuery,
    Rule,
    UnreadRule,
)

MOST = 100
"""Patterns that one rule gives of one day."""
ENOUGH = 200
"""Patterns after which the days that follow are left for another look."""
PATIENCE_SECONDS = 8
"""For all rules and days of one look: who asked waits not much longer."""
_MOST_AGENTS = 1_000
_INVALID = "urn:problem-type:belgif:input-validation:invalidInput"

Numbers = Mapping[Parameter, int]
Find = Callable[[Within, Numbers, date], Awaitable[list[Odd]]]


class _Day(NamedTuple):
    """What the rules flagged on a day, whether one flagged more, and which were not read in time."""

    day: date
    flagged: list[FlaggedPattern]
    cut: bool
    unread: list[Rule]


class Suspicions:
    """Flags patterns, day by day, by the numbers that were in force on each."""

    def __init__(
        self, overseeing: Overseeing, store: SuspicionStore, searching: SearchStore, watching: Watching
    ) -> None:
        """Judge and log by `overseeing`; who is watched and which numbers hold, `watching` knows."""
        self._overseeing, self._store, self._searching, self._watching = overseeing, store, searching, watching
        self._rules: Mapping[Rule, Find] = {
            Rule.MANY_PERSONS: self._many_persons,
            Rule.OUTSIDE_HOURS: self._outside_hours,
            Rule.NAMESAKES: self._namesakes,
            Rule.WATCHED: self._watched,
            Rule.SOON_ENDED: self._soon_ended,
            Rule.OWN_PEOPLE: self._own_people,
            Rule.OWN_SESSIONS: self._own_sessions,
        }

    async def flagged(self, query: PatternQuery, signed: Signed) -> PatternList:
        """Give what the rules flag in some days. Raises Malformed, Refused, SearchTooWide, Unavailable."""
        looking = self._overseeing.looking
        today = looking.surroundings.today
        looking.surroundings.check_begun(query.period.start_date, "$.period.startDate")
        days = _days(query.period, today)
        sight = await self._overseeing.permitted(query, "patterns", signed)
        said = {"what": "patterns", "institution": query.institution, "period": [str(days[0]), str(days[-1])]}
        await self._overseeing.logged(Event.LOG_SEARCHED, query, sight, said, signed)
        read, further = await self._read(days, query.institution)
        first, until = moments(Period(days[0], further or days[-1]), looking.surroundings.clock.now())
        return PatternList(
            environment=looking.surroundings.environment,
            patterns=tuple(one for day in read for one in day.flagged),
            cut=any(day.cut for day in read),
            unread=tuple(UnreadRule(rule=rule, day=day.day) for day in read for rule in day.unread),
            next=further,
            archived=tuple(await self._searching.archived(first, until)),
            checkpoint=looking.log.checkpoint,
        )

    async def _read(self, days: Sequence[date], institution: str | None) -> tuple[list[_Day], date | None]:
        """Read day after day while there is time: what is flagged on each, and where to go on.

        Of the first day every rule is tried, and those are told that could not be read in time, beside
        what the others flag. A later day is read whole, or left for another look, of which it is the first.
        Raises SearchTooWide where not even the days are found.
        """
        until = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        try:
            async with asyncio.timeout_at(until):
                versions, days = await self._watching.versions(), await self._store.days(days)
        except TimeoutError:
            raise SearchTooWide from None
        read: list[_Day] = []
        while len(read) < len(days) and sum(len(day.flagged) for day in read) < ENOUGH:
            day = await self._of_day(days[len(read)], institution, versions, until, whole=bool(read))
            if day is None:
                break
            read.append(day)
        return read, days[len(read)] if len(read) < len(days) else None

    async def _of_day(
        self, day: date, institution: str | None, versions: Sequence[ParameterVersion], until: float, *, whole: bool
    ) -> _Day | None:
        """Give what the rules flag on a day; None where it must be read `whole` and one rule could not be."""
        looking = self._overseeing.looking
        since, last = moments(Period(day, day), looking.surroundings.clock.now())
        askers, purposes = _asked_oneself(looking.catalogue.current, day)
        within, numbers = Within(since, last, institution, askers, purposes, MOST + 1), in_force(versions, day)
        flagged: list[FlaggedPattern] = []
        cut, unread = False, list[Rule]()
        for rule, find in self._rules.items():
            try:
                async with asyncio.timeout(_share(until)):
                    odd = await find(within, numbers, day)
            except (TimeoutError, SearchTooWide):
                if whole:
                    return None
                unread.append(rule)
                continue
            flagged += _flagged(rule, odd[:MOST], numbers)
            cut = cut or len(odd) > MOST
        return _Day(day, flagged, cut, unread)

    async def _many_persons(self, within: Within, numbers: Numbers, _: date) -> list[Odd]:
        return await self._store.many_persons(within, numbers[Parameter.MANY_PERSONS])

    async def _outside_hours(self, within: Within, numbers: Numbers, _: date) -> list[Odd]:
        hours = numbers[Parameter.HOURS_BEGIN], numbers[Parameter.HOURS_END]
        return await self._store.outside_hours(within, hours, numbers[Parameter.OUTSIDE_HOURS])

    async def _watched(self, within: Within, _: Numbers, day: date) -> list[Odd]:
        persons = await self._watching.persons_on(day)
        return await self._store.about(within, persons) if persons else []

    async def _namesakes(self, within: Within, numbers: Numbers, _: date) -> list[Odd]:
        least = numbers[Parameter.NAMESAKES]
        asked = await self._store.persons_by_agent(within._replace(limit=_MOST_AGENTS), least)
        named = await namesakes(self._overseeing.looking.pool, [one.persons for one in asked], least)
        found = []
        for number, persons in named[: within.limit]:
            one = asked[number]
            tickets = await self._store.tickets(one, persons, within.until)
            found.append(Odd(one.institution, one.agent, one.since, one.until, len(persons), len(tickets), tickets))
        return found

    async def _soon_ended(self, within: Within, numbers: Numbers, _: date) -> list[Odd]:
        reading, found = Reading(self._overseeing.looking.pool), []
        async for one in patterns(reading, numbers[Parameter.SOON_ENDED], within.since, within.until):
            if within.institution in (None, one.institution):
                found.append(_ended(one))
            if len(found) == within.limit:
                break
        return found

    async def _own_people(self, within: Within, numbers: Numbers, _: date) -> list[Odd]:
        return await self._store.own_people(within, numbers[Parameter.OWN_MINUTE], numbers[Parameter.OWN_HOUR])

    async def _own_sessions(self, within: Within, numbers: Numbers, _: date) -> list[Odd]:
        return await self._store.own_sessions(within, numbers[Parameter.OWN_SESSIONS])


def _share(until: float) -> float:
    """Give half of the seconds that are left: a rule that takes too long leaves as much to those after it."""
    return max(until - asyncio.get_running_loop().time(), 0) / 2


def _days(period: Period, today: date) -> list[date]:
    """Give the days that are looked at. Raises Malformed for days that are not there yet."""
    last = period.end_date
    if last is None or last > today:
        raise Malformed(Fault("$.period.endDate", _INVALID, "The last day is today or before."))
    return [period.start_date + timedelta(days=number) for number in range((last - period.start_date).days + 1)]


def _asked_oneself(snapshot: Snapshot, on: date) -> tuple[list[str], list[str]]:
    """Give, pair by pair, who asks for people what is kept about themselves or those for whom they act, and why.

    That is whom the catalogue lets show people what was done about them, with the purposes that are theirs on that day.
    """
    every = [one for one in snapshot.listed(Kind.AUTHORISATION, on) if isinstance(one, Authorisation)]
    granted = [one for one in every if USAGE in one.data_groups]
    parties = [party for one in granted for party in one.parties]
    portals = [one for one in snapshot.institutions(on) if any(party.includes(one) for party in parties)]
    named = {purpose for one in granted for purpose in one.legal_contexts} | ACTING | {PARENTAL}
    purposes = [found for one in sorted(named) if (found := snapshot.legal_context(one, on))]
    pairs = [(portal.id, one.id) for portal in portals for one in purposes if one.assigned(portal)]
    return [asker for asker, _ in pairs], [purpose for _, purpose in pairs]


def _ended(one: Pattern) -> Odd:
    until = one.closed_at or one.opened_at
    tickets = (one.opened, *one.tickets, *((one.closed,) if one.closed else ()))
    return Odd(one.institution, None, one.opened_at, until, 1, one.questions, tickets, one.person)


def _flagged(rule: Rule, odd: Iterable[Odd], numbers: Numbers) -> list[FlaggedPattern]:
    by = {parameter: numbers[parameter] for parameter in OF_RULE[rule]}
    return [
        FlaggedPattern(
            rule=rule,
            by=by,
            institution=one.institution,
            agent=one.agent,
            since=one.since,
            until=one.until,
            persons=one.persons,
            questions=one.questions,
            person=one.person,
            sessions=one.sessions,
            tickets=one.tickets,
        )
        for one in odd
    ]

"""What supervisors set: the numbers by which patterns are flagged, and whom they have watched."""

from datetime import date, datetime, time, timedelta
from typing import Any

from uuid6 import uuid7

from crossroads.audit.events import Event
from crossroads.identity.closure import closure_of
from crossroads.identity.database import outages, rows
from crossroads.kernel.clock import BRUSSELS
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Fault, Malformed, Refused
from crossroads.kernel.guards import Signed
from crossroads.kernel.sentences import Sentence
from crossroads.transparency.overseeing import Overseeing
from crossroads.transparency.parameters import RANGES, marked
from crossroads.transparency.store import queries
from crossroads.wire.supervision import (
    MAXIMUM_WATCHED_DAYS,
    Parameter,
    ParameterList,
    ParameterSetting,
    ParametersQuery,
    ParameterVersion,
    Watched,
    WatchedList,
    WatchedQuery,
    WatchEnding,
    WatchSetting,
)

_INVALID = "urn:problem-type:belgif:input-validation:invalidInput"
_MOST_WATCHED = 500
_KEPT = timedelta(days=366)


class Watching:
    """Keeps what supervisors set."""

    def __init__(self, overseeing: Overseeing) -> None:
        """Judge and log by `overseeing`, and use its connections."""
        self._overseeing, self._looking = overseeing, overseeing.looking

    async def set_parameter(self, setting: ParameterSetting, signed: Signed) -> ParameterList:
        """Set a number from a day on, which is not over. Raises Malformed, Refused, Unavailable."""
        sight = await self._overseeing.permitted(setting, "parameters", signed)
        allowed, today = RANGES[setting.parameter], self._looking.surroundings.today
        if setting.value not in allowed:
            raise Malformed(
                Fault(
                    "$.value",
                    _INVALID,
                    Sentence("It lies between %(least)s and %(most)s.", least=allowed[0], most=allowed[-1]),
                )
            )
        if setting.valid_from < today:
            raise Malformed(Fault("$.validFrom", _INVALID, "What was flagged stays as it is: name today or later."))
        said = {"parameter": setting.parameter, "value": setting.value, "validFrom": setting.valid_from.isoformat()}
        ticket = await self._overseeing.logged(Event.PARAMETER_SET, setting, sight, said, signed)
        with outages():
            await queries.set_parameter(
                self._looking.pool,
                parameter=setting.parameter.value,
                valid_from=setting.valid_from,
                recorded_at=self._looking.surroundings.clock.now(),
                value=setting.value,
                reason=setting.reason,
                agent=setting.agent,
                name=setting.name,
                ticket=ticket,
            )
        return await self._parameters()

    async def parameters(self, query: ParametersQuery, signed: Signed) -> ParameterList:
        """Give every version of every number, once it is logged that it was asked. Raises Refused, Unavailable."""
        sight = await self._overseeing.permitted(query, "parameters", signed)
        await self._overseeing.logged(Event.LOG_SEARCHED, query, sight, {"what": "parameters"}, signed)
        return await self._parameters()

    async def versions(self) -> list[ParameterVersion]:
        """Give every version of every number. Raises Unavailable."""
        with outages():
            return [_version(row) for row in await rows(queries.parameters(self._looking.pool))]

    async def watch(self, setting: WatchSetting, signed: Signed) -> WatchedList:
        """Have questions about a person flagged. Raises Malformed, Refused for a number that nobody has."""
        surroundings = self._looking.surroundings
        number = surroundings.ssin_at(setting.ssin, "$.ssin")
        _check_days(setting, surroundings.today)
        sight = await self._overseeing.permitted(setting, "watched", signed)
        with outages():
            async with self._looking.pool.acquire() as connection:
                closure = await closure_of(connection, number)
        if closure is None:
            raise Refused(code=Code.SSIN_DOES_NOT_EXIST)
        said = {"firstDay": setting.first_day.isoformat(), "lastDay": setting.last_day.isoformat()}
        watch = uuid7()
        await self._overseeing.logged(Event.WATCH_SET, setting, sight, said, signed, ticket=watch, person=closure.asked)
        with outages():
            await queries.forget_watches(self._looking.pool, before=surroundings.today - _KEPT)
            await queries.add_watch(
                self._looking.pool,
                watch=watch,
                person=closure.asked,
                reason=setting.reason,
                first_day=setting.first_day,
                last_day=setting.last_day,
                agent=setting.agent,
                name=setting.name,
                recorded_at=surroundings.clock.now(),
            )
        return await self._watched()

    async def end(self, ending: WatchEnding, signed: Signed) -> WatchedList:
        """End a watch. Raises Refused where there is none that lasts, Unavailable."""
        sight = await self._overseeing.permitted(ending, "watched", signed)
        by = {"ended_at": self._looking.surroundings.clock.now(), "agent": ending.agent, "name": ending.name}
        with outages():
            async with self._looking.pool.acquire() as connection, connection.transaction():
                person = await queries.end_watch(connection, watch=ending.watch, **by)
                if person is None:
                    raise Refused(code=Code.WATCH_OVER)
                said = {"watch": str(ending.watch)}
                await self._overseeing.logged(Event.WATCH_ENDED, ending, sight, said, signed, person=person)
        return await self._watched()

    async def watched(self, query: WatchedQuery, signed: Signed) -> WatchedList:
        """Give who is watched, once it is logged that it was asked. Raises Refused, Unavailable."""
        sight = await self._overseeing.permitted(query, "watched", signed)
        await self._overseeing.logged(Event.WATCHES_SHOWN, query, sight, {}, signed)
        return await self._watched()

    async def persons_on(self, day: date) -> list[int]:
        """Give whom somebody has watched on a day. Raises Unavailable."""
        begins = datetime.combine(day, time(), BRUSSELS)
        with outages():
            found = await rows(queries.watched_on(self._looking.pool, day=day, begins=begins))
        return sorted({row["person"] for row in found})

    async def _parameters(self) -> ParameterList:
        surroundings = self._looking.surroundings
        items = marked(await self.versions(), surroundings.today)
        return ParameterList(environment=surroundings.environment, items=tuple(items))

    async def _watched(self) -> WatchedList:
        with outages():
            found = await rows(queries.watched(self._looking.pool, limit=_MOST_WATCHED))
        environment = self._looking.surroundings.environment
        return WatchedList(environment=environment, items=tuple(Watched(**dict(row)) for row in found))


def _check_days(setting: WatchSetting, today: date) -> None:
    if setting.first_day < today:
        raise Malformed(Fault("$.firstDay", _INVALID, "It begins today or later."))
    if not 0 <= (setting.last_day - setting.first_day).days < MAXIMUM_WATCHED_DAYS:
        raise Malformed(
            Fault("$.lastDay", _INVALID, Sentence("It lasts at most %(days)s days.", days=MAXIMUM_WATCHED_DAYS))
        )


def _version(row: Any) -> ParameterVersion:
    return ParameterVersion(**dict(row) | {"parameter": Parameter(row["parameter"])})

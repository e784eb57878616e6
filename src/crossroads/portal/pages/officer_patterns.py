"""Pages of the security officer: patterns in the log, by what they are flagged, and who is watched."""

from datetime import timedelta
from uuid import UUID

import msgspec
from litestar import Response
from litestar.exceptions import NotFoundException
from litestar.params import FromQuery
from msgspec.structs import replace

from crossroads.kernel.clock import brussels_day
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import InvalidSsin, Refused
from crossroads.kernel.period import Period
from crossroads.kernel.ssin import parse_ssin
from crossroads.participant.replies import Unacceptable
from crossroads.portal.office import OFFICER
from crossroads.portal.pages.citizen import Public
from crossroads.portal.pages.officer import Held, keep, register_of
from crossroads.portal.searched import read_reason
from crossroads.web.access import form, page
from crossroads.web.view import Looking, View
from crossroads.wire.supervision import (
    MAXIMUM_SEARCHED_DAYS,
    MAXIMUM_WATCHED_DAYS,
    FlaggedPattern,
    Parameter,
    ParameterSetting,
    ParametersQuery,
    PatternQuery,
    WatchedQuery,
    WatchEnding,
    WatchSetting,
)

_WEEK, _DAY = timedelta(days=6), timedelta(days=1)


class Days(msgspec.Struct, frozen=True, kw_only=True):
    """Some days in which patterns are looked for."""

    period: Period
    institution: str | None
    reason: str


@page("/officer/patterns", OFFICER)
async def patterns(view: Looking, public: Public) -> Response[str]:
    """Ask in which days patterns are looked for, and why."""
    return _patterns_asked(view, public)


@form("/officer/patterns", OFFICER)
async def find_patterns(view: Looking, public: Public) -> Response[str]:
    """Keep the days, and lead to what is flagged."""
    today = brussels_day(public.clock.now())
    reason, last = read_reason(view), view.day("last") or today
    first = view.day("first") or last - _WEEK
    if last > today:
        view.form.fault("last", view.words.text("The last day is today or before"))
    if last < first:
        view.form.fault("last", view.words.text("The last day comes before the first."))
    institution = view.form["institution"] or None
    if institution and not public.catalogue.current.known_institution(institution):
        view.form.fault("institution", view.words.text("There is no such institution"))
    if not view.form.good:
        return _patterns_asked(view, public)
    days = Days(period=Period(first, last), institution=institution, reason=reason)
    return view.to("/officer/patterns/found", list=await keep(view, days))


@page("/officer/patterns/found", OFFICER)
async def found_patterns(view: Looking, held: Held, public: Public, list: FromQuery[str] = "") -> Response[str]:  # noqa: A002 - its name in the address
    """Show what the rules flag, each with the rule."""
    days = view.site.sessions.kept(view.visit, list, Days) if view.visit and list else None
    if days is None:
        raise NotFoundException
    said = held.oversees(period=days.period, institution=days.institution, reason=days.reason)
    try:
        found = await held.offices.patterns(PatternQuery(**said))
    except Refused as error:
        if error.code != Code.SEARCH_TOO_WIDE:
            raise
        view.form.fault("institution", view.words.text("Even one day is too much: name an institution."))
        return _patterns_asked(view, public)
    further = replace(days, period=Period(found.next, days.period.end_date)) if found.next else None
    return view.page(
        "officer/found.html",
        found=found,
        days=days,
        searched=[_searched(one) for one in found.patterns],
        read=found.next - _DAY if found.next else days.period.end_date,
        further=view.at("/officer/patterns/found", list=await keep(view, further)) if further else None,
        register=register_of(view, public),
    )


def _searched(one: FlaggedPattern) -> Period:
    """Give the days in which the entries of a pattern are searched: as many as a search may have."""
    first = brussels_day(one.since)
    return Period(first, min(brussels_day(one.until), first + timedelta(days=MAXIMUM_SEARCHED_DAYS - 1)))


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why somebody looks at who is watched."""

    reason: str


@page("/officer/watched", OFFICER)
async def watched(view: Looking, noted: FromQuery[str] = "") -> Response[str]:
    """Ask why one looks at who is watched; before, say that what was sent is noted."""
    return view.page("officer/watched.html", noted=bool(noted))


@form("/officer/watched", OFFICER)
async def look_at_watched(view: Looking) -> Response[str]:
    """Keep the reason, and lead to who is watched."""
    reason = read_reason(view)
    return await _to_watched(view, reason) if view.form.good else view.again("officer/watched.html")


@page("/officer/watched/shown", OFFICER)
async def shown_watched(view: Looking, held: Held, list: FromQuery[str] = "") -> Response[str]:  # noqa: A002 - its name in the address
    """Show who is watched. The hub logs who looks, and why, before."""
    kept = view.site.sessions.kept(view.visit, list, Reason) if view.visit and list else None
    if kept is None:
        raise NotFoundException
    try:
        found = await held.offices.watched(WatchedQuery(**held.oversees(reason=kept.reason)))
    except Unacceptable:
        view.form.fault("reason", view.words.text("Write no number of a person"))
        return view.again("officer/watched.html")
    return view.page("officer/watched_shown.html", found=found, reason=kept.reason)


@page("/officer/watched/new", OFFICER)
async def ask_watch(view: Looking) -> Response[str]:
    """Ask whom to watch, and why."""
    return view.page("officer/watch.html")


@form("/officer/watched/new", OFFICER)
async def watch(view: Looking, held: Held, public: Public) -> Response[str]:
    """Have questions about a person flagged until a day."""
    today = brussels_day(public.clock.now())
    reason, first, last = read_reason(view), view.day("first") or today, view.day("last")
    number = view.form["number"].replace(".", "").replace("-", "").replace(" ", "")
    try:
        parse_ssin(number, public.installation.settings.environment, today)
    except InvalidSsin:
        view.form.fault("number", view.words.text("This is no number of a person"))
    if first < today:
        view.form.fault("first", view.words.text("The first day is today or later"))
    if last is None or not 0 <= (last - first).days < MAXIMUM_WATCHED_DAYS:
        view.form.fault("last", view.words.text("Name a last day, at most a year later"))
    if not view.form.good or last is None:
        return view.again("officer/watch.html")
    said = held.oversees(ssin=number, first_day=first, last_day=last, reason=reason)
    try:
        await held.offices.watch(WatchSetting(**said))
    except Unacceptable:
        view.form.fault("reason", view.words.text("Write no number of a person"))
    except Refused as error:
        if error.code != Code.SSIN_DOES_NOT_EXIST:
            raise
        view.form.fault("number", view.words.text("This number is not known."))
    return view.to("/officer/watched", noted="yes") if view.form.good else view.again("officer/watch.html")


@page("/officer/watched/end", OFFICER)
async def ask_end(view: Looking, watch: FromQuery[UUID]) -> Response[str]:
    """Ask why a person is watched no longer."""
    return view.page("officer/end.html", watch=str(watch))


@form("/officer/watched/end", OFFICER)
async def end(view: Looking, held: Held) -> Response[str]:
    """Flag questions about a person no longer."""
    reason = read_reason(view)
    try:
        ended = UUID(view.form["watch"])
    except ValueError:
        raise NotFoundException from None
    if not view.form.good:
        return view.again("officer/end.html", watch=str(ended))
    try:
        await held.offices.end_watch(WatchEnding(**held.oversees(watch=ended, reason=reason)))
    except Unacceptable:
        view.form.fault("reason", view.words.text("Write no number of a person"))
        return view.again("officer/end.html", watch=str(ended))
    return view.to("/officer/watched", noted="yes")


@page("/officer/numbers", OFFICER)
async def numbers(view: Looking, held: Held) -> Response[str]:
    """Show by which numbers patterns are flagged, and who said so."""
    return await _numbers(view, held)


@form("/officer/numbers", OFFICER)
async def set_number(view: Looking, held: Held, public: Public) -> Response[str]:
    """Set a number from a day on."""
    reason, day = read_reason(view), view.day("first")
    today = brussels_day(public.clock.now())
    parameter, value = view.form["parameter"], view.form.number("value")
    if parameter not in [one.value for one in Parameter]:
        view.form.fault("parameter", view.words.text("Choose what is set"))
    if value is None:
        view.form.fault("value", view.words.text("Write a whole number"))
    if "first" not in view.form.faults and (day is None or day < today):
        view.form.fault("first", view.words.text("The first day is today or later"))
    if not view.form.good or day is None or value is None:
        return await _numbers(view, held)
    said = held.oversees(parameter=Parameter(parameter), value=value, valid_from=day, reason=reason)
    try:
        await held.offices.set_parameter(ParameterSetting(**said))
    except Unacceptable:
        view.form.fault("value", view.words.text("The hub does not take this number, or the reason"))
    return view.to("/officer/numbers") if view.form.good else await _numbers(view, held)


def _patterns_asked(view: View, public: Public) -> Response[str]:
    return view.page(
        "officer/patterns.html", status=200 if view.form.good else 422, register=register_of(view, public), week=_WEEK
    )


async def _to_watched(view: View, reason: str) -> Response[str]:
    return view.to("/officer/watched/shown", list=await keep(view, Reason(reason=reason)))


async def _numbers(view: View, held: Held) -> Response[str]:
    found = await held.offices.parameters(ParametersQuery(**held.oversees()))
    return view.page("officer/numbers.html", status=200 if view.form.good else 422, found=found, parameters=Parameter)


ROUTES = (
    *(patterns, find_patterns, found_patterns),
    *(watched, look_at_watched, shown_watched, ask_watch, watch, ask_end, end),
    *(numbers, set_number),
)
"""Pages about patterns."""

"""Acting for somebody else: for whom, who acts for me, and giving a mandate."""

from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import SkipValidation

from crossroads.kernel.clock import brussels_day
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Malformed, Refused
from crossroads.participant.replies import Unacceptable
from crossroads.portal.acted import Acted, act, acted_for
from crossroads.portal.deputy import Deputy
from crossroads.portal.pages.citizen import CITIZEN, OWN_WISH, Public
from crossroads.web.access import form, page
from crossroads.web.look import clean
from crossroads.web.view import Looking, View
from crossroads.wire.acting import MandateLine, MandateTo, Scope, Side

OwnDeputy = NamedDependency[SkipValidation[Deputy]]
_LONGEST_NAME = 200
_IN_NUMBERS = str.maketrans("", "", " .-")


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of the children on a page, in its order: kept in the session alone."""

    children: list[str]


@page("/me/acting", CITIZEN)
async def acting(view: Looking, deputy: OwnDeputy, public: Public) -> Response[str]:
    """Show for whom one may act, and who acts for oneself."""
    return await _overview(view, deputy, public)


@form("/me/acting", CITIZEN)
async def choose(view: Looking, deputy: OwnDeputy, public: Public) -> Response[str]:
    """Do something with a mandate, or stop acting."""
    done = view.form["do"]
    if done == "stop":
        await act(view, None)
        return view.to("/me")
    if acted_for(view) is not None:
        raise Refused
    try:
        acted = await _done(deputy, done, view.form["mandate"])
    except Refused:
        view.form.fault("mandate", view.words.text("This mandate does not count, or not any more."))
        return await _overview(view, deputy, public)
    if acted is not None:
        await act(view, acted)
        return view.to("/me")
    return view.to("/me/acting")


@page("/me/acting/children", CITIZEN)
async def children(request: Request[Any, Any, Any], view: Looking, deputy: OwnDeputy, public: Public) -> Response[str]:
    """Ask the register for the children under age. A link on another site only leads to the page before."""
    if request.headers.get("sec-fetch-site", "none") not in OWN_WISH or acted_for(view) is not None:
        return view.to("/me/acting")
    return await _children(view, deputy, public)


@form("/me/acting/children", CITIZEN)
async def choose_child(view: Looking, deputy: OwnDeputy, public: Public) -> Response[str]:
    """Begin to act for one of them, by what the register says at this moment."""
    number = view.form.number("child")
    shown = view.site.sessions.kept(view.visit, view.form["list"], Shown) if view.visit else None
    if shown is None or acted_for(view) is not None:
        raise NotFoundException
    if number is None or number >= len(shown.children):
        view.form.fault("child", view.words.text("Choose a child"))
        return await _children(view, deputy, public)
    try:
        acted = await deputy.for_child(shown.children[number], _today(public))
    except Refused:
        acted = None
    if acted is None:
        view.form.fault("child", view.words.text("The register does not say that you may act for this child."))
        return await _children(view, deputy, public)
    await act(view, acted)
    return view.to("/me")


@page("/me/acting/give", CITIZEN)
async def giving(view: Looking, public: Public) -> Response[str]:
    """Ask to whom a mandate is given, for what and how long."""
    return view.to("/me/acting") if acted_for(view) else _asked(view, public)


@form("/me/acting/give", CITIZEN)
async def give(view: Looking, deputy: OwnDeputy, public: Public) -> Response[str]:
    """Give a mandate. Whether the register knows the other is said; nothing else of that person is."""
    if acted_for(view) is not None:
        raise Refused
    scopes = frozenset(Scope(one) for one in view.form.every("scopes") if one in set(Scope))
    number = view.form["number"].translate(_IN_NUMBERS)
    if not view.form["last_name"]:
        view.form.fault("last_name", view.words.text("Write the last name"))
    born = view.birth("birth_date")
    if not scopes:
        view.form.fault("scopes", view.words.text("Choose for what"))
    first = _day(view, "first", view.words.text("Write the first day"))
    last = _day(view, "last", view.words.text("Write the last day"))
    if view.form.good and first and last and born:
        given = {"name": clean(view.somebody.name)[:_LONGEST_NAME] or "-", "scopes": scopes}
        to = MandateTo(ssin=number, last_name=view.form["last_name"], birth_date=born)
        await _give(view, deputy, to=to, start_date=first, end_date=last, **given)
    return view.to("/me/acting") if view.form.good else _asked(view, public)


async def _give(view: View, deputy: Deputy, **said: object) -> None:
    """Give it, or say beside the form why not."""
    try:
        await deputy.give(**said)
    except (Malformed, Unacceptable) as error:
        _place(view, str(error))
    except Refused as error:
        view.form.fault("number", _why_not(view, error))


def _why_not(view: View, error: Refused) -> str:
    """Say why the hub refused a mandate."""
    if error.code is Code.MANDATES_TOO_MANY:
        return view.words.text("You gave as many mandates as there may be, in all or to this person.")
    if error.code is Code.MANDATES_TODAY:
        return view.words.text("You gave or tried as many mandates as may be on one day. Try again tomorrow.")
    return view.words.text("The register does not know a person with this number, name and birth date.")


def _place(view: View, said: str) -> None:
    """Say beside the field what the hub or its client said of it."""
    if "$.startDate" in said or "$.endDate" in said:
        view.form.fault("last", view.words.text("Begin today or later, and end at most five years after that."))
    else:
        view.form.fault("number", view.words.text("Look at number and name again. It cannot be your own number."))


async def _done(deputy: Deputy, what: str, mandate: str) -> Acted | None:
    if what == "act":
        acted = await deputy.under(mandate)
        if acted is None:
            raise Refused
        return acted
    try:
        wanted = UUID(mandate)
    except ValueError:
        raise NotFoundException from None
    if what == "accept":
        await deputy.accept(wanted)
    elif what == "end":
        await deputy.end(wanted)
    else:
        raise NotFoundException
    return None


async def _overview(view: View, deputy: Deputy, public: Public) -> Response[str]:
    status = 200 if view.form.good else 422
    if acted := acted_for(view):
        return view.page("acting/now.html", status=status, acted=acted)
    found, today = await deputy.mandates(), _today(public)
    return view.page(
        "acting/acting.html",
        status=status,
        mine=[one for one in found if one.side is Side.GIVER],
        got=[one for one in found if one.side is Side.RECEIVER and not _over(one, today)],
        today=today,
    )


async def _children(view: View, deputy: Deputy, public: Public) -> Response[str]:
    descended = await deputy.descent(_today(public))
    found = list(descended.children) if descended else []
    shown = Shown(children=[one.ssin for one in found])
    handle = await view.site.sessions.keep(view.visit, shown) if view.visit else ""
    status = 200 if view.form.good else 422
    return view.page(
        "acting/children.html", status=status, children=found, handle=handle, answered=descended is not None
    )


def _asked(view: View, public: Public) -> Response[str]:
    status = 200 if view.form.good else 422
    return view.page("acting/give.html", status=status, scopes=list(Scope), today=_today(public))


def _day(view: View, field: str, missing: str) -> date | None:
    found = view.day(field)
    if found is None:
        view.form.fault(field, missing)
    return found


def _over(mandate: MandateLine, today: date) -> bool:
    return mandate.ended_at is not None or mandate.end_date < today


def _today(public: Public) -> date:
    return brussels_day(public.clock.now())


ROUTES = (acting, choose, children, choose_child, giving, give)
"""Pages about acting."""

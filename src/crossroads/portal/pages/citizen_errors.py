"""What looks wrong to a person: it is told to the source, and shown what came of it."""

from typing import Any
from uuid import uuid4

import msgspec
from litestar import Response
from litestar.exceptions import NotFoundException
from litestar.params import FromQuery

from crossroads.kernel.clock import brussels_day
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Malformed, Refused
from crossroads.kernel.ssin import is_number_of_person
from crossroads.participant.replies import Unacceptable
from crossroads.portal.citizen_data import Seen
from crossroads.portal.citizen_words import PRESUMED
from crossroads.portal.pages.citizen import CITIZEN, OwnHub, Public, may_report
from crossroads.portal.register import Register
from crossroads.web.access import form, page
from crossroads.web.view import Looking, View
from crossroads.wire.error_reports import Presumed

_LONGEST = 500


@page("/me/wrong", CITIZEN)
async def wrong(view: Looking, public: Public, of: FromQuery[str] = "", part: FromQuery[int] = -1) -> Response[str]:
    """Ask what is wrong with one part of one's data."""
    if not may_report(view):
        raise Refused(code=Code.NOT_ACTING)
    return _asked(view, public, _typed(view) if view.restored else _kept(view, of, part))


@form("/me/wrong", CITIZEN)
async def report(view: Looking, citizen: OwnHub, public: Public) -> Response[str]:
    """Tell the source. That the person was shown this, the hub looks up in its log."""
    seen, presumed, text = _typed(view), view.form["presumed"], " ".join(view.form["text"].split())
    if presumed not in PRESUMED:
        view.form.fault("presumed", view.words.text("Choose what is wrong"))
    if len(text) > _LONGEST:
        view.form.fault("text", view.words.text("Write at most 500 characters"))
    if view.form.good:
        said = {"presumed": Presumed(presumed), "text": text or None, "reference": uuid4().hex}
        try:
            await citizen.report(**said, **{name: getattr(seen, name) for name in seen.__struct_fields__})
        except (Malformed, Unacceptable):
            view.form.fault("text", _refused(view, public, text))
    return view.to("/me/reports") if view.form.good else _asked(view, public, seen)


def _refused(view: Looking, public: Public, text: str) -> str:
    """Say what the hub does not take in a text."""
    if is_number_of_person(text, public.installation.settings.environment, brussels_day(public.clock.now())):
        return view.words.text("Write no number of a person")
    return view.words.text("There is a sign in it that cannot be seen. Type the text again, without copying it.")


@page("/me/reports", CITIZEN)
async def reports(view: Looking, citizen: OwnHub, public: Public) -> Response[str]:
    """Show what was reported, and what the sources answered."""
    found = await citizen.reports()
    register = _register(view, public)
    groups = {one.data_group: register.data_group(one.data_group) for one in found}
    sources = {one.source: register.institution(one.source) for one in found}
    return view.page("citizen/reports.html", reports=found, groups=groups, sources=sources)


def _kept(view: View, handle: str, part: int) -> Seen:
    """Give what was seen on the page before; who never saw it finds no such page."""
    kept = view.site.sessions.kept(view.visit, handle, list[Seen]) if view.visit else None
    if kept is None or not 0 <= part < len(kept):
        raise NotFoundException
    return kept[part]


def _typed(view: View) -> Seen:
    """Give what the form says was seen."""
    days = {"startDate": view.form["first"], **({"endDate": view.form["last"]} if view.form["last"] else {})}
    fields = {name: view.form[name] for name in ("ticket", "data_group", "source")}
    try:
        return msgspec.convert({**fields, "period": days}, Seen, strict=False)
    except (msgspec.ValidationError, ValueError):
        raise NotFoundException from None


def _asked(view: View, public: Public, seen: Seen) -> Response[str]:
    register = _register(view, public)
    values: dict[str, Any] = {
        "group": register.data_group(seen.data_group),
        "source": register.institution(seen.source),
    }
    values |= {"seen": seen, "presumed": PRESUMED}
    return view.page("citizen/wrong.html", status=200 if view.form.good else 422, **values)


def _register(view: View, public: Public) -> Register:
    return Register(public.catalogue.current, brussels_day(public.clock.now()), view.language)


ROUTES = (wrong, report, reports)
"""Pages about errors."""

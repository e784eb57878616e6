"""What a person may know of himself: who knows me, who looked, my data."""

from datetime import date, timedelta
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromQuery, SkipValidation

from crossroads.bootstrap.portal import PublicServices
from crossroads.kernel.clock import brussels_day
from crossroads.kernel.identifiers import InstitutionId
from crossroads.kernel.period import Period
from crossroads.portal.acted import acted_for
from crossroads.portal.citizen import OWN_ACCESS, Citizen, own_groups
from crossroads.portal.citizen_data import shown
from crossroads.portal.register import Register
from crossroads.portal.visits import listed
from crossroads.web.access import Needs, form, page
from crossroads.web.sessions import Level
from crossroads.web.view import Looking, View
from crossroads.wire.acting import Scope
from crossroads.wire.usage import ProofPlace, UsageList

CITIZEN = Needs(Level.SUBSTANTIAL)
OwnHub = NamedDependency[SkipValidation[Citizen]]
Public = NamedDependency[SkipValidation[PublicServices]]
_LINES = 20
OWN_WISH = frozenset({"same-origin", "none"})
"""Where a browser says a request comes from: a page of ours, or the person's own hand."""
_YEAR = timedelta(days=365)


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """How a list was narrowed. It says something of the person, so it stands in the session and in no address."""

    institution: InstitutionId | None = None
    first: date | None = None
    last: date | None = None
    own: bool = False
    """Whether what the person did through the portal is shown as well."""
    after: str | None = None

    @property
    def narrowed(self) -> dict[str, object]:
        """What the hub is asked."""
        period = Period(self.first or date(1900, 1, 1), self.last) if self.first or self.last else None
        return {
            "institution": self.institution,
            "period": period,
            "without_own": not self.own,
            "after": self.after,
        }


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A page of lines as it was shown: how it was narrowed, the next page, and where each line stands in the log."""

    filter: Filter
    places: list[list[ProofPlace]]


@page("/me/known", CITIZEN)
async def known(view: Looking, citizen: OwnHub, public: Public) -> Response[str]:
    """Show who knows the person, by name; of one institution the newest file first."""
    today = brussels_day(public.clock.now())
    register = Register(public.catalogue.current, today, view.language)
    newest = sorted(await citizen.holders(), key=lambda one: one.period.start_date, reverse=True)
    holders = sorted(newest, key=lambda one: register.called(register.institution(one.institution) or one.institution))
    current = [one for one in holders if one.period.start_date <= today <= one.period.last]
    return view.page("citizen/known.html", current=current, past=[one for one in holders if one not in current])


@page("/me/usage", CITIZEN)
async def usage(view: Looking, citizen: OwnHub, public: Public, list: FromQuery[str] = "") -> Response[str]:  # noqa: A002 - its name in the address
    """Show who looked, newest first."""
    kept = _kept(view, list)
    return await _usage(view, citizen, public, kept.filter if kept else Filter())


@form("/me/usage", CITIZEN)
async def narrow(view: Looking, citizen: OwnHub, public: Public) -> Response[str]:
    """Narrow the list of who looked."""
    wanted = _filter(view)
    if not view.form.good:
        return await _usage(view, citizen, public, Filter())
    return view.to("/me/usage", list=await _keep(view, Listed(filter=wanted, places=[])))


@page("/me/usage/proof", CITIZEN)
async def proof(view: Looking, citizen: OwnHub, list: FromQuery[str], line: FromQuery[int]) -> Response[bytes]:  # noqa: A002 - its name in the address
    """Give the proof of a line as a file, which `crossroads audit check` verifies."""
    kept = _kept(view, list)
    if kept is None or not 0 <= line < len(kept.places):
        raise NotFoundException
    proofs = await citizen.prove(kept.places[line])
    headers = {"content-disposition": 'attachment; filename="proof.json"'}
    return Response(msgspec.json.encode(proofs), media_type="application/json", headers=headers)


@page("/me/data", CITIZEN)
async def data(view: Looking, public: Public) -> Response[str]:
    """Say which data are asked for, and of whom, before they are."""
    snapshot, today, acted = public.catalogue.current, brussels_day(public.clock.now()), acted_for(view)
    register = Register(snapshot, today, view.language)
    wanted = own_groups(snapshot, today, acted.purpose if acted else OWN_ACCESS)
    groups = [found for one in wanted if (found := register.data_group(one))]
    return view.page("citizen/data.html", groups=sorted(groups, key=register.called), statuses=_statuses(view, public))


@page("/me/data/now", CITIZEN)
async def data_now(request: Request[Any, Any, Any], view: Looking, citizen: OwnHub, public: Public) -> Response[str]:
    """Ask the sources now, and show what they answer. Nothing of it is kept but where each part came from.

    A link on another site only leads to the page before: asking is logged, and for the person to do.
    """
    if request.headers.get("sec-fetch-site", "none") not in OWN_WISH:
        return view.to("/me/data")
    snapshot, today = public.catalogue.current, brussels_day(public.clock.now())
    period = Period(today - _YEAR, today)
    replies = await citizen.data(own_groups(snapshot, today, citizen.purpose), period, today)
    found = shown(replies, Register(snapshot, today, view.language))
    handle = await view.site.sessions.keep(view.visit, [part.seen for part in found.parts]) if view.visit else ""
    reporting, statuses = may_report(view), _statuses(view, public)
    given: dict[str, Any] = {"found": found, "period": period, "handle": handle}
    return view.page("citizen/data_now.html", may_report=reporting, statuses=statuses, **given)


def _statuses(view: View, public: PublicServices) -> str | None:
    """Give where people get attestations of their rights; each goes there alone, for nobody else."""
    url = public.settings.statuses_url
    return f"{url.rstrip('/')}/{view.language}/mine" if url and acted_for(view) is None else None


def may_report(view: View) -> bool:
    """Tell whether who looks may say that something is wrong: for another, where the mandate is for that too."""
    acted = acted_for(view)
    return acted is None or Scope.REPORTS in acted.scopes


async def _usage(view: View, citizen: Citizen, public: PublicServices, wanted: Filter) -> Response[str]:
    found: UsageList = await citizen.usage(limit=_LINES, **wanted.narrowed)
    places = [[ProofPlace(stream=p.stream, index=p.index) for p in one.places] for one in found.usages]
    handle = await _keep(view, Listed(filter=wanted, places=places))
    onward = msgspec.structs.replace(wanted, after=found.next)
    older = await _keep(view, Listed(filter=onward, places=[])) if found.next else None
    register = Register(public.catalogue.current, brussels_day(public.clock.now()), view.language)
    return view.page(
        "citizen/usage.html",
        status=200 if view.form.good else 422,
        found=found,
        lines=listed(found.usages, citizen.client.institution),
        wanted=wanted,
        handle=handle,
        older=view.at("/me/usage", list=older) if older else None,
        register=register,
    )


async def _keep(view: View, listed: Listed) -> str:
    if view.visit is None:
        raise NotFoundException
    return await view.site.sessions.keep(view.visit, listed)


def _kept(view: View, handle: str) -> Listed | None:
    return view.site.sessions.kept(view.visit, handle, Listed) if view.visit and handle else None


def _filter(view: View) -> Filter:
    """Read how the list is to be narrowed, and say what cannot be read."""
    first, last = view.day("first"), view.day("last")
    said = {"institution": view.form["institution"] or None, "first": first, "last": last}
    wanted = Filter()
    try:
        wanted = msgspec.convert({**said, "own": view.form["own"] == "yes"}, Filter)
    except msgspec.ValidationError:
        view.form.fault("institution", view.words.text("There is no such institution"))
    if first and last and last < first:
        view.form.fault("last", view.words.text("The last day comes before the first."))
    return wanted


ROUTES = (known, usage, narrow, proof, data, data_now)
"""Pages of a citizen."""

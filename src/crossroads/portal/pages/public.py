"""Pages for everybody, without logging in: the catalogue."""

from typing import Any

from litestar import Request, Response
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, SkipValidation

from crossroads.bootstrap.portal import PublicServices
from crossroads.catalogue.history import believed_in, on_day, taken_out
from crossroads.catalogue.kinds import Kind
from crossroads.portal.asked import Asked
from crossroads.portal.register import fields_of, page_of
from crossroads.web.access import EVERYBODY, page
from crossroads.web.view import Looking, View

Public = NamedDependency[SkipValidation[PublicServices]]
Requested = Request[Any, Any, Any]


def asked(view: View, public: PublicServices, request: Requested) -> Asked:
    """Read what the address asks for."""
    return Asked(view, public, dict(request.query_params))


def known(found: Any) -> Any:
    """Give what was found. Raises NotFoundException for nothing."""
    if found is None:
        raise NotFoundException
    return found


@page("", EVERYBODY)
async def start(request: Requested, view: Looking, public: Public) -> Response[str]:
    """Show what can be found here."""
    return view.page("public/start.html", asked=asked(view, public, request))


@page("/institutions", EVERYBODY)
async def institutions(request: Requested, view: Looking, public: Public) -> Response[str]:
    """List institutions, by name and sector."""
    wanted = asked(view, public, request)
    found = wanted.register.institutions(wanted.words, wanted.number("sector"))
    return view.page("public/institutions.html", asked=wanted, found=page_of(found, wanted.page))


@page("/institutions/{key:str}", EVERYBODY)
async def institution(key: FromPath[str], request: Requested, view: Looking, public: Public) -> Response[str]:
    """Show an institution: what it is, what it may ask for, and what it answers for."""
    wanted = asked(view, public, request)
    found = known(wanted.register.institution(key))
    return view.page("public/institution.html", asked=wanted, institution=found)


@page("/sectors", EVERYBODY)
async def sectors(request: Requested, view: Looking, public: Public) -> Response[str]:
    """List the sectors."""
    wanted = asked(view, public, request)
    return view.page("public/sectors.html", asked=wanted, sizes=wanted.register.sector_sizes())


@page("/data-groups", EVERYBODY)
async def data_groups(request: Requested, view: Looking, public: Public) -> Response[str]:
    """List what data there is."""
    wanted = asked(view, public, request)
    found = page_of(wanted.register.data_groups(wanted.words), wanted.page)
    return view.page("public/data-groups.html", asked=wanted, found=found)


@page("/data-groups/{key:str}", EVERYBODY)
async def data_group(key: FromPath[str], request: Requested, view: Looking, public: Public) -> Response[str]:
    """Show a data group: what is in it, who answers for it, who may get it."""
    wanted = asked(view, public, request)
    found = known(wanted.register.data_group(key))
    return view.page("public/data-group.html", asked=wanted, group=found, fields=fields_of(found.json_schema))


@page("/availabilities", EVERYBODY)
async def availabilities(request: Requested, view: Looking, public: Public) -> Response[str]:
    """List which data exists for people known in which capacity."""
    wanted = asked(view, public, request)
    found = wanted.register.availabilities(data_group=wanted["group"])
    return view.page("public/availabilities.html", asked=wanted, found=page_of(found, wanted.page))


@page("/authorisations", EVERYBODY)
async def authorisations(request: Requested, view: Looking, public: Public) -> Response[str]:
    """List authorisations, by words, sector and data group."""
    wanted = asked(view, public, request)
    found = page_of(chosen(wanted), wanted.page)
    return view.page("public/authorisations.html", asked=wanted, found=found)


@page("/authorisations/{reference:path}", EVERYBODY)
async def authorisation(reference: FromPath[str], request: Requested, view: Looking, public: Public) -> Response[str]:
    """Show an authorisation: who may get what, why, since when; or as a version of the catalogue had it."""
    wanted, key = asked(view, public, request), str(reference).removeprefix("/")
    told, version = await public.catalogue.told_of(Kind.AUTHORISATION, key), wanted.number("version")
    versions = wanted.register.versions(Kind.AUTHORISATION, key)
    then = believed_in(told, version) if version is not None else []
    return view.page(
        "public/authorisation.html",
        asked=wanted,
        authorisation=known(on_day(then or versions or [one.entry for one in told], wanted.day)),
        versions=versions,
        then=bool(then),
        taken=taken_out(told, wanted.day),
    )


def chosen(wanted: Asked) -> list[Any]:
    """Give the authorisations that an address asks for."""
    return wanted.register.authorisations(wanted.words, sector=wanted.number("sector"), data_group=wanted["group"])


ROUTES = (
    start,
    institutions,
    institution,
    sectors,
    data_groups,
    data_group,
    availabilities,
    authorisations,
    authorisation,
)
"""The pages of the catalogue."""

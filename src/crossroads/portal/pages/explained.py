"""Pages for everybody about the house itself: what it is, how well it serves, how to check it, and what it promises."""

from litestar import Response
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, SkipValidation

from crossroads.portal.levels import drawing
from crossroads.portal.pages.public import Public
from crossroads.web.access import EVERYBODY, page
from crossroads.web.charts import Charts
from crossroads.web.view import Looking
from crossroads.wire.notes import read_checkpoint

Drawing = NamedDependency[SkipValidation[Charts]]


@page("/about", EVERYBODY)
async def about(view: Looking) -> Response[str]:
    """Say what Crossroads is and is not."""
    return view.page("public/about.html")


@page("/service-levels", EVERYBODY)
async def service_levels(view: Looking, public: Public) -> Response[str]:
    """Show how well the hub served, month by month."""
    return view.page("public/service-levels.html", levels=await public.levels.counted())


@page("/service-levels/{name:str}", EVERYBODY)
async def chart(name: FromPath[str], view: Looking, public: Public, charts: Drawing) -> Response[str]:
    """Draw one chart of the service levels."""
    found = drawing(name.removesuffix(".svg"), await public.levels.counted(), view.words)
    if found is None or not name.endswith(".svg"):
        raise NotFoundException
    return Response(await charts.svg(found, view.language), media_type="image/svg+xml")


@page("/checkpoints", EVERYBODY)
async def checkpoints(view: Looking, public: Public) -> Response[str]:
    """Show the newest checkpoint of the log, and how to check it."""
    newest, genesis = await public.log.newest_checkpoint(), public.catalogue.current.genesis
    size = read_checkpoint(newest.note).size if newest else 0
    return view.page("public/checkpoints.html", newest=newest, size=size, genesis=genesis, public=public)


@page("/accessibility", EVERYBODY)
async def accessibility(view: Looking) -> Response[str]:
    """Say how accessible the pages are, and what to do where they are not."""
    return view.page("public/accessibility.html")


@page("/privacy", EVERYBODY)
async def privacy(view: Looking, public: Public) -> Response[str]:
    """Say what the portal keeps of its visitors."""
    return view.page("public/privacy.html", settings=public.settings)


ROUTES = (about, service_levels, chart, checkpoints, accessibility, privacy)
"""The pages."""

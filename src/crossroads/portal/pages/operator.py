"""Pages of an operator: how the installation stands, over all its processes, readable in a minute."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import msgspec
from litestar import Response
from litestar.datastructures import State

from crossroads.catalogue.institutions import Institution
from crossroads.catalogue.snapshot import Snapshot
from crossroads.kernel.clock import brussels_day
from crossroads.operation.model import KEY_SOON, Key, Source, Standing
from crossroads.portal.pages.public import Public, Requested, asked
from crossroads.portal.refusals import Refusals
from crossroads.portal.register import Register, page_of
from crossroads.web.access import Needs, page
from crossroads.web.sessions import Level
from crossroads.web.view import Looking

OPERATOR = Needs(Level.SUBSTANTIAL, frozenset({"operator"}))
_MOST_REFUSALS = 200


class Row(NamedTuple):
    """An institution in the list."""

    institution: Institution
    connected: bool
    """Whether it has an address at which it answers."""
    source: Source | None
    key: Key | None
    """Of its keys, the one that ends first."""

    def calm(self, soon: datetime) -> tuple[bool, bool, bool, bool]:
        """Give what orders the list: who does not answer, whose key ends, who answers, who asks; then the others."""
        fails = self.source is not None and self.source.failing_since is not None
        ends = self.key is not None and self.key.valid_until <= soon
        return not fails, not ends, not self.connected, self.key is None


@page("/operator", OPERATOR)
async def overview(view: Looking, public: Public) -> Response[str]:
    """Show how the installation stands, and what somebody should look at."""
    return view.page(
        "operator/overview.html",
        standing=await public.operation.standing(),
        register=Register(public.catalogue.current, brussels_day(public.clock.now()), view.language),
        home=public.installation.home,
    )


@page("/operator.json", OPERATOR)
async def as_json(view: Looking, public: Public) -> Response[str]:
    """Give the same to programs."""
    del view
    content = msgspec.json.encode(await public.operation.standing()).decode()
    return Response(content, media_type="application/json")


@page("/operator/institutions", OPERATOR)
async def institutions(request: Requested, view: Looking, public: Public) -> Response[str]:
    """List institutions: whether they answer, how fast, and until when their keys count."""
    wanted, stands = asked(view, public, request), await public.operation.standing()
    soon = stands.at + KEY_SOON
    rows = _rows(wanted.register.institutions(wanted.words), stands, public.catalogue.current)
    found = page_of(sorted(rows, key=lambda row: row.calm(soon)), wanted.page)
    hub = public.installation.settings.hub
    return view.page("operator/institutions.html", asked=wanted, found=found, soon=soon, standing=stands, hub=hub)


@page("/operator/refusals", OPERATOR)
async def refusals(view: Looking, state: State) -> Response[str]:
    """Show which pages were refused to whom; persons by a pseudonym of this portal."""
    kept: Refusals = state.refusals
    return view.page("operator/refusals.html", refusals=kept.newest(_MOST_REFUSALS))


def _rows(institutions: Iterable[Institution], stands: Standing, catalogue: Snapshot) -> list[Row]:
    sources = {one.institution: one for one in stands.sources}
    # The key that ends first stands first among them.
    keys = {one.institution: one for one in reversed(stands.keys)}
    return [
        Row(one, catalogue.endpoint(one.id) is not None, sources.get(one.id), keys.get(one.id)) for one in institutions
    ]


ROUTES = (overview, as_json, institutions, refusals)
"""The pages."""

"""Pages for everybody of the rules by which rights are decided: each table drawn, and its versions compared."""

from typing import Any

from litestar import Response
from litestar.params import FromPath

from crossroads.bootstrap.portal import PublicServices
from crossroads.catalogue.history import on_day
from crossroads.catalogue.kinds import Kind
from crossroads.portal.asked import Asked
from crossroads.portal.pages.public import Public, Requested, asked, known
from crossroads.portal.register import page_of
from crossroads.portal.rules import Version, compared, drawn, named, versions
from crossroads.web.access import EVERYBODY, page
from crossroads.web.view import Looking

LIST = "/decision-tables"


@page(LIST, EVERYBODY)
async def decision_tables(request: Requested, view: Looking, public: Public) -> Response[str]:
    """List the decision tables, by name."""
    wanted = asked(view, public, request)
    found = page_of(wanted.register.decision_tables(wanted.words), wanted.page)
    return view.page("public/decision-tables.html", asked=wanted, found=found)


@page(f"{LIST}/{{key:str}}", EVERYBODY)
async def decision_table(key: FromPath[str], request: Requested, view: Looking, public: Public) -> Response[str]:
    """Draw a decision table as it is on a day, or one version of it."""
    wanted = asked(view, public, request)
    every, shown = await _shown(key, wanted, public)
    return view.page(
        "public/decision-table.html",
        asked=wanted,
        every=every,
        shown=shown,
        table=shown.table,
        drawings=drawn(shown.table, view.language),
    )


@page(f"{LIST}/{{key:str}}/file", EVERYBODY)
async def decision_file(key: FromPath[str], request: Requested, view: Looking, public: Public) -> Response[str]:
    """Give the model of a decision table, as the operators signed it."""
    _, shown = await _shown(key, asked(view, public, request), public)
    headers = {"content-disposition": f'attachment; filename="{shown.table.id}-{shown.short}.dmn"'}
    return Response(shown.table.dmn, media_type="application/xml", headers=headers)


@page(f"{LIST}/{{key:str}}/compare", EVERYBODY)
async def decision_compared(key: FromPath[str], request: Requested, view: Looking, public: Public) -> Response[str]:
    """Show two versions of a decision table side by side: the newest two where none are named."""
    wanted = asked(view, public, request)
    every = await _every(key, public)
    other = known(named(every, wanted["other"]) if wanted["other"] else every[0])
    one = known(named(every, wanted["one"]) if wanted["one"] else every[1 % len(every)])
    both: dict[str, Any] = {"one": one, "other": other, "tables": compared(one.table, other.table, view.language)}
    return view.page("public/decision-compared.html", asked=wanted, every=every, **both)


async def _every(key: str, public: PublicServices) -> list[Version]:
    """Give every version of a table, the newest first. Raises NotFoundException."""
    found: list[Version] = known(versions(await public.catalogue.told_of(Kind.DECISION_TABLE, key)) or None)
    return found


async def _shown(key: str, wanted: Asked, public: PublicServices) -> tuple[list[Version], Version]:
    """Give every version of a table, and the one that the address asks for. Raises NotFoundException."""
    every = await _every(key, public)
    if wanted["version"]:
        return every, known(named(every, wanted["version"]))
    standing = [one.table for one in every if one.until is None] or [one.table for one in every]
    table: Any = known(on_day(standing, wanted.day))
    return every, next(one for one in every if one.table is table)


ROUTES = (decision_tables, decision_table, decision_file, decision_compared)
"""The pages of the rules."""

"""Logging in and out: the routes that every program has."""

from typing import Any

import structlog
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.params import FromQuery

from crossroads.kernel.errors import Unavailable
from crossroads.web.access import EVERYBODY, LOGGED_IN, form, page
from crossroads.web.attempts import LONGEST_PATH, Attempt, opened, sealed
from crossroads.web.guard import carried_over, safe_next
from crossroads.web.openid import BACK_CHANNEL_PATH, RETURN_PATH, LoginFailed, OpenIdConnect
from crossroads.web.passage import passage_of
from crossroads.web.sessions import Level, Session, Visit
from crossroads.web.site import Site
from crossroads.web.view import Looking, View, lead, lead_to_language

_log = structlog.get_logger(__name__)


def _provider(site: Site) -> OpenIdConnect:
    if site.login is None:
        raise NotFoundException
    return site.login


@page("/login", EVERYBODY)
async def log_in(
    request: Request[Any, Any, Any], view: Looking, to: FromQuery[str | None] = None, level: FromQuery[int] = 1
) -> Response[str]:
    """Lead somebody to the provider, who leads them back. Nothing is kept here of it: the browser does."""
    site = view.site
    if to is not None and len(to) > LONGEST_PATH:
        to = None
    path, needed = safe_next(to or "", site.home), Level(min(max(level, Level.LOW), Level.HIGH))
    if view.who is not None and view.who.level >= needed:
        return lead(f"/{view.language}{path}")
    address, state, attempt = await _provider(site).start(needed, f"/{view.language}{path}", view.language)
    view.passage.login_cookie = sealed({**_under_way(request, site), state: attempt}, _key(site))
    return lead(address)


def _key(site: Site) -> bytes:
    return site.sessions.key_for("logins under way")


def _under_way(request: Request[Any, Any, Any], site: Site) -> dict[str, Attempt]:
    return opened(request.cookies.get(site.login_cookie, ""), _key(site), site.sessions.now())


@get(RETURN_PATH, opt={"needs": EVERYBODY})
async def come_back(request: Request[Any, Any, Any], state: State, code: FromQuery[str | None] = None) -> Response[str]:
    """Begin the session of whoever comes back from the provider."""
    site, passage = state.site, passage_of(request.scope)
    under_way, visit = _under_way(request, site), passage.visit
    attempt = under_way.pop(request.query_params.get("state", ""), None)
    if attempt is None:
        raise LoginFailed
    passage.login_cookie = sealed(under_way, _key(site))
    if not code:
        raise LoginFailed
    who = await _provider(site).finish(attempt, code)
    drafts = carried_over(visit.current, site.sessions.owner(who)) if visit else {}
    fresh = await site.sessions.start(Session(who=who, drafts=drafts))
    if visit is not None:
        await site.sessions.end(visit)
    passage.begin(fresh)
    return lead(attempt.next)


@form("/logout", LOGGED_IN)
async def log_out(view: Looking) -> Response[str]:
    """End the session of this browser."""
    await _end(view, view.visit)
    return view.to("/logged-out")


async def _end(view: View, visit: Visit | None) -> None:
    if visit is not None:
        await view.site.sessions.end(visit)
    view.passage.leave()


@page("/logged-out", EVERYBODY)
async def logged_out(view: Looking) -> Response[str]:
    """Say that the session has ended, and how to end that at the provider as well."""
    site, address = view.site, None
    if site.login is not None:
        try:
            address = await site.login.end_address(site.public_url.rstrip("/") + view.at("/logged-out"))
        except (Unavailable, LoginFailed):
            _log.warning("provider does not answer")
    return view.page("login/out.html", address=address)


@post(BACK_CHANNEL_PATH, opt={"needs": EVERYBODY, "open": True})
async def logged_out_elsewhere(request: Request[Any, Any, Any], state: State) -> Response[str]:
    """End the sessions that the provider says have ended."""
    site: Site = state.site
    form_data = await request.form()
    headers = {"cache-control": "no-store"}
    try:
        ended = await _provider(site).logged_out(str(form_data.get("logout_token", "")))
    except LoginFailed:
        return Response("", status_code=400, headers=headers)
    await site.sessions.end_all(_provider(site).issuer, ended.subject, ended.provider_session)
    return Response("", status_code=200, headers=headers)


@get("/", opt={"needs": EVERYBODY})
async def choose_language(request: Request[Any, Any, Any]) -> Response[str]:
    """Lead to the language that the browser asks for."""
    return lead_to_language(request)


ROUTES = (log_in, come_back, log_out, logged_out, logged_out_elsewhere, choose_language)
"""The routes of logging in and out, and the choice of a language."""

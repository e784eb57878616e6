"""The guard of every page: who looks, may they, and is the form ours and new."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import MethodNotAllowedException

from crossroads.kernel.clock import brussels_day
from crossroads.kernel.errors import Conflict, CrossroadsError, Refused, Unavailable
from crossroads.kernel.ssin import Environment, is_number_of_person
from crossroads.web.access import Needs
from crossroads.web.forms import NUMBER, Form, genuine, is_number
from crossroads.web.languages import LANGUAGES
from crossroads.web.look import path_of
from crossroads.web.passage import Passage, passage_of
from crossroads.web.sent import form_of
from crossroads.web.sessions import Draft, Level, Session, Visit
from crossroads.web.site import Site

_MOST_DRAFTS, _MOST_TYPED = 3, 64 * 1024
NUMBER_TYPED = "number-typed"
"""Stands in an address from which the number of a person was taken."""


class PageWithoutGuard(CrossroadsError):
    """The page does not say who may see it, so nobody does."""


class FormNotOurs(Refused):
    """The form was not shown by this site to this browser, or too long ago."""


class FormBeingTreated(Refused):
    """The form was sent before, and is still being treated."""


class LoginNeeded(Refused):
    """Whoever sees this page must be logged in; `kept` tells whether what was typed waits for its owner."""

    def __init__(self, level: Level, *, kept: bool = False) -> None:
        """Keep how sure it must be."""
        super().__init__()
        self.level, self.kept = level, kept


async def guard(request: Request[Any, Any, Any]) -> Response[str] | None:
    """Let a request through, or answer it, or raise Refused."""
    if request.method not in ("GET", "HEAD", "POST"):
        raise MethodNotAllowedException
    options = request.route_handler.opt
    if options.get("open"):
        return None
    needs = options.get("needs")
    if not isinstance(needs, Needs):
        raise PageWithoutGuard
    site: Site = request.app.state.site
    if request.scope["path"].split("/")[1] in LANGUAGES and names_a_person(request, site):
        return Response("", status_code=303, headers={"location": f"{path_of(request.scope['path'])}?{NUMBER_TYPED}=1"})
    passage = passage_of(request.scope)
    passage.visit = await site.sessions.find(request.cookies.get(site.cookie))
    passage.private = needs.level > Level.NONE or passage.visit is not None or request.method == "POST"
    changes = options.get("changes", True)
    if request.method == "POST":
        _same_origin(request, site, told=not changes)
        passage.form = await form_of(request)
    await _let_in(request, site, passage, needs)
    if passage.visit and not passage.visit.ended:
        await site.sessions.touch(passage.visit)
    return await _once(site, passage) if passage.form is not None and changes else None


def names_a_person(request: Request[Any, Any, Any], site: Site) -> bool:
    """Tell whether somebody typed the number of a person where it would stand in an address."""
    environment = Environment.TEST if site.test else Environment.PRODUCTION
    today = brussels_day(datetime.now(UTC))
    return any(is_number_of_person(value, environment, today) for value in request.query_params.values())


async def _let_in(request: Request[Any, Any, Any], site: Site, passage: Passage, needs: Needs) -> None:
    who = passage.visit.who if passage.visit else None
    if needs.lets_in(who):
        return
    if who is not None and who.level >= needs.level:
        raise Refused
    raise LoginNeeded(needs.level, kept=await _kept(request, site, passage))


async def _kept(request: Request[Any, Any, Any], site: Site, passage: Passage) -> bool:
    """Keep what was typed for its owner, who is not logged in any more, or not surely enough.

    A session that ended gives way to one of nobody: however often it is tried, there is one for each that was begun.
    """
    visit, form = passage.visit, passage.form
    owner = _owner(visit) if visit else None
    if form is None or visit is None or owner is None or len(msgspec.json.encode(form.typed)) > _MOST_TYPED:
        return False
    path, draft = path_without_language(request.scope["path"]), Draft(owner=owner, fields=form.typed)

    def note(session: Session) -> None:
        session.drafts = _newest({**carried_over(session, owner), path: draft})

    if not visit.ended:
        await site.sessions.change(visit, note)
        return True
    fresh = Session(drafts=visit.current.drafts)
    note(fresh)
    passage.begin(await site.sessions.start(fresh))
    await site.sessions.end(visit)
    return True


def _owner(visit: Visit) -> bytes | None:
    """Give whose a session is or was, or for whom one of nobody keeps something."""
    return visit.owner or next((draft.owner for draft in visit.current.drafts.values()), None)


def _newest(drafts: dict[str, Draft]) -> dict[str, Draft]:
    return dict(list(drafts.items())[-_MOST_DRAFTS:])


async def _once(site: Site, passage: Passage) -> Response[str] | None:
    """See that the form is ours; lead one that was sent twice where its first sending led."""
    visit, form = passage.visit, passage.form
    if visit is None or visit.ended or form is None or not genuine(visit.current.csrf, form):
        raise FormNotOurs
    number = form.values.get(NUMBER, "")
    if not is_number(number):
        raise FormNotOurs
    led = await site.sessions.sent_before(visit, number)
    if led == "":
        raise FormBeingTreated
    if led is not None:
        return Response("", status_code=303, headers={"location": led})
    passage.number = number
    return None


def _same_origin(request: Request[Any, Any, Any], site: Site, *, told: bool) -> None:
    """See that a form comes from a page of ours; where nothing else shows that, the browser must have `told` it."""
    origin, fetched = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    if (origin is not None and origin != site.origin) or fetched not in (None, "same-origin", "none"):
        raise FormNotOurs
    if told and origin is None and fetched != "same-origin":
        raise FormNotOurs


async def settle(site: Site, passage: Passage, path: str, status: int, location: str | None) -> None:
    """Note where the browser was led after a form; a form that was not taken may be sent again."""
    visit, number = passage.visit, passage.number
    if visit is None or number is None:
        return

    def note(session: Session) -> None:
        if status == 303 and location:  # noqa: PLR2004
            session.sent[number] = location
            session.drafts.pop(path, None)
        else:
            session.sent.pop(number, None)

    # Where the session ended meanwhile, nothing is left to note it in.
    with suppress(Conflict, Unavailable):
        await site.sessions.change(visit, note)


def take_draft(visit: Visit, owner: bytes | None, path: str) -> Form | None:
    """Give the form as its owner typed it before a session ended."""
    draft = visit.current.drafts.get(path)
    return Form.read(draft.fields) if draft and owner is not None and draft.owner == owner else None


def carried_over(old: Session, owner: bytes | None) -> dict[str, Draft]:
    """Give the drafts that go on into the session of their owner."""
    return _newest({path: draft for path, draft in old.drafts.items() if draft.owner == owner})


def path_without_language(path: str) -> str:
    """Give the path of a page, whatever its language."""
    _, first, *rest = path.split("/")
    return "/" + "/".join(rest) if first in LANGUAGES else path


def safe_next(path: str, home: str) -> str:
    """Give an address of ours to go to, without language; `home` for anything else."""
    ours = path.startswith("/") and not path.startswith("//") and "\\" not in path
    return path if ours and path.isascii() and path.isprintable() else path_of(home)

"""What somebody sees when something does not go as it should: a page in their language, that says what to do."""

import traceback
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.status_codes import (
    HTTP_400_BAD_REQUEST,
    HTTP_401_UNAUTHORIZED,
    HTTP_403_FORBIDDEN,
    HTTP_404_NOT_FOUND,
    HTTP_408_REQUEST_TIMEOUT,
    HTTP_409_CONFLICT,
    HTTP_500_INTERNAL_SERVER_ERROR,
    HTTP_503_SERVICE_UNAVAILABLE,
)

from crossroads.kernel.errors import Conflict, InvalidValue, Malformed, Refused, Unavailable
from crossroads.web.access import LANGUAGE
from crossroads.web.guard import (
    NUMBER_TYPED,
    FormBeingTreated,
    FormNotOurs,
    LoginNeeded,
    names_a_person,
    path_without_language,
)
from crossroads.web.handles import NotYours
from crossroads.web.languages import LANGUAGES, preferred
from crossroads.web.look import path_of
from crossroads.web.openid import LoginFailed
from crossroads.web.passage import passage_of
from crossroads.web.sent import FormLate
from crossroads.web.site import Refusal, Site
from crossroads.web.view import HTML, OwnFailure, View, lead, lead_to_language

_FRAMES = 8

_log = structlog.get_logger(__name__)


class _Failure(NamedTuple):
    status: int
    template: str


_FAILURES: tuple[tuple[type[Exception], _Failure], ...] = (
    (FormNotOurs, _Failure(HTTP_403_FORBIDDEN, "failures/form.html")),
    (FormLate, _Failure(HTTP_408_REQUEST_TIMEOUT, "failures/late.html")),
    (FormBeingTreated, _Failure(HTTP_409_CONFLICT, "failures/twice.html")),
    (LoginFailed, _Failure(HTTP_401_UNAUTHORIZED, "failures/login.html")),
    # It says no more than that of an address that does not exist.
    (NotYours, _Failure(HTTP_404_NOT_FOUND, "failures/missing.html")),
    (Refused, _Failure(HTTP_403_FORBIDDEN, "failures/refused.html")),
    (Conflict, _Failure(HTTP_409_CONFLICT, "failures/conflict.html")),
    (Unavailable, _Failure(HTTP_503_SERVICE_UNAVAILABLE, "failures/unavailable.html")),
    (Malformed, _Failure(HTTP_400_BAD_REQUEST, "failures/malformed.html")),
    (InvalidValue, _Failure(HTTP_400_BAD_REQUEST, "failures/malformed.html")),
)
_BY_STATUS = {
    HTTP_404_NOT_FOUND: "failures/missing.html",
    429: "failures/busy.html",
    503: "failures/unavailable.html",
}


def respond(request: Request[Any, Any, Any], error: Exception) -> Response[str]:
    """Give the page of an error. It names nothing that was asked."""
    site = request.app.state.get("site")
    if site is None:
        return Response("", status_code=HTTP_503_SERVICE_UNAVAILABLE, headers={"retry-after": "1"})
    passage, path = passage_of(request.scope), request.scope["path"]
    query = request.scope["query_string"].decode("latin-1")
    if path.split("/")[1] not in LANGUAGES:
        if _only_lacks_language(request, error):
            return lead_to_language(request, path, f"{NUMBER_TYPED}=1" if names_a_person(request, site) else query)
        path = f"/{preferred(request.headers.get('accept-language'))}"
    view = View(site, passage, path, query)
    if isinstance(error, LoginNeeded):
        return _to_log_in(request, view, error)
    if isinstance(error, Refused) and not isinstance(error, FormBeingTreated):
        _tell(site, Refusal(str(request.scope.get("path_template", "")), type(error).__name__, *_somebody(view)))
    status, template = _failure(error)
    incident = _recorded(error) if status == HTTP_500_INTERNAL_SERVER_ERROR else None
    answer = view.page(template, status=status, incident=incident)
    if status == HTTP_408_REQUEST_TIMEOUT:
        # What still comes of the form is of no use to anybody.
        answer.headers["connection"] = "close"
    if status in (429, HTTP_503_SERVICE_UNAVAILABLE):
        answer.headers["retry-after"] = "5"
    return answer


def _only_lacks_language(request: Request[Any, Any, Any], error: Exception) -> bool:
    """Tell whether an address would be that of a page if it named a language, as far as its first part shows."""
    missing = request.method == "GET" and isinstance(error, HTTPException) and error.status_code == HTTP_404_NOT_FOUND
    pages = (route.path.split("/") for route in request.app.routes if route.path.startswith(f"{LANGUAGE}/"))
    return missing and request.scope["path"].split("/")[1] in {parts[2] for parts in pages}


def _somebody(view: View) -> tuple[str | None, tuple[str, ...]]:
    who = view.who
    return (view.site.sessions.pseudonym(who), tuple(sorted(who.roles))) if who else (None, ())


def _tell(site: Site, refusal: Refusal) -> None:
    """Tell of a page that was refused: in the process' log always, and whoever the program names."""
    _log.warning("page refused", **refusal._asdict())
    for told in site.observers:
        told(refusal)


def _to_log_in(request: Request[Any, Any, Any], view: View, error: LoginNeeded) -> Response[str]:
    path = path_of(path_without_language(request.scope["path"])) + (f"?{view.query}" if view.query else "")
    address = view.at("/login", to=path, level=int(error.level))
    if request.method != "POST":
        return lead(address)
    return Response(
        view.site.look.render(
            view.language,
            "failures/session.html",
            {"view": view, "site": view.site, "address": address, "kept": error.kept},
        ),
        status_code=HTTP_401_UNAUTHORIZED,
        media_type=HTML,
    )


def _failure(error: Exception) -> _Failure:
    if isinstance(error, OwnFailure):
        return _Failure(error.status, error.template)
    for kind, failure in _FAILURES:
        if isinstance(error, kind):
            return failure
    if isinstance(error, HTTPException):
        if error.status_code in _BY_STATUS:
            return _Failure(error.status_code, _BY_STATUS[error.status_code])
        if error.status_code < HTTP_500_INTERNAL_SERVER_ERROR:
            return _Failure(error.status_code, "failures/malformed.html")
    return _Failure(HTTP_500_INTERNAL_SERVER_ERROR, "failures/unforeseen.html")


def _recorded(error: Exception) -> str:
    """Log where it happened, and no value: what was not foreseen can hold anything."""
    incident = str(uuid4())
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    where = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames]
    _log.error("unforeseen", error=type(error).__name__, where=where, incident=incident)
    return incident

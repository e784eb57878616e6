"""Errors as RFC 9457 problems in the Belgif vocabulary. They say what is wrong and where, and repeat no value."""

import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, ValidationException
from msgspec import structs

from crossroads.admission.limits import LimitReached
from crossroads.api.languages import chosen, in_language
from crossroads.audit.errors import EntryExpired, NotInLog
from crossroads.batch.errors import BatchUnknown, PartRefused, ResultGone
from crossroads.exchange.errors import ExchangeFailed
from crossroads.jobs.errors import NoJobOfIts
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import (
    Conflict,
    CrossroadsError,
    Fault,
    InvalidValue,
    Malformed,
    Refused,
    Tampered,
    Unavailable,
)
from crossroads.wire.decoding import fault
from crossroads.wire.messages import Issue, Problem
from crossroads.wire.signatures import SignatureRejected

_BELGIF = "urn:problem-type:belgif:"
_OWN = "urn:problem-type:crossroads:"
_SCHEMA = f"{_BELGIF}input-validation:schemaViolation"
_INVALID = f"{_BELGIF}input-validation:invalidInput"
PROBLEM_TYPE = "application/problem+json"
_RETRY_SECONDS = 1
_FRAMES = 8

_log = structlog.get_logger(__name__)

_TITLES = {
    400: ("badRequest", "Bad Request"),
    403: ("missingPermission", "Missing Permission"),
    404: ("resourceNotFound", "Resource Not Found"),
    413: ("payloadTooLarge", "Payload Too Large"),
    429: ("tooManyRequests", "Too Many Requests"),
    500: ("internalServerError", "Internal Server Error"),
    503: ("serviceUnavailable", "Service Unavailable"),
}
_ISSUE_TITLES = {
    "schemaViolation": "Input is not valid with respect to the schema",
    "unknownInput": "Unknown input",
    "invalidInput": "Invalid input",
    "invalidPeriod": "Period is invalid",
    "invalidStructure": "Input has an invalid structure",
    "requiredInput": "Input is required",
}
_EXPIRED = {Code.CLOCK_SKEW, Code.KEY_EXPIRED, Code.STATEMENT_EXPIRED, Code.BEFORE_RESTART}


class Told(NamedTuple):
    """A problem as it goes out: status, headers and body."""

    status: int
    headers: dict[str, str]
    body: bytes


def respond(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Give the problem of an error."""
    told = tell(error, request.scope)
    return Response(told.body, status_code=told.status, headers=told.headers)


def tell(error: Exception, scope: Mapping[str, Any]) -> Told:
    """Tell whoever asks the problem of an error, in the language that he or she prefers."""
    language = chosen(_header(scope, b"accept-language"))
    problem = in_language(problem_of(error), language)
    headers = {"content-type": PROBLEM_TYPE, "content-language": language, "vary": "accept-language"}
    if isinstance(error, MethodNotAllowedException):
        headers |= error.headers or {}
    return Told(problem.status, headers | _headers_of(problem), msgspec.json.encode(problem))


def _header(scope: Mapping[str, Any], name: bytes) -> str | None:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)


def _headers_of(problem: Problem) -> dict[str, str]:
    headers = {}
    if problem.status == 401:  # noqa: PLR2004
        headers["www-authenticate"] = 'Signature realm="crossroads"'
    if problem.retry_after_sec is not None:
        headers["retry-after"] = str(problem.retry_after_sec)
    return headers


def problem_of(error: Exception) -> Problem:
    """Give the problem of an error, yet in no language; what was not foreseen says nothing but that it happened."""
    for kind, make in _MAKERS:
        if isinstance(error, kind):
            return make(error)
    return _unforeseen(error)


def _problem(
    status: int, detail: str, code: Code | None = None, *, retry: int | None = None, issues: tuple[Issue, ...] = ()
) -> Problem:
    name, title = _TITLES[status]
    return Problem(
        type=_BELGIF + name,
        title=title,
        status=status,
        detail=detail,
        code=str(code) if code else None,
        instance=uuid4().urn,
        retry_after_sec=retry,
        issues=issues,
    )


def _own(status: int, name: str, title: str, error: CrossroadsError) -> Problem:
    return Problem(
        type=_OWN + name,
        title=title,
        status=status,
        detail=error.sentence,
        code=str(error.code) if error.code else None,
        instance=uuid4().urn,
    )


def _unauthenticated(error: SignatureRejected) -> Problem:
    name, title = "invalidAccessToken", "Invalid Access Token"
    if error.code is Code.SIGNATURE_MISSING:
        name, title = "noAccessToken", "No Access Token"
    elif error.code in _EXPIRED:
        name, title = "expiredAccessToken", "Expired Access Token"
    return Problem(
        type=_BELGIF + name,
        title=title,
        status=401,
        detail=error.sentence,
        code=str(error.code),
        instance=uuid4().urn,
    )


def _malformed(*faults: Fault) -> Problem:
    issues = tuple(
        Issue(
            type=fault.type,
            title=_ISSUE_TITLES.get(fault.type.rsplit(":", 1)[-1], "Invalid input"),
            detail=fault.detail,
            location="body" if fault.path.startswith("$") else "query",
            name=fault.path,
        )
        for fault in faults
    )
    return _problem(400, "The input message is incorrect.", issues=issues)


def _litestar_faults(error: ValidationException) -> list[Fault]:
    extra = error.extra if isinstance(error.extra, list) else []
    cause = error.__cause__
    if isinstance(cause, msgspec.ValidationError):
        found = fault(cause)
        # Litestar decodes all arguments of the handler as one: the body is its member `data`.
        place = found.path.replace("$.data", "$", 1)
        in_query = any(item.get("source") == "query" for item in extra)
        return [found._replace(path=place.removeprefix("$.") if in_query else place)]
    return [
        Fault(str(item.get("key", "$")), _SCHEMA, "The value is not valid.") for item in extra if isinstance(item, dict)
    ] or [Fault("$", _SCHEMA, "The input is not valid.")]


def _http(error: HTTPException) -> Problem:
    status = error.status_code
    if status == 413:  # noqa: PLR2004
        return _problem(status, Code.PAYLOAD_TOO_LARGE.description, Code.PAYLOAD_TOO_LARGE)
    if status == 404:  # noqa: PLR2004
        return _problem(status, "There is no such resource.")
    if status == 400:  # noqa: PLR2004
        return _malformed(Fault("$", _SCHEMA, "The body is not JSON in UTF-8."))
    if status >= 500:  # noqa: PLR2004
        return _unforeseen(error)
    return Problem(
        type=f"{_OWN}http{status}",
        title=type(error).__name__.removesuffix("Exception"),
        status=status,
        detail="The method or the media type is not one that this resource takes.",
        instance=uuid4().urn,
    )


def _unforeseen(error: Exception) -> Problem:
    # Neither the message nor the values of an unforeseen error may be shown or logged: they can hold anything.
    ticket = error.ticket if isinstance(error, ExchangeFailed) else None
    cause = error.__cause__ or error
    frames = traceback.extract_tb(cause.__traceback__)[-_FRAMES:]
    where = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames]
    _log.error("unforeseen", error=type(cause).__name__, where=where, ticket=str(ticket) if ticket else None)
    problem = _problem(500, Code.INTERNAL_ERROR.description, Code.INTERNAL_ERROR)
    return msgspec.structs.replace(problem, ticket=ticket)


def _limited(error: LimitReached) -> Problem:
    if error.code is Code.BODY_LATE:
        return _own(408, "requestTimeout", "Request Timeout", error)
    status = 429 if error.code is Code.TOO_MANY_REQUESTS else 503
    return _problem(status, error.sentence, error.code, retry=error.retry_after)


# The first kind that fits makes the problem.
_MAKERS: tuple[tuple[type[Exception], Callable[[Any], Problem]], ...] = (
    (SignatureRejected, _unauthenticated),
    (LimitReached, _limited),
    (Malformed, lambda error: _malformed(*error.faults)),
    (ValidationException, lambda error: _malformed(*_litestar_faults(error))),
    (HTTPException, _http),
    (RecursionError, lambda _: _malformed(Fault("$", _SCHEMA, "The body is nested too deeply."))),
    (NotInLog, lambda error: _problem(404, error.sentence)),
    (EntryExpired, lambda error: _own(410, "expired", "Gone", error)),
    (BatchUnknown, lambda error: _problem(404, error.sentence)),
    (NoJobOfIts, lambda error: _problem(404, error.sentence)),
    (ResultGone, lambda error: _own(410, "expired", "Gone", error)),
    (PartRefused, lambda error: structs.replace(_own(409, "conflict", "Conflict", error), received=error.received)),
    (Conflict, lambda error: _own(409, "conflict", "Conflict", error)),
    (Refused, lambda error: _problem(403, error.sentence, error.code)),
    (Unavailable, lambda error: _problem(503, error.sentence, error.code or Code.UNAVAILABLE, retry=_RETRY_SECONDS)),
    (InvalidValue, lambda error: _malformed(Fault("$", _INVALID, error.sentence))),
    (Tampered, lambda error: _malformed(Fault("$", _INVALID, error.sentence))),
)

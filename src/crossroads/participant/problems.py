"""Refusals as RFC 9457 problems in the Belgif vocabulary."""

from http import HTTPStatus
from typing import NamedTuple

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import CrossroadsError, Malformed, Unavailable
from crossroads.participant.checkpoints import LogForked
from crossroads.wire.messages import Issue, Problem
from crossroads.wire.signatures import SignatureRejected

_BELGIF = "urn:problem-type:belgif:"
_OWN = "urn:problem-type:crossroads:"
RETRY_AFTER = 1
"""Seconds after which it is worth trying again."""


class _Kind(NamedTuple):
    status: HTTPStatus
    type: str


_BY_CODE = {
    Code.PAYLOAD_TOO_LARGE: _Kind(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _BELGIF + "payloadTooLarge"),
    Code.BODY_LATE: _Kind(HTTPStatus.REQUEST_TIMEOUT, _OWN + "requestTimeout"),
    Code.OVERLOADED: _Kind(HTTPStatus.SERVICE_UNAVAILABLE, _BELGIF + "serviceUnavailable"),
    Code.UNAVAILABLE: _Kind(HTTPStatus.SERVICE_UNAVAILABLE, _BELGIF + "serviceUnavailable"),
    Code.SOURCE_LATE: _Kind(HTTPStatus.SERVICE_UNAVAILABLE, _BELGIF + "serviceUnavailable"),
    Code.QUESTION_REPEATED: _Kind(HTTPStatus.CONFLICT, _OWN + "questionRepeated"),
}


def problem_of(error: Exception) -> Problem:
    """Give the problem that tells an error. What was not foreseen tells nothing of itself."""
    if isinstance(error, Malformed):
        issues = tuple(
            Issue(type=f.type, title="The input is not valid.", detail=f.detail, name=f.path) for f in error.faults
        )
        return _problem(_Kind(HTTPStatus.BAD_REQUEST, _BELGIF + "badRequest"), "The input is not valid.", None, issues)
    if isinstance(error, CrossroadsError):
        return _problem(_kind(error), str(error), error.code)
    internal = _Kind(HTTPStatus.INTERNAL_SERVER_ERROR, _BELGIF + "internalServerError")
    return _problem(internal, Code.INTERNAL_ERROR.description, Code.INTERNAL_ERROR)


def _kind(error: CrossroadsError) -> _Kind:
    if error.code in _BY_CODE:
        return _BY_CODE[error.code]
    if isinstance(error, Unavailable):
        return _BY_CODE[Code.UNAVAILABLE]
    if isinstance(error, SignatureRejected):
        return _Kind(HTTPStatus.UNAUTHORIZED, _OWN + "signatureRejected")
    if isinstance(error, LogForked):
        return _Kind(HTTPStatus.FORBIDDEN, _OWN + "logForked")
    return _Kind(HTTPStatus.FORBIDDEN, _OWN + "questionRefused")


def _problem(kind: _Kind, detail: str, code: Code | None, issues: tuple[Issue, ...] = ()) -> Problem:
    retry = RETRY_AFTER if kind.status is HTTPStatus.SERVICE_UNAVAILABLE else None
    return Problem(
        type=kind.type,
        title=kind.status.phrase,
        status=kind.status,
        detail=detail,
        code=code,
        retry_after_sec=retry,
        issues=issues,
    )

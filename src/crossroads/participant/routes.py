"""The participant's HTTP: two routes for the hub, health, and the description of itself."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import Litestar, Response, get, post
from litestar import Request as HttpRequest
from litestar.datastructures import State as AppState
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import CrossroadsError
from crossroads.kernel.guards import Guard
from crossroads.participant.description import document
from crossroads.participant.participant import Participant
from crossroads.participant.problems import RETRY_AFTER, problem_of
from crossroads.wire.messages import MAXIMUM_REQUEST, Problem
from crossroads.wire.signatures import Request, sign_answer

MAXIMUM_BODY = 4 * MAXIMUM_REQUEST
"""Bytes of a request: the question with the proofs of the asker's keys."""
BODY_TIME = timedelta(seconds=5)
"""Within which the body of a request must have come."""
_JSON = "application/json"
_PROBLEM = "application/problem+json"

_log = structlog.get_logger()

Http = HttpRequest[Any, Any, AppState]
Work = Callable[[Request, bytes], Awaitable[msgspec.Struct]]


@post("/v1/data-requests", status_code=200, opt={"guard": Guard.INSTITUTION})
async def data_requests(request: Http, participant: NamedDependency[Participant]) -> Response[bytes]:
    """Give the data groups that permit and statement both cover, each signed and sealed to the asker."""
    return await _answered(request, participant, participant.data)


@post("/v1/match-requests", status_code=200, opt={"guard": Guard.INSTITUTION})
async def match_requests(request: Http, participant: NamedDependency[Participant]) -> Response[bytes]:
    """Tell whether the register knows the number, and whether birth date and name are those it has. Never data."""
    return await _answered(request, participant, participant.match)


@get("/health", opt={"guard": Guard.PUBLIC}, sync_to_thread=False)
def health() -> dict[str, str]:
    """Give the Belgif health status."""
    return {"status": "UP"}


@get("/openapi.json", opt={"guard": Guard.PUBLIC}, sync_to_thread=False)
def description(participant: NamedDependency[Participant]) -> dict[str, Any]:
    """Give the OpenAPI document."""
    return document(participant.config.url)


def build(participant: Participant) -> Litestar:
    """Give the application. It closes the participant when it stops."""
    return Litestar(
        [data_requests, match_requests, health, description],
        dependencies={"participant": Provide(lambda: participant, sync_to_thread=False)},
        exception_handlers={HTTPException: _not_here},
        on_startup=[participant.start],
        on_shutdown=[participant.close],
        openapi_config=None,
        logging_config=None,
    )


async def _answered(http: Http, participant: Participant, work: Work) -> Response[bytes]:
    path = http.scope["path"]
    request = Request(http.method, f"{participant.config.url}{path}", dict(http.headers.items()), None)
    try:
        body = await _read(http)
        request = request._replace(body=body)
        status, kind, content = 200, _JSON, msgspec.json.encode(await work(request, body))
    except Exception as error:  # noqa: BLE001 - whatever happens, the hub gets a problem and not a stack trace
        problem = problem_of(error)
        _tell(error, problem.code, path)
        status, kind, content = problem.status, _PROBLEM, msgspec.json.encode(problem)
    headers = _signature(participant, request, status, kind, content)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["retry-after"] = str(RETRY_AFTER)
    return Response(content, status_code=status, media_type=kind, headers=headers)


def _signature(participant: Participant, request: Request, status: int, kind: str, content: bytes) -> dict[str, str]:
    # An answer is bound to the signature of its request: to one without, there is no signed answer.
    if request.body is None or not {"signature", "content-digest"} <= request.headers.keys():
        return {}
    return sign_answer(participant.key, request, status, kind, content, participant.clock.now())


def _not_here(_: Http, error: HTTPException) -> Response[bytes]:
    phrase = HTTPStatus(error.status_code).phrase
    problem = Problem(type="about:blank", title=phrase, status=error.status_code, detail=phrase)
    return Response(msgspec.json.encode(problem), status_code=error.status_code, media_type=_PROBLEM)


async def _read(http: Http) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIME.total_seconds()):
            async for part in http.stream():
                body += part
                if len(body) > MAXIMUM_BODY:
                    raise CrossroadsError(code=Code.PAYLOAD_TOO_LARGE)
    except TimeoutError:
        raise CrossroadsError(code=Code.BODY_LATE) from None
    return bytes(body)


def _tell(error: Exception, code: str | None, path: str) -> None:
    if isinstance(error, CrossroadsError):
        _log.warning("refused", path=path, code=code, why=str(error))
    else:
        # Only where it happened: the message of an unforeseen error may quote what it was about.
        frame = error.__traceback__
        while frame and frame.tb_next:
            frame = frame.tb_next
        place = f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame else ""
        _log.error("failed", path=path, kind=type(error).__name__, place=place)

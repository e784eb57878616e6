"""The participant's HTTP: two routes for the hub, health, and the description of itself.

Plain ASGI: four routes need no framework, which would cost a question as much as the checks of its signatures.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec
import structlog

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import CrossroadsError
from crossroads.participant.description import document
from crossroads.participant.participant import Participant
from crossroads.participant.problems import RETRY_AFTER, problem_of
from crossroads.wire.bulk import MAXIMUM_BULK_REQUEST
from crossroads.wire.messages import MAXIMUM_REQUEST, Problem
from crossroads.wire.signatures import Request, sign_answer

MAXIMUM_BODY = 4 * MAXIMUM_REQUEST
"""Bytes of a request: the question with the proofs of the asker's keys."""
BODY_TIME = timedelta(seconds=5)
"""Within which the body of a request must have come."""
PAGE_TIME = timedelta(seconds=30)
"""Within which that of a request about a page must have come."""
PAGES = "/v1/data-requests/bulk"
_LONG = 1024 * 1024
"""Bytes of an answer from which on others are let in while it is signed."""
_JSON = "application/json"
_PROBLEM = "application/problem+json"

_log = structlog.get_logger()

Work = Callable[[Request, bytes], Awaitable[msgspec.Struct | msgspec.Raw]]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Reply(NamedTuple):
    """What is answered; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Application:
    """The participant as plain ASGI. It closes the participant when it stops."""

    def __init__(self, participant: Participant) -> None:
        """Take the participant that answers."""
        self._participant = participant
        self._works: dict[str, Work] = {
            "/v1/data-requests": participant.data,
            "/v1/documents": participant.document,
            PAGES: participant.page,
            "/v1/match-requests": participant.match,
            "/v1/mailbox-items": participant.items,
        }
        self._pages: dict[str, Callable[[], Any]] = {
            "/health": lambda: {"status": "UP"},
            "/openapi.json": lambda: document(participant.config.url),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one request, or the messages of the process's own life."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        reply = await self._reply(scope, receive)
        headers = {**reply.headers, "content-length": str(len(reply.body))}
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": pairs})
        await send({"type": "http.response.body", "body": reply.body})

    async def _reply(self, scope: Scope, receive: Receive) -> Reply:
        path, method = scope["path"], scope["method"]
        work, page = self._works.get(path), self._pages.get(path)
        if work is not None and method == "POST":
            return await self._answered(scope, receive, work)
        if page is not None and method == "GET":
            return Reply(HTTPStatus.OK, {"content-type": _JSON}, msgspec.json.encode(page()))
        return _not_here(HTTPStatus.METHOD_NOT_ALLOWED if work or page else HTTPStatus.NOT_FOUND)

    async def _answered(self, scope: Scope, receive: Receive, work: Work) -> Reply:
        path, participant = scope["path"], self._participant
        request = Request("POST", f"{participant.config.url}{path}", _headers(scope), None)
        try:
            body = await (_read(receive, MAXIMUM_BULK_REQUEST, PAGE_TIME) if path == PAGES else _read(receive))
            request = request._replace(body=body)
            status, kind, content = 200, _JSON, msgspec.json.encode(await work(request, body))
        except Exception as error:  # noqa: BLE001 - whatever happens, the hub gets a problem and not a stack trace
            problem = problem_of(error)
            _tell(error, problem.code, path)
            status, kind, content = problem.status, _PROBLEM, msgspec.json.encode(problem)
        sign = partial(_signature, participant, request, status, kind, content)
        signed = await asyncio.to_thread(sign) if len(content) > _LONG else sign()
        headers = {"content-type": kind, **signed}
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            headers["retry-after"] = str(RETRY_AFTER)
        return Reply(status, headers, content)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await self._participant.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._participant.close()
        await send({"type": "lifespan.shutdown.complete"})


def _headers(scope: Scope) -> dict[str, str]:
    # Of a header that stands twice the last counts, as for every signature that is checked.
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _signature(participant: Participant, request: Request, status: int, kind: str, content: bytes) -> dict[str, str]:
    # An answer is bound to the signature of its request: to one without, there is no signed answer.
    if request.body is None or not {"signature", "content-digest"} <= request.headers.keys():
        return {}
    return sign_answer(participant.key, request, status, kind, content, participant.clock.now())


def _not_here(status: HTTPStatus) -> Reply:
    problem = Problem(type="about:blank", title=status.phrase, status=status, detail=status.phrase)
    return Reply(status, {"content-type": _PROBLEM}, msgspec.json.encode(problem))


async def _read(receive: Receive, maximum: int = MAXIMUM_BODY, time: timedelta = BODY_TIME) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(time.total_seconds()):
            while True:
                message = await receive()
                body += message.get("body", b"")
                if len(body) > maximum:
                    raise CrossroadsError(code=Code.PAYLOAD_TOO_LARGE)
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise CrossroadsError(code=Code.BODY_LATE) from None


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

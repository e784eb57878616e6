"""The outermost door: limits before anything is read, and the signature under everything that leaves.

It wraps the application as plain ASGI, so that no error inside can leave unsigned or uncounted.
"""

import re
from time import monotonic
from typing import Any
from uuid import uuid4

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from crossroads.admission.limits import LimitReached, Turnstile
from crossroads.admission.service import AUTHENTIC, Authentic
from crossroads.api import metrics
from crossroads.api.problems import tell
from crossroads.kernel.clock import Clock
from crossroads.wire.keys import SigningKey
from crossroads.wire.signatures import sign_answer

_KEY_ID = re.compile(rb'keyid="([a-z0-9-]{2,40})#')


class Door:
    """Lets requests in within the limits, and signs the answers to those that were authentic."""

    def __init__(
        self, app: ASGIApp, *, turnstile: Turnstile, key: SigningKey, clock: Clock, behind_proxy: bool
    ) -> None:
        """Stand before the application."""
        self._app = app
        self._turnstile = turnstile
        self._key = key
        self._clock = clock
        self._behind_proxy = behind_proxy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one request, or the messages of the process's own life."""
        if str(scope["type"]) != "http":
            # Besides requests there is only the process's own life; anything else would pass uncounted.
            if str(scope["type"]) == "lifespan":
                await self._app(scope, receive, send)
            return
        visitor = (self._peer(scope), _claimed(scope))
        try:
            self._turnstile.enter(*visitor)
        except LimitReached as error:
            await _refuse(scope, send, error)
            return
        # A state of its own: what the gate leaves there is of this request alone.
        scope["state"] = {}
        try:
            await self._app(scope, receive, _Outgoing(self, scope, send))
        finally:
            self._turnstile.leave(*visitor)

    def _peer(self, scope: Any) -> str:
        if self._behind_proxy:
            forwarded = dict(scope["headers"]).get(b"x-forwarded-for", b"").decode("latin-1")
            if forwarded:
                return str(forwarded.rsplit(",", 1)[-1].strip())
        client = scope.get("client")
        return str(client[0]) if client else ""

    def signature(self, authentic: Authentic, status: int, content_type: str, body: bytes) -> dict[str, str]:
        """Give the headers that sign an answer to an authentic request."""
        return sign_answer(self._key, authentic.request, status, content_type, body, self._clock.now())


class _Outgoing:
    """Holds an answer back until it is whole, signs it, and lets it go."""

    def __init__(self, door: Door, scope: Any, send: Send) -> None:
        self._door = door
        self._scope = scope
        self._send = send
        self._start: Any = None
        self._body: list[bytes] = []
        self._since = monotonic()

    async def __call__(self, message: Message) -> None:
        event: Any = message
        if event["type"] == "http.response.start":
            self._start = event
            return
        if event["type"] != "http.response.body":
            await self._send(message)
            return
        self._body.append(event.get("body", b""))
        if not event.get("more_body", False):
            await self._leave(b"".join(self._body))

    async def _leave(self, body: bytes) -> None:
        headers = [*self._start["headers"], _trace()]
        authentic = self._scope.get("state", {}).get(AUTHENTIC)
        if authentic is not None:
            content_type = dict(headers).get(b"content-type", b"").decode("latin-1")
            signed = self._door.signature(authentic, self._start["status"], content_type, body)
            headers += [(name.encode(), value.encode()) for name, value in signed.items()]
        metrics.observe_request(self._scope, self._start["status"], monotonic() - self._since)
        start: Any = {**self._start, "headers": headers}
        whole: Any = {"type": "http.response.body", "body": body, "more_body": False}
        await self._send(start)
        await self._send(whole)


def _claimed(scope: Any) -> str:
    for name, value in scope["headers"]:
        if name == b"signature-input":
            match = _KEY_ID.search(value)
            return match[1].decode() if match else ""
    return ""


def _trace() -> tuple[bytes, bytes]:
    return b"belgov-trace-id", str(uuid4()).encode()


async def _refuse(scope: Scope, send: Send, error: LimitReached) -> None:
    told = tell(error, scope)
    headers = [(name.encode(), value.encode()) for name, value in told.headers.items()]
    headers += [(b"content-length", str(len(told.body)).encode()), _trace()]
    start: Any = {"type": "http.response.start", "status": told.status, "headers": headers}
    whole: Any = {"type": "http.response.body", "body": told.body, "more_body": False}
    await send(start)
    await send(whole)

"""Work that needs answers from the hub, written once for async and sync callers.

A piece of work is a generator: it yields the call it wants made, and is sent what came back. It does no input or output
itself, so the two clients and the server share every rule.
"""

import asyncio
import time
from collections.abc import Generator, Mapping
from contextvars import ContextVar
from datetime import timedelta
from typing import Any, NamedTuple, TypeVar

import msgspec
from pyreqwest.bytes import Bytes
from pyreqwest.client import ClientBuilder, SyncClientBuilder
from pyreqwest.exceptions import PyreqwestError
from pyreqwest.response import BaseResponse

from crossroads.kernel.errors import Unavailable
from crossroads.wire.decoding import UNREADABLE

T = TypeVar("T")

LANGUAGE: ContextVar[str | None] = ContextVar("language", default=None)
"""In which the hub is asked to say what it refuses, by whatever a task calls; English where nothing is set."""
OK = 200
MAXIMUM_ANSWER = 16 * 1024 * 1024
"""Bytes of an answer that are read."""
MAXIMUM_LARGE_ANSWER = 512 * 1024 * 1024
"""Bytes of an answer to a call that expects a large one."""
_PATIENCE = timedelta(minutes=10)
"""For a large answer to come."""


class Call(NamedTuple):
    """A request to make."""

    method: str
    url: str
    body: bytes | None = None
    headers: Mapping[str, str] = {}
    large: bool = False
    """Whether its answer may be large: then more is read, and for longer."""

    @property
    def most(self) -> int:
        """Bytes of its answer that are read."""
        return MAXIMUM_LARGE_ANSWER if self.large else MAXIMUM_ANSWER


class Pause(NamedTuple):
    """A wish to wait."""

    seconds: float


class Got(NamedTuple):
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Steps = Generator[Call | Pause, Got, T]

_NOTHING = Got(0, {}, b"")


def post_json(url: str, content: Any) -> Call:
    """Give the call that posts a JSON body."""
    return Call("POST", url, msgspec.json.encode(content), {"content-type": "application/json"})


def fetch(call: Call, decoder: "msgspec.json.Decoder[T]") -> Steps[T]:
    """Make a call whose answer is JSON. Raises Unavailable when it fails or the answer has not its form."""
    got = yield call
    if got.status != OK:
        raise Unavailable(f"{call.method} {call.url} was answered with {got.status}.")
    try:
        return decoder.decode(got.body)
    except UNREADABLE:
        raise Unavailable(f"{call.method} {call.url} was answered with something else than it should be.") from None


class Http:
    """Runs steps for async callers, over one pool of connections."""

    def __init__(self, timeout: timedelta) -> None:
        """Open the pool. Redirects are never followed: a signature is for one address."""
        self._client = ClientBuilder().timeout(timeout).follow_redirects(False).build()

    async def run(self, steps: Steps[T]) -> T:
        """Make the calls that the work wants and give its result."""
        try:
            wish = next(steps)
            while True:
                try:
                    got = await self._do(wish)
                except Unavailable as error:
                    wish = steps.throw(error)
                else:
                    wish = steps.send(got)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]  # a generator returns its T this way

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _do(self, wish: Call | Pause) -> Got:
        if isinstance(wish, Pause):
            await asyncio.sleep(wish.seconds)
            return _NOTHING
        request = self._client.request(wish.method, wish.url).headers(_with_language(wish.headers))
        request = request.timeout(_PATIENCE) if wish.large else request
        try:
            async with (request if wish.body is None else request.body_bytes(wish.body)).build_streamed() as response:
                body = await response.body_reader.read(wish.most + 1)
                return _got(wish, response, body)
        except PyreqwestError as error:
            raise Unavailable(f"{wish.method} {wish.url} failed: {type(error).__name__}.") from error


def _with_language(headers: Mapping[str, str]) -> Mapping[str, str]:
    language = LANGUAGE.get()
    return headers if language is None else {**headers, "accept-language": language}


class SyncHttp:
    """Runs steps for callers without an event loop."""

    def __init__(self, timeout: timedelta) -> None:
        """Open the pool. Redirects are never followed: a signature is for one address."""
        self._client = SyncClientBuilder().timeout(timeout).follow_redirects(False).build()

    def run(self, steps: Steps[T]) -> T:
        """Make the calls that the work wants and give its result."""
        try:
            wish = next(steps)
            while True:
                try:
                    got = self._do(wish)
                except Unavailable as error:
                    wish = steps.throw(error)
                else:
                    wish = steps.send(got)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]  # a generator returns its T this way

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _do(self, wish: Call | Pause) -> Got:
        if isinstance(wish, Pause):
            time.sleep(wish.seconds)
            return _NOTHING
        request = self._client.request(wish.method, wish.url).headers(_with_language(wish.headers))
        request = request.timeout(_PATIENCE) if wish.large else request
        try:
            with (request if wish.body is None else request.body_bytes(wish.body)).build_streamed() as response:
                body = response.body_reader.read(wish.most + 1)
                return _got(wish, response, body)
        except PyreqwestError as error:
            raise Unavailable(f"{wish.method} {wish.url} failed: {type(error).__name__}.") from error


def _got(call: Call, response: BaseResponse, body: Bytes | None) -> Got:
    content = bytes(body or b"")
    if len(content) > call.most:
        raise Unavailable(f"{call.method} {call.url} was answered with more than {call.most} bytes.")
    return Got(response.status, {name.lower(): value for name, value in response.headers.items()}, content)

"""The hot route without the framework: a signed JSON post and its answer as plain ASGI.

The framework spends on a question as much as the hub's own checks of its signature, on what this route does not need.
The handler stays declared to the framework, which describes it and answers whatever else is asked of its path.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.types import Receive, Scope, Send

from crossroads.api.guarding import Guarding
from crossroads.api.problems import tell
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Unavailable
from crossroads.wire.decoding import decode

_JSON = "application/json"


class Direct:
    """Serves the posts to the path of one handler, and leaves all else to the application."""

    def __init__(self, app: Litestar, handler: HTTPRouteHandler, decoder: "msgspec.json.Decoder[Any]") -> None:
        """Take the handler of an exchange, and what reads the body for it."""
        self._app = app
        self._handler = handler.fn
        (self._path,) = handler.paths
        self._decoder = decoder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one request, or the messages of the process's own life."""
        if scope.get("path") != self._path or scope.get("method") != "POST":
            await self._app(scope, receive, send)
            return
        # The metrics count by it; the framework would have set it.
        scope["path_template"] = self._path
        try:
            answer = await self._answer(scope, receive)
            status, headers, body = 200, {"content-type": _JSON}, msgspec.json.encode(answer)
        except Exception as error:  # noqa: BLE001 - whatever happens, the asker gets a problem and not a broken line
            status, headers, body = tell(error, scope)
        await _send(send, status, headers, body)

    async def _answer(self, scope: Scope, receive: Receive) -> Any:
        guarding: Guarding | None = self._app.state.get("guarding")
        if guarding is None:
            raise Unavailable("The hub is starting, and waits for its database.", code=Code.UNAVAILABLE)
        data = decode(await guarding.read(scope, receive), self._decoder)
        return await self._handler(data=data, scope=scope, exchange=self._app.state.services.exchange)


async def _send(send: Send, status: int, headers: Mapping[str, str], body: bytes) -> None:
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    start: Any = {
        "type": "http.response.start",
        "status": status,
        "headers": [*pairs, (b"content-length", str(len(body)).encode())],
    }
    whole: Any = {"type": "http.response.body", "body": body, "more_body": False}
    await send(start)
    await send(whole)

"""How the guard of each route is enforced. A route without a guard answers nobody."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from litestar import Request
from litestar.di import NamedDependency
from litestar.exceptions import ClientException, MethodNotAllowedException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.params import SkipValidation
from litestar.types import Receive, Scope

from crossroads.admission.limits import LimitReached
from crossroads.admission.service import AUTHENTIC, Gate, authentic_of
from crossroads.api.parameters import check_parameters, known_to
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import CrossroadsError
from crossroads.kernel.guards import Guard, Signed
from crossroads.kernel.sentences import Sentence
from crossroads.wire import signatures
from crossroads.wire.decoding import check_json
from crossroads.wire.messages import MAXIMUM_REQUEST

_BODILESS = ("GET", "HEAD")
BODY_SECONDS = 5
"""Within which the body of a request must have come."""
_SIGNED = ("content-type", "content-digest", "signature", "signature-input")


class RouteWithoutGuard(CrossroadsError):
    """The route declares no guard, so it answers nobody."""


class Guarding:
    """Enforces the guard that a route declares, before anything of the request is read."""

    def __init__(self, gate: Gate, public_url: str) -> None:
        """Know the gate, and what the hub calls itself."""
        self._gate = gate
        self._public_url = public_url.rstrip("/")

    async def __call__(self, request: Request[Any, Any, Any]) -> None:
        """Let a request through, or raise what the gate raises."""
        if request.method == "OPTIONS":
            # The framework answers these by a handler of its own; nothing here is for the scripts of other sites.
            raise MethodNotAllowedException
        guard = request.route_handler.opt.get("guard")
        if guard is Guard.INSTITUTION:
            body = None if request.method in _BODILESS else await _in_time(request.body())
            self._authenticate(request.scope, request.method, body)
            if body is not None and "data" in request.route_handler.parsed_fn_signature.parameters:
                check_json(body)
        elif guard is not Guard.PUBLIC:
            raise RouteWithoutGuard
        if query := request.scope["query_string"]:
            check_parameters(query, known_to(request.route_handler))

    async def read(self, scope: Scope, receive: Receive) -> bytes:
        """Read the body of a signed post outside the framework, and let it through, or raise what the gate raises."""
        body = await _in_time(_body(receive))
        self._authenticate(scope, "POST", body)
        check_parameters(scope["query_string"], ())
        return body

    def _authenticate(self, scope: Any, method: str, body: bytes | None) -> None:
        query = scope["query_string"].decode("latin-1")
        target = f"{self._public_url}{scope['raw_path'].decode('latin-1')}" + (f"?{query}" if query else "")
        scope["state"][AUTHENTIC] = self._gate.authenticate(signatures.Request(method, target, _headers(scope), body))


async def _in_time(reading: Awaitable[bytes]) -> bytes:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await reading
    except TimeoutError:
        raise LimitReached(Code.BODY_LATE) from None


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message: Any = await receive()
        if message["type"] == "http.disconnect":
            raise ClientException("The asker hung up before its question was whole.")
        part = message.get("body", b"")
        size += len(part)
        if size > MAXIMUM_REQUEST:
            raise RequestEntityTooLarge
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _headers(scope: Scope) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        text = name.decode("latin-1")
        # Which of two counts would be a matter of opinion: of those that a signature is about, one is allowed.
        if text in headers and text in _SIGNED:
            twice = Sentence("The header %(name)s stands in it twice.", name=text)
            raise signatures.SignatureRejected(Code.SIGNATURE_INVALID, twice)
        headers[text] = value.decode("latin-1")
    return headers


async def signed(request: Request[Any, Any, Any], gate: NamedDependency[SkipValidation[Gate]]) -> Signed:
    """Give who signed the request, once it is known to be new."""
    found = authentic_of(request.scope)
    await gate.admit(found)
    return Signed(found.institution, found.key_id, found.request.body or b"", found.signature)

"""How the guard of each route is enforced. A route without a guard answers nobody."""

import asyncio
from typing import Any

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from crossroads.admission.limits import LimitReached
from crossroads.admission.service import AUTHENTIC, Gate, authentic_of
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import CrossroadsError
from crossroads.kernel.guards import Guard, Signed
from crossroads.wire import signatures

_BODILESS = ("GET", "HEAD")
_BODY_SECONDS = 5
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
        guard = request.route_handler.opt.get("guard")
        if guard is Guard.PUBLIC:
            return
        if guard is not Guard.INSTITUTION:
            raise RouteWithoutGuard
        request.scope["state"][AUTHENTIC] = self._gate.authenticate(await self._signed_request(request))

    async def _signed_request(self, request: Request[Any, Any, Any]) -> signatures.Request:
        query = request.scope["query_string"].decode("latin-1")
        path = request.scope["raw_path"].decode("latin-1")
        target = f"{self._public_url}{path}" + (f"?{query}" if query else "")
        body = None if request.method in _BODILESS else await _body(request)
        return signatures.Request(request.method, target, _headers(request), body)


async def _body(request: Request[Any, Any, Any]) -> bytes:
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            return await request.body()
    except TimeoutError:
        raise LimitReached(Code.BODY_LATE) from None


def _headers(request: Request[Any, Any, Any]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in request.scope["headers"]:
        text = name.decode("latin-1")
        # Which of two counts would be a matter of opinion: of those that a signature is about, one is allowed.
        if text in headers and text in _SIGNED:
            raise signatures.SignatureRejected(Code.SIGNATURE_INVALID, f"The header {text} stands in it twice.")
        headers[text] = value.decode("latin-1")
    return headers


async def signed(request: Request[Any, Any, Any], gate: NamedDependency[SkipValidation[Gate]]) -> Signed:
    """Give who signed the request, once it is known to be new."""
    found = authentic_of(request.scope)
    await gate.admit(found)
    return Signed(found.institution, found.key_id, found.request.body or b"", found.signature)

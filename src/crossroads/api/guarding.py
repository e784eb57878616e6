"""How the guard of each route is enforced. A route without a guard answers nobody."""

from typing import Any

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from crossroads.admission.service import Authentic, Gate
from crossroads.api.door import AUTHENTIC
from crossroads.kernel.errors import CrossroadsError
from crossroads.kernel.guards import Guard, Signed
from crossroads.wire import signatures

_BODILESS = ("GET", "HEAD")


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
        body = None if request.method in _BODILESS else await request.body()
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.scope["headers"]}
        return signatures.Request(request.method, target, headers, body)


def authentic(request: Request[Any, Any, Any]) -> Authentic:
    """Give who signed the request; whether it is new is not known yet, and the handler must ask the gate."""
    found: Authentic = request.scope["state"][AUTHENTIC]
    return found


async def signed(request: Request[Any, Any, Any], gate: NamedDependency[SkipValidation[Gate]]) -> Signed:
    """Give who signed the request, once it is known to be new."""
    found = authentic(request)
    await gate.admit(found)
    return Signed(found.institution, found.key_id, found.request.body or b"")

"""`GET /health`, in the Belgif form: no detail of the infrastructure."""

from litestar import Response, get

from crossroads.bootstrap.wiring import Services
from crossroads.kernel.errors import Unavailable
from crossroads.kernel.guards import Guard
from crossroads.wire.messages import Message


class Health(Message, frozen=True, kw_only=True):
    """Whether the hub works."""

    status: str


@get("/health", opt={"guard": Guard.PUBLIC}, operation_id="health", summary="Whether the hub works", tags=["hub"])
async def health(services: Services) -> Response[Health]:
    """Tell UP, DEGRADED while some institution is left alone, or DOWN when nothing can be recorded."""
    try:
        await services.log.ping()
    except Unavailable:
        return Response(Health(status="DOWN"), status_code=503)
    return Response(Health(status="DEGRADED" if services.breakers.suspended else "UP"))

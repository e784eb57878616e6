"""`GET /health`, in the Belgif form: no detail of the infrastructure."""

from datetime import timedelta

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import SkipValidation
from litestar.status_codes import HTTP_503_SERVICE_UNAVAILABLE

from crossroads.bootstrap.wiring import Services
from crossroads.kernel.guards import Guard
from crossroads.wire.messages import Message


class Health(Message, frozen=True, kw_only=True):
    """Whether the hub works."""

    status: str


@get(
    "/health",
    opt={"guard": Guard.PUBLIC},
    operation_id="health",
    responses={HTTP_503_SERVICE_UNAVAILABLE: ResponseSpec(Health, generate_examples=False)},
)
async def health(services: NamedDependency[SkipValidation[Services]]) -> Response[Health]:
    """Tell UP, DEGRADED while some institution is left alone, or DOWN when nothing can be recorded."""
    # Until then requests are refused as made before the restart: no balancer should send any. A signature tells no more
    # than the second in which it was made.
    accepting = services.facts.accepted_since + timedelta(seconds=1) <= services.clock.now()
    if not (accepting and services.catalogue.current.founded) or not await services.database_answers():
        return Response(Health(status="DOWN"), status_code=HTTP_503_SERVICE_UNAVAILABLE)
    return Response(Health(status="DEGRADED" if services.breakers.suspended else "UP"))

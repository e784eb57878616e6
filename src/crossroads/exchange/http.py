"""`POST /v1/exchanges`."""

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody, SkipValidation
from litestar.types import Scope

from crossroads.admission.service import authentic_of
from crossroads.exchange.service import Exchange
from crossroads.kernel.guards import Guard
from crossroads.wire.messages import Answer, Question


@post(
    "/v1/exchanges",
    opt={"guard": Guard.INSTITUTION},
    status_code=200,
    operation_id="ask",
    tags=["exchange"],
)
async def ask(
    data: JSONBody[Question],
    scope: Scope,
    exchange: NamedDependency[SkipValidation[Exchange]],
) -> Answer:
    """Ask the institutions that hold data about a person. Every answer, a refusal too, has a status and a receipt."""
    return await exchange.answer(data, authentic_of(scope))


ROUTES = (ask,)

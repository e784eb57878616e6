"""`POST /v1/exchanges`."""

from litestar import Response, post

from crossroads.admission.service import Authentic
from crossroads.exchange.service import Exchange
from crossroads.kernel.guards import Guard
from crossroads.wire.messages import Answer, Question


@post(
    "/v1/exchanges",
    opt={"guard": Guard.INSTITUTION},
    status_code=200,
    operation_id="ask",
    summary="Ask about one person",
    tags=["exchange"],
)
async def ask(data: Question, authentic: Authentic, exchange: Exchange) -> Response[Answer]:
    """Ask the institutions that hold data about a person; every answer, also a refusal, has a status and a receipt."""
    answer = await exchange.answer(data, authentic)
    return Response(answer, media_type="application/json")

"""Acting for somebody else, over HTTP. The numbers are never in a URL: everything is a POST."""

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody, SkipValidation
from litestar.status_codes import HTTP_200_OK

from crossroads.kernel.guards import Guard, Signed
from crossroads.transparency.acting import Representation
from crossroads.wire.acting import (
    ActingBegun,
    BeginActing,
    GiveMandate,
    MandateChoice,
    MandateLine,
    MandateList,
    MandateQuery,
)

_GUARDED = {"guard": Guard.INSTITUTION}
Represented = NamedDependency[SkipValidation[Representation]]


@post("/v1/mandates", opt=_GUARDED, status_code=HTTP_200_OK, tags=["acting"])
async def give_mandate(
    data: JSONBody[GiveMandate], signed: NamedDependency[Signed], representation: Represented
) -> MandateLine:
    """Let somebody whom the register confirms act for a person; it counts once that one accepts."""
    return await representation.give(data, signed)


@post("/v1/mandates/query", opt=_GUARDED, status_code=HTTP_200_OK, tags=["acting"])
async def query_mandates(
    data: JSONBody[MandateQuery], signed: NamedDependency[Signed], representation: Represented
) -> MandateList:
    """Give who acts for a person, and for whom the person acts."""
    return await representation.mandates(data, signed)


@post("/v1/mandates/accept", opt=_GUARDED, status_code=HTTP_200_OK, tags=["acting"])
async def accept_mandate(
    data: JSONBody[MandateChoice], signed: NamedDependency[Signed], representation: Represented
) -> MandateLine:
    """Accept a mandate that the person got."""
    return await representation.accept(data, signed)


@post("/v1/mandates/end", opt=_GUARDED, status_code=HTTP_200_OK, tags=["acting"])
async def end_mandate(
    data: JSONBody[MandateChoice], signed: NamedDependency[Signed], representation: Represented
) -> MandateLine:
    """End a mandate at once, as the one who gave it or the one who got it."""
    return await representation.end(data, signed)


@post("/v1/acting", opt=_GUARDED, status_code=HTTP_200_OK, tags=["acting"])
async def begin_acting(
    data: JSONBody[BeginActing], signed: NamedDependency[Signed], representation: Represented
) -> ActingBegun:
    """Let an agent act for a person today: under a mandate, or as a parent by what the register signed."""
    return await representation.begin(data, signed)


ROUTES = (give_mandate, query_mandates, accept_mandate, end_mandate, begin_acting)

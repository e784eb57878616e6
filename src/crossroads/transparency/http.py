"""What a person may know, over HTTP. The number is never in a URL: every look is a POST."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK

from crossroads.kernel.guards import Guard, Signed
from crossroads.transparency.service import Transparency
from crossroads.wire.usage import (
    FindUsage,
    FoundUsages,
    Heartbeat,
    HolderList,
    HoldersQuery,
    ProofQuery,
    UsageList,
    UsagePeriod,
    UsagePeriodQuery,
    UsageProof,
    UsageQuery,
)

_GUARDED = {"guard": Guard.INSTITUTION}


@post("/v1/usage/query", opt=_GUARDED, status_code=HTTP_200_OK, tags=["usage"])
async def query_usage(
    data: JSONBody[UsageQuery], signed: NamedDependency[Signed], transparency: NamedDependency[Transparency]
) -> UsageList:
    """Give who looked: what was done about a person, newest first. It is itself logged."""
    return await transparency.usage(data, signed)


@post("/v1/usage/proof", opt=_GUARDED, status_code=HTTP_200_OK, tags=["usage"])
async def prove_usage(
    data: JSONBody[ProofQuery], signed: NamedDependency[Signed], transparency: NamedDependency[Transparency]
) -> UsageProof:
    """Prove that entries about a person are in the log, to who may see them."""
    return await transparency.proof(data, signed)


@post("/v1/usage/holders", opt=_GUARDED, status_code=HTTP_200_OK, tags=["usage"])
async def query_holders(
    data: JSONBody[HoldersQuery], signed: NamedDependency[Signed], transparency: NamedDependency[Transparency]
) -> HolderList:
    """Give who knows a person: institutions, capacities and periods."""
    return await transparency.holders(data, signed)


@post("/v1/usage/find", opt=_GUARDED, status_code=HTTP_200_OK, tags=["usage"])
async def find_usage(
    data: JSONBody[FindUsage], signed: NamedDependency[Signed], transparency: NamedDependency[Transparency]
) -> FoundUsages:
    """Give the same as `query`, by the Estonian contract `findUsage`."""
    return await transparency.find(data, signed)


@post("/v1/usage/period", opt=_GUARDED, status_code=HTTP_200_OK, tags=["usage"])
async def usage_period(
    data: JSONBody[UsagePeriodQuery], signed: NamedDependency[Signed], transparency: NamedDependency[Transparency]
) -> UsagePeriod:
    """Give for which time entries are kept: `usagePeriod` of that contract."""
    del data, signed
    return await transparency.period()


@get("/v1/usage/heartbeat", opt={"guard": Guard.PUBLIC}, tags=["usage"])
async def usage_heartbeat(transparency: NamedDependency[Transparency]) -> Heartbeat:
    """Tell that the log can be read: `heartbeat` of that contract."""
    return await transparency.heartbeat()


ROUTES = (query_usage, prove_usage, query_holders, find_usage, usage_period, usage_heartbeat)

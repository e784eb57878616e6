"""Supervision over HTTP, for the institution that the catalogue lets supervise. Every route is a POST, and logged."""

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK

from crossroads.kernel.guards import Guard, Signed
from crossroads.transparency.supervision import Supervision
from crossroads.transparency.suspicions import Suspicions
from crossroads.transparency.watching import Watching
from crossroads.wire.supervision import (
    EvidenceQuery,
    LogEntries,
    LogQuery,
    ParameterList,
    ParameterSetting,
    ParametersQuery,
    PatternList,
    PatternQuery,
    WatchedList,
    WatchedQuery,
    WatchEnding,
    WatchSetting,
)
from crossroads.wire.usage import UsageProof

_GUARDED = {"guard": Guard.INSTITUTION}


@post("/v1/supervision/log/query", opt=_GUARDED, status_code=HTTP_200_OK, tags=["supervision"])
async def search_log(
    data: JSONBody[LogQuery], signed: NamedDependency[Signed], supervision: NamedDependency[Supervision]
) -> LogEntries:
    """Give entries of the log by person, ticket, institution or purpose, newest first."""
    return await supervision.search(data, signed)


@post("/v1/supervision/evidence", opt=_GUARDED, status_code=HTTP_200_OK, tags=["supervision"])
async def prove_entries(
    data: JSONBody[EvidenceQuery], signed: NamedDependency[Signed], supervision: NamedDependency[Supervision]
) -> UsageProof:
    """Prove entries of the log with all that they say; `crossroads audit check` verifies the proofs anywhere."""
    return await supervision.evidence(data, signed)


@post("/v1/supervision/patterns/query", opt=_GUARDED, status_code=HTTP_200_OK, tags=["supervision"])
async def query_patterns(
    data: JSONBody[PatternQuery], signed: NamedDependency[Signed], suspicions: NamedDependency[Suspicions]
) -> PatternList:
    """Give what the rules flag in some days."""
    return await suspicions.flagged(data, signed)


@post("/v1/supervision/parameters", opt=_GUARDED, status_code=HTTP_200_OK, tags=["supervision"])
async def set_parameter(
    data: JSONBody[ParameterSetting], signed: NamedDependency[Signed], watching: NamedDependency[Watching]
) -> ParameterList:
    """Set a number by which patterns are flagged, from a day on."""
    return await watching.set_parameter(data, signed)


@post("/v1/supervision/parameters/query", opt=_GUARDED, status_code=HTTP_200_OK, tags=["supervision"])
async def query_parameters(
    data: JSONBody[ParametersQuery], signed: NamedDependency[Signed], watching: NamedDependency[Watching]
) -> ParameterList:
    """Give every version of every number."""
    return await watching.parameters(data, signed)


@post("/v1/supervision/watched", opt=_GUARDED, status_code=HTTP_200_OK, tags=["supervision"])
async def watch_person(
    data: JSONBody[WatchSetting], signed: NamedDependency[Signed], watching: NamedDependency[Watching]
) -> WatchedList:
    """Have questions about a person flagged until a day."""
    return await watching.watch(data, signed)


@post("/v1/supervision/watched/end", opt=_GUARDED, status_code=HTTP_200_OK, tags=["supervision"])
async def end_watch(
    data: JSONBody[WatchEnding], signed: NamedDependency[Signed], watching: NamedDependency[Watching]
) -> WatchedList:
    """Flag questions about a person no longer."""
    return await watching.end(data, signed)


@post("/v1/supervision/watched/query", opt=_GUARDED, status_code=HTTP_200_OK, tags=["supervision"])
async def query_watched(
    data: JSONBody[WatchedQuery], signed: NamedDependency[Signed], watching: NamedDependency[Watching]
) -> WatchedList:
    """Give who is watched."""
    return await watching.watched(data, signed)


ROUTES = (
    search_log,
    prove_entries,
    query_patterns,
    set_parameter,
    query_parameters,
    watch_person,
    end_watch,
    query_watched,
)

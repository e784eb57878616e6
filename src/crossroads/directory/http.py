"""Institutions keep their own lines of the directory, and have persons confirmed before they inscribe them."""

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from crossroads.directory.service import Directory
from crossroads.identity.service import Identity
from crossroads.kernel.guards import Guard, Signed
from crossroads.wire.inscriptions import (
    MAXIMUM_BULK,
    MAXIMUM_COMPARISON,
    InscriptionBulk,
    InscriptionBulkOutcome,
    InscriptionComparison,
    InscriptionDifferences,
)
from crossroads.wire.messages import (
    InscriptionLine,
    InscriptionList,
    InscriptionOutcome,
    InscriptionQuery,
    PersonConfirmation,
    PersonConfirmed,
)

_GUARDED = {"guard": Guard.INSTITUTION}


@post("/v1/inscriptions", opt=_GUARDED, status_code=HTTP_201_CREATED, tags=["directory"])
async def open_inscription(
    data: JSONBody[InscriptionLine], signed: NamedDependency[Signed], directory: NamedDependency[Directory]
) -> InscriptionOutcome:
    """Inscribe a person, or extend an inscription."""
    return await directory.open(data, signed)


@post("/v1/inscriptions/close", opt=_GUARDED, status_code=HTTP_200_OK, tags=["directory"])
async def close_inscription(
    data: JSONBody[InscriptionLine], signed: NamedDependency[Signed], directory: NamedDependency[Directory]
) -> InscriptionOutcome:
    """End the inscription that starts on `period.startDate` on `period.endDate`."""
    return await directory.close(data, signed)


@post("/v1/inscriptions/cut", opt=_GUARDED, status_code=HTTP_200_OK, tags=["directory"])
async def cut_inscription(
    data: JSONBody[InscriptionLine], signed: NamedDependency[Signed], directory: NamedDependency[Directory]
) -> InscriptionOutcome:
    """Take a period out of inscriptions; one may fall apart in two."""
    return await directory.cut(data, signed)


@post("/v1/inscriptions/cancel", opt=_GUARDED, status_code=HTTP_200_OK, tags=["directory"])
async def cancel_inscription(
    data: JSONBody[InscriptionLine], signed: NamedDependency[Signed], directory: NamedDependency[Directory]
) -> InscriptionOutcome:
    """Withdraw the inscription of exactly this period: it was never right."""
    return await directory.cancel(data, signed)


@post("/v1/inscriptions/query", opt=_GUARDED, status_code=HTTP_200_OK, tags=["directory"])
async def query_inscriptions(
    data: JSONBody[InscriptionQuery], signed: NamedDependency[Signed], directory: NamedDependency[Directory]
) -> InscriptionList:
    """Give one's own inscriptions of a person that overlap a period."""
    return await directory.query(data, signed)


@post(
    "/v1/inscriptions/bulk",
    opt=_GUARDED,
    status_code=HTTP_200_OK,
    request_max_body_size=MAXIMUM_BULK,
    tags=["directory"],
)
async def keep_inscriptions(
    data: JSONBody[InscriptionBulk], signed: NamedDependency[Signed], directory: NamedDependency[Directory]
) -> InscriptionBulkOutcome:
    """Keep many inscriptions of one's own, each by itself, as the routes above do."""
    return await directory.bulk(data, signed)


@post(
    "/v1/inscriptions/compare",
    opt=_GUARDED,
    status_code=HTTP_200_OK,
    request_max_body_size=MAXIMUM_COMPARISON,
    tags=["directory"],
)
async def compare_inscriptions(
    data: JSONBody[InscriptionComparison], signed: NamedDependency[Signed], directory: NamedDependency[Directory]
) -> InscriptionDifferences:
    """Compare one's own list of inscriptions with those of the directory."""
    return await directory.compare(data, signed)


@post("/v1/persons/confirm", opt=_GUARDED, status_code=HTTP_200_OK, tags=["directory"])
async def confirm_person(
    data: JSONBody[PersonConfirmation], signed: NamedDependency[Signed], identity: NamedDependency[Identity]
) -> PersonConfirmed:
    """Have the register confirm that a person with these particulars exists; who is confirmed may be inscribed."""
    return await identity.confirm(data, signed.institution)


ROUTES = (
    open_inscription,
    close_inscription,
    cut_inscription,
    cancel_inscription,
    query_inscriptions,
    keep_inscriptions,
    compare_inscriptions,
    confirm_person,
)

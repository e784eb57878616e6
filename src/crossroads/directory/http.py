"""Institutions keep their own lines of the directory, and have persons confirmed before they inscribe them."""

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from crossroads.directory.service import Directory
from crossroads.identity.service import Identity
from crossroads.kernel.guards import Guard, Signed
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
    confirm_person,
)

"""Institutions find people, and keep the BIS register."""

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from crossroads.identity.bis import BisRegister
from crossroads.identity.identification import Identification
from crossroads.kernel.guards import Guard, Signed
from crossroads.wire.persons import (
    PersonCandidates,
    PersonChanged,
    PersonCorrection,
    PersonCreation,
    PersonDeath,
    PersonQuery,
    PersonReplacement,
)

_GUARDED = {"guard": Guard.INSTITUTION}


@post("/v1/persons", opt=_GUARDED, status_code=HTTP_201_CREATED, tags=["persons"])
async def create_person(
    data: JSONBody[PersonCreation], signed: NamedDependency[Signed], bis: NamedDependency[BisRegister]
) -> PersonChanged:
    """Give a BIS number to a person who has no number, unless somebody known may be the same."""
    return await bis.create(data, signed)


@post("/v1/persons/query", opt=_GUARDED, status_code=HTTP_200_OK, tags=["persons"])
async def query_persons(
    data: JSONBody[PersonQuery], signed: NamedDependency[Signed], identification: NamedDependency[Identification]
) -> PersonCandidates:
    """Find a person by number, or by name and birth date; each person shown can see it in the log."""
    return await identification.find(data, signed)


@post("/v1/persons/correct", opt=_GUARDED, status_code=HTTP_200_OK, tags=["persons"])
async def correct_person(
    data: JSONBody[PersonCorrection], signed: NamedDependency[Signed], bis: NamedDependency[BisRegister]
) -> PersonChanged:
    """Correct what the BIS register says of a person, or record what changed on a day."""
    return await bis.correct(data, signed)


@post("/v1/persons/decease", opt=_GUARDED, status_code=HTTP_200_OK, tags=["persons"])
async def decease_person(
    data: JSONBody[PersonDeath], signed: NamedDependency[Signed], bis: NamedDependency[BisRegister]
) -> PersonChanged:
    """Record that a person of the BIS register died, or that this was wrong."""
    return await bis.decease(data, signed)


@post("/v1/persons/replace", opt=_GUARDED, status_code=HTTP_200_OK, tags=["persons"])
async def replace_number(
    data: JSONBody[PersonReplacement], signed: NamedDependency[Signed], bis: NamedDependency[BisRegister]
) -> PersonChanged:
    """Record the national number of a person of the BIS register, once the register confirms it."""
    return await bis.replace(data, signed)


ROUTES = (create_person, query_persons, correct_person, decease_person, replace_number)

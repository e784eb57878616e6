"""A person without national number comes into being: whether that is somebody known, and which number is free."""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from uuid6 import uuid7

from crossroads.identity import bis_store, store
from crossroads.identity.bis_model import Given, Recorded
from crossroads.identity.bis_numbers import all_series, birth_of
from crossroads.identity.database import Connection
from crossroads.identity.model import Stamp
from crossroads.identity.requests import Claim, SuspectedDuplicates, claim_digest
from crossroads.identity.search import Candidate, search
from crossroads.identity.surroundings import Surroundings
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Fault, Malformed, Refused
from crossroads.kernel.names.comparison import DUPLICATE, POSSIBLE
from crossroads.kernel.names.index import keys
from crossroads.kernel.names.particulars import Particulars
from crossroads.kernel.sentences import Sentence, together
from crossroads.wire.persons import MAXIMUM_CONFIRMED, PersonCreation, PersonParticulars, Truth

_INVALID = "urn:problem-type:belgif:input-validation:invalidInput"
_ONE = Sentence("1 person known here may be the same.")
_SEARCH = Sentence(
    "Search with POST /v1/persons/query and use the number found, or have the operators merge who has two numbers."
)
_IF_OTHERS = Sentence("If all are others, send this again with their numbers in confirmed, and a reason.")
_REQUIRED = "urn:problem-type:belgif:input-validation:requiredInput"


class Created(NamedTuple):
    """Who came into being."""

    person: int
    ssin: str


def check_particulars(particulars: PersonParticulars, today: date) -> None:
    """Refuse particulars by which nobody could be found again. Raises Malformed, which names the field."""
    birth_of(particulars.birth_date, "$.particulars.birthDate", today)
    if not keys(Particulars(particulars.last_name)):
        raise Malformed(
            Fault(
                "$.particulars.lastName",
                _INVALID,
                "The name holds no letter to find it by.",
            )
        )


def check_confirmed(request: Claim, surroundings: Surroundings) -> None:
    """Refuse numbers that are none, and persons said to be others without a reason. Raises Malformed."""
    for at, number in enumerate(request.confirmed):
        surroundings.ssin_at(number, f"$.confirmed[{at}]")
    if request.confirmed and request.reason is None:
        raise Malformed(Fault("$.reason", _REQUIRED, "Say why the persons named in confirmed are others."))


async def refuse_duplicates(connection: Connection, request: Claim, signer: str, own: Collection[int] = ()) -> None:
    """Refuse where a person agrees who was not said to be another, or agrees too closely for the institution to say so.

    `own` are the persons whom the request is about. Raises SuspectedDuplicates.
    """
    digest = claim_digest(request)
    allowed = await bis_store.excepted(connection, signer, request.reference, digest)
    others = {person for number in request.confirmed for person in await _persons(connection, number)}
    found = await search(connection, bis_store.compared(request.particulars), MAXIMUM_CONFIRMED + 2)
    known = [one for one in found if one.match.score >= POSSIBLE and one.person not in own]
    suspected = [one for one in known if _counts(one, others, allowed)]
    if suspected:
        ticket = uuid7()
        certain = sum(one.match.score >= DUPLICATE for one in suspected)
        persons = tuple(dict.fromkeys(one.person for one in suspected))
        said = together(_sentence(len(persons), certain, digest), Sentence("Reference: %(ticket)s.", ticket=ticket))
        raise SuspectedDuplicates(said, ticket, persons)


async def give_number(
    connection: Connection, request: PersonCreation, creator: str, surroundings: Surroundings, stamp: Stamp
) -> Created:
    """Bring the person into being under the next free number, with what was shown. Raises Refused when none is left."""
    particulars = request.particulars
    born = birth_of(particulars.birth_date, "$.particulars.birthDate", surroundings.today)
    for series in all_series(born, particulars.sex, surroundings.environment):
        while nth := await bis_store.next_in_series(connection, series.name, series.size):
            ssin = series.number(nth)
            person = await store.add(connection, ssin, stamp)
            if person is not None:
                await bis_store.add_given(connection, Given(person, ssin, creator), stamp)
                shown = Recorded(person, Truth.SHOWN, date.min, None, particulars, request.evidence, creator)
                await bis_store.record(connection, shown, stamp)
                return Created(person, ssin)
    raise Refused(code=Code.NO_NUMBER_LEFT)


def _counts(candidate: Candidate, others: set[int], allowed: bool) -> bool:  # noqa: FBT001 - one line, used once
    return candidate.person not in others or (candidate.match.score >= DUPLICATE and not allowed)


async def _persons(connection: Connection, number: str) -> tuple[int, ...]:
    closure = await store.closure(connection, number)
    return closure.persons if closure else ()


def _sentence(persons: int, certain: int, digest: str) -> Sentence:
    who = _ONE if persons == 1 else Sentence("%(persons)s persons known here may be the same.", persons=persons)
    if not certain:
        return together(who, _SEARCH, _IF_OTHERS)
    closely = Sentence("%(certain)s so closely that an institution alone may not say they are others.", certain=certain)
    allowed = Sentence(
        "If it is somebody else, ask the operators of the hub to allow this request, %(digest)s, and send it again with"
        " nothing changed but their numbers in confirmed, and a reason.",
        digest=digest,
    )
    return together(who, closely, _SEARCH, allowed)

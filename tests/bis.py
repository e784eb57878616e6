"""What tests of the BIS register share: the services of a process, who may do what, requests about invented people."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import uuid4

from crossroads.access.mandates import IDENTIFICATION, Mandates
from crossroads.admission.limits import Limits
from crossroads.admission.searches import SearchRate
from crossroads.catalogue.entries import Text
from crossroads.catalogue.institutions import Party
from crossroads.catalogue.kinds import AnyEntry, Kind
from crossroads.catalogue.model import Authorisation, LegalContext, Mode
from crossroads.catalogue.snapshot import Facts, Snapshot
from crossroads.identity.bis import BisRegister
from crossroads.identity.closure import closure_of
from crossroads.identity.identification import Identification
from crossroads.identity.surroundings import Surroundings
from crossroads.kernel.clock import SystemClock
from crossroads.kernel.ssin import Environment
from crossroads.wire.persons import (
    PersonCorrection,
    PersonCreation,
    PersonDeath,
    PersonEvidence,
    PersonParticulars,
    PersonQuery,
    PersonReplacement,
    SearchedParticulars,
)
from people import _ENTRY, CONTEXTS, GHENT, INSTALLATION, INSTITUTIONS, OpenPool, World, by, ssin, world

REGISTER = "pcsa-49"
"""The institution that is the register of persons here."""
PURPOSE, OTHER_PURPOSE = "PCSA:SOCIAL_INQUIRY", "PCSA:OTHER"
_LIMITS = Limits()
NATIONAL = ssin(7)
PASSPORT = PersonEvidence(kind="passport", number="ZZ-0001", issuer="Illustria")


def snapshot() -> Snapshot:
    """Give the catalogue of the tests on people, where sector 17 may find them for one of two purposes."""
    centres = (Party(sector=17),)
    purposes = [
        LegalContext(id=name, names=Text(en=name), assigned_to=centres, **_ENTRY) for name in (PURPOSE, OTHER_PURPOSE)
    ]
    granted = Authorisation(
        reference="TEST/find",
        names=Text(en="find"),
        parties=centres,
        legal_contexts=(PURPOSE,),
        data_groups=(IDENTIFICATION,),
        modes=(Mode.ONLINE,),
        no_inscription_because="must first be found",
        **_ENTRY,
    )
    entries: list[tuple[Kind, AnyEntry]] = [(Kind.INSTITUTION, entry) for entry in INSTITUTIONS]
    entries += [(Kind.INSCRIPTION_CONTEXT, entry) for entry in CONTEXTS]
    entries += [(Kind.LEGAL_CONTEXT, entry) for entry in purposes]
    return Snapshot(Facts(1, 1, None, (*entries, (Kind.AUTHORISATION, granted)), (), (), {}))


class Found:
    """A catalogue that does not change."""

    current = snapshot()


@dataclass
class Hub:
    """The services of a hub process as far as the BIS register goes."""

    world: World
    bis: BisRegister
    identification: Identification


@asynccontextmanager
async def hub_of(pool: OpenPool, limits: Limits = _LIMITS) -> AsyncIterator[Hub]:
    async with world(pool) as opened:
        surroundings = Surroundings(Environment.TEST, SystemClock(), INSTALLATION)
        mandates = Mandates(Found(), SystemClock(), REGISTER)
        rate = SearchRate(opened.pool, limits)
        bis = BisRegister(opened.pool, opened.log, opened.register, surroundings, mandates, rate)
        yield Hub(opened, bis, Identification(opened.pool, opened.log, surroundings, mandates, rate))


def particulars(
    last: str = "Zandbergen", first: str = "Ilse", born: str = "1980-03-15", **other: Any
) -> PersonParticulars:
    return PersonParticulars(last_name=last, first_names=first, birth_date=born, **other)


def creation(shown: PersonParticulars | None = None, **other: Any) -> PersonCreation:
    given: dict[str, Any] = {"reference": uuid4().hex, "evidence": PASSPORT} | other
    return PersonCreation(particulars=shown or particulars(), **given)


def correction(number: str, shown: PersonParticulars, **other: Any) -> PersonCorrection:
    given: dict[str, Any] = {"reference": uuid4().hex, "evidence": PASSPORT, "reason": "misread"} | other
    return PersonCorrection(ssin=number, particulars=shown, **given)


def death(number: str, day: str | None = "2026-05-05") -> PersonDeath:
    deceased = date.fromisoformat(day) if day else None
    return PersonDeath(reference=uuid4().hex, ssin=number, deceased_on=deceased, reason="certificate")


def replacement(number: str, national: str, **other: Any) -> PersonReplacement:
    given: dict[str, Any] = {"reference": uuid4().hex, "since": date(2026, 3, 1), "reason": "registered"} | other
    return PersonReplacement(ssin=number, national=national, **given)


def by_number(number: str, **other: Any) -> PersonQuery:
    given: dict[str, Any] = {"agent": "clerk-7", "legal_context": PURPOSE} | other
    return PersonQuery(ssin=number, **given)


def by_name(last: str, born: str, first: str = "", **other: Any) -> PersonQuery:
    searched = SearchedParticulars(last_name=last, first_names=first, birth_date=born)
    given: dict[str, Any] = {"agent": "clerk-7", "legal_context": PURPOSE} | other
    return PersonQuery(particulars=searched, **given)


async def created(hub: Hub, *shown: Any, at: str = GHENT, **named: Any) -> str:
    return (await hub.bis.create(creation(particulars(*shown, **named)), by(at))).ssin.value


async def outbox(hub: Hub) -> list[tuple[Any, ...]]:
    rows = await hub.world.pool.fetch("SELECT kind, person, related_person FROM identity_event ORDER BY event")
    return [tuple(row) for row in rows]


async def logged(hub: Hub, event: str) -> list[Any]:
    query = "SELECT person, asker, ticket, content FROM log_entry WHERE event = $1 ORDER BY at, index"
    return list(await hub.world.pool.fetch(query, event))


async def person_of(hub: Hub, number: str) -> int:
    async with hub.world.pool.acquire() as connection:
        found = await closure_of(connection, number)
    assert found is not None
    return found.asked


Act = Callable[[Hub, str, str], Awaitable[Any]]
ACTS: dict[str, Act] = {
    "correct": lambda hub, number, at: hub.bis.correct(correction(number, particulars("Duinen", "Ilse")), by(at)),
    "decease": lambda hub, number, at: hub.bis.decease(death(number), by(at)),
    "replace": lambda hub, number, at: hub.bis.replace(replacement(number, NATIONAL), by(at)),
}

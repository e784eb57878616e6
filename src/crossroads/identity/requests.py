"""What the requests of institutions about the BIS register have in common: done once, and logged, refusals too."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias
from uuid import UUID

import msgspec
from uuid6 import uuid7

from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.service import Log
from crossroads.identity import bis_store, store
from crossroads.identity.database import Connection, Pool, outages, transaction
from crossroads.identity.model import Closure
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Conflict, CrossroadsError, Refused
from crossroads.kernel.guards import Signed
from crossroads.wire.canonical import b64url, canonical, sha256
from crossroads.wire.persons import PersonChanged, PersonCorrection, PersonCreation, PersonDeath, PersonReplacement

Claim: TypeAlias = PersonCreation | PersonCorrection
"""A request that makes somebody known of a person, who must be nobody else."""
AnyRequest: TypeAlias = PersonCreation | PersonCorrection | PersonDeath | PersonReplacement

_decode_outcome = msgspec.json.Decoder(PersonChanged).decode


class SuspectedDuplicates(Conflict):
    """The person may have a number already. The message says nothing of whom it may be."""

    def __init__(self, message: str, ticket: UUID, persons: tuple[int, ...]) -> None:
        """Keep for the log who is meant; `ticket` is what can be talked about."""
        super().__init__(message, code=Code.PERSON_SUSPECTED_DUPLICATE)
        self.ticket, self.persons = ticket, persons


class Requests:
    """Carries out each request once; a refusal is logged and leaves its reference free."""

    def __init__(self, pool: Pool, log: Log) -> None:
        """Give a log that does not use connections of `pool`."""
        self._pool, self._log = pool, log

    async def once(
        self, request: AnyRequest, signed: Signed, work: Callable[[Connection], Awaitable[PersonChanged]]
    ) -> PersonChanged:
        """Carry out a request, or give what came of it before. Raises Conflict for a reference used otherwise."""
        async with self.logging_refusals(request, signed), transaction(self._pool) as connection:
            claim = signed.institution, request.reference
            used = await bis_store.claim_request(connection, *claim, _digest(request))
            if used:
                return _outcome_of(used, request)
            outcome = await work(connection)
            await bis_store.keep_outcome(connection, *claim, msgspec.json.encode(outcome).decode())
            return outcome

    async def done(self, request: AnyRequest, signed: Signed) -> PersonChanged | None:
        """Give what came of the request before, if it was carried out."""
        with outages():
            async with self._pool.acquire() as connection:
                used = await bis_store.used_request(connection, signed.institution, request.reference)
        return _outcome_of(used, request) if used else None

    @asynccontextmanager
    async def logging_refusals(self, request: AnyRequest, signed: Signed) -> AsyncIterator[None]:
        """Log a refusal, with the person it was about; of suspected duplicates with each of them."""
        try:
            yield
        except (Refused, Conflict) as refusal:
            await self._log_refusal(request, signed, refusal)
            raise

    async def _log_refusal(self, request: AnyRequest, signed: Signed, refusal: CrossroadsError) -> None:
        ticket: UUID = uuid7()
        persons: tuple[int, ...] = ()
        if isinstance(refusal, SuspectedDuplicates):
            ticket, persons = refusal.ticket, refusal.persons
        about = None if isinstance(request, PersonCreation) else await self._person(request.ssin)
        rule = refusal.code or type(refusal).__name__
        said = {**asked(request, signed), "asked": type(request).__name__, "rule": rule, "suspected": len(persons)}
        await self._log.append_many(
            [
                _entry(Event.BIS_REFUSED, ticket, about, signed, said),
                *(_entry(Event.DUPLICATE_SUSPECTED, ticket, person, signed, said) for person in persons),
            ]
        )

    async def _person(self, ssin: str) -> int | None:
        with outages():
            async with self._pool.acquire() as connection:
                closure: Closure | None = await store.closure(connection, ssin)
        return closure.asked if closure else None


def asked(request: AnyRequest, signed: Signed) -> dict[str, object]:
    """Give what is logged of a request: none of the particulars, and no number of a person."""
    return {
        "institution": request.institution or signed.institution,
        "reference": request.reference,
        "keyId": signed.key_id,
        "request": b64url(sha256(signed.body)),
        "requestSignature": signed.signature,
    }


def claim_digest(claim: Claim) -> str:
    """Name a claim, whomever it says to be others, and why: two operators allow this one, not any of its reference."""
    return sha256(canonical(msgspec.structs.replace(claim, confirmed=(), reason=""))).hex()


def _entry(event: Event, ticket: UUID, person: int | None, signed: Signed, said: dict[str, object]) -> Entry:
    return Entry(event=event, ticket=ticket, person=person, asker=signed.institution, fields=said)


def _digest(request: AnyRequest) -> bytes:
    return sha256(type(request).__name__.encode() + b"\x00" + canonical(request))


def _outcome_of(used: tuple[bytes, str], request: AnyRequest) -> PersonChanged:
    if used[0] != _digest(request):
        raise Conflict(code=Code.REFERENCE_REUSED)
    return _decode_outcome(used[1])

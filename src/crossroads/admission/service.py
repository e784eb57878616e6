"""The gate: what comes through is signed by a key in force, fresh, and seen by no process before."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from crossroads.admission.limits import LimitReached, Limits
from crossroads.catalogue.keys import RegisteredKey
from crossroads.catalogue.service import Catalogue
from crossroads.catalogue.snapshot import Snapshot
from crossroads.directory.facts import FactsReader
from crossroads.directory.model import Facts, FactsQuery
from crossroads.kernel.clock import Clock, brussels_day
from crossroads.kernel.codes import Code
from crossroads.wire.keys import VerifyKey
from crossroads.wire.registrations import KeyUse
from crossroads.wire.signatures import (
    Request,
    Signature,
    SignatureRejected,
    check_fresh,
    evidence,
    find_signature,
    verify_request,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authentic:
    """A request whose signature holds. It is not known yet whether it was seen before: `Gate.admit` tells."""

    institution: str
    key_id: str
    nonce: str
    catalogue_version: int
    """Of the catalogue by which the key is in force."""
    created_at: datetime
    received_at: datetime
    signature: dict[str, str]
    """What the log keeps of it."""
    request: Request


AUTHENTIC = "crossroads_authentic"
"""Where it lies in the state of a request that came through the guard."""


def authentic_of(scope: Mapping[str, Any]) -> Authentic:
    """Give who signed a request; whether it is new is not known yet, and the handler must ask the gate."""
    found: Authentic = scope["state"][AUTHENTIC]
    return found


@dataclass(slots=True, kw_only=True)
class Gate:
    """Lets requests of institutions through. Nonces and rates hold across all processes: they are in the database."""

    catalogue: Catalogue
    facts: FactsReader
    clock: Clock
    limits: Limits

    def authenticate(self, request: Request) -> Authentic:
        """Check signature, key and age. Raises SignatureRejected."""
        received_at = self.clock.now()
        signature = find_signature(request.headers)
        check_fresh(signature, received_at)
        snapshot = self.catalogue.current
        key = self._key(signature, snapshot, received_at)
        verify_request(signature, _verifier(key), request)
        return Authentic(
            institution=key.registration.institution,
            key_id=key.key_id,
            nonce=signature.nonce,
            catalogue_version=snapshot.version,
            created_at=datetime.fromtimestamp(signature.created, UTC),
            received_at=received_at,
            signature=evidence(request.headers),
            request=request,
        )

    async def admit(self, authentic: Authentic, ssin: str | None = None) -> Facts:
        """Take the nonce, count the request, and give what the directory knows of the person; one round trip.

        Where the catalogue has changed since, this process has the newer one afterwards, and the key is in force in it.
        Raises SignatureRejected, LimitReached, or Unavailable: no nonce store, no answer.
        """
        facts = await self.facts.read(
            FactsQuery(
                institution=authentic.institution,
                nonce=authentic.nonce,
                created_at=authentic.created_at,
                ssin=ssin or "",
            )
        )
        if authentic.created_at < facts.accepted_since:
            raise SignatureRejected(Code.BEFORE_RESTART, key_id=authentic.key_id)
        if not facts.nonce_new:
            raise SignatureRejected(Code.NONCE_REPLAYED, key_id=authentic.key_id)
        if facts.requests_this_second > self.limits.requests_per_second:
            raise LimitReached(Code.TOO_MANY_REQUESTS)
        if facts.catalogue_version > authentic.catalogue_version:
            snapshot = await self.catalogue.refresh(facts.catalogue_version)
            self._in_force(authentic.key_id, snapshot, authentic.received_at)
        return facts

    def _key(self, signature: Signature, snapshot: Snapshot, now: datetime) -> RegisteredKey:
        key = self._in_force(signature.key_id, snapshot, now)
        if key.registration.use is not KeyUse.SIGN:
            raise SignatureRejected(Code.KEY_UNKNOWN, "It is not a key for messages.", signature.key_id)
        return key

    def _in_force(self, key_id: str, snapshot: Snapshot, now: datetime) -> RegisteredKey:
        key = snapshot.key(key_id)
        if key is None:
            raise SignatureRejected(Code.KEY_UNKNOWN, key_id=key_id)
        if key.revoked_at is not None:
            raise SignatureRejected(Code.KEY_REVOKED, key_id=key_id)
        if not key.in_force(now):
            raise SignatureRejected(Code.KEY_EXPIRED, key_id=key_id)
        if snapshot.institution(key.registration.institution, brussels_day(now)) is None:
            raise SignatureRejected(Code.INSTITUTION_INACTIVE, key_id=key_id)
        return key


def _verifier(key: RegisteredKey) -> VerifyKey:
    if key.verify is None:
        raise SignatureRejected(Code.KEY_UNKNOWN, "It is a key to seal to.", key.key_id)
    return key.verify

"""Whether a signed act may be carried out on the catalogue as it stands. Pure; what counts is said here alone."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import msgspec

from crossroads.catalogue.changes import Plan, applied, read_plan
from crossroads.catalogue.check import check_document
from crossroads.catalogue.errors import AlreadyRegistered, FaultyCatalogue, NotSigned, StalePlan, UnfitAct
from crossroads.catalogue.keys import EndpointRegistration, OperatorRegistration, Revocation
from crossroads.catalogue.kinds import document_of
from crossroads.catalogue.snapshot import Snapshot
from crossroads.kernel.clock import brussels_day
from crossroads.wire.decoding import UNREADABLE
from crossroads.wire.keys import Jwk, VerifyKey
from crossroads.wire.registrations import (
    OPERATOR_PREFIX,
    KeyUse,
    Registration,
    SignedAct,
    count_operators,
    verify_registration,
)

FOUND = "found-installation"
"""Signed by nobody: it says whose signatures count from then on."""
REGISTER_KEY = "register-key"
REGISTER_OPERATOR = "register-operator"
REVOKE_KEY = "revoke-key"
REGISTER_ENDPOINT = "register-endpoint"

C = TypeVar("C")


def check_plan(signed: SignedAct, snapshot: Snapshot) -> Plan:
    """Give the plan if enough operators signed it and it makes a right catalogue of the present one."""
    plan = read_plan(signed)
    _require_here(plan.installation, snapshot)
    if plan.base_version != snapshot.catalogue_version:
        raise StalePlan(
            f"The base of the plan is version {plan.base_version} of the catalogue, and its entries were last changed "
            f"by version {snapshot.catalogue_version}. Make the plan again."
        )
    if not plan.changes:
        raise UnfitAct("The plan changes nothing.")
    _require_operators(signed, snapshot, plan.operators_needed)
    result = applied(snapshot.entries, plan.changes)
    faults = check_document(document_of((identity.kind, entry) for identity, entry in result.items()))
    if faults:
        raise FaultyCatalogue(*faults)
    return plan


def check_registration(signed: SignedAct, snapshot: Snapshot, now: datetime) -> Registration:
    """Give the registration if two operators and the key itself signed it, and the key is new."""
    registration = verify_registration(signed, snapshot.operators, _signing_keys(snapshot, now))
    _require_here(registration.installation, snapshot)
    _require_institution(registration.institution, snapshot, now)
    if registration.valid_until <= now:
        raise UnfitAct("The period of the key is over.")
    if registration.use is KeyUse.PERMIT and registration.institution != snapshot.genesis.hub:
        raise UnfitAct("Only the hub has a key for permits.")
    if snapshot.key(registration.key_id) is not None:
        raise AlreadyRegistered(f"The key {registration.key_id} was registered before.")
    _require_new(registration.jwk, snapshot)
    return registration


def check_operator(signed: SignedAct, snapshot: Snapshot) -> OperatorRegistration:
    """Give the key of an operator if two operators signed for it and the key itself, and it is new.

    Participants pin the keys of operators: they believe the new one only when they pin it as well.
    """
    content = _read(signed, REGISTER_OPERATOR, OperatorRegistration)
    _require_here(content.installation, snapshot)
    _require_operators(signed, snapshot, 2)
    key = VerifyKey(content.jwk)
    if not signed.verified({content.key_id: key}.get):
        raise NotSigned("The registration of an operator is signed by the new key itself.")
    if content.key_id in {known.key_id for known in snapshot.all_operators}:
        raise AlreadyRegistered(f"The key {content.key_id} was registered before.")
    _require_new(content.jwk, snapshot)
    return content


def check_revocation(signed: SignedAct, snapshot: Snapshot, now: datetime) -> Revocation:
    """Give the revocation if an operator signed it, or a key of the institution itself."""
    revocation = _read(signed, REVOKE_KEY, Revocation)
    _require_here(revocation.installation, snapshot)
    if revocation.key_id.startswith(OPERATOR_PREFIX):
        _require_known_operator(revocation.key_id, snapshot)
        _require_operators(signed, snapshot, 1)
        return revocation
    key = snapshot.key(revocation.key_id)
    if key is None:
        raise UnfitAct(f"There is no key {revocation.key_id}.")
    if key.revoked_at is not None:
        raise AlreadyRegistered(f"The key {revocation.key_id} was revoked before.")
    own = _signing_keys(snapshot, now, key.registration.institution)
    if not count_operators(signed, snapshot.operators) and not signed.verified(own):
        raise NotSigned("A revocation is signed by an operator or by a key of the institution itself.")
    return revocation


def check_endpoint(signed: SignedAct, snapshot: Snapshot, now: datetime) -> EndpointRegistration:
    """Give the endpoint if the institution and an operator signed it, and it is newer than the one known."""
    endpoint = _read(signed, REGISTER_ENDPOINT, EndpointRegistration)
    _require_here(endpoint.installation, snapshot)
    _require_institution(endpoint.institution, snapshot, now)
    endpoint.check_url(snapshot.genesis.environment)
    newest = snapshot.endpoint_issued_at(endpoint.institution)
    if newest is not None and endpoint.issued_at <= newest:
        raise StalePlan("A newer endpoint of the institution is registered.")
    if endpoint.issued_at > now:
        raise UnfitAct("The act is dated in the future.")
    _require_operators(signed, snapshot, 1)
    if not signed.verified(_signing_keys(snapshot, now, endpoint.institution)):
        raise NotSigned("An endpoint is signed by a signing key of its institution.")
    return endpoint


def signers(signed: SignedAct, snapshot: Snapshot) -> list[str]:
    """Give the key ids whose signature on the act holds: of operators, and of the institution concerned."""
    return list(signed.verified(lambda key_id: snapshot.operators.get(key_id) or _known(snapshot, key_id)))


def _known(snapshot: Snapshot, key_id: str) -> VerifyKey | None:
    key = snapshot.key(key_id)
    return key and key.verify


def _signing_keys(
    snapshot: Snapshot, now: datetime, institution: str | None = None
) -> Callable[[str], VerifyKey | None]:
    """Give what finds the signing keys in force, of one institution or of all."""

    def find(key_id: str) -> VerifyKey | None:
        key = snapshot.key(key_id)
        if key is None or key.registration.use is not KeyUse.SIGN or not key.in_force(now):
            return None
        return key.verify if institution in (None, key.registration.institution) else None

    return find


def _read(signed: SignedAct, kind: str, content: type[C]) -> C:
    if signed.kind != kind:
        raise UnfitAct(f"This act is of the kind {signed.kind}, not {kind}.")
    try:
        return msgspec.json.decode(signed.content, type=content)
    except UNREADABLE as error:
        raise UnfitAct(f"The content of the act is not what {kind} has: {error}") from error


def _require_here(installation: str, snapshot: Snapshot) -> None:
    if installation != snapshot.genesis.installation:
        raise UnfitAct(f"The act is for the installation {installation}, and this is {snapshot.genesis.installation}.")


def _require_institution(institution: str, snapshot: Snapshot, now: datetime) -> None:
    if snapshot.institution(institution, brussels_day(now)) is None:
        raise UnfitAct(f"There is no active institution {institution} in the catalogue.")


def _require_operators(signed: SignedAct, snapshot: Snapshot, needed: int) -> None:
    """Two keys of one operator count once."""
    counted = count_operators(signed, snapshot.operators)
    if counted < needed:
        raise NotSigned(f"The act needs the signatures of {needed} different operators and has {counted}.")


def _require_new(jwk: Jwk, snapshot: Snapshot) -> None:
    """Refuse a key that has another id or use already; so the keys for messages and permits are two."""
    same = snapshot.key_with(jwk.thumbprint)
    names = [known.key_id for known in snapshot.all_operators if known.jwk == jwk]
    if same is not None or names:
        raise AlreadyRegistered(f"The same key was registered before, as {same.key_id if same else names[0]}.")


def _require_known_operator(key_id: str, snapshot: Snapshot) -> None:
    if key_id not in snapshot.operators:
        raise UnfitAct(f"{key_id} is no key of an operator that counts.")

"""What permit and statement must say before anything is answered. Pure rules; each refusal has its code."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Refused, Tampered
from crossroads.kernel.period import Period, day
from crossroads.participant.provenkeys import NotProven, Proven
from crossroads.participant.trust import Trust
from crossroads.wire.jws import Jws
from crossroads.wire.keys import Jwk
from crossroads.wire.messages import DataRequest, PermitClaims
from crossroads.wire.registrations import KeyUse
from crossroads.wire.statements import Statement, verify_statement

MAXIMUM_LIFE = timedelta(seconds=60)
"""Of a permit."""
_AHEAD = timedelta(seconds=5)


class Identity(NamedTuple):
    """For whom a participant answers."""

    institution: str
    answers_for: frozenset[str]


def check_permit(permit: PermitClaims, identity: Identity, now: datetime) -> None:
    """Refuse a permit for another participant or holder, and one that is not in force. Raises Refused."""
    if permit.audience != identity.institution:
        raise _refused(Code.PERMIT_INVALID, "Its audience is another participant.")
    if permit.holder not in identity.answers_for:
        raise _refused(Code.PERMIT_INVALID, "Its holder is no institution that this participant answers for.")
    if not permit.data_groups:
        raise _refused(Code.PERMIT_INVALID, "It permits no data group.")
    if permit.expires_at - permit.issued_at > MAXIMUM_LIFE:
        raise _refused(Code.PERMIT_INVALID, f"It lives longer than {MAXIMUM_LIFE.seconds} s.")
    if permit.issued_at > now + _AHEAD:
        raise _refused(Code.PERMIT_INVALID, "It was issued in the future.")
    if now >= permit.expires_at:
        raise Refused(code=Code.PERMIT_EXPIRED)


def check_statement(parsed: Jws, statement: Statement, keys: dict[str, Proven], trust: Trust, now: datetime) -> None:
    """Refuse a statement that the asker did not sign, with a proven key, for here and now. Raises Refused."""
    if trust.hub in (statement.asker, statement.on_behalf_of):
        # With its own keys the hub alone could ask anything, in any name.
        raise _refused(Code.STATEMENT_INVALID, "The hub asks nothing for itself, nor for others.")
    signer = keys.get(parsed.key_id)
    if signer is None or signer.key is None:
        raise NotProven("The key that signed the statement is not among those that were proven.")
    if signer.registration.use is not KeyUse.SIGN or signer.registration.institution != statement.asker:
        raise NotProven("The statement is signed with a key that is not a signing key of its asker.")
    if not signer.in_force(now):
        raise _refused(Code.KEY_EXPIRED, "It is the key that signed the statement.")
    try:
        verify_statement(parsed, statement, signer.key)
    except Tampered as error:
        raise _refused(Code.STATEMENT_INVALID, str(error)) from error
    try:
        statement.check_valid(now, trust.installation, trust.environment)
    except Tampered as error:
        raise _refused(Code.STATEMENT_EXPIRED, str(error)) from error


def check_same_question(request: DataRequest, statement: Statement) -> None:
    """Refuse what permit and statement do not both cover. Raises Refused."""
    permit = request.permit
    for name, permitted, stated in (
        ("asker", permit.asker, statement.asker),
        ("onBehalfOf", permit.on_behalf_of, statement.on_behalf_of),
        ("legalContext", permit.legal_context, statement.legal_context),
        ("ssin", permit.known_as or permit.ssin, statement.ssin),
        ("encryptionKey", permit.encryption_key, statement.encryption_key),
    ):
        if permitted != stated:
            raise _differ(f"They differ in {name}.")
    for group, period in permit.data_groups.items():
        salt = request.openings.get(group)
        if salt is None or not statement.covers(group, salt):
            raise _differ(f"The statement does not ask for {group}.")
        if not _within(period, statement.period, statement.reference_date):
            raise _differ(f"The statement does not ask for {group} in that period.")


def recipient(statement: Statement, keys: dict[str, Proven], now: datetime) -> Jwk:
    """Give the key to seal to: the one stated, a proven sealing key of who asks, or for whom. Raises Refused."""
    owners = {statement.asker, statement.on_behalf_of}
    for proven in keys.values():
        registration = proven.registration
        if registration.jwk.thumbprint != statement.encryption_key:
            continue
        if registration.use is KeyUse.SEAL and registration.institution in owners and proven.in_force(now):
            return registration.jwk
    raise Refused(code=Code.ENCRYPTION_KEY_UNKNOWN)


def _within(period: Period, asked: Period | None, reference: date | None) -> bool:
    return (asked is not None and asked.contains(period)) or (reference is not None and period == day(reference))


def _differ(detail: str) -> Refused:
    return _refused(Code.PERMIT_STATEMENT_DIFFER, detail)


def _refused(code: Code, detail: str) -> Refused:
    return Refused(f"{code.description} {detail}", code=code)

"""What permit and statement must say before anything is answered. Pure rules; each refusal has its code."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Refused, Tampered
from crossroads.kernel.period import Period, day
from crossroads.participant.bulk_head import PagePermit
from crossroads.participant.provenkeys import NotProven, Proven
from crossroads.participant.trust import Trust
from crossroads.wire.batches import BatchStatement, Days
from crossroads.wire.jws import Jws
from crossroads.wire.keys import Jwk
from crossroads.wire.messages import DataRequest, PermitClaims
from crossroads.wire.pages import verify_batch_statement
from crossroads.wire.registrations import KeyUse
from crossroads.wire.statements import Statement, verify_statement

S = TypeVar("S")

MAXIMUM_LIFE = timedelta(seconds=60)
"""Of a permit."""
_AHEAD = timedelta(seconds=5)


class Identity(NamedTuple):
    """For whom a participant answers."""

    institution: str
    answers_for: frozenset[str]


def check_permit(permit: PermitClaims | PagePermit, identity: Identity, now: datetime) -> None:
    """Refuse a permit for another participant or holder, and one that is not in force. Raises Refused."""
    if permit.audience != identity.institution:
        raise _refused(Code.PERMIT_INVALID, "Its audience is another participant.")
    if permit.holder not in identity.answers_for:
        raise _refused(Code.PERMIT_INVALID, "Its holder is no institution that this participant answers for.")
    if permit.expires_at - permit.issued_at > MAXIMUM_LIFE:
        raise _refused(Code.PERMIT_INVALID, f"It lives longer than {MAXIMUM_LIFE.seconds} s.")
    if permit.issued_at > now + _AHEAD:
        raise _refused(Code.PERMIT_INVALID, "It was issued in the future.")
    if now >= permit.expires_at:
        raise Refused(code=Code.PERMIT_EXPIRED)


def stated(read: Callable[[str], S], compact: str) -> S:
    """Take a statement apart. Raises Refused."""
    try:
        return read(compact)
    except Tampered as error:
        raise _refused(Code.STATEMENT_INVALID, str(error)) from error


def check_statement(
    parsed: Jws, statement: Statement | BatchStatement, keys: dict[str, Proven], trust: Trust, now: datetime
) -> None:
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
        if isinstance(statement, BatchStatement):
            verify_batch_statement(parsed, statement, signer.key)
        else:
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
    if (permit.known_as or permit.ssin) != statement.ssin:
        raise _differ("They differ in ssin.")
    check_same_asker(permit, statement)
    check_groups(permit.data_groups, request.openings, statement)
    check_days(permit.data_groups, Days(statement.period, statement.reference_date))


def check_same_asker(permit: PermitClaims | PagePermit, statement: Statement | BatchStatement) -> None:
    """Refuse a permit for another asker or purpose than stated, or that is sealed to another key. Raises Refused."""
    for name, permitted, stated in (
        ("asker", permit.asker, statement.asker),
        ("onBehalfOf", permit.on_behalf_of, statement.on_behalf_of),
        ("legalContext", permit.legal_context, statement.legal_context),
        ("encryptionKey", permit.encryption_key, statement.encryption_key),
    ):
        if permitted != stated:
            raise _differ(f"They differ in {name}.")


def check_groups(
    permitted: Mapping[str, Period], openings: Mapping[str, str], statement: Statement | BatchStatement
) -> None:
    """Refuse a permit of no data group, or of one that the statement does not ask for. Raises Refused."""
    if not permitted:
        raise _refused(Code.PERMIT_INVALID, "It permits no data group.")
    for group in permitted:
        salt = openings.get(group)
        if salt is None or not statement.covers(group, salt):
            raise _differ(f"The statement does not ask for {group}.")


def check_days(permitted: Mapping[str, Period], asked: Days) -> None:
    """Refuse a permit of other days than are asked about. Raises Refused."""
    for group, period in permitted.items():
        within = asked.period is not None and asked.period.contains(period)
        if not within and not (asked.reference_date is not None and period == day(asked.reference_date)):
            raise _differ(f"The statement does not ask for {group} in that period.")


def recipient(statement: Statement | BatchStatement, keys: dict[str, Proven], now: datetime) -> Jwk:
    """Give the key to seal to: the one stated, a proven sealing key of who asks, or for whom. Raises Refused."""
    owners = {statement.asker, statement.on_behalf_of}
    for proven in keys.values():
        registration = proven.registration
        if registration.jwk.thumbprint != statement.encryption_key:
            continue
        if registration.use is KeyUse.SEAL and registration.institution in owners and proven.in_force(now):
            return registration.jwk
    raise Refused(code=Code.ENCRYPTION_KEY_UNKNOWN)


def _differ(detail: str) -> Refused:
    return _refused(Code.PERMIT_STATEMENT_DIFFER, detail)


def _refused(code: Code, detail: str) -> Refused:
    # Where the detail says no more than the code does, it is said once.
    return Refused(code.description if detail == code.description else f"{code.description} {detail}", code=code)

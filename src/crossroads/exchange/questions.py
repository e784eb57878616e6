"""What must be true of a question before it is decided: its form, and that the asker's statement says the same."""

from datetime import date, datetime
from typing import NamedTuple

from crossroads.catalogue.model import Temporality
from crossroads.catalogue.snapshot import Snapshot
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Fault, InvalidSsin, Malformed, Tampered
from crossroads.kernel.sentences import Sentence
from crossroads.kernel.ssin import is_number_of_person, parse_ssin
from crossroads.wire.keys import VerifyKey
from crossroads.wire.messages import Asker, Question
from crossroads.wire.registrations import KeyUse
from crossroads.wire.signatures import SignatureRejected
from crossroads.wire.statements import Statement, group_digests, read_statement, verify_statement

_INVALID_SSIN = "urn:problem-type:belgif:input-validation:invalidStructure"
_INVALID = "urn:problem-type:belgif:input-validation:invalidInput"
_REQUIRED = "urn:problem-type:belgif-ext:input-validation:requiredInput"


class SignedStatement(NamedTuple):
    """A statement whose signature holds, and the id of the key that signed it."""

    statement: Statement
    signer: str


def check_signer(asker: Asker, signer: str) -> None:
    """Refuse a question that another than its asker sends, a source that kept it say. Raises SignatureRejected."""
    if asker.institution != signer:
        raise SignatureRejected(Code.STATEMENT_MISMATCH, "The request is not signed by its asker.")


def check_form(question: Question, snapshot: Snapshot, today: date) -> None:
    """Refuse what the types do not catch. Raises Malformed; its message holds no SSIN."""
    faults = []
    try:
        parse_ssin(question.ssin, snapshot.genesis.environment, today)
    except InvalidSsin as error:
        faults.append(Fault("$.ssin", _INVALID_SSIN, error.sentence))
    faults += _exposed_numbers(question, snapshot, today)
    if len(set(question.data_groups)) != len(question.data_groups):
        faults.append(Fault("$.dataGroups", _INVALID, "A data group stands in it twice."))
    if set(question.openings) != set(question.data_groups):
        faults.append(Fault("$.openings", _INVALID, "It must give a salt for each data group asked, and for no other."))
    faults += _time_faults(question, snapshot, today)
    if faults:
        raise Malformed(*faults)


def _exposed_numbers(question: Question, snapshot: Snapshot, today: date) -> list[Fault]:
    """Find numbers of persons where others would read them: an agent is named by a pseudonym."""
    texts = {"$.asker.agent": question.asker.agent, "$.customerTicket": question.customer_ticket or ""}
    environment = snapshot.genesis.environment
    found = [place for place, text in texts.items() if is_number_of_person(text, environment, today)]
    return [Fault(place, _INVALID, "It may not be the number of a person.") for place in found]


def _time_faults(question: Question, snapshot: Snapshot, today: date) -> list[Fault]:
    faults = []
    groups = [group for name in question.data_groups if (group := snapshot.data_group(name, today))]
    if question.period is None and any(group.temporality is Temporality.PERIOD for group in groups):
        faults.append(Fault("$.period", _REQUIRED, "A data group that is asked for a period needs one."))
    if question.reference_date is None and any(group.temporality is Temporality.MOMENT for group in groups):
        faults.append(Fault("$.referenceDate", _REQUIRED, "A data group that is asked for a moment needs its date."))
    return faults


def read_own_statement(question: Question, snapshot: Snapshot, now: datetime) -> SignedStatement:
    """Give the verified statement of the question, and who signed it.

    Raises SignatureRejected when it is not the asker's, or differs.
    """
    signed = signed_statement(question.statement, snapshot, now)
    differing = differences(question, signed.statement)
    if differing:
        raise SignatureRejected(
            Code.STATEMENT_MISMATCH, Sentence("They differ in %(fields)s.", fields=", ".join(differing))
        )
    return signed


def signed_statement(compact: str, snapshot: Snapshot, now: datetime) -> SignedStatement:
    """Give a statement that its asker signed for here and now, whatever it says. Raises SignatureRejected."""
    try:
        parsed, statement = read_statement(compact)
        verify_statement(parsed, statement, key_in_force(snapshot, parsed.key_id, now))
    except Tampered as error:
        raise SignatureRejected(Code.STATEMENT_INVALID, error.sentence) from error
    try:
        statement.check_valid(now, snapshot.genesis.installation, snapshot.genesis.environment)
    except Tampered as error:
        raise SignatureRejected(Code.STATEMENT_EXPIRED, error.sentence) from error
    return SignedStatement(statement, parsed.key_id)


def key_in_force(snapshot: Snapshot, key_id: str, now: datetime) -> VerifyKey:
    """Give the key that a statement is signed with. Raises Tampered when it is not one in force."""
    key = snapshot.key(key_id)
    if key is None or key.verify is None or key.registration.use is not KeyUse.SIGN or not key.in_force(now):
        raise Tampered("The key of the statement is not a key in force.")
    return key.verify


def differences(question: Question, statement: Statement) -> list[str]:
    """Name the fields in which a statement does not say what the question says."""
    asker = question.asker
    pairs = {
        "asker": (asker.institution, statement.asker),
        "onBehalfOf": (asker.on_behalf_of, statement.on_behalf_of),
        "agent": (asker.agent, statement.agent),
        "encryptionKey": (asker.encryption_key, statement.encryption_key),
        "legalContext": (question.legal_context, statement.legal_context),
        "ssin": (question.ssin, statement.ssin),
        "dataGroups": (group_digests(question.openings), tuple(sorted(statement.data_groups))),
        "period": (question.period, statement.period),
        "referenceDate": (question.reference_date, statement.reference_date),
    }
    return [name for name, (asked, stated) in pairs.items() if asked != stated]


def check_encryption_key(asker: Asker, snapshot: Snapshot, now: datetime) -> None:
    """Refuse a key to seal to that is not a registered one of the asker. Raises SignatureRejected."""
    key = snapshot.sealing_key(asker.encryption_key)
    owners = (asker.institution, asker.on_behalf_of)
    if key is None or not key.in_force(now) or key.registration.institution not in owners:
        raise SignatureRejected(Code.ENCRYPTION_KEY_UNKNOWN)

"""What must be true of a voucher before it is taken: its form, its statement, and that its asker may ask so at all."""

from datetime import date, datetime
from typing import NamedTuple

from crossroads.access.model import Request
from crossroads.access.service import decide
from crossroads.catalogue.model import Mode
from crossroads.catalogue.snapshot import Snapshot
from crossroads.directory.model import Facts
from crossroads.exchange.questions import check_encryption_key, check_signer, key_in_force
from crossroads.kernel.clock import brussels_day
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Fault, Malformed, Refused, Tampered
from crossroads.kernel.period import day
from crossroads.kernel.sentences import Sentence
from crossroads.kernel.ssin import is_number_of_person
from crossroads.wire.batches import MAXIMUM_LIFE, BatchStatement, Voucher
from crossroads.wire.pages import read_batch_statement, verify_batch_statement
from crossroads.wire.signatures import SignatureRejected
from crossroads.wire.statements import group_digests

_INVALID = "urn:problem-type:belgif:input-validation:invalidInput"
_ABOUT_NOBODY = 4
"""The last precedence, in the table of the contract, of what is decided before it is known whom a question is about."""


class Stated(NamedTuple):
    """What is kept of the statement of a voucher."""

    signer: str
    """The key that signed it."""
    nonce: str


def check_voucher(voucher: Voucher, signer: str, snapshot: Snapshot, now: datetime) -> Stated:
    """Give what is kept of the statement of a voucher.

    Raises Malformed, SignatureRejected when the statement is not the asker's or says something else, and Refused when
    nothing of the kind may be asked, or not until then.
    """
    check_signer(voucher.asker, signer)
    _check_form(voucher, snapshot, brussels_day(now))
    if not now < voucher.deadline <= now + MAXIMUM_LIFE:
        raise Refused(code=Code.BATCH_DEADLINE)
    stated = _check_statement(voucher, snapshot, now)
    check_encryption_key(voucher.asker, snapshot, now)
    _check_authorised(voucher, snapshot, now)
    return stated


def _check_form(voucher: Voucher, snapshot: Snapshot, today: date) -> None:
    faults = _exposed_numbers(voucher, snapshot, today)
    if len(set(voucher.data_groups)) != len(voucher.data_groups):
        faults.append(Fault("$.dataGroups", _INVALID, "A data group stands in it twice."))
    if set(voucher.openings) != set(voucher.data_groups):
        faults.append(Fault("$.openings", _INVALID, "It must give a salt for each data group asked, and for no other."))
    if faults:
        raise Malformed(*faults)


def _exposed_numbers(voucher: Voucher, snapshot: Snapshot, today: date) -> list[Fault]:
    """Find numbers of persons in what the log keeps as it stands, also of a voucher that is refused."""
    texts = {
        "$.reference": voucher.reference,
        "$.asker.onBehalfOf": voucher.asker.on_behalf_of or "",
        "$.asker.agent": voucher.asker.agent,
        "$.legalContext": voucher.legal_context,
        **{f"$.dataGroups[{at}]": group for at, group in enumerate(voucher.data_groups)},
    }
    environment = snapshot.genesis.environment
    return [
        Fault(place, _INVALID, "It may not hold the number of a person.")
        for place, text in texts.items()
        if is_number_of_person(text, environment, today)
    ]


def _check_statement(voucher: Voucher, snapshot: Snapshot, now: datetime) -> Stated:
    try:
        parsed, statement = read_batch_statement(voucher.statement)
        verify_batch_statement(parsed, statement, key_in_force(snapshot, parsed.key_id, now))
    except Tampered as error:
        raise SignatureRejected(Code.STATEMENT_INVALID, error.sentence) from error
    try:
        statement.check_valid(now, snapshot.genesis.installation, snapshot.genesis.environment)
    except Tampered as error:
        raise SignatureRejected(Code.STATEMENT_EXPIRED, error.sentence) from error
    if differing := differences(voucher, statement):
        raise SignatureRejected(
            Code.STATEMENT_MISMATCH, Sentence("They differ in %(fields)s.", fields=", ".join(differing))
        )
    return Stated(parsed.key_id, statement.nonce)


def differences(voucher: Voucher, statement: BatchStatement) -> list[str]:
    """Name the fields in which a statement does not say what the voucher says."""
    asker = voucher.asker
    pairs = {
        "asker": (asker.institution, statement.asker),
        "onBehalfOf": (asker.on_behalf_of, statement.on_behalf_of),
        "agent": (asker.agent, statement.agent),
        "encryptionKey": (asker.encryption_key, statement.encryption_key),
        "legalContext": (voucher.legal_context, statement.legal_context),
        "dataGroups": (group_digests(voucher.openings), tuple(sorted(statement.data_groups))),
        "period": (voucher.period, statement.period),
        "referenceDate": (voucher.reference_date, statement.reference_date),
        "records": (voucher.records, statement.records),
        "deadline": (voucher.deadline, statement.expires_at),
    }
    return [name for name, (announced, stated) in pairs.items() if announced != stated]


def _check_authorised(voucher: Voucher, snapshot: Snapshot, now: datetime) -> None:
    """Refuse at once what is refused whoever it is about. Raises Refused."""
    today = brussels_day(now)
    request = Request(
        asker=voucher.asker,
        legal_context=voucher.legal_context,
        ssin="",
        data_groups=voucher.data_groups,
        # Records may have days of their own: how far an authorisation looks back is seen when each is decided.
        period=day(today),
        reference_date=today,
        mode=Mode.BATCH,
        received_at=now,
        received_on=today,
    )
    furthest = decide(request, snapshot, _nobody(snapshot)).furthest
    if furthest is not None and furthest.stage <= _ABOUT_NOBODY:
        raise Refused(furthest.detail.description if furthest.detail else "", code=furthest.code)


def _nobody(snapshot: Snapshot) -> Facts:
    return Facts(
        catalogue_version=snapshot.version,
        accepted_since=datetime.min,  # noqa: DTZ901 - of no request
        nonce_new=True,
        requests_this_second=0,
        person=None,
        inscriptions=(),
    )

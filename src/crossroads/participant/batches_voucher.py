"""Making a voucher: what is asked of a whole file, and the statement that the asker signs of it. Pure."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

import msgspec

from crossroads.kernel.period import Period
from crossroads.participant.batches_file import Form, Measured
from crossroads.participant.questions import Asking
from crossroads.wire.batches import BatchStatement, Days, Voucher
from crossroads.wire.decoding import decode
from crossroads.wire.messages import Asker
from crossroads.wire.pages import sign_batch_statement
from crossroads.wire.signatures import new_nonce
from crossroads.wire.statements import group_digests, new_salts

LIFE = timedelta(days=4)
"""Until the deadline, where nobody says otherwise."""
_REFERENCE = 24

_voucher_decoder = msgspec.json.Decoder(Voucher)


class BatchWish(NamedTuple):
    """What a caller wants to know of everybody in a file. Period and reference date are for records without own."""

    legal_context: str
    data_groups: Sequence[str]
    agent: str
    period: Period | None = None
    reference_date: date | None = None
    on_behalf_of: str | None = None
    reference: str | None = None
    """Your own of the batch; one made of the content of the file when absent."""
    sequence_number: int | None = None
    """The next of your institution, as the hub knows it, when absent."""
    life: timedelta = LIFE
    """Until the deadline."""

    @property
    def days(self) -> Days:
        """The days of records that have none."""
        return Days(self.period, self.reference_date)


def reference_of(wish: BatchWish, digest: str) -> str:
    """Give the reference of a batch; the same file has the same one."""
    return wish.reference or _made_of(digest)


def taken(before: Voucher, digest: str | None = None) -> str:
    """Say what to do where the reference of a voucher is taken; `digest` is that of the file that came now.

    Without it, the hub says so, of a batch of which nothing is kept here. It takes no file twice.
    """
    reference = before.reference
    if reference != _made_of(before.digest) and digest != before.digest:
        return f"As {reference} you sent another file, or asked something else of it: choose another --reference."
    look = "`batch list` shows what became of it."
    asked = f"asked something else of it. To go on with that, ask as you did then; {look}" if digest else look
    return (
        f"You sent this file before, as {reference}{', and ' if digest else ': '}{asked} The hub takes no file twice: "
        "to ask again about the same people, alter a line of the file, its customerTicket say, and leave --reference "
        "out or choose another."
    )


def _made_of(digest: str) -> str:
    return f"file-{digest[:_REFERENCE]}"


def build(wish: BatchWish, asking: Asking, file: tuple[Measured, Form, str], checkpoint: str, now: datetime) -> Voucher:
    """Make a voucher; of the file the key of its records is given too. Raises Malformed for one that cannot be."""
    measured, form, records_key = file
    salts = new_salts(wish.data_groups)
    statement = BatchStatement(
        asker=asking.institution,
        on_behalf_of=wish.on_behalf_of,
        agent=wish.agent,
        legal_context=wish.legal_context,
        data_groups=group_digests(salts),
        period=wish.period,
        reference_date=wish.reference_date,
        records=measured.records,
        root=measured.root,
        encryption_key=asking.seal.jwk.thumbprint,
        nonce=new_nonce(),
        issued_at=now,
        expires_at=now + wish.life,
        installation=asking.trust.installation,
        environment=asking.trust.environment,
        checkpoint=checkpoint,
    )
    voucher = Voucher(
        reference=reference_of(wish, measured.digest),
        file_sequence_number=wish.sequence_number or 1,
        asker=Asker(
            institution=asking.institution,
            on_behalf_of=wish.on_behalf_of,
            agent=wish.agent,
            encryption_key=statement.encryption_key,
        ),
        legal_context=wish.legal_context,
        data_groups=tuple(wish.data_groups),
        period=wish.period,
        reference_date=wish.reference_date,
        records=measured.records,
        format=form.format,
        packing=form.packing,
        size=measured.size,
        digest=measured.digest,
        deadline=statement.expires_at,
        statement=sign_batch_statement(statement, asking.sign),
        openings=salts,
        records_key=records_key,
    )
    # Through the message's own rules: what the hub would refuse as malformed is told here, with its place.
    return decode(msgspec.json.encode(voucher), _voucher_decoder)


def asks_the_same(voucher: Voucher, wish: BatchWish, institution: str) -> bool:
    """Tell whether a voucher was made of this wish; deadline and sequence number may differ."""
    asker = voucher.asker
    return (
        (asker.institution, asker.on_behalf_of, asker.agent) == (institution, wish.on_behalf_of, wish.agent)
        and (voucher.legal_context, voucher.data_groups) == (wish.legal_context, tuple(wish.data_groups))
        and Days(voucher.period, voucher.reference_date) == wish.days
    )

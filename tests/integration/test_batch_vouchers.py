"""A voucher is taken once, in its order, and only from who may ask so."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from batch_running import batched
from batching import AUTHORISED, CENTRE, MANAGED, MANAGER, MOST, OTHER, Office, asked, lines, office
from crossroads.batch.errors import BatchUnknown
from crossroads.batch.service import AT_ONCE, WAITING
from crossroads.kernel.errors import Conflict, CrossroadsError, Malformed, Refused, Unavailable
from crossroads.wire.batches import BatchState
from crossroads.wire.messages import Asker
from crossroads.wire.signatures import SignatureRejected
from database import OpenPool
from founding import small_catalogue
from people import ssin

RECORDS = asked(3)
FILE = lines(RECORDS)


@pytest.fixture
async def here(pool: OpenPool) -> AsyncIterator[Office]:
    async with office(pool) as made:
        yield made


async def test_a_voucher_is_taken_once(here: Office) -> None:
    voucher = here.authors[CENTRE].voucher(FILE, RECORDS)
    first = await here.announce(voucher)
    assert (first.state, first.received, first.size) == (BatchState.ANNOUNCED, 0, len(FILE))
    await here.uploads.take(first.ticket, CENTRE, 0, FILE[:10])
    again = await here.announce(voucher)
    assert (again.ticket, again.received) == (first.ticket, 10)
    with pytest.raises(Conflict) as refused:
        await here.announce(msgspec.structs.replace(voucher, file_sequence_number=2))
    assert refused.value.code == "CR-REFERENCE-REUSED"
    (entry,) = await here.logged("batch:voucher:accepted")
    assert (entry["ticket"], entry["asker"], entry["records"]) == (first.ticket, CENTRE, 3)
    assert entry["statement"] == voucher.statement


async def test_vouchers_of_one_institution_follow_each_other(here: Office) -> None:
    centre = here.authors[CENTRE]
    await here.announce(centre.voucher(FILE, RECORDS, 1))
    other = lines(asked(2))
    for number, code in ((1, "CR-FILE-NUMBER-RECEIVED"), (3, "CR-FILE-NUMBER-GAP"), (2, "CR-FILE-REPEATED")):
        file = FILE if number == 2 else other
        with pytest.raises(Conflict, match="number 2" if number != 2 else "same file") as refused:
            await here.announce(centre.voucher(file, RECORDS, number))
        assert refused.value.code == code
    await here.announce(centre.voucher(other, asked(2), 2))
    await here.announce(here.authors[OTHER].voucher(FILE, RECORDS, 1))
    assert [entry["code"] for entry in await here.logged("batch:voucher:refused")] == [
        "CR-FILE-NUMBER-RECEIVED",
        "CR-FILE-NUMBER-GAP",
        "CR-FILE-REPEATED",
    ]


async def test_of_many_at_once_each_number_is_given_once(here: Office) -> None:
    centre = here.authors[CENTRE]
    vouchers = [centre.voucher(lines(asked(many)), asked(many)) for many in range(1, 7)]
    outcomes = await asyncio.gather(*map(here.announce, vouchers), return_exceptions=True)
    taken = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    assert len(taken) == 1
    same = await asyncio.gather(*(here.announce(voucher) for voucher in vouchers[:1] * 4), return_exceptions=True)
    assert len({outcome.ticket for outcome in same if not isinstance(outcome, BaseException)}) <= 1


async def test_who_announces_very_often_at_once_is_told_to_come_back(here: Office) -> None:
    """Each that waits in the database for those before it has a connection, which all the others need as well."""
    voucher, most = here.authors[CENTRE].voucher(lines(asked(1)), asked(1)), AT_ONCE + WAITING
    outcomes = await asyncio.gather(
        *(here.announce(msgspec.structs.replace(voucher, reference=f"r{one}")) for one in range(most + 5)),
        return_exceptions=True,
    )
    # One that is done before the last comes makes room for it.
    assert 1 <= [type(outcome) for outcome in outcomes].count(Unavailable) <= 5


async def test_only_so_many_batches_are_under_way(here: Office) -> None:
    centre = here.authors[CENTRE]
    vouchers = [centre.voucher(lines(asked(many)), asked(many), many) for many in range(1, MOST + 2)]
    statuses = [await here.announce(voucher) for voucher in vouchers[:MOST]]
    with pytest.raises(Conflict) as refused:
        await here.announce(vouchers[MOST])
    assert refused.value.code == "CR-BATCH-LIMIT"
    await here.batches.cancel(statuses[0].ticket, CENTRE)
    await here.announce(vouchers[MOST])


async def test_a_result_that_nobody_fetches_counts_among_the_batches_of_its_institution(here: Office) -> None:
    """Else the disk of the hub would fill with results of an institution that goes on asking."""
    centre = here.authors[CENTRE]
    vouchers = [centre.voucher(lines(asked(many)), asked(many), many) for many in range(1, MOST + 2)]
    statuses = [await here.announce(voucher) for voucher in vouchers[:MOST]]
    await here.pool.execute("UPDATE batch SET state = 'COMPLETED', parts = 2, kept_until = now() + interval '1 day'")
    with pytest.raises(Conflict, match="did not acknowledge") as refused:
        await here.announce(vouchers[MOST])
    assert refused.value.code == "CR-BATCH-LIMIT"
    await here.announce(here.authors[OTHER].voucher(FILE, RECORDS))
    await here.results.acknowledge(statuses[0].ticket, CENTRE)
    await here.announce(vouchers[MOST])


async def test_a_statement_serves_once(here: Office) -> None:
    centre, nonce = here.authors[CENTRE], "n" * 22
    first = await here.announce(centre.voucher(FILE, RECORDS, statement_nonce=nonce))
    await here.batches.cancel(first.ticket, CENTRE)
    other = asked(2)
    with pytest.raises(Conflict) as refused:
        await here.announce(centre.voucher(lines(other), other, 2, statement_nonce=nonce))
    assert refused.value.code == "CR-STATEMENT-REUSED"
    await here.announce(centre.voucher(lines(other), other, 2))
    await here.announce(here.authors[OTHER].voucher(FILE, RECORDS, statement_nonce=nonce))


def spaced(number: int) -> str:
    """Give the number of a person as people write it."""
    text = ssin(number)
    return f"{text[:6]}-{text[6:9]} {text[9:]}"


def wrong() -> dict[str, tuple[dict[str, Any], type[CrossroadsError], str | None]]:
    """Give what is wrong with a voucher, and what is said of it."""
    now = datetime.now(UTC)
    stranger = Asker(institution=OTHER, agent="clerk-7", encryption_key="A" * 43)
    return {
        "a deadline that passed": ({"deadline": now - timedelta(seconds=1)}, Refused, "CR-BATCH-DEADLINE"),
        "a deadline too far away": ({"deadline": now + timedelta(days=32)}, Refused, "CR-BATCH-DEADLINE"),
        "of another": ({"asker": stranger}, SignatureRejected, "CR-STATEMENT-MISMATCH"),
        "stated by another": ({"statement_asker": OTHER}, SignatureRejected, "CR-STATEMENT-INVALID"),
        "no statement": ({"statement": "e30.e30.AAAA"}, SignatureRejected, "CR-STATEMENT-INVALID"),
        "another legal context": ({"statement_legal_context": "X:Y"}, SignatureRejected, "CR-STATEMENT-MISMATCH"),
        "another deadline": (
            {"statement_expires_at": now + timedelta(days=3)},
            SignatureRejected,
            "CR-STATEMENT-MISMATCH",
        ),
        "another number of records": ({"statement_records": 4}, SignatureRejected, "CR-STATEMENT-MISMATCH"),
        "another agent": ({"statement_agent": "clerk-8"}, SignatureRejected, "CR-STATEMENT-MISMATCH"),
        "made tomorrow": (
            {"statement_issued_at": now + timedelta(days=1)},
            SignatureRejected,
            "CR-STATEMENT-EXPIRED",
        ),
        "for another installation": ({"statement_installation": "x"}, SignatureRejected, "CR-STATEMENT-EXPIRED"),
        "no opening": ({"openings": {}}, Malformed, None),
        "a group twice": ({"data_groups": ("living-wage@1",) * 2}, Malformed, None),
        "a number of a person as reference": ({"reference": ssin(1)}, Malformed, None),
        "a number of a person in the reference": ({"reference": f"case {spaced(1)}"}, Malformed, None),
        "a number of a person as data group": ({"data_groups": (f"{ssin(1)}@1",)}, Malformed, None),
        "a number of a person as legal context": ({"legal_context": spaced(1)}, Malformed, None),
        "a legal context that is none": ({"legal_context": "NO:SUCH"}, Refused, "MSG00013"),
    }


@pytest.mark.parametrize("case", wrong())
async def test_a_voucher_that_is_wrong_is_refused(here: Office, case: str) -> None:
    changes, kind, code = wrong()[case]
    voucher = here.authors[CENTRE].voucher(FILE, RECORDS, **changes)
    with pytest.raises(kind) as refused:
        await here.announce(voucher, CENTRE)
    assert refused.value.code == code
    told = str(refused.value), *(str(fault) for fault in getattr(refused.value, "faults", ()))
    assert not any(number in text for number in (ssin(1), spaced(1)) for text in told)
    logged = await here.pool.fetchval("SELECT string_agg(content::text, ' ') FROM log_entry")
    assert ssin(1) not in logged
    assert spaced(1) not in logged
    assert (await here.batches.listed(CENTRE, None)).batches == ()
    # The number is not used up.
    await here.announce(here.authors[CENTRE].voucher(FILE, RECORDS))


async def test_nobody_announces_for_whom_it_does_not_manage(here: Office) -> None:
    with pytest.raises(Refused, match="does not manage"):
        await here.announce(here.authors[CENTRE].voucher(FILE, RECORDS, on_behalf_of=MANAGED))
    await here.announce(here.authors[MANAGER].voucher(FILE, RECORDS, on_behalf_of=MANAGED))
    (entry,) = await here.logged("batch:voucher:accepted")
    assert (entry["asker"], entry["institution"], entry["onBehalfOf"]) == (MANAGED, MANAGER, MANAGED)
    with pytest.raises(Refused) as refused:
        await here.announce(here.authors[MANAGER].voucher(lines(asked(1)), asked(1), 2))
    assert refused.value.code == "MSG00015"


async def test_what_may_be_asked_one_by_one_alone_is_not_asked_in_a_file(here: Office) -> None:
    alone = AUTHORISED | {"modes": ["online", "push"]}
    await here.here.apply(small_catalogue(institutions=batched(), authorisations=[alone], subscriptions=[]))
    with pytest.raises(Refused) as refused:
        await here.announce(here.authors[CENTRE].voucher(FILE, RECORDS))
    assert refused.value.code == "MSG00015"


async def test_each_sees_its_own_batches_alone(here: Office) -> None:
    ticket = (await here.announce(here.authors[CENTRE].voucher(FILE, RECORDS))).ticket
    for doing in (
        here.batches.one(ticket, OTHER),
        here.batches.cancel(ticket, OTHER),
        here.uploads.take(ticket, OTHER, 0, FILE),
        here.results.part(ticket, OTHER, 0),
        here.results.acknowledge(ticket, OTHER),
    ):
        with pytest.raises(BatchUnknown):
            await doing
    assert (await here.batches.listed(OTHER, None)).batches == ()
    assert [batch.ticket for batch in (await here.batches.listed(CENTRE, None)).batches] == [ticket]
    assert (await here.batches.one(ticket, CENTRE)).state is BatchState.ANNOUNCED


async def test_the_list_goes_on_where_it_ended(here: Office) -> None:
    centre = here.authors[CENTRE]
    for number in range(1, 54):
        records = asked(number)
        status = await here.announce(centre.voucher(lines(records), records, number))
        await here.batches.cancel(status.ticket, CENTRE)
    first = await here.batches.listed(CENTRE, None)
    rest = await here.batches.listed(CENTRE, first.next)
    numbers = [batch.file_sequence_number for batch in (*first.batches, *rest.batches)]
    assert (numbers, len(first.batches), rest.next) == (list(range(53, 0, -1)), 50, None)

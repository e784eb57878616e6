"""What an asker commits to: a source sees that it was asked about exactly these persons, and nothing of the others."""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.kernel.errors import InvalidValue, Tampered
from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Environment
from crossroads.wire import jws, pages
from crossroads.wire.batches import MAXIMUM_LIFE, PAGE, STATEMENT_KIND, BatchStatement, Days, Record
from crossroads.wire.bulk import BulkPermit, BulkRecord, BulkRequest, Scope, days_of
from crossroads.wire.canonical import b64url, canonical
from crossroads.wire.keys import SigningKey, VerifyKey
from crossroads.wire.merkle import leaf_hash, root_of
from crossroads.wire.statements import group_digests, new_salts

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = SigningKey.generate("pcsa-ghent#sign-1")
RECORDS_KEY = "a-records-key-of-22-chars"
PERIOD = Period(date(2026, 1, 1), date(2026, 2, 28))
BATCH = UUID("019ca95f-9e00-7000-8000-000000000001")

days = st.dates(date(1900, 1, 1), date(2100, 1, 1))
periods = st.builds(
    lambda first, length: Period(first, first + timedelta(length) if length else None), days, st.integers(0, 999)
)
numbers = st.integers(0, 10**11 - 1).map("{:011}".format)
records = st.builds(
    Record,
    ssin=numbers,
    customer_ticket=st.none() | st.just("c-1"),
    period=st.none() | periods,
    reference_date=st.none() | days,
)
leaves = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=70)


@st.composite
def opened_pages(draw: st.DrawFn) -> tuple[list[bytes], list[int]]:
    page = draw(leaves)
    return page, sorted(draw(st.sets(st.integers(0, len(page) - 1), min_size=1)))


@given(records, st.integers(0, 10**7))
def test_a_leaf_is_the_salted_canonical_form_of_a_record(record: Record, number: int) -> None:
    digest = hmac.digest(RECORDS_KEY.encode(), str(number).encode(), hashlib.sha256)
    salt = urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()
    assert pages.salt_of(RECORDS_KEY, number) == salt
    own = record.period
    said = [own and own.start_date.isoformat(), own and own.end_date and own.end_date.isoformat()]
    at = record.reference_date and record.reference_date.isoformat()
    assert pages.record_leaf(salt, record) == leaf_hash(canonical([salt, record.ssin, *said, at]))


@given(records, numbers)
def test_a_source_computes_the_leaf_of_the_number_in_the_file(record: Record, replaced_by: str) -> None:
    salt = pages.salt_of(RECORDS_KEY, 5)
    same = BulkRecord(0, record.ssin, 0, salt, None, record.period, record.reference_date)
    replaced = BulkRecord(0, replaced_by, 0, salt, record.ssin, record.period, record.reference_date)
    assert pages.opened_leaf(same) == pages.opened_leaf(replaced) == pages.record_leaf(salt, record)


@given(leaves)
def test_the_root_of_a_page_is_that_of_rfc_6962(page: list[bytes]) -> None:
    assert pages.page_root(page) == root_of(page)
    assert pages.file_root(page) == root_of(map(leaf_hash, page))


def test_an_empty_page_has_no_root() -> None:
    with pytest.raises(InvalidValue, match="at least one"):
        pages.page_root([])


@given(opened_pages())
def test_any_records_of_a_page_lead_to_its_root(drawn: tuple[list[bytes], list[int]]) -> None:
    page, indices = drawn
    others = pages.siblings(page, indices)
    assert pages.root_from([(index, page[index]) for index in indices], len(page), others) == pages.page_root(page)
    assert len(others) <= 32 * (len(page) - len(indices))


@given(opened_pages(), st.data())
def test_whatever_is_altered_is_noticed(drawn: tuple[list[bytes], list[int]], data: st.DataObject) -> None:
    page, indices = drawn
    others = pages.siblings(page, indices)
    opened = [(index, page[index]) for index in indices]
    root = pages.page_root(page)
    at = data.draw(st.integers(0, len(opened) - 1))
    changed = [(index, leaf_hash(leaf) if place == at else leaf) for place, (index, leaf) in enumerate(opened)]
    assert pages.root_from(changed, len(page), others) != root
    if others:
        byte = data.draw(st.integers(0, len(others) - 1))
        altered = others[:byte] + bytes([others[byte] ^ 1]) + others[byte + 1 :]
        assert pages.root_from(opened, len(page), altered) != root
        with pytest.raises(Tampered, match="missing"):
            pages.root_from(opened, len(page), others[:-32])
        with pytest.raises(Tampered, match="cut"):
            pages.root_from(opened, len(page), others[:-1])
    with pytest.raises(Tampered, match="more hashes"):
        pages.root_from(opened, len(page), others + root)


@given(opened_pages(), st.data())
def test_a_record_at_another_place_is_noticed(drawn: tuple[list[bytes], list[int]], data: st.DataObject) -> None:
    page, indices = drawn
    page = [leaf_hash(leaf + bytes([place])) for place, leaf in enumerate(page)]
    others, root = pages.siblings(page, indices), pages.page_root(page)
    elsewhere = sorted(data.draw(st.sets(st.integers(0, len(page) - 1), min_size=len(indices), max_size=len(indices))))
    moved = [(place, page[index]) for place, index in zip(elsewhere, indices, strict=True)]
    try:
        same = pages.root_from(moved, len(page), others) == root
    except Tampered:
        same = False
    assert same == (elsewhere == indices)


@pytest.mark.parametrize("indices", [[1, 0], [0, 0], [0, 3], [-1, 0], [7]])
def test_places_out_of_order_repeated_or_beyond_the_page_are_refused(indices: list[int]) -> None:
    page = [bytes([n]) * 32 for n in range(3)]
    with pytest.raises(InvalidValue):
        pages.siblings(page, indices)
    with pytest.raises(Tampered):
        pages.root_from([(index, page[0]) for index in indices], 3, b"")


@given(leaves, st.data())
def test_a_page_is_proven_to_be_one_of_the_file(roots: list[bytes], data: st.DataObject) -> None:
    roots = [leaf_hash(root + bytes([place])) for place, root in enumerate(roots)]
    page, whole = data.draw(st.integers(0, len(roots) - 1)), pages.file_root(roots)
    way = pages.page_path(roots, page)
    pages.verify_page(roots[page], page, len(roots), way, whole)
    other = data.draw(st.integers(0, len(roots)).filter(lambda one: one != page))
    for wrong in (
        (roots[page], other, len(roots), way, whole),
        (whole, page, len(roots), way, whole),
        (roots[page], page, len(roots), (*way, whole), whole),
        (roots[page], page, len(roots), (*way, b"short"), whole),
        (roots[page], page, len(roots), way, roots[page]),
        *([(roots[page], page, len(roots), way[:-1], whole)] if way else []),
    ):
        with pytest.raises(Tampered):
            pages.verify_page(*wrong)


@pytest.mark.parametrize(("count", "expected"), [(1, [1]), (PAGE, [PAGE]), (2 * PAGE + 1, [PAGE, PAGE, 1])])
def test_pages_are_full_but_for_the_last(count: int, expected: list[int]) -> None:
    assert [pages.page_size(count, page) for page in range(pages.page_count(count))] == expected
    for beyond in (-1, len(expected)):
        with pytest.raises(InvalidValue, match="no page"):
            pages.page_size(count, beyond)


# What a source is asked


FILE = [Record(ssin=f"8063151{n:04}", period=PERIOD if n % 2 else None) for n in range(5)]
SALTS = [pages.salt_of(RECORDS_KEY, number) for number in range(len(FILE))]
LEAVES = [pages.record_leaf(salt, record) for salt, record in zip(SALTS, FILE, strict=True)]
OPENINGS = new_salts(["living-wage@1"])


def statement(**changes: Any) -> BatchStatement:
    said: dict[str, Any] = {
        "asker": "pcsa-ghent",
        "agent": "clerk-7",
        "legal_context": "PCSA:SOCIAL_INQUIRY",
        "data_groups": group_digests(OPENINGS),
        "period": PERIOD,
        "records": len(FILE),
        "root": b64url(pages.file_root([pages.page_root(LEAVES)])),
        "encryption_key": "k" * 43,
        "nonce": "n" * 22,
        "issued_at": NOW,
        "expires_at": NOW + timedelta(days=4),
        "installation": "tests",
        "environment": Environment.TEST,
    }
    return BatchStatement(**{**said, **changes})


PERMIT = BulkPermit(
    audience="pps-si",
    holder="pps-si",
    issued_at=NOW,
    expires_at=NOW + timedelta(seconds=60),
    asker="pcsa-ghent",
    legal_context="PCSA:SOCIAL_INQUIRY",
    catalogue_version=1,
    encryption_key="k" * 43,
    scopes=(
        Scope(data_groups={"living-wage@1": PERIOD}, authorisations={"living-wage@1": "illustrative-1"}, rule="r"),
    ),
)


def bulk_record(index: int, **changes: Any) -> BulkRecord:
    own = FILE[index]
    record = BulkRecord(index, own.ssin, 0, SALTS[index], None, own.period, own.reference_date)
    return msgspec.structs.replace(record, **changes)


def request(asked: tuple[BulkRecord, ...] = (bulk_record(1), bulk_record(3)), **changes: Any) -> BulkRequest:
    said: dict[str, Any] = {
        "ticket": BATCH,
        "page": 0,
        "permit": PERMIT,
        "statement": pages.sign_batch_statement(statement(), KEY),
        "openings": OPENINGS,
        "records": asked,
        "size": len(FILE),
        "siblings": pages.siblings(LEAVES, [1, 3]),
        "path": pages.page_path([pages.page_root(LEAVES)], 0),
        "asker_keys": (),
        "deadline": NOW,
        "checkpoint": "",
    }
    return BulkRequest(**{**said, **changes})


def test_a_source_sees_that_it_is_asked_what_the_asker_asks() -> None:
    asked = request()
    travelled = msgspec.json.decode(msgspec.json.encode(asked), type=BulkRequest)
    assert travelled == asked
    pages.verify_asked(travelled, statement())


@pytest.mark.parametrize(
    "asked",
    [
        request((bulk_record(1), bulk_record(3, ssin="80631512393"))),
        request((bulk_record(1, stated="80631512393"), bulk_record(3))),
        request((bulk_record(1), bulk_record(3, period=None))),
        request((bulk_record(1), bulk_record(3, reference_date=date(2026, 1, 1)))),
        request((bulk_record(1), bulk_record(3, salt=SALTS[1]))),
        request((bulk_record(1), bulk_record(2))),
        request((bulk_record(1),)),
        request((bulk_record(1), bulk_record(3), bulk_record(4))),
        request(size=4),
        request(page=1),
        request(siblings=b""),
        request(path=(bytes(32),)),
        request(path=(b"",)),
    ],
)
def test_a_source_notices_what_the_asker_did_not_ask(asked: BulkRequest) -> None:
    with pytest.raises(Tampered):
        pages.verify_asked(asked, statement())


def test_a_source_notices_a_page_of_another_file() -> None:
    for other in (statement(records=len(FILE) + 1), statement(root="A" * 43), statement(records=PAGE + len(FILE))):
        with pytest.raises(Tampered):
            pages.verify_asked(request(), other)


def built(change: Callable[[dict[str, Any]], Any]) -> bytes:
    plain = msgspec.json.decode(msgspec.json.encode(request()))
    change(plain)
    return msgspec.json.encode(plain)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda one: one["records"].reverse(), "order"),
        (lambda one: one["records"].append(one["records"][1]), "order"),
        (lambda one: one.update(size=3), "beyond the end"),
        (lambda one: one["records"][0].__setitem__(2, 1), "scope"),
        (lambda one: one["records"][0].__setitem__(2, -1), "records"),
        (lambda one: one["records"][0].append(1), "array"),
        (lambda one: one["records"].clear(), "records"),
        (lambda one: one["records"][0].__setitem__(0, PAGE), "records"),
        (lambda one: one.update(surprise=1), "unknown field"),
    ],
)
def test_a_request_that_has_not_its_form_is_not_read(change: Callable[[dict[str, Any]], Any], says: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=says):
        msgspec.json.decode(built(change), type=BulkRequest)


@given(st.none() | periods, st.none() | days, st.none() | periods, st.none() | days)
def test_days_are_the_records_own_then_the_vouchers(
    own: Period | None, own_day: date | None, common: Period | None, common_day: date | None
) -> None:
    record = Record(ssin="80631512393", period=own, reference_date=own_day)
    found = days_of(record, statement(period=common, reference_date=common_day))
    assert found == Days(own or common, own_day or common_day)


# The statement


def test_a_statement_is_read_as_it_was_signed() -> None:
    parsed, read = pages.read_batch_statement(pages.sign_batch_statement(statement(), KEY))
    pages.verify_batch_statement(parsed, read, VerifyKey(KEY.jwk))
    assert read == statement()
    assert read.covers("living-wage@1", OPENINGS["living-wage@1"])
    assert not read.covers("living-wage@2", OPENINGS["living-wage@1"])


def test_a_statement_of_another_or_of_another_kind_is_refused() -> None:
    stranger = SigningKey.generate(KEY.key_id)
    parsed, read = pages.read_batch_statement(pages.sign_batch_statement(statement(), KEY))
    with pytest.raises(Tampered):
        pages.verify_batch_statement(parsed, read, VerifyKey(stranger.jwk))
    parsed, read = pages.read_batch_statement(pages.sign_batch_statement(statement(asker="pps-si"), KEY))
    with pytest.raises(Tampered, match="key of the asker"):
        pages.verify_batch_statement(parsed, read, VerifyKey(KEY.jwk))
    single = jws.sign(msgspec.json.encode(statement()), {}, "crossroads-statement+jws", KEY)
    with pytest.raises(Tampered, match=re.escape(STATEMENT_KIND)):
        pages.verify_batch_statement(*pages.read_batch_statement(single), VerifyKey(KEY.jwk))


@pytest.mark.parametrize(
    "payload",
    [
        b"no JSON",
        msgspec.json.encode(statement())[:-1] + b',"records":7}',
        msgspec.json.encode(statement())[:-1] + b',"surprise":7}',
        msgspec.json.encode(statement(root="A" * 42 + "B")),
    ],
)
def test_a_statement_without_its_form_is_refused(payload: bytes) -> None:
    with pytest.raises(Tampered, match="form of a statement"):
        pages.read_batch_statement(jws.sign(payload, {}, STATEMENT_KIND, KEY))


@pytest.mark.parametrize(
    ("changes", "now", "installation"),
    [
        ({}, NOW - timedelta(seconds=6), "tests"),
        ({}, NOW + timedelta(days=4), "tests"),
        ({"expires_at": NOW + MAXIMUM_LIFE + timedelta(seconds=1)}, NOW, "tests"),
        ({}, NOW, "another"),
        ({"environment": Environment.PRODUCTION}, NOW, "tests"),
    ],
)
def test_a_statement_not_for_here_and_now_is_refused(changes: dict[str, Any], now: datetime, installation: str) -> None:
    with pytest.raises(Tampered):
        statement(**changes).check_valid(now, installation, Environment.TEST)


def test_a_statement_holds_until_the_deadline() -> None:
    longest = statement(expires_at=NOW + MAXIMUM_LIFE)
    for moment in (NOW - timedelta(seconds=5), NOW, NOW + MAXIMUM_LIFE - timedelta(seconds=1)):
        longest.check_valid(moment, "tests", Environment.TEST)

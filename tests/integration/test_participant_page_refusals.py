"""What a participant refuses of a page, whatever the hub says of it: nothing leaves, and nothing is logged."""

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from crossroads.kernel.period import Period, day
from crossroads.participant.log import export
from crossroads.wire.batches import Record
from crossroads.wire.bulk import BulkRecord, BulkRequest
from crossroads.wire.keys import SealingKey, SigningKey
from fakehub import FakeAsker, FakeHub, now
from paging import QUARTER, PageQuestion, entries, post
from participants import FILE, OTHER_SSIN, SSIN, WAGE, Running, refused, repeated, running, said_twice, write_config

DIFFER = (403, "CR-PERMIT-STATEMENT-DIFFER")
INVALID = (403, "CR-PERMIT-INVALID")
SOON = timedelta(seconds=30)
THIRD = "82650112399"
EARLY = Period(date(2025, 12, 1), date(2026, 1, 31))


@pytest.fixture(scope="module")
def hub() -> Iterator[FakeHub]:
    hub = FakeHub()
    yield hub
    hub.close()


@pytest.fixture(scope="module")
def asker(hub: FakeHub) -> FakeAsker:
    return FakeAsker(hub)


@pytest.fixture(scope="module")
def participant(tmp_path_factory: pytest.TempPathFactory, hub: FakeHub) -> Iterator[Running]:
    with running(write_config(tmp_path_factory.mktemp("participant"), hub), hub) as one:
        yield one


@pytest.fixture
def page(asker: FakeAsker) -> PageQuestion:
    page = PageQuestion(asker, [SSIN, OTHER_SSIN, THIRD, SSIN, OTHER_SSIN], WAGE)
    page.asked = [1, 2, 4]
    return page


def logged(one: Running, page: PageQuestion) -> list[Any]:
    config = one.participant.config
    return entries(list(export(config.path(config.state))), page.ticket)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda: {"audience": "another"}, INVALID),
        (lambda: {"holder": "another"}, INVALID),
        (lambda: {"issued_at": now() - SOON, "expires_at": now()}, (403, "CR-PERMIT-EXPIRED")),
        (lambda: {"issued_at": now(), "expires_at": now() + timedelta(seconds=61)}, INVALID),
        (lambda: {"issued_at": now() + SOON, "expires_at": now() + SOON}, INVALID),
        (lambda: {"asker": "another"}, DIFFER),
        (lambda: {"on_behalf_of": "another"}, DIFFER),
        (lambda: {"legal_context": "OTHER:PURPOSE"}, DIFFER),
        (lambda: {"encryption_key": "A" * 43}, DIFFER),
    ],
)
def test_a_permit_that_does_not_hold(
    participant: Running, page: PageQuestion, change: Callable[[], dict[str, Any]], expected: tuple[int, str]
) -> None:
    page.permit |= change()
    assert refused(post(participant, page.body())) == expected
    assert logged(participant, page) == []


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({WAGE: EARLY}, DIFFER),
        ({WAGE: Period(date(2026, 1, 1))}, DIFFER),
        ({WAGE: QUARTER, FILE: QUARTER}, DIFFER),
        ({}, INVALID),
    ],
)
def test_a_scope_beyond_the_statement(
    participant: Running, page: PageQuestion, scope: dict[str, Period], expected: tuple[int, str]
) -> None:
    page.scopes = [page.scopes[0], scope]
    page.record = {4: {"scope": 1}}
    assert refused(post(participant, page.body())) == expected


def test_the_days_of_one_record_are_not_those_of_another(participant: Running, page: PageQuestion) -> None:
    page.file[1] = Record(ssin=OTHER_SSIN, period=EARLY)
    page.file[2] = Record(ssin=THIRD, period=day(date(2026, 2, 1)))
    page.scopes = [{WAGE: QUARTER}, {WAGE: EARLY}]
    page.record = {1: {"scope": 1}, 2: {"scope": 1}}
    assert refused(post(participant, page.body())) == DIFFER


def test_an_opening_for_another_group(participant: Running, page: PageQuestion) -> None:
    page.request["openings"] = {FILE: page.salts[WAGE]}
    page.scopes = [{FILE: QUARTER}]
    assert refused(post(participant, page.body())) == DIFFER


# The file that the asker committed to.


def changed(page: PageQuestion, change: Callable[[dict[str, Any]], Any]) -> bytes:
    """Give the body with something changed that the statement is about, or that has not its form."""
    content = msgspec.json.decode(page.body())
    change(content)
    return msgspec.json.encode(content)


def setting(place: int, value: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda content: content["records"].__setitem__(1, replaced(content["records"][1], place, value))


def replaced(record: list[Any], place: int, value: Any) -> list[Any]:
    whole = record + [None] * (len(BulkRecord.__struct_fields__) - len(record))
    return [*whole[:place], value, *whole[place + 1 :]]


@pytest.mark.parametrize(
    "change",
    [
        setting(1, SSIN),
        setting(3, "b" * 22),
        setting(4, SSIN),
        setting(5, {"startDate": "2026-01-01"}),
        setting(6, "2026-01-01"),
        setting(0, 3),
        lambda content: content["records"].pop(),
        lambda content: content.update(siblings=b64encode(bytes(64)).decode()),
        lambda content: content.update(siblings=""),
        lambda content: content.update(siblings=b64encode(b64decode(content["siblings"]) * 2).decode()),
        lambda content: content.update(path=["A" * 43 + "="]),
        lambda content: content.update(page=1),
        lambda content: content.update(size=6),
    ],
)
def test_records_that_are_not_in_the_file_of_the_asker(
    participant: Running, page: PageQuestion, change: Callable[[dict[str, Any]], Any]
) -> None:
    assert refused(post(participant, changed(page, change))) == DIFFER
    assert logged(participant, page) == []


@pytest.mark.parametrize(
    "change",
    [
        setting(0, 1),
        setting(0, 4),
        setting(0, 10_000),
        setting(2, 1),
        setting(2, -1),
        setting(1, "8065011234"),
        setting(3, ""),
        lambda content: content["records"].reverse(),
        lambda content: content.update(size=4),
        lambda content: content.update(records=[]),
        lambda content: content.update(page=1_000_000),
        lambda content: content.update(siblings="!"),
        lambda content: content["permit"].update(scopes=[]),
        lambda content: content["permit"]["scopes"][0].pop("rule"),
        lambda content: content["permit"].update(more=1),
        lambda content: content.update(more=1),
        lambda content: content.pop("deadline"),
    ],
)
def test_a_request_without_its_form(
    participant: Running, page: PageQuestion, change: Callable[[dict[str, Any]], Any]
) -> None:
    assert refused(post(participant, changed(page, change))) == (400, None)


@pytest.mark.parametrize(
    ("member", "place"),
    [("holder", "$.permit.holder"), ("rule", "$.permit.scopes[0].rule")],
)
def test_a_request_that_can_be_read_in_two_ways(
    participant: Running, page: PageQuestion, member: str, place: str
) -> None:
    assert repeated(post(participant, said_twice(page.body(), member, "other"))) == place


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b"\xff", b"null", b"[" * 100_000])
def test_garbage(participant: Running, body: bytes) -> None:
    assert refused(post(participant, body)) == (400, None)


def test_a_body_beyond_the_limit(participant: Running) -> None:
    assert refused(post(participant, b" " * (16 * 1024 * 1024 + 1))) == (413, "CR-PAYLOAD-TOO-LARGE")


# The statement, its key and the key that is sealed to.


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ({"issued_at": now() - timedelta(days=2), "expires_at": now() - SOON}, "CR-STATEMENT-EXPIRED"),
        ({"issued_at": now() + timedelta(hours=1)}, "CR-STATEMENT-EXPIRED"),
        ({"expires_at": now() + timedelta(days=32)}, "CR-STATEMENT-EXPIRED"),
        ({"installation": "another"}, "CR-STATEMENT-EXPIRED"),
        ({"environment": "production"}, "CR-STATEMENT-EXPIRED"),
        ({"asker": "crossroads"}, "CR-STATEMENT-INVALID"),
        ({"asker": "another"}, "CR-KEY-NOT-PROVEN"),
        ({"root": "A" * 43}, "CR-PERMIT-STATEMENT-DIFFER"),
        ({"records": 6}, "CR-PERMIT-STATEMENT-DIFFER"),
        ({"data_groups": ("A" * 43,)}, "CR-PERMIT-STATEMENT-DIFFER"),
    ],
)
def test_a_statement_that_does_not_hold(
    participant: Running, page: PageQuestion, statement: dict[str, Any], code: str
) -> None:
    page.statement = statement
    assert refused(post(participant, page.body())) == (403, code)


def test_a_statement_that_the_hub_invents(participant: Running, page: PageQuestion) -> None:
    page.statement_key = SigningKey.generate(page.asker.sign.key_id)
    assert refused(post(participant, page.body())) == (403, "CR-STATEMENT-INVALID")


def test_a_statement_about_one_person_is_none_about_a_file(participant: Running, page: PageQuestion) -> None:
    page.request["statement"] = "eyJhbGciOiJFUzI1NiJ9.e30.AA"
    assert refused(post(participant, page.body())) == (403, "CR-STATEMENT-INVALID")


def test_keys_that_are_not_proven(participant: Running, page: PageQuestion) -> None:
    page.request["asker_keys"] = ()
    assert refused(post(participant, page.body())) == (403, "CR-KEY-NOT-PROVEN")


def test_a_key_to_seal_to_that_is_not_the_askers(participant: Running, page: PageQuestion) -> None:
    thumbprint = SealingKey.generate("another#seal-1").jwk.thumbprint
    page.statement = {"encryption_key": thumbprint}
    page.permit["encryption_key"] = thumbprint
    assert refused(post(participant, page.body())) == (403, "CR-ENCRYPTION-KEY-UNKNOWN")


def test_a_deadline_that_is_past(participant: Running, page: PageQuestion) -> None:
    page.request["deadline"] = now() - SOON
    assert refused(post(participant, page.body())) == (503, "CR-SOURCE-LATE")


@pytest.mark.parametrize(
    ("signing", "code"),
    [({"created": now() - timedelta(seconds=300)}, "CR-CLOCK-SKEW")],
)
def test_a_signature_that_does_not_hold(
    participant: Running, page: PageQuestion, signing: dict[str, Any], code: str
) -> None:
    assert refused(post(participant, page.body(), **signing)) == (401, code)


def test_the_refused_page_is_right_but_for_what_was_changed(participant: Running, page: PageQuestion) -> None:
    assert isinstance(page.build(), BulkRequest)
    assert post(participant, page.body()).status_code == 200
    assert [entry["records"] for entry in logged(participant, page)] == [[1, 2, 4]]

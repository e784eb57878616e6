"""What a participant answers about a page of a batch: each person looked up, sealed, signed, logged once."""

import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from uuid6 import uuid7

from crossroads.kernel.errors import Refused
from crossroads.kernel.period import Period, day
from crossroads.participant.log import export, verify
from crossroads.participant.state import Part, State
from crossroads.participant.state import Record as Entry
from crossroads.wire.batches import Record
from crossroads.wire.commitments import commit
from crossroads.wire.keys import SigningKey, VerifyKey
from fakehub import FakeAsker, FakeHub, Question, now
from paging import QUARTER, PageQuestion, answered, entries, post
from participants import (
    FILE,
    NAME,
    OTHER_SSIN,
    SSIN,
    WAGE,
    WAGE_MANY,
    WAGE_SQL,
    Running,
    published,
    refused,
    running,
    write_config,
)

pytest_plugins = ["participant_fixtures"]

NOBODY = "82650112399"


@pytest.fixture(params=["one by one", "all at once"])
def either(request: pytest.FixtureRequest, tmp_path: Path, hub: FakeHub) -> Iterator[Running]:
    """Give a participant without and with a query for many: nobody can tell them apart."""
    wage = WAGE_MANY if request.param == "all at once" else {"sql": WAGE_SQL, "list": "amounts"}
    documents = {"documents": "files", "mediaType": "application/xml"}
    with running(write_config(tmp_path, hub, groups={WAGE: wage, FILE: documents}), hub) as one:
        yield one


@pytest.fixture
def many(tmp_path: Path, hub: FakeHub) -> Iterator[Running]:
    with running(write_config(tmp_path, hub, groups={WAGE: WAGE_MANY}), hub) as one:
        yield one


def change(folder: Path, sql: str, *values: Any) -> None:
    with sqlite3.connect(folder / "data.sqlite") as connection:
        connection.execute(sql, values)
    connection.close()


def months(content: bytes) -> list[str]:
    return [amount["month"] for amount in msgspec.json.decode(content)["amounts"]]


def test_a_page_is_answered_sealed_and_signed(tmp_path: Path, either: Running, asker: FakeAsker) -> None:
    page = PageQuestion(asker, [SSIN, NOBODY, OTHER_SSIN], WAGE, FILE)
    answer = answered(either, page.body())
    assert (answer.ticket, answer.page, answer.answered, answer.failed) == (page.ticket, 0, 3, {})
    assert all(block.sealed for block in answer.blocks)
    found = page.opened(answer, either.key)
    assert list(found) == [(0, FILE), (0, WAGE), (2, WAGE)]
    assert found[0, FILE] == b"<file  a='1'/>\r\n"
    assert months(found[2, WAGE]) == ["2026-01-01", "2026-02-01"]
    (logged,) = entries(list(export(tmp_path / "state")), page.ticket)
    assert (logged["ssins"], logged["agent"], logged["asker"]) == ([SSIN, NOBODY, OTHER_SSIN], "night-run", asker.name)
    assert verify(tmp_path / "state").faults == ()


def test_a_person_who_is_often_in_a_page_is_answered_each_time(either: Running, asker: FakeAsker) -> None:
    page = PageQuestion(asker, [SSIN] * 50, WAGE)
    found = page.opened(answered(either, page.body()), either.key)
    assert len(found) == 50
    assert len(set(found.values())) == 1


def test_records_have_days_of_their_own(either: Running, asker: FakeAsker) -> None:
    page = PageQuestion(asker, [SSIN] * 3, WAGE)
    july = Period(date(2026, 7, 1), date(2026, 7, 31))
    page.file[1] = Record(ssin=SSIN, period=july)
    page.file[2] = Record(ssin=SSIN, reference_date=date(2026, 2, 1))
    page.scopes = [{WAGE: QUARTER}, {WAGE: july}, {WAGE: day(date(2026, 2, 1))}]
    page.record = {1: {"scope": 1}, 2: {"scope": 2}}
    found = page.opened(answered(either, page.body()), either.key)
    assert [months(content) for content in found.values()] == [
        ["2026-01-01", "2026-02-01"],
        ["2026-07-01"],
        ["2026-02-01"],
    ]


def test_a_person_whose_number_was_replaced_is_found_under_the_new_one(either: Running, asker: FakeAsker) -> None:
    page = PageQuestion(asker, [NOBODY, OTHER_SSIN], WAGE)
    page.record = {0: {"ssin": SSIN, "stated": NOBODY}}
    assert list(page.opened(answered(either, page.body()), either.key)) == [(0, WAGE), (1, WAGE)]


def test_a_part_of_a_page_is_asked_and_then_the_rest(tmp_path: Path, either: Running, asker: FakeAsker) -> None:
    page = PageQuestion(asker, [SSIN, OTHER_SSIN] * 5, WAGE)
    for asked in ([1, 3], [4, 9]):
        page.asked = asked
        assert list(page.opened(answered(either, page.body()), either.key)) == [(index, WAGE) for index in asked]
    logged = entries(list(export(tmp_path / "state")), page.ticket)
    assert [entry["records"] for entry in logged] == [[1, 3], [4, 9]]


def test_what_cannot_be_given_is_said_and_the_rest_is_given(tmp_path: Path, either: Running, asker: FakeAsker) -> None:
    change(tmp_path, "update amount set eurocents = -1 where ssin = ?", SSIN)
    page = PageQuestion(asker, [SSIN, OTHER_SSIN], WAGE, "household@1")
    answer = answered(either, page.body())
    assert answer.failed == {
        "0": {"household@1": "CR-SOURCE-FAILED", WAGE: "CR-BLOCK-OUT-OF-SCHEMA"},
        "1": {"household@1": "CR-SOURCE-FAILED"},
    }
    assert list(page.opened(answer, either.key)) == [(1, WAGE)]


def test_a_group_that_the_catalogue_leaves_unsealed_is_open_and_signed(tmp_path: Path, hub: FakeHub) -> None:
    hub.groups = published(unsealedBecause="illustrative")
    asker = FakeAsker(hub)
    with running(write_config(tmp_path, hub, groups={WAGE: WAGE_MANY | {"inTheClear": True}}), hub) as one:
        page = PageQuestion(asker, [SSIN], WAGE)
        answer = answered(one, page.body())
        assert not answer.blocks[0].sealed
        assert months(page.opened(answer, one.key)[0, WAGE]) == ["2026-01-01", "2026-02-01"]


def test_a_holder_that_it_manages_signs_with_its_own_key(tmp_path: Path, hub: FakeHub, asker: FakeAsker) -> None:
    key = SigningKey.generate("pcsa-aalst#sign-1")
    key.write(tmp_path / "keys" / "aalst.pem")
    holders = {"pcsa-aalst": {"id": key.key_id, "file": "keys/aalst.pem"}}
    with running(write_config(tmp_path, hub, groups={WAGE: WAGE_MANY}, holders=holders), hub) as one:
        page = PageQuestion(asker, [SSIN], WAGE, holder="pcsa-aalst")
        answer = answered(one, page.body())
    assert list(page.opened(answer, VerifyKey(key.jwk), "pcsa-aalst")) == [(0, WAGE)]


# Again.


def test_the_same_request_gets_the_same_answer(tmp_path: Path, either: Running, asker: FakeAsker) -> None:
    page = PageQuestion(asker, [SSIN, OTHER_SSIN], WAGE)
    first = answered(either, page.body())
    change(tmp_path, "delete from amount")
    page.permit |= {"issued_at": now(), "expires_at": now() + timedelta(seconds=40), "catalogue_version": 2}
    assert answered(either, page.body()) == first
    assert len(entries(list(export(tmp_path / "state")), page.ticket)) == 1


def test_an_answer_that_was_lost_is_made_again_and_logged_once(
    tmp_path: Path, either: Running, asker: FakeAsker
) -> None:
    page = PageQuestion(asker, [SSIN], WAGE)
    first = page.opened(answered(either, page.body()), either.key)
    (kept,) = (tmp_path / "state" / "pages").iterdir()
    kept.unlink()
    assert page.opened(answered(either, page.body()), either.key) == first
    assert len(entries(list(export(tmp_path / "state")), page.ticket)) == 1


def test_a_request_that_is_replayed_is_refused(either: Running, asker: FakeAsker) -> None:
    body = PageQuestion(asker, [SSIN], WAGE).body()
    assert post(either, body, nonce="a-nonce-used-twice").status_code == 200
    assert refused(post(either, body, nonce="a-nonce-used-twice")) == (401, "CR-NONCE-REPLAYED")


def test_a_record_that_was_answered_is_not_answered_in_another_request(many: Running, asker: FakeAsker) -> None:
    page = PageQuestion(asker, [SSIN, OTHER_SSIN, NOBODY], WAGE)
    page.asked = [0, 1]
    answered(many, page.body())
    for asked in ([1], [0, 1, 2], [1, 2]):
        page.asked = asked
        assert refused(post(many, page.body())) == (409, "CR-QUESTION-REPEATED")
    page.asked = [2]
    answered(many, page.body())
    assert len(list((many.participant.config.path("state") / "pages").iterdir())) == 2


def test_a_statement_is_of_one_batch_alone(many: Running, asker: FakeAsker) -> None:
    page = PageQuestion(asker, [SSIN, OTHER_SSIN], WAGE)
    page.asked = [0]
    answered(many, page.body())
    page.asked, page.ticket = [1], uuid7()
    assert refused(post(many, page.body())) == (409, "CR-QUESTION-REPEATED")


async def test_an_answer_made_again_holds_no_record_that_is_not_in_the_log(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    expires = int(now().timestamp()) + 3600
    part = Part(batch="b", nonce="n", page=0, start=0, until=5, request="same", expires=expires)

    async def take(until: int) -> None:
        fields = {"event": "participant:page:asked", "ticket": "t"}
        record = Entry("t", "holder", "asker", "n 0 0", "", expires - 3600, fields, part._replace(until=until))
        await state.take(record, commit(fields))

    try:
        await take(5)
        await take(3)
        with pytest.raises(Refused):
            await take(6)
        await take(3)
    finally:
        await state.close()


# A query that is wrong.


@pytest.mark.parametrize(
    "sql",
    [
        f"select '{NOBODY}' as ssin, '2026-01-01' as month, 1 as eurocents where 'x' not in :ssins",
        "select cast(ssin as integer) as ssin, month, eurocents from amount where ssin in :ssins",
        "select month, eurocents from amount where ssin in :ssins",
        "select null as ssin, month, eurocents from amount where ssin in :ssins",
        "select ssin, month from nowhere where ssin in :ssins",
    ],
)
def test_rows_that_are_of_nobody_who_was_asked_about_refuse_all(
    tmp_path: Path, hub: FakeHub, asker: FakeAsker, sql: str
) -> None:
    with running(write_config(tmp_path, hub, groups={WAGE: WAGE_MANY | {"sqlMany": sql}}), hub) as one:
        page = PageQuestion(asker, [SSIN, OTHER_SSIN], WAGE)
        status, code = refused(post(one, page.body()))
        assert (status, code) in {(503, "CR-SOURCE-FAILED"), (503, "CR-UNAVAILABLE"), (503, None)}
        assert entries(list(export(tmp_path / "state")), page.ticket) == []
        one.answer(Question(asker, NAME, SSIN, WAGE))


# Much at once.


def test_what_is_too_much_for_one_answer_is_given_in_several(tmp_path: Path, hub: FakeHub, asker: FakeAsker) -> None:
    hub.groups = published(schema={})
    ssins = [f"{80650100000 + number}" for number in range(300)]
    sql = "select ssin, hex(zeroblob(60000)) as month from amount where ssin in :ssins and month < '2026-02'"
    with running(write_config(tmp_path, hub, groups={WAGE: WAGE_MANY | {"sqlMany": sql}}), hub) as one:
        for ssin in ssins:
            change(tmp_path, "insert into amount values (?, ?, '2026-01-01', 1)", ssin, NAME)
        page = PageQuestion(asker, ssins, WAGE)
        given: list[int] = []
        while len(given) < len(ssins):
            page.asked = range(len(given), len(ssins))
            answer = answered(one, page.body())
            assert 0 < answer.answered < len(ssins)
            given += [index for index, _ in page.opened(answer, one.key)]
    assert given == list(range(300))


def test_one_person_about_whom_there_is_too_much(tmp_path: Path, hub: FakeHub, asker: FakeAsker) -> None:
    hub.groups = published(schema={})
    sql = "select ssin, hex(zeroblob(11000000)) as month from amount where ssin in :ssins and month < '2026-02'"
    with running(write_config(tmp_path, hub, groups={WAGE: WAGE_MANY | {"sqlMany": sql}}), hub) as one:
        page = PageQuestion(asker, [SSIN, NOBODY], WAGE)
        answer = answered(one, page.body())
    assert (answer.answered, answer.failed, answer.blocks) == (1, {"0": {WAGE: "CR-SOURCE-FAILED"}}, ())

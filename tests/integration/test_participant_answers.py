"""What a participant answers: only what was asked, signed and sealed."""

import asyncio
import sqlite3
from pathlib import Path

import msgspec
import pytest
from uuid6 import uuid7

from crossroads.kernel.errors import CrossroadsError
from crossroads.participant.config import Config
from crossroads.participant.datagroups import JSON
from crossroads.participant.datasources import Found, Wanted, WantedMany
from crossroads.participant.log import export, verify
from crossroads.wire.blocks import Claims, read_block, verify_block
from crossroads.wire.keys import SigningKey, VerifyKey
from crossroads.wire.messages import Block
from fakehub import FakeAsker, FakeHub, Question, signed_headers
from participants import FILE, NAME, OTHER_SSIN, SSIN, URL, WAGE, WAGE_SQL, Running, published, running, write_config

pytest_plugins = ["participant_fixtures"]


def opened(block: Block, question: Question, one: Running, media_type: str = "application/json") -> bytes:
    claims = Claims(
        ticket=question.ticket,
        nonce=question.signed.nonce,
        data_group=block.data_group,
        source=NAME,
        period=block.period,
        subject=question.signed.subject(question.signed.ssin),
        media_type=media_type,
    )
    return verify_block(read_block(block, question.asker.seal), claims, one.key).content


def test_a_permitted_question_is_answered_sealed_and_signed(participant: Running, asker: FakeAsker) -> None:
    question = Question(asker, NAME, SSIN, WAGE, FILE)
    answer = participant.answer(question)
    assert answer.ticket == question.ticket
    assert answer.status.value == "DATA_FOUND"
    wage, file = answer.blocks
    assert wage.sealed
    content = msgspec.json.decode(opened(wage, question, participant))
    assert [amount["month"] for amount in content["amounts"]] == ["2026-01-01", "2026-02-01"]
    assert opened(file, question, participant, "application/xml") == b"<file  a='1'/>\r\n"


class Meeting:
    """A source that answers once all data groups of the question are being read."""

    EVERYBODY = asyncio.Barrier(2)

    def __init__(self, media_type: str) -> None:
        self.media_type = media_type

    async def read(self, wanted: Wanted) -> bytes | None:
        async with asyncio.timeout(20):
            await self.EVERYBODY.wait()
        return b'{"amounts": []}' if wanted.ssin == SSIN and self.media_type == JSON else b"<file/>"

    async def read_many(self, _wanted: WantedMany) -> Found:
        return {}


def meeting(_config: Config, group: str) -> Meeting:
    return Meeting(JSON if group == WAGE else "application/xml")


def test_data_groups_of_one_question_are_read_at_the_same_time(tmp_path: Path, hub: FakeHub, asker: FakeAsker) -> None:
    both = {group: {"function": f"{__name__}:meeting"} for group in (WAGE, FILE)}
    with running(write_config(tmp_path, hub, groups=both), hub) as one:
        answer = one.answer(Question(asker, NAME, SSIN, WAGE, FILE))
        assert (answer.status.value, [block.data_group for block in answer.blocks]) == ("DATA_FOUND", [WAGE, FILE])


def test_a_person_without_data_is_no_data(participant: Running, asker: FakeAsker) -> None:
    answer = participant.answer(Question(asker, NAME, "82650112399", WAGE))
    assert (answer.status.value, answer.status.code, answer.blocks) == ("NO_DATA_FOUND", "MSG00100", ())


def test_nothing_of_another_person_or_period_leaves(participant: Running, asker: FakeAsker) -> None:
    question = Question(asker, NAME, SSIN, WAGE)
    (block,) = participant.answer(question).blocks
    months = [amount["month"] for amount in msgspec.json.decode(opened(block, question, participant))["amounts"]]
    assert months == ["2026-01-01", "2026-02-01"]
    other = Question(asker, NAME, OTHER_SSIN, FILE)
    assert participant.answer(other).status.value == "NO_DATA_FOUND"


def test_a_group_that_it_is_not_set_up_for_fails_and_the_rest_is_given(participant: Running, asker: FakeAsker) -> None:
    answer = participant.answer(Question(asker, NAME, SSIN, WAGE, "household@1"))
    assert answer.status.value == "INCOMPLETE_DATA"
    assert answer.status.detail == "household@1: CR-SOURCE-FAILED"
    assert [block.data_group for block in answer.blocks] == [WAGE]


def test_content_out_of_schema_is_not_sent(tmp_path: Path, participant: Running, asker: FakeAsker) -> None:
    with sqlite3.connect(tmp_path / "data.sqlite") as connection:
        connection.execute("update amount set eurocents = -1 where ssin = ?", (SSIN,))
    connection.close()
    answer = participant.answer(Question(asker, NAME, SSIN, WAGE))
    assert (answer.status.value, answer.status.detail) == ("TECHNICAL_ERROR", f"{WAGE}: CR-BLOCK-OUT-OF-SCHEMA")
    assert answer.blocks == ()


def test_a_group_that_the_catalogue_leaves_unsealed_is_open_and_signed(tmp_path: Path, hub: FakeHub) -> None:
    hub.groups = published(unsealedBecause="illustrative")
    asker = FakeAsker(hub)
    clear = {WAGE: {"sql": WAGE_SQL, "list": "amounts", "inTheClear": True}}
    with running(write_config(tmp_path, hub, groups=clear), hub) as one:
        question = Question(asker, NAME, SSIN, WAGE)
        (block,) = one.answer(question).blocks
    assert not block.sealed
    assert b"eurocents" in opened(block, question, one)


def test_the_hub_alone_cannot_have_content_in_the_clear(tmp_path: Path, hub: FakeHub) -> None:
    hub.groups = published(unsealedBecause="the hub says so")
    asker = FakeAsker(hub)
    with running(write_config(tmp_path, hub), hub) as one:
        (block,) = one.answer(Question(asker, NAME, SSIN, WAGE)).blocks
    assert block.sealed


def test_what_may_go_in_the_clear_is_sealed_where_the_catalogue_says_so(tmp_path: Path, hub: FakeHub) -> None:
    clear = {WAGE: {"sql": WAGE_SQL, "list": "amounts", "inTheClear": True}}
    asker = FakeAsker(hub)
    with running(write_config(tmp_path, hub, groups=clear), hub) as one:
        (block,) = one.answer(Question(asker, NAME, SSIN, WAGE)).blocks
    assert block.sealed


def test_documents_for_people_without_one_of_their_own(tmp_path: Path, hub: FakeHub) -> None:
    groups = {
        FILE: {"documents": "files", "mediaType": "application/xml", "otherwise": ["default.xml", "notfound.xml"]}
    }
    asker = FakeAsker(hub)
    with running(write_config(tmp_path, hub, groups=groups), hub) as one:
        (tmp_path / "files" / "notfound.xml").write_bytes(b"<none/>")
        question = Question(asker, NAME, OTHER_SSIN, FILE)
        (block,) = one.answer(question).blocks
        assert opened(block, question, one, "application/xml") == b"<none/>"
        (tmp_path / "files" / "default.xml").write_bytes(b"<default/>")
        question = Question(asker, NAME, OTHER_SSIN, FILE)
        (block,) = one.answer(question).blocks
        assert opened(block, question, one, "application/xml") == b"<default/>"


def test_a_manager_answers_for_its_holders_each_with_its_own_key(tmp_path: Path, hub: FakeHub) -> None:
    key = SigningKey.generate("pcsa-aalst#sign-1")
    key.write(tmp_path / "keys" / "aalst.pem")
    holders = {"pcsa-aalst": {"id": key.key_id, "file": "keys/aalst.pem"}}
    asker = FakeAsker(hub)
    with running(write_config(tmp_path, hub, holders=holders), hub) as one:
        question = Question(asker, NAME, SSIN, WAGE, holder="pcsa-aalst")
        (block,) = one.answer(question).blocks
        assert block.source == "pcsa-aalst"
        signed = read_block(block, asker.seal)
        assert signed.key_id == key.key_id
        signed.verify(VerifyKey(key.jwk), "crossroads-block+jws")
        # The same ticket goes to each holder once.
        again = Question(asker, NAME, SSIN, WAGE)
        again.request["ticket"] = question.request["ticket"]
        assert [block.source for block in one.answer(again).blocks] == [NAME]


def test_a_replaced_number_is_read_under_the_new_one(participant: Running, asker: FakeAsker) -> None:
    question = Question(asker, NAME, "79650112377", WAGE)
    question.permit |= {"ssin": SSIN, "known_as": "79650112377"}
    (block,) = participant.answer(question).blocks
    signed = read_block(block, asker.seal)
    assert signed.header["subject"] == question.signed.subject(SSIN)
    assert b"eurocents" in signed.payload


def test_an_institution_asks_for_one_that_it_manages_with_either_key(hub: FakeHub, participant: Running) -> None:
    asker, managed = FakeAsker(hub, "vvsg"), FakeAsker(hub, "pcsa-brugge")
    question = Question(asker, NAME, SSIN, WAGE)
    thumbprint = managed.seal.jwk.thumbprint
    question.statement |= {"on_behalf_of": managed.name, "encryption_key": thumbprint}
    question.permit |= {"on_behalf_of": managed.name, "encryption_key": thumbprint}
    question.request["asker_keys"] = (*asker.keys, *managed.keys)
    (block,) = participant.answer(question).blocks
    assert b"eurocents" in read_block(block, managed.seal).payload


def test_the_question_is_in_its_own_log_which_verifies(tmp_path: Path, participant: Running, asker: FakeAsker) -> None:
    question = Question(asker, NAME, SSIN, WAGE)
    participant.answer(question)
    participant.answer(Question(asker, NAME, OTHER_SSIN, WAGE))
    first, second = export(tmp_path / "state")
    assert first["ticket"] == str(question.ticket)
    assert first["fields"]["asker"] == asker.name
    assert first["fields"]["agent"] == "clerk-7"
    assert first["fields"]["dataGroups"] == {WAGE: {"startDate": "2026-01-01", "endDate": "2026-03-31"}}
    assert second["position"] == 1
    assert verify(tmp_path / "state").faults == ()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            "update entry set fields = cast(replace(cast(fields as text), 'clerk', 'boss') as blob) where position = 1",
            "Entry 1",
        ),
        ("delete from entry where position = 1", "Entries 1 to 1 are missing"),
        ("delete from entry where position = 2", "The log has 2 entries"),
        ("update entry set ticket = 'another' where position = 0", "Entry 0"),
    ],
)
def test_an_altered_or_removed_entry_is_named(
    tmp_path: Path, participant: Running, asker: FakeAsker, change: str, fault: str
) -> None:
    for _ in range(3):
        participant.answer(Question(asker, NAME, SSIN, WAGE))
    with sqlite3.connect(tmp_path / "state" / "state.sqlite") as connection:
        connection.execute(change)
    connection.close()
    assert any(told.startswith(fault) for told in verify(tmp_path / "state").faults)


@pytest.mark.parametrize(
    ("name", "birth", "expected"),
    [
        ("LEFEVRE D'HONDT", "1980-05-01", (True, True)),
        ("lefevre-d hondt", "1980-05-01", (True, True)),
        ("Lefebvre", "1980-05-01", (True, False)),
        ("Lefèvre-D'Hondt", "1980-05-02", (True, False)),
    ],
)
def test_the_register_tells_only_whether_particulars_match(
    participant: Running, name: str, birth: str, expected: tuple[bool, bool]
) -> None:
    assert match(participant, SSIN, birth, name) == expected


def test_a_number_that_the_register_does_not_know(participant: Running) -> None:
    assert match(participant, "99650112399", "1980-05-01", "Lefèvre") == (False, False)


def match(one: Running, ssin: str, birth: str, name: str) -> tuple[bool, bool]:
    body = msgspec.json.encode({"ticket": str(uuid7()), "ssin": ssin, "birthDate": birth, "lastName": name})
    headers = signed_headers(one.hub.permit, f"{URL}/v1/match-requests", body)
    got = one.post(body, headers, "/v1/match-requests").json()
    assert set(got) == {"ticket", "exists", "matches"}
    return got["exists"], got["matches"]


def test_what_is_public(participant: Running) -> None:
    assert participant.client.get("/health").json() == {"status": "UP"}
    document = participant.client.get("/openapi.json").json()
    works = {
        f"/v1/{name}"
        for name in ("data-requests", "data-requests/bulk", "documents", "match-requests", "mailbox-items")
    }
    assert set(document["paths"]) == works | {"/health"}
    absent = participant.client.get("/schema")
    assert (absent.status_code, absent.headers["content-type"]) == (404, "application/problem+json")


def test_without_its_hub_it_goes_on_from_what_it_proved_before(tmp_path: Path, hub: FakeHub, asker: FakeAsker) -> None:
    config = write_config(tmp_path, hub)
    with running(config, hub) as one:
        one.answer(Question(asker, NAME, SSIN, WAGE))
    hub.close()
    with running(config, hub) as one:
        assert one.answer(Question(asker, NAME, SSIN, WAGE)).status.value == "DATA_FOUND"


def test_a_cache_that_is_damaged_is_fetched_anew(tmp_path: Path, hub: FakeHub, asker: FakeAsker) -> None:
    config = write_config(tmp_path, hub)
    for name in ("hub-keys.json", "data-groups.json"):
        (tmp_path / "state").mkdir(exist_ok=True)
        (tmp_path / "state" / name).write_bytes(b"{")
    with running(config, hub) as one:
        assert one.answer(Question(asker, NAME, SSIN, WAGE)).status.value == "DATA_FOUND"


def test_checkpoints_that_are_damaged_are_not_passed_over(tmp_path: Path, hub: FakeHub) -> None:
    config = write_config(tmp_path, hub)
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "checkpoints.json").write_bytes(b"{")
    with pytest.raises(CrossroadsError, match="damaged"), running(config, hub):
        pass

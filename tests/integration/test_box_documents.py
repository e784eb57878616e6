"""What a participant gives of the messages that it published: a document to its person, sealed, and nothing else."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from boxes import ANNEX, LETTER, card, message
from crossroads.kernel.codes import StatusValue
from crossroads.kernel.errors import Refused
from crossroads.kernel.period import Period
from crossroads.participant.boxes_file import shelve
from crossroads.participant.boxes_shelf import Shelf
from crossroads.wire.blocks import Claims, read_block, verify_block
from crossroads.wire.box import (
    DOCUMENT,
    DOCUMENT_TYPE,
    BoxPublication,
    Delivery,
    DocumentRequest,
    digest_of,
    document_digest,
)
from crossroads.wire.messages import DataAnswer, DataRequest
from crossroads.wire.statements import group_digests, new_salts
from days import today
from fakehub import FakeAsker, FakeHub, Question, signed_headers
from participants import NAME, OTHER_SSIN, SSIN, URL, WAGE, Running, refused, repeated, said_twice

pytest_plugins = ["participant_fixtures"]

PATH = "/v1/documents"
SALT = new_salts(["document"])["document"]
DAY = date(2026, 3, 1)


class Opening(Question):
    """A request for a document in the making."""

    def __init__(self, asker: FakeAsker, said: BoxPublication, content: bytes = LETTER, ssin: str = SSIN) -> None:
        super().__init__(asker, NAME, ssin, DOCUMENT)
        self.permit["data_groups"] = {DOCUMENT: Period(DAY, DAY)}
        digest = digest_of(content)
        stated = (*group_digests(self.salts), document_digest(digest, SALT))
        self.statement = {"data_groups": stated, "period": None, "reference_date": DAY}
        self.document: dict[str, Any] = {"reference": said.reference, "digest": digest, "document_opening": SALT}

    def build(self) -> DataRequest:
        return DocumentRequest(**msgspec.structs.asdict(super().build()), **self.document)


@pytest.fixture
def said(participant: Running, tmp_path: Path) -> BoxPublication:
    """Put a message for a person on the shelf of the participant."""
    publication = message(SSIN)
    shelve(Shelf(tmp_path / "state" / "box"), NAME, publication, [LETTER, ANNEX])
    assert participant.participant.config.institution == NAME
    return publication


def answer(participant: Running, opening: Opening) -> DataAnswer:
    body = opening.body()
    got = participant.post(body, signed_headers(participant.hub.permit, f"{URL}{PATH}", body), PATH)
    assert got.status_code == 200, got.text
    return msgspec.json.decode(got.content, type=DataAnswer)


def refusal(participant: Running, opening: Opening) -> tuple[int, str | None]:
    body = opening.body()
    return refused(participant.post(body, signed_headers(participant.hub.permit, f"{URL}{PATH}", body), PATH))


def test_a_document_is_given_sealed_to_who_asks(participant: Running, asker: FakeAsker, said: BoxPublication) -> None:
    opening = Opening(asker, said, ANNEX)
    found = answer(participant, opening)
    (block,) = found.blocks
    assert (found.status.value, block.content_bytes) == (StatusValue.DATA_FOUND, None)
    claims = Claims(
        ticket=opening.ticket,
        nonce=opening.signed.nonce,
        data_group=DOCUMENT,
        source=NAME,
        period=Period(DAY, DAY),
        subject=opening.signed.subject(SSIN),
        media_type=DOCUMENT_TYPE,
    )
    assert verify_block(read_block(block, asker.seal), claims, participant.key).content == ANNEX


def test_a_document_of_another_person_is_none(participant: Running, asker: FakeAsker, said: BoxPublication) -> None:
    found = answer(participant, Opening(asker, said, ssin=OTHER_SSIN))
    assert (found.status.value, found.blocks) == (StatusValue.NO_DATA_FOUND, ())


def test_what_was_never_published_is_none(participant: Running, asker: FakeAsker, said: BoxPublication) -> None:
    unknown = msgspec.structs.replace(said, reference="never")
    assert answer(participant, Opening(asker, unknown)).status.value is StatusValue.NO_DATA_FOUND
    assert answer(participant, Opening(asker, said, b"another")).status.value is StatusValue.NO_DATA_FOUND


def test_the_hub_cannot_ask_for_a_document_that_the_asker_did_not_state(
    participant: Running, asker: FakeAsker, said: BoxPublication
) -> None:
    opening = Opening(asker, said)
    opening.document["digest"] = digest_of(ANNEX)
    assert refusal(participant, opening) == (403, "CR-PERMIT-STATEMENT-DIFFER")


def test_a_request_that_can_be_read_in_two_ways_opens_no_document(
    participant: Running, asker: FakeAsker, said: BoxPublication
) -> None:
    body = said_twice(Opening(asker, said).body(), "reference", "other")
    got = participant.post(body, signed_headers(participant.hub.permit, f"{URL}{PATH}", body), PATH)
    assert repeated(got) == "$.reference"


def test_a_permit_for_other_data_opens_no_document(
    participant: Running, asker: FakeAsker, said: BoxPublication
) -> None:
    opening = Opening(asker, said)
    opening.salts = new_salts([WAGE])
    opening.permit["data_groups"] = {WAGE: Period(DAY, DAY)}
    stated = (*group_digests(opening.salts), document_digest(digest_of(LETTER), SALT))
    opening.statement["data_groups"] = stated
    assert refusal(participant, opening) == (403, "CR-PERMIT-STATEMENT-DIFFER")


def test_a_document_is_asked_for_once_and_not_as_data(
    participant: Running, asker: FakeAsker, said: BoxPublication, hub: FakeHub
) -> None:
    opening = Opening(asker, said)
    body = opening.body()
    assert answer(participant, opening).blocks
    headers = signed_headers(hub.permit, f"{URL}{PATH}", body)
    assert refused(participant.post(body, headers, PATH)) == (409, "CR-QUESTION-REPEATED")
    # With the document named, it is no data request.
    other = Opening(asker, said).body()
    headers = signed_headers(hub.permit, f"{URL}/v1/data-requests", other)
    assert refused(participant.post(other, headers))[0] == 400


def test_a_document_that_changed_on_the_disk_is_not_given(
    participant: Running, asker: FakeAsker, said: BoxPublication, tmp_path: Path
) -> None:
    (place,) = (tmp_path / "state" / "box").iterdir()
    (place / "0").write_bytes(b"something else")
    assert answer(participant, Opening(asker, said)).status.value is StatusValue.NO_DATA_FOUND


# The shelf itself.


def test_the_shelf_keeps_a_message_whole_for_its_reference(tmp_path: Path) -> None:
    shelf, said = Shelf(tmp_path / "box"), message(SSIN)
    kept = shelve(shelf, NAME, said, [LETTER, ANNEX])
    assert shelve(shelf, NAME, said, [LETTER, ANNEX]) == kept
    with pytest.raises(Refused):
        shelve(shelf, NAME, msgspec.structs.replace(said, ssin=OTHER_SSIN), [LETTER, ANNEX])
    assert [shelf.content(kept, card(one, "x").digest) for one in (LETTER, ANNEX)] == [LETTER, ANNEX]
    modes = {one.stat().st_mode & 0o077 for one in (tmp_path / "box").rglob("*")}
    assert modes == {0}


def test_the_shelf_forgets_what_expired_and_the_documents_of_what_went_on_paper(tmp_path: Path) -> None:
    shelf, now = Shelf(tmp_path / "box"), today()
    said = message(SSIN, expires_on=now + timedelta(days=2))
    kept = shelve(shelf, NAME, said, [LETTER, ANNEX])
    shelf.settle(msgspec.structs.replace(kept, delivery=Delivery.NOT_ACTIVE))
    assert shelf.content(kept, said.documents[0].digest) is None
    assert [one.delivery for one in shelf.messages()] == [Delivery.NOT_ACTIVE]
    assert (shelf.forget(now + timedelta(days=1)), shelf.forget(now + timedelta(days=2))) == (0, 1)
    assert list(shelf.messages()) == []

"""`crossroads box`, as an institution types it: published, listed, proven; and what is wrong is said in a sentence."""

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from boxes import ANNA, BERT, LETTER, MANAGED, MANAGER, Boxes, boxes, command, letter
from crossroads.bootstrap.keys import log_key
from crossroads.wire.proofs import EntryProof, verify_entry_proof
from database import Database
from looking import CENTRE


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Boxes]:
    with boxes(tmp_path_factory.mktemp("box"), module_database) as made:
        made.activate(ANNA)
        yield made


def settings(here: Boxes, institution: str = CENTRE) -> str:
    return str(here.built.member(institution).settings)


def test_a_message_is_published_listed_opened_and_proven(here: Boxes, tmp_path: Path) -> None:
    file = letter(tmp_path, reference="LETTER-1")
    first = command("publish", settings(here), str(file))
    assert (first.exit_code, first.stdout) == (0, "The message LETTER-1 is in the person's box.\n")
    assert command("publish", settings(here), str(file)).exit_code == 0
    (listed,) = [one for one in here.listed(ANNA).items if one.subject == {"nl": "Beslissing"}]
    assert [(one.name, one.media_type) for one in listed.documents] == [("decision.pdf", "application/pdf")]
    assert (listed.expires_on.year - listed.received_on.year, listed.sender) == (2, CENTRE)
    published = msgspec.json.decode(command("publish", settings(here), str(file), "--json").stdout)
    assert published["message"] == str(listed.message)
    table = command("list", settings(here)).stdout
    assert "LETTER-1" in table
    assert ANNA not in table
    told = command("evidence", settings(here), "LETTER-1").stdout
    assert "It was not opened." in told
    proof = tmp_path / "proof.json"
    shown = command("evidence", settings(here), "LETTER-1", "--output", str(proof), "--json")
    assert json.loads(shown.stdout)["delivery"] == "published"
    verifier = log_key(here.built.installation).verifier
    (entry,) = msgspec.json.decode(proof.read_bytes(), type=list[EntryProof])
    assert verify_entry_proof(entry, [verifier])["event"] == "box:message:published"


def test_for_a_person_without_box_it_says_to_write_on_paper(here: Boxes, tmp_path: Path) -> None:
    ended = command("publish", settings(here), str(letter(tmp_path, ssin=BERT, reference="LETTER-2")))
    assert (ended.exit_code, "send it on paper" in ended.stdout) == (1, True)
    assert "send it on paper" in command("evidence", settings(here), "LETTER-2").stdout


def test_a_manager_publishes_for_another(here: Boxes, tmp_path: Path) -> None:
    file = letter(tmp_path, reference="LETTER-3")
    assert command("publish", settings(here, MANAGER), str(file), "--for", MANAGED).exit_code == 0
    assert MANAGED in command("list", settings(here, MANAGER)).stdout


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"documents": [{"file": "nothing.pdf"}]}, "nothing.pdf cannot be read"),
        ({"documents": []}, "$.documents"),
        ({"sort": "advertisement"}, "$.sort"),
        ({"subject": {"nl": "x" * 151}}, "$.subject.nl"),
        ({"expiresOn": "2020-01-01"}, "expires after the day"),
        ({"reference": ""}, "$.reference"),
        ({"ssin": "123"}, "$.ssin"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_what_is_wrong_with_the_file_is_said_before_anything_is_sent(
    here: Boxes, tmp_path: Path, changes: dict[str, object], sentence: str
) -> None:
    ended = command("publish", settings(here), str(letter(tmp_path, **changes)))
    assert ended.exit_code == 1
    said = " ".join(ended.stderr.split())
    assert sentence in said
    assert ANNA not in said
    assert "Traceback" not in said


def test_a_document_that_is_too_large_is_said(here: Boxes, tmp_path: Path) -> None:
    file = letter(tmp_path)
    (tmp_path / "decision.pdf").write_bytes(LETTER * 300_000)
    ended = command("publish", settings(here), str(file))
    assert (ended.exit_code, "decision.pdf is larger than 4 MiB." in ended.stderr) == (1, True)


def test_who_is_not_on_file_is_refused_and_a_reference_that_is_not_known(here: Boxes, tmp_path: Path) -> None:
    ended = command("publish", settings(here, MANAGER), str(letter(tmp_path)), "--for", "pcsw-eupen")
    assert ended.exit_code == 1
    assert "no such message" in command("evidence", settings(here), "NEVER").stderr

"""A file of questions, from the folder of one institution to the data of two others and back: checked and opened."""

import asyncio
import hashlib
import json
import stat
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from commands import Ended, typed
from crossroads.bootstrap.postgres import ADMIN
from crossroads.catalogue.model import Document, Mode
from crossroads.kernel.codes import Code
from crossroads.network.service import Network
from database import Database, execute
from networks import belgium, line, network
from raw import person

CENTRE, WORK_SOURCE, CARE_SOURCE = "pcsw-gent", "nsso", "dgph"
WORK, CARE, PENSION = "employment-relations@1", "handicap-file@1", "pension-rights@1"
INQUIRY = "PCSA:SOCIAL_INQUIRY"
PEOPLE = [person(number) for number in range(1, 601, 2)]
STRANGER, NOWHERE = PEOPLE[7], PEOPLE[11]
"""One that the centre has not on file, and one of whom nobody else knows anything."""
CARED_FOR = PEOPLE[::3]
RELATIONS = (
    'SELECT start_date AS "startDate", 100006 AS "employerNumber", \'OTH\' AS "workerType" '
    "FROM relations WHERE ssin = :ssin"
)
DECISIONS = "SELECT start_date AS \"startDate\", 'medicalRecognition' AS kind FROM decisions WHERE ssin = :ssin"
ASKED = ("--legal-context", INQUIRY, "--period", "2026-01-01/2026-03-31")
GROUPS = ("--data-group", WORK, "--data-group", CARE, "--data-group", PENSION)


def in_files() -> Document:
    """Give a catalogue in which centres may ask in files too; the second data group is carried open."""
    plain = belgium()
    authorisations = [
        msgspec.structs.replace(one, modes=(*one.modes, Mode.BATCH)) if INQUIRY in one.legal_contexts else one
        for one in plain.authorisations
    ]
    groups = [
        msgspec.structs.replace(one, unsealed_because="A test wants it open.") if one.id == CARE else one
        for one in plain.data_groups
    ]
    return msgspec.structs.replace(plain, authorisations=tuple(authorisations), data_groups=tuple(groups))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    inscriptions = [
        *(line(ssin, CENTRE, "17:2", "2020-01-01") for ssin in PEOPLE if ssin != STRANGER),
        *(line(ssin, WORK_SOURCE, "12:30", "2020-01-01") for ssin in PEOPLE if ssin != NOWHERE),
        *(line(ssin, CARE_SOURCE, "16:1", "2020-01-01") for ssin in CARED_FOR if ssin != NOWHERE),
    ]
    members: dict[str, Any] = {
        CENTRE: {},
        WORK_SOURCE: {"groups": {WORK: {"sql": RELATIONS, "list": "relations"}}},
        CARE_SOURCE: {"groups": {CARE: {"sql": DECISIONS, "list": "decisions", "inTheClear": True}}},
    }
    folder = tmp_path_factory.mktemp("batch") / "net"
    with network(
        folder,
        module_database,
        members,
        document=in_files(),
        persons=PEOPLE,
        inscriptions=inscriptions,
        settings={"job_workers": 1},
    ) as made:
        made.member(WORK_SOURCE).store(
            {"relations": (("ssin", "start_date"), [(ssin, "2024-01-01") for ssin in PEOPLE])}
        )
        made.member(CARE_SOURCE).store(
            {"decisions": (("ssin", "start_date"), [(ssin, "2024-02-01") for ssin in PEOPLE])}
        )
        yield made


def batch(built: Network, verb: str, *arguments: str) -> Ended:
    return typed("batch", verb, str(built.member(CENTRE).settings), *arguments)


def questions(folder: Path, name: str, people: list[str]) -> Path:
    """Write a CSV file, with a ticket of our own for each."""
    file = folder / name
    lines = ["ssin,customerTicket", *(f"{ssin},case-{number}" for number, ssin in enumerate(people))]
    file.write_text("\n".join(lines) + "\n")
    return file


def test_many_are_asked_about_in_a_file_and_each_record_comes_back_opened(built: Network, tmp_path: Path) -> None:
    file, output = questions(tmp_path, "people.csv", PEOPLE), tmp_path / "result.jsonl"
    submitted = batch(built, "submit", str(file), *ASKED, *GROUPS, "--reference", "spring", "--wait", "--json")
    assert submitted.code == 0, submitted
    status = json.loads(submitted.stdout)
    assert (status["state"], status["reference"], status["records"]) == ("COMPLETED", "spring", 300)
    assert status["counts"] == {"DATA_FOUND": 298, "NO_DATA_FOUND": 1, "NO_RESULT": 1}

    fetched = batch(built, "result", "spring", "--output", str(output))
    assert (fetched.code, "300 records are in" in fetched.stdout) == (0, True), fetched
    assert f"1 NO_RESULT: {Code.DETAIL_NOT_INSCRIBED.description} (CR-NOT-INSCRIBED)" in fetched.stdout
    assert f"1 NO_DATA_FOUND: {Code.NO_HOLDER.description} (MSG00021)" in fetched.stdout
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    records = [json.loads(line) for line in output.read_text().splitlines()]
    assert [(one["ssin"]["value"], one["customerTicket"]) for one in records] == [
        (ssin, f"case-{number}") for number, ssin in enumerate(PEOPLE)
    ]
    check_contents(records)

    listed = json.loads(batch(built, "list", "--json").stdout)["batches"]
    assert [(one["reference"], one["fetched"]) for one in listed if one["reference"] == "spring"] == [("spring", True)]
    cancelled = batch(built, "cancel", "spring")
    assert (cancelled.code, "The batch is over" in cancelled.sentence) == (1, True), cancelled
    again = batch(built, "result", "spring", "--output", str(tmp_path / "again.jsonl"))
    assert (again.code, "Nothing is kept here of this batch" in again.sentence) == (1, True), again
    for ended in (submitted, fetched, again):
        assert not any(ssin in ended.stdout + ended.stderr for ssin in PEOPLE)


def check_contents(records: list[dict[str, Any]]) -> None:
    by_ssin = {one["ssin"]["value"]: one for one in records}
    assert by_ssin[STRANGER]["status"]["detail"] == "CR-NOT-INSCRIBED"
    assert not by_ssin[NOWHERE]["sources"]
    kinds = Counter(tuple(sorted(block["dataGroup"] for block in one["blocks"])) for one in records)
    assert kinds == {(WORK,): 198, (WORK, CARE): 100, (): 2}
    contents = {block["dataGroup"]: block["content"] for block in by_ssin[CARED_FOR[1]]["blocks"]}
    assert contents[WORK]["relations"][0]["employerNumber"] == 100006
    assert contents[CARE] == {"decisions": [{"startDate": "2024-02-01", "kind": "medicalRecognition"}]}
    assert {one["dataGroup"] for one in by_ssin[CARED_FOR[1]]["filtered"]} == {PENSION}


def test_a_file_that_is_wrong_is_told_with_its_line_and_nothing_is_sent(built: Network, tmp_path: Path) -> None:
    wrong = PEOPLE[3][:-2] + f"{(int(PEOPLE[3][-2:]) + 1) % 97:02}"
    file = questions(tmp_path, "wrong.csv", [*PEOPLE[:3], wrong])
    before = references(built)
    ended = batch(built, "submit", str(file), *ASKED, *GROUPS)
    assert ended.code == 1
    assert f"{file}: Line 5: " in ended.sentence
    assert "Nothing was sent." in ended.sentence
    assert wrong not in ended.stdout + ended.stderr
    assert references(built) == before


def references(built: Network) -> list[str]:
    return [one["reference"] for one in json.loads(batch(built, "list", "--json").stdout).get("batches", [])]


def test_a_byte_that_the_hub_alters_rejects_what_its_source_signed_and_the_result_stays(
    built: Network, tmp_path: Path, module_database: Database
) -> None:
    file = questions(tmp_path, "few.csv", PEOPLE[:4])
    submitted = batch(built, "submit", str(file), *ASKED, *GROUPS, "--reference", "altered", "--wait", "--json")
    assert submitted.code == 0, submitted
    alter = """UPDATE batch_result SET content = convert_to(regexp_replace(
        convert_from(content, 'UTF8'), '"sealed":"(..........).', '"sealed":"\\1-'), 'UTF8') WHERE part = 0"""
    asyncio.run(execute(module_database.url(ADMIN), alter))

    output = tmp_path / "altered.jsonl"
    ended = batch(built, "result", "altered", "--output", str(output))
    assert (ended.code, "4 blocks did not hold and were rejected" in ended.sentence) == (1, True), ended
    records = [json.loads(line) for line in output.read_text().splitlines()]
    assert all("not those that its source signed" in one["reason"] for each in records for one in each["rejected"])
    # What the other source signed of the same people holds.
    assert [[block["dataGroup"] for block in one["blocks"]] for one in records] == [[CARE], [], [], [CARE]]
    status = json.loads(batch(built, "status", "altered", "--json").stdout)
    assert not status.get("fetched", False)


def test_pairs_in_a_landing_folder_are_submitted_when_whole_and_answered_beside(built: Network, tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    landing.mkdir()
    whole = questions(tmp_path, "whole.csv", PEOPLE[20:26]).read_bytes()
    announced = {
        "sha256": hashlib.sha256(whole).hexdigest(),
        "legalContext": INQUIRY,
        "dataGroups": [WORK],
        "period": {"startDate": "2026-01-01", "endDate": "2026-03-31"},
        "reference": "autumn",
    }
    (landing / "autumn.yaml").write_text(yaml.safe_dump(announced))
    (landing / "autumn.csv").write_bytes(whole[:-30])
    (landing / "wrong.json").write_text(json.dumps(announced | {"dataGroups": 7}))
    (landing / "elsewhere.yaml").symlink_to(built.member(CENTRE).settings)

    assert batch(built, "watch", str(landing), "--once").code == 1
    assert "autumn" not in references(built)
    refused = json.loads((landing / "wrong.status.json").read_text())
    assert (refused["over"], "$.dataGroups" in refused["error"]) == (True, True)
    assert json.loads((landing / "elsewhere.status.json").read_text())["error"].startswith("The voucher is no file")

    (landing / "autumn.csv").write_bytes(whole)
    looks = 0
    while batch(built, "watch", str(landing), "--once").code == 1:
        looks += 1
        assert looks < 100
        time.sleep(0.1)
    records = [json.loads(line) for line in (landing / "autumn.result.jsonl").read_text().splitlines()]
    assert [one["ssin"]["value"] for one in records] == PEOPLE[20:26]
    status = json.loads((landing / "autumn.status.json").read_text())
    assert (status["over"], status["written"]["rejected"]) == (True, 0)
    # Nothing is done twice.
    there = {path: path.stat().st_mtime_ns for path in landing.iterdir()}
    assert batch(built, "watch", str(landing), "--once").code == 0
    assert {path: path.stat().st_mtime_ns for path in landing.iterdir()} == there

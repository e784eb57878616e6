"""Files of inscriptions as an institution types them: kept line by line, killed and taken up again, compared."""

import asyncio
import csv
import gzip
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from commands import Ended, typed
from crossroads.kernel.period import Period
from crossroads.network.service import Network
from crossroads.participant.client import Client
from crossroads.participant.client_settings import client_settings
from crossroads.wire.inscriptions import Action, BulkLine, ComparedLine, Verdict
from crossroads.wire.messages import InscriptionEvidence
from database import Database, value
from networks import line, network
from people import ssin as mock

CENTRE, OTHER = "pcsw-gent", "pcsw-liege"
PEOPLE = [mock(number) for number in range(2_500)]
LAST = mock(9_999)
"""The last, in the order of their numbers, whose lines may be in a request with those of all before."""
TAKEN, STRANGER = PEOPLE[3], mock(3_000)
CONTEXT = "17:2"
"""Exclusive in its sector; it demands the reference of a file."""


@contextmanager
def centres(folder: Path, database: Database) -> Iterator[Network]:
    taken = [line(TAKEN, OTHER, CONTEXT, "2020-01-01")]
    members: dict[str, dict[str, Any]] = {CENTRE: {}, OTHER: {}}
    with network(folder / "net", database, members, persons=[*PEOPLE, LAST], inscriptions=taken) as made:
        yield made


@pytest.fixture
def built(tmp_path: Path, database: Database) -> Iterator[Network]:
    with centres(tmp_path, database) as made:
        yield made


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    """Give a network for tests that keep next to no lines."""
    with centres(tmp_path_factory.mktemp("shared"), module_database) as made:
        yield made


def inscriptions(built: Network, verb: str, *arguments: object, at: str = CENTRE) -> Ended:
    return typed("inscriptions", verb, str(built.member(at).settings), *map(str, arguments))


def jsonl(path: Path, people: Sequence[str], start: str = "2026-01-01", **more: Any) -> Path:
    rows = (
        {
            "reference": f"{path.stem}-{number}",
            "ssin": ssin,
            "context": CONTEXT,
            "period": {"startDate": start},
            "evidence": {"kind": "reference", "value": f"file {number}"},
            **more,
        }
        for number, ssin in enumerate(people)
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def written(path: Path) -> list[dict[str, Any]]:
    """Give the whole lines: who is killed while he writes may leave a part of one."""
    return [json.loads(text) for text in path.read_text().splitlines(keepends=True) if text.endswith("\n")]


def counted(database: Database, event: str) -> object:
    query = f"SELECT count(*) FROM log_entry WHERE event = 'directory:inscription:{event}'"  # noqa: S608 - ours
    return asyncio.run(value(database.url(), query))


def process(built: Network, at: str, file: Path) -> "subprocess.Popen[bytes]":
    command = (
        sys.executable,
        "-m",
        "crossroads",
        "inscriptions",
        "register",
        str(built.member(at).settings),
        str(file),
    )
    return subprocess.Popen((*command, "--json"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def test_a_file_is_registered_compared_and_closed(built: Network, database: Database, tmp_path: Path) -> None:
    some = PEOPLE[:6]
    opened = inscriptions(built, "register", jsonl(tmp_path / "new.jsonl", [*some, STRANGER]), "--json")
    assert opened.code == 1, opened
    results = tmp_path / "new.jsonl.register.results"
    assert json.loads(opened.stdout) == {"done": 5, "refused": 2, "results": str(results)}
    head, *lines = written(results)
    assert (head["action"], head["institution"], stat.S_IMODE(results.stat().st_mode)) == ("register", CENTRE, 0o600)
    assert [one["line"] for one in lines] == [1, 2, 3, 4, 5, 6, 7]
    assert [one["status"] for one in lines] == [201, 201, 201, 409, 201, 201, 403]
    assert [one.get("code") for one in lines if one["status"] > 300] == [
        "CR-INSCRIPTION-EXCLUSIVE", "CR-PERSON-NOT-IDENTIFIED",
    ]  # fmt: skip
    assert not [ssin for ssin in (*some, STRANGER) if ssin in results.read_text()]

    own = tmp_path / "own.csv.gz"
    with gzip.open(own, "wt", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["ssin", "context", "startDate", "endDate", "phase"])
        rows.writerow([some[0], CONTEXT, "2026-01-01", "", ""])
        rows.writerow([some[1], CONTEXT, "2026-02-01", "2026-12-31", "0"])
        rows.writerow([TAKEN, CONTEXT, "2026-01-01", "", ""])
        rows.writerow([some[2], CONTEXT, "2026-01-01", "", "902"])
    output = tmp_path / "differs.jsonl"
    compared = inscriptions(built, "compare", own, "--output", output, "--json")
    assert json.loads(compared.stdout) == {"same": 1, "different": 2, "missing": 1, "unlisted": 2}
    told = written(output)
    assert told[:3] == [
        {"line": 3, "verdict": "different", "held": [{"period": {"startDate": "2026-01-01"}}]},
        {"line": 4, "verdict": "missing"},
        {"line": 5, "verdict": "different", "held": [{"period": {"startDate": "2026-01-01"}}]},
    ]
    assert [(one["verdict"], one["ssin"]) for one in told[3:]] == [("unlisted", ssin) for ssin in some[4:6]]

    period = {"startDate": "2026-01-01", "endDate": "2026-06-30"}
    closed = inscriptions(built, "close", jsonl(tmp_path / "old.jsonl", some[:2], period=period))
    assert (closed.code, "2 lines are done, 0 were refused" in closed.stdout) == (0, True), closed
    assert counted(database, "closed") == 2


def test_a_list_longer_than_a_request_keeps_the_lines_of_a_person_together(built: Network, tmp_path: Path) -> None:
    opened = inscriptions(built, "register", jsonl(tmp_path / "new.jsonl", [PEOPLE[0], LAST]))
    assert opened.code == 0, opened
    own = tmp_path / "own.csv"
    rows = [(mock(number), "2026-01-01", "") for number in range(10_500) if mock(number) != LAST]
    rows += [(LAST, "2026-01-01", "2026-06-30"), (LAST, "2026-07-01", "")]
    text = "".join(f"{ssin},{CONTEXT},{first},{last}\n" for ssin, first, last in rows)
    own.write_text(f"ssin,context,startDate,endDate\n{text}")
    compared = inscriptions(built, "compare", own, "--output", tmp_path / "differs.jsonl", "--json")
    assert json.loads(compared.stdout) == {"same": 3, "different": 0, "missing": 10_498, "unlisted": 0}
    again = inscriptions(built, "compare", own, "--output", tmp_path / "differs.jsonl")
    assert (again.code, "is there already" in again.sentence) == (1, True)


def test_nobody_keeps_or_compares_the_lines_of_an_institution_that_it_does_not_manage(
    shared: Network, tmp_path: Path
) -> None:
    file = jsonl(tmp_path / "new.jsonl", PEOPLE[:1])
    ended = inscriptions(shared, "register", file, "--for", CENTRE, "--json", at=OTHER)
    assert (ended.code, json.loads(ended.stdout)["refused"]) == (1, 1)
    (_, refused) = written(tmp_path / "new.jsonl.register.results")
    assert (refused["status"], refused["code"]) == (403, "CR-NOT-MANAGED")
    own, output = tmp_path / "own.csv", tmp_path / "differs.jsonl"
    own.write_text(f"ssin,context,startDate\n{PEOPLE[0]},{CONTEXT},2026-01-01\n")
    compared = inscriptions(shared, "compare", own, "--output", output, "--for", CENTRE, at=OTHER)
    assert (compared.code, "does not manage" in compared.sentence, output.exists()) == (1, True, False), compared


async def test_a_program_keeps_and_compares_lines_from_an_event_loop(shared: Network) -> None:
    period = Period(date(2026, 1, 1))
    evidence = InscriptionEvidence(kind="reference", value="file 12")
    line: dict[str, Any] = {"ssin": PEOPLE[0], "context": CONTEXT, "period": period}
    kept = BulkLine(action=Action.REGISTER, reference="r-1", institution=CENTRE, evidence=evidence, **line)
    async with Client(client_settings(shared.member(CENTRE).settings, "program")) as client:
        (outcome,) = await client.inscriptions.keep([kept])
        (compared,) = await client.inscriptions.compare(CENTRE, [ComparedLine(**line)])
        besides = await client.inscriptions.besides(CENTRE)
    assert (outcome.done, compared.verdict) == (True, Verdict.SAME)
    assert [(one.inscription, one.ssin) for one in besides.unlisted] == [(outcome.items[0], PEOPLE[0])]


def test_a_line_that_is_wrong_sends_nothing(shared: Network, module_database: Database, tmp_path: Path) -> None:
    before = counted(module_database, "opened")
    wrong = PEOPLE[1][:-1] + str((int(PEOPLE[1][-1]) + 1) % 10)
    for ssin, said in (
        (wrong, "Line 2: The check digits"),
        ("soon", "Line 2: ssin: An SSIN is text of exactly eleven"),
    ):
        ended = inscriptions(shared, "register", jsonl(tmp_path / "bad.jsonl", [PEOPLE[0], ssin, PEOPLE[2]]))
        assert (ended.code, ended.sentence.startswith(said), "Nothing was sent." in ended.sentence) == (
            1,
            True,
            True,
        ), ended
        assert ssin not in ended.sentence
    exposed = inscriptions(shared, "register", jsonl(tmp_path / "bad.jsonl", PEOPLE[:2], reference=PEOPLE[0]))
    assert "Line 1: Reference and evidence may not hold the number of a person" in exposed.sentence
    assert counted(module_database, "opened") == before


def test_killed_in_the_middle_it_goes_on_and_every_line_is_done_once(
    built: Network, database: Database, tmp_path: Path
) -> None:
    file, results = jsonl(tmp_path / "all.jsonl", PEOPLE), tmp_path / "all.jsonl.register.results"
    running = process(built, CENTRE, file)
    while not results.exists() or results.read_bytes().count(b"\n") < 2:
        assert running.poll() is None
        time.sleep(0.01)
    os.kill(running.pid, signal.SIGKILL)
    running.communicate()
    before = written(results)
    assert 1 < len(before) < len(PEOPLE)
    with results.open("ab") as torn:
        torn.write(b'{"line":')
    ended = inscriptions(built, "register", file, "--json")
    assert json.loads(ended.stdout)["done"] == len(PEOPLE) - 1, ended
    lines = written(results)
    assert lines[: len(before)] == before
    assert [one["line"] for one in lines[1:]] == list(range(1, len(PEOPLE) + 1))
    assert counted(database, "opened") == len(PEOPLE) - 1
    assert counted(database, "refused") == 1
    again = inscriptions(built, "register", file, "--json")
    assert json.loads(again.stdout) == json.loads(ended.stdout)
    assert counted(database, "opened") == len(PEOPLE) - 1
    other = inscriptions(built, "register", jsonl(tmp_path / "all.jsonl", PEOPLE[:2]))
    assert "holds the results of another file" in other.sentence


def test_a_hub_that_dies_under_a_file_loses_nothing_and_the_file_goes_on(
    built: Network, database: Database, tmp_path: Path
) -> None:
    file, results = jsonl(tmp_path / "all.jsonl", PEOPLE), tmp_path / "all.jsonl.register.results"
    running = process(built, CENTRE, file)
    while not results.exists() or results.read_bytes().count(b"\n") < 2:
        assert running.poll() is None
        time.sleep(0.01)
    built.processes["hub"].kill()
    built.start_hub()
    told = json.loads(running.communicate()[0])
    assert (told["done"], told["refused"]) == (len(PEOPLE) - 1, 1)
    tickets = [one["ticket"] for one in written(results)[1:] if "ticket" in one]
    kept = f"""
        SELECT count(*) FROM unnest('{{{",".join(tickets)}}}'::uuid[]) AS told (ticket)
        JOIN inscription USING (ticket) JOIN log_entry USING (ticket, person)
    """  # noqa: S608 - ours
    assert asyncio.run(value(database.url(), kept)) == len(set(tickets)) == len(PEOPLE) - 1


def test_of_two_institutions_with_the_same_people_each_person_goes_to_one(
    built: Network, database: Database, tmp_path: Path
) -> None:
    people = [ssin for ssin in PEOPLE if ssin != TAKEN]
    files = [(at, jsonl(tmp_path / f"{at}.jsonl", order)) for at, order in ((CENTRE, people), (OTHER, people[::-1]))]
    running = [process(built, at, file) for at, file in files]
    counts = [json.loads(one.communicate()[0]) for one in running]
    assert sum(one["done"] for one in counts) == sum(one["refused"] for one in counts) == len(people)
    assert counted(database, "opened") == len(people)
    inscribed = "SELECT count(DISTINCT person) = count(*) AND count(*) = 2500 FROM inscription"
    assert asyncio.run(value(database.url(), inscribed)) is True

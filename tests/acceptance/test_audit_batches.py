"""`crossroads audit reconcile` on the logs that hub and participant keep of a real batch."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from commands import Ended, typed
from crossroads.bootstrap.postgres import ADMIN
from crossroads.catalogue.model import Mode
from crossroads.network.service import Network
from crossroads.wire.chunks import record_ticket
from database import Database, execute
from networks import belgium, line, network
from raw import person

CENTRE, SOURCE, WORK, INQUIRY = "pcsw-gent", "nsso", "employment-relations@1", "PCSA:SOCIAL_INQUIRY"
PEOPLE = [person(number) for number in range(1, 9, 2)]
STRANGER = PEOPLE[2]
"""One that the centre has not on file."""
ASKED = ("--legal-context", INQUIRY, "--period", "2026-01-01/2026-03-31", "--data-group", WORK)
MEMBERS: dict[str, dict[str, Any]] = {
    CENTRE: {},
    SOURCE: {
        "groups": {
            WORK: {
                "sql": 'SELECT start_date AS "startDate", 100006 AS "employerNumber", \'OTH\' AS "workerType" '
                "FROM relations WHERE ssin = :ssin",
                "list": "relations",
            }
        }
    },
}


@pytest.fixture
def built(tmp_path: Path, database: Database) -> Iterator[Network]:
    plain = belgium()
    authorisations = [
        msgspec.structs.replace(one, modes=(*one.modes, Mode.BATCH)) if INQUIRY in one.legal_contexts else one
        for one in plain.authorisations
    ]
    document = msgspec.structs.replace(plain, authorisations=tuple(authorisations))
    inscriptions = [
        *(line(ssin, CENTRE, "17:2", "2020-01-01") for ssin in PEOPLE if ssin != STRANGER),
        *(line(ssin, SOURCE, "12:30", "2020-01-01") for ssin in PEOPLE),
    ]
    with network(
        tmp_path / "net",
        database,
        MEMBERS,
        document=document,
        persons=PEOPLE,
        inscriptions=inscriptions,
        settings={"job_workers": 1},
    ) as made:
        made.member(SOURCE).store({"relations": (("ssin", "start_date"), [(PEOPLE[0], "2024-01-01")])})
        yield made


def test_each_record_of_a_batch_stands_in_both_logs(built: Network, database: Database, tmp_path: Path) -> None:
    file, exported = tmp_path / "people.csv", tmp_path / "nsso.jsonl"
    file.write_text("ssin\n" + "".join(f"{ssin}\n" for ssin in PEOPLE), "utf-8")
    submitted = typed("batch", "submit", str(built.member(CENTRE).settings), str(file), *ASKED, "--wait", "--json")
    assert submitted.code == 0, submitted
    own = json.loads(typed("participant", "log", "export", str(built.member(SOURCE).settings)).stdout)
    first, second, fourth = (str(record_ticket(UUID(own["fields"]["batch"]), number)) for number in (0, 1, 3))

    def reconciled(*lines: dict[str, Any]) -> Ended:
        exported.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
        ended = typed("audit", "reconcile", str(exported), "--holder", SOURCE, environment=built.environment)
        assert not any(ssin in ended.stdout + ended.stderr for ssin in PEOPLE)
        return ended

    whole = reconciled(own)
    assert (whole.code, whole.stdout) == (0, "3 questions agree, 0 differ.\n"), whole
    removed = reconciled()
    assert (removed.code, removed.stdout.split("\n")[:-2]) == (
        1,
        [f"unknown-to-participant {ticket} at {SOURCE}" for ticket in (first, second, fourth)],
    )
    asyncio.run(execute(database.url(ADMIN), f"DELETE FROM log_entry WHERE ticket = '{second}'"))  # noqa: S608 - ours
    hidden = reconciled(own)
    expected = f"unknown-to-hub {second} at {SOURCE}\n2 questions agree, 1 differs.\n"
    assert (hidden.code, hidden.stdout) == (1, expected)

"""`crossroads audit …` on a log of real exchanges."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from commands import Ended, crossroads, typed
from crossroads.bootstrap.keys import log_key
from crossroads.network.service import Network
from database import Database
from networks import line, network
from raw import Asker, person

KNOWN, STRANGER = person(1), person(3)
WORK = "employment-relations@1"
MEMBERS: dict[str, dict[str, Any]] = {
    "pcsw-gent": {},
    "nsso": {
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
def logged(tmp_path: Path, database: Database) -> Iterator[Network]:
    inscriptions = [line(KNOWN, "pcsw-gent", "17:2", "2020-01-01"), line(KNOWN, "nsso", "12:30", "2020-01-01")]
    with network(tmp_path / "net", database, MEMBERS, persons=[KNOWN, STRANGER], inscriptions=inscriptions) as made:
        made.member("nsso").store({"relations": (("ssin", "start_date"), [(KNOWN, "2024-01-01")])})
        yield made


def test_the_log_is_verified_proven_and_reconciled(logged: Network, database: Database, tmp_path: Path) -> None:
    centre = Asker(logged, "pcsw-gent")
    tickets = [str(centre.ask(KNOWN, WORK).answer.ticket) for _ in range(3)]
    refused = str(centre.ask(STRANGER, WORK).answer.ticket)

    def audit(*arguments: str) -> Ended:
        return typed("audit", *arguments, environment=logged.environment)

    sound = crossroads("audit", "verify", environment=logged.environment)
    assert (sound.code, sound.stdout[:17]) == (0, "The log is sound:"), sound

    proof = tmp_path / "proof.json"
    proof.write_text(audit("prove", tickets[0], "--field", "ticket", "--field", "event").stdout, "utf-8")
    key = str(log_key(logged.installation).verifier)
    checked = audit("check", str(proof), "--log-key", key, "--json")
    assert [entry["event"] for entry in json.loads(checked.stdout)] == [
        "exchange:question:decided",
        "exchange:answer:sent",
    ]
    assert KNOWN not in proof.read_text("utf-8")
    whole = tmp_path / "whole.json"
    whole.write_text(audit("prove", tickets[0]).stdout, "utf-8")
    opened = audit("check", str(whole), "--log-key", key).stdout
    assert "event: exchange:question:decided" in opened
    assert not re.search(r"None|True|False|[{}\[\]]|UUID\(", opened), opened
    proof.write_text(proof.read_text("utf-8").replace("answer:sent", "answer:gone"), "utf-8")
    forged = audit("check", str(proof), "--log-key", key)
    assert (forged.code, "not the one that was logged" in forged.sentence) == (1, True)
    assert audit("prove", refused).code == 0

    settings = str(logged.member("nsso").settings)
    exported = tmp_path / "nsso.jsonl"
    exported.write_text(typed("participant", "log", "export", settings).stdout, "utf-8")
    assert len(exported.read_bytes().splitlines()) == 3
    agreed = audit("reconcile", str(exported), "--json")
    assert json.loads(agreed.stdout) == {"agreed": 3, "discrepancies": []}

    asyncio.run(remove(database, tickets[1]))
    broken = audit("verify", "--json")
    findings = json.loads(broken.stdout)["findings"]
    assert (broken.code, {finding["kind"] for finding in findings}) == (1, {"missing"})
    hidden = audit("reconcile", str(exported), "--json")
    assert json.loads(hidden.stdout)["discrepancies"] == [
        {"ticket": tickets[1], "holder": "nsso", "difference": "unknown-to-hub"}
    ]
    assert hidden.code == 1


async def remove(database: Database, ticket: str) -> None:
    """Remove what a dishonest operator would, as the one who may do anything."""
    connection = await asyncpg.connect(database.url("postgres"))
    try:
        await connection.execute("DELETE FROM log_entry WHERE ticket = $1", ticket)
    finally:
        await connection.close()

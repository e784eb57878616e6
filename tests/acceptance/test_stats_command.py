"""`crossroads stats` and its public route, on a log of real exchanges."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from commands import typed
from crossroads.bootstrap.operating import standing_of
from crossroads.network.service import Network
from crossroads.operation.model import Light
from crossroads.wire.signatures import Request
from database import Database
from networks import line, network
from raw import Asker, person, send

KNOWN, STRANGER = person(1), person(3)
CENTRE, SOURCE, WORK = "pcsw-gent", "nsso", "employment-relations@1"
SQL = "SELECT 1 AS never FROM (SELECT :ssin AS ssin) WHERE 1 = 0"
MEMBERS: dict[str, dict[str, Any]] = {CENTRE: {}, SOURCE: {"groups": {WORK: {"sql": SQL, "list": "relations"}}}}


@pytest.fixture
def built(tmp_path: Path, database: Database) -> Iterator[Network]:
    inscriptions = [line(KNOWN, CENTRE, "17:2", "2020-01-01"), line(KNOWN, SOURCE, "12:30", "2020-01-01")]
    with network(tmp_path / "net", database, MEMBERS, persons=[KNOWN, STRANGER], inscriptions=inscriptions) as made:
        yield made


def test_what_was_asked_today_is_shown_to_who_runs_the_hub_and_days_that_are_over_to_all(built: Network) -> None:
    centre = Asker(built, CENTRE)
    for ssin in (KNOWN, KNOWN, STRANGER):
        centre.ask(ssin, WORK)
    told = json.loads(typed("stats", "--json", environment=built.environment).stdout)
    assert (told["availabilityNorm"], told["batchDays"], len(told["months"])) == (0.98, 4, 1)
    month = told["months"][0]
    assert [month[name] for name in ("questions", "expired", "batches", "batchesInTime")] == [3, 0, 0, None]
    assert [month[name] for name in ("answered", "minutesAnswered", "available")] == [1.0, 1.0, True]
    assert 0 <= month["withinOneSecond"] <= month["withinTwoSeconds"] <= 1
    shown = typed("stats", environment=built.environment).stdout
    assert all(text in shown for text in (month["month"], "100.00%", "The norm of availability is 98.00%."))
    url = f"{built.installation.settings.public_url}/v1/statistics/service-levels"
    reply = send(Request("GET", url, {}, None))
    assert json.loads(reply.body) == {"availabilityNorm": 0.98, "batchDays": 4, "months": []}
    stands = asyncio.run(standing_of(built.installation))
    assert (stands.light, stands.findings, stands.whole.questions) == (Light.WORKS, (), 3)
    assert [(one.institution, one.asked, one.failed) for one in stands.sources] == [(SOURCE, 2, 0)]
    assert stands.whole.p95 is not None
    assert 0 < (stands.sources[0].p50 or 0) < stands.whole.p95

"""A network on which the contract is tried, row by row."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from crossroads.bootstrap.wiring import services
from crossroads.network.ports import free_ports
from crossroads.network.service import Network
from database import Database
from networks import line, network
from raw import person

KNOWN, STRANGER, DEAD, REPLACED, NEW, ALONE, EMPTY, LATE, NOBODY = (person(number) for number in range(1, 19, 2))
RELATIONS = (
    'SELECT start_date AS "startDate", end_date AS "endDate", employer AS "employerNumber", kind AS "workerType" '
    "FROM relations WHERE ssin = :ssin AND start_date <= :end_date AND coalesce(end_date, '9999') >= :start_date"
)
IDENTIFICATION = (
    'SELECT last_name AS "lastName", first_names AS "firstNames", birth_date AS "birthDate", sex FROM people '
    "WHERE ssin = :ssin"
)
WORK, WHO = "employment-relations@1", "identification@1"
MEMBERS: dict[str, dict[str, Any]] = {
    "pcsw-gent": {},
    "pps-social-integration": {"holders": ("pcsw-namur",)},
    "nsso": {"groups": {WORK: {"sql": RELATIONS, "list": "relations"}}},
    "national-register": {
        "groups": {WHO: {"sql": IDENTIFICATION, "one": True}},
        "register": "SELECT birth_date, last_name FROM people WHERE ssin = :ssin",
    },
    "pension-service": {},
}


@contextmanager
def contract_network(folder: Path, database: Database) -> Iterator[Network]:
    """Give a network of an asker, a manager and sources, in which one person is known in every way."""
    everyone = [KNOWN, STRANGER, DEAD, REPLACED, ALONE, EMPTY, LATE]
    inscriptions = [
        *(line(ssin, "pcsw-gent", "17:2", "2020-01-01") for ssin in (KNOWN, DEAD, REPLACED, ALONE, EMPTY)),
        line(LATE, "pcsw-gent", "17:2", "2026-02-01"),
        line(STRANGER, "pcsw-namur", "17:2", "2020-01-01"),
        *(line(ssin, "nsso", "12:30", "2020-01-01") for ssin in (KNOWN, STRANGER, DEAD, REPLACED, EMPTY, LATE)),
        *(line(ssin, "national-register", "0:1", "1980-03-15") for ssin in (KNOWN, STRANGER, REPLACED)),
    ]
    with network(
        folder,
        database,
        MEMBERS,
        persons=everyone,
        inscriptions=inscriptions,
        settings={"metrics_port": free_ports(1)[0]},
        start=False,
    ) as made:
        _fill(made)
        asyncio.run(_change(made))
        made.start_hub(workers=2)
        made.start_members(["nsso", "national-register"])
        yield made


def _fill(made: Network) -> None:
    work = [(ssin, "2024-01-01", None, 100006, "OTH") for ssin in (KNOWN, STRANGER, NEW, LATE)]
    people = [(ssin, "Peeters", "Jan", "1980-03-15", "MALE") for ssin in (KNOWN, STRANGER, NEW, NOBODY)]
    made.member("nsso").store({"relations": (("ssin", "start_date", "end_date", "employer", "kind"), work)})
    columns = ("ssin", "last_name", "first_names", "birth_date", "sex")
    made.member("national-register").store({"people": (columns, people)})


async def _change(made: Network) -> None:
    async with services(made.installation) as hub:
        await hub.identity.decease(DEAD, date(2025, 6, 1), reason="test", actor="test")
        await hub.identity.replace_ssin(REPLACED, NEW, date(2026, 2, 1), reason="test", actor="test")

"""What tests of a register's daily feed share: people of a register, and feeds about them."""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Table, insert, select

from crossroads.demo.population.people import mock_ssin
from crossroads.kernel.ssin import Environment
from crossroads.participant.config import FeedTarget
from crossroads.participant.feed_register import Own
from crossroads.participant.feed_tables import ERRANDS, FEEDS, HOUSEHOLD, IDENTIFICATION, REFUSED, create
from crossroads.participant.outbox import OUTBOX, Outbox

REGISTER, CONTEXT, GROUP = "national-register", "0:1", "identification@1"
OWN = Own(institution=REGISTER, target=FeedTarget(context=CONTEXT, data_group=GROUP), environment=Environment.TEST)
DAY = date(2026, 3, 2)
ON = "2026-03-01"
TABLES = (IDENTIFICATION, HOUSEHOLD, OUTBOX, ERRANDS, FEEDS, REFUSED)
HOME = {
    "street": "Old Street",
    "houseNumber": "1",
    "postcode": "9000",
    "municipality": "Gent",
    "municipalityCode": "44021",
}
ELSEWHERE = HOME | {"street": "New Street", "houseNumber": "2 A"}


def born(number: int, on: date = date(2026, 3, 1)) -> str:
    """Give the mock number of an invented person who was just born."""
    return str(mock_ssin(on, number))


def person_row(ssin: str, **other: Any) -> dict[str, Any]:
    """Give the row of an invented person in a register."""
    row = {
        "institution": REGISTER,
        "context": CONTEXT,
        "ssin": ssin,
        "start_date": date(1980, 3, 15),
        "end_date": None,
        "last_name": "Zandbergen",
        "first_names": "Ilse",
        "birth_date": "1980-03-15",
        "sex": "FEMALE",
        "civil_status": "single",
        "street": "Old Street",
        "house_number": "1",
        "postcode": "9000",
        "municipality": "Gent",
        "municipality_code": "44021",
        "death_date": None,
    }
    return row | other


def register(engine: Engine, *rows: Mapping[str, Any]) -> None:
    """Make the tables of a register, with these rows."""
    create(engine)
    Outbox(engine).create()
    with engine.begin() as connection:
        for row in rows:
            connection.execute(insert(IDENTIFICATION), row)


def birth(ssin: str, **other: Any) -> dict[str, Any]:
    """Give the line of a birth."""
    line = {"kind": "birth", "ssin": ssin, "on": ON, "lastName": "Peeters", "firstNames": "Sam", "sex": "MALE"}
    return line | {"address": HOME} | other


def move(ssin: str, on: str = ON, **address: Any) -> dict[str, Any]:
    """Give the line of a move."""
    return {"kind": "move", "ssin": ssin, "on": on, "address": ELSEWHERE | address}


def written(file: Path, lines: Iterable[Any], **header: Any) -> Path:
    """Write a feed; a line that is text stands as it is, and counts as a move."""
    body, counts = [], dict[str, int]()
    for line in lines:
        kind = "move" if isinstance(line, str) else line["kind"]
        counts[kind] = counts.get(kind, 0) + 1
        body.append(line if isinstance(line, str) else json.dumps(line))
    first = {"feed": "crossroads-register-feed", "version": 1, "institution": REGISTER, "day": DAY.isoformat()}
    head = json.dumps(first | {"sequence": 1, "count": len(body)} | header)
    file.write_text("\n".join([head, *body, json.dumps({"counts": counts}), ""]), "utf-8")
    return file


def stored(engine: Engine, table: Table, *columns: str) -> list[tuple[Any, ...]]:
    """Give the rows of a table, in the order of their primary key or else of their first columns."""
    chosen = [table.c[name] for name in columns] or [column for column in table.c if column.name != "id"]
    order = list(table.primary_key.columns) or [table.c.ssin, table.c.start_date]
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(*chosen).order_by(*order))]


def everything(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Give all that the tables hold, less numbers given by the database and moments."""
    found = {}
    for table in TABLES:
        names = [column.name for column in table.c if column.name not in {"id", "finished_at"}]
        found[table.name] = stored(engine, table, *names)
    return found

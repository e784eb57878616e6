"""What tests of a register's daily feed share: people of a register, and feeds about them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Table, create_engine, insert, select

from crossroads.bootstrap.postgres import EmbeddedPostgres
from crossroads.demo.population.people import mock_ssin
from crossroads.kernel.ssin import Environment
from crossroads.participant.config import FeedTarget
from crossroads.participant.feed_notices import Own
from crossroads.participant.feed_run import FeedRun
from crossroads.participant.feed_tables import ERRANDS, FEEDS, HOUSEHOLD, IDENTIFICATION, REFUSED, create
from crossroads.participant.outbox import OUTBOX, Outbox
from database import empty_database

REGISTER, CONTEXT, GROUP = "national-register", "0:1", "identification@1"
HOUSEHOLDS = "household@1"
TARGET = FeedTarget(context=CONTEXT, data_group=GROUP, household_group=HOUSEHOLDS)
OWN = Own(institution=REGISTER, target=TARGET, environment=Environment.TEST)
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


class Noon:
    """The clock on the day after the feed's."""

    def now(self) -> datetime:
        """Give noon."""
        return datetime(2026, 3, 3, 12, tzinfo=UTC)


@contextmanager
def registering(postgres: EmbeddedPostgres, *people: str) -> Iterator[Engine]:
    """Give the database of a register that knows these people."""
    with empty_database(postgres) as fresh:
        engine = create_engine(fresh.url("crossroads_owner").replace("postgresql://", "postgresql+psycopg://"))
        register(engine, *(person_row(ssin) for ssin in people))
        yield engine
        engine.dispose()


def apply(engine: Engine, file: Path, own: Own = OWN) -> None:
    """Apply a feed."""
    with file.open("rb") as source:
        FeedRun(engine, own, Noon()).apply(source)


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

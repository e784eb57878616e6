"""The institutions' own databases, as their own programs write to them."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, TableClause, column, create_engine, table

from crossroads.demo.population.records import KEYS, TABLES
from crossroads.demo.stage import Stage


def table_of(name: str) -> TableClause:
    """Give a table of the demo."""
    return table(name, *(column(field) for field in (*KEYS, *TABLES[name])))


@contextmanager
def writing(stage: Stage, institution: str) -> Iterator[Connection]:
    """Open a transaction in an institution's database."""
    engine = create_engine(f"sqlite:///{stage.network.member(institution).database}")
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()

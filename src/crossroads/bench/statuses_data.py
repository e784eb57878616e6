"""The invented customers, beneficiaries and people of `bench statuses`, as Parquet files."""

from pathlib import Path
from typing import NamedTuple

import duckdb

from crossroads.bench.statuses_rules import CATEGORIES, KINDS, PRODUCTS

CUSTOMERS, BENEFICIARIES, PEOPLE, HOUSEHOLDS = 5_000_000, 2_000_000, 11_500_000, 5_000_000
FILES = ("people", "households", "beneficiaries", "customers")


class Rows(NamedTuple):
    """How many of each."""

    customers: int
    beneficiaries: int
    people: int
    households: int

    @classmethod
    def of(cls, scale: float) -> "Rows":
        """Take a share of the whole."""
        return cls(*(max(int(scale * whole), 100) for whole in (CUSTOMERS, BENEFICIARIES, PEOPLE, HOUSEHOLDS)))


def make(folder: Path, rows: Rows) -> None:
    """Write the files. The same size gives the same rows."""
    folder.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    for name, query in _QUERIES.items():
        sql = query.format(**rows._asdict(), categories=list(CATEGORIES), kinds=list(KINDS), products=list(PRODUCTS))
        connection.execute(f"COPY ({sql}) TO '{folder / name}.parquet' (FORMAT parquet)")
    connection.close()


_QUERIES = {
    "people": """
        SELECT i::INTEGER AS person, (hash(i * 3 + 1) % {households})::INTEGER AS household,
               DATE '1930-01-01' + (hash(i * 5 + 2) % 35000)::INTEGER AS "birth date"
        FROM range({people}) AS numbers(i)""",
    "households": """
        SELECT i::INTEGER AS household, {kinds}[1 + (hash(i * 7 + 3) % 20 = 0)::INTEGER] AS kind,
               (1 + hash(i * 11 + 4) % 2)::INTEGER AS region
        FROM range({households}) AS numbers(i)""",
    "beneficiaries": """
        SELECT (hash(i * 13 + 5) % {people})::INTEGER AS person,
               {categories}[1 + (hash(i * 17 + 6) % 10)::INTEGER] AS category
        FROM range({beneficiaries}) AS numbers(i)""",
    "customers": """
        SELECT i::INTEGER AS customer, (hash(i * 19 + 7) % {people})::INTEGER AS person,
               {products}[1 + (hash(i * 23 + 8) % 4)::INTEGER] AS product
        FROM range({customers}) AS numbers(i)""",
}

"""One side of `bench statuses`, in a process of its own: `python -m crossroads.bench.statuses_side SIDE FOLDER`.

Every side reads the same files and decides the same: what each beneficiary's category weighs, the best of a household,
its tariff, and what is taken off for each customer. It prints its seconds, its peak memory and how often each
percentage was given.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from time import perf_counter

from crossroads.bench.memory import peak_megabytes
from crossroads.bench.statuses_rules import ANSWERS, DAY, RIGHTS, TARIFF_RULES, model

Counts = dict[str, int]
_FILES = ("people", "households", "beneficiaries", "customers")


def compiled(folder: Path) -> Counts:
    """Compile the tables and run them as one expression."""
    import ibis  # noqa: PLC0415 - each side loads what it measures

    from crossroads.dmn.compiling import compile_decision  # noqa: PLC0415 - as above

    definitions = model()
    connection = ibis.duckdb.connect()
    people, households, beneficiaries, customers = (
        connection.read_parquet(folder / f"{name}.parquet", table_name=name) for name in _FILES
    )
    facts = beneficiaries.join(people, "person").mutate(day=ibis.date(DAY))
    rights = compile_decision(definitions, "right").apply(facts)
    best = rights.group_by("household").agg(weight=rights["right"].max())
    sizes = people.group_by("household").agg(size=people.count())
    homes = households.join(sizes, "household").left_join(best, "household").drop("household_right")
    tariffs = compile_decision(definitions, "household tariff").apply(homes)
    bills = customers.join(people, "person").join(tariffs, "household").rename(tariff="household tariff")
    answers = compile_decision(definitions, "percent").apply(bills).select("customer", "percent")
    connection.create_table("answers", answers)
    return _counted(connection.con.execute(_COUNTS).fetchall())


def by_hand(folder: Path) -> Counts:
    """Run the same decision as somebody would write it in SQL."""
    import duckdb  # noqa: PLC0415 - as above

    connection = duckdb.connect()
    for name in _FILES:
        connection.read_parquet(str(folder / f"{name}.parquet")).create_view(name)
    rights = "\n".join(
        f"WHEN category = '{rule.category}' AND age >= {rule.low} AND age < {rule.high} THEN {rule.weight}"
        for rule in RIGHTS
    )
    tariffs = "\n".join(
        f"WHEN weight >= {rule.weight} AND size >= {rule.size} AND kind = '{rule.kind}' THEN '{rule.tariff}'"
        for rule in TARIFF_RULES
    )
    percents = "\n".join(
        f"WHEN tariff = '{rule.tariff}' AND product = '{rule.product}' AND region = {rule.region} THEN {rule.percent}"
        for rule in ANSWERS
    )
    connection.execute(_BY_HAND.format(rights=rights, tariffs=tariffs, percents=percents, day=DAY))
    return _counted(connection.execute(_COUNTS).fetchall())


def with_pandas(folder: Path) -> Counts:
    """Run the same decision as a team would write it with pandas."""
    import numpy as np  # noqa: PLC0415 - each side loads what it measures
    import pandas as pd  # noqa: PLC0415 - as above

    people, households, beneficiaries, customers = (pd.read_parquet(folder / f"{name}.parquet") for name in _FILES)
    facts = beneficiaries.merge(people, on="person")
    born, day = pd.to_datetime(facts["birth date"]), pd.Timestamp(DAY)
    before = (born.dt.month > day.month) | ((born.dt.month == day.month) & (born.dt.day > day.day))
    age = day.year - born.dt.year - before
    facts["weight"] = np.select(
        [(facts["category"] == rule.category) & (age >= rule.low) & (age < rule.high) for rule in RIGHTS],
        [rule.weight for rule in RIGHTS],
        default=0,
    )
    best = facts.groupby("household")["weight"].max()
    homes = households.merge(people.groupby("household").size().rename("size"), on="household")
    homes = homes.merge(best, on="household", how="left")
    homes["tariff"] = np.select(
        [
            (homes["weight"] >= rule.weight) & (homes["size"] >= rule.size) & (homes["kind"] == rule.kind)
            for rule in TARIFF_RULES
        ],
        [rule.tariff for rule in TARIFF_RULES],
        default="",
    )
    bills = customers.merge(people[["person", "household"]], on="person").merge(homes, on="household")
    bills["percent"] = np.select(
        [
            (bills["tariff"] == rule.tariff) & (bills["product"] == rule.product) & (bills["region"] == rule.region)
            for rule in ANSWERS
        ],
        [rule.percent for rule in ANSWERS],
        default=-1,
    )
    counts = bills["percent"].value_counts().items()
    return _counted((None if percent < 0 else percent, count) for percent, count in counts)


def _counted(rows: object) -> Counts:
    return {str(percent): int(count) for percent, count in sorted(rows, key=str)}  # type: ignore[call-overload]  # pairs


_COUNTS = "SELECT percent, count(*) FROM answers GROUP BY ALL"
_BY_HAND = """
CREATE TABLE answers AS
WITH facts AS (
    SELECT household, category, date_sub('year', "birth date", DATE '{day}') AS age
    FROM beneficiaries JOIN people USING (person)
), best AS (
    SELECT household, max(CASE {rights} END) AS weight FROM facts GROUP BY household
), sizes AS (
    SELECT household, count(*) AS size FROM people GROUP BY household
), homes AS (
    SELECT household, kind, region, size, weight
    FROM households JOIN sizes USING (household) LEFT JOIN best USING (household)
), tariffs AS (
    SELECT household, region, CASE {tariffs} END AS tariff FROM homes
)
SELECT customer, CASE {percents} END AS percent
FROM customers JOIN people USING (person) JOIN tariffs USING (household)
"""
SIDES: Mapping[str, Callable[[Path], Counts]] = {"compiled": compiled, "by_hand": by_hand, "pandas": with_pandas}

LIBRARIES: Mapping[str, Sequence[str]] = {
    "compiled": ("ibis.backends.duckdb", "crossroads.dmn.compiling"),
    "by_hand": ("duckdb",),
    "pandas": ("numpy", "pandas", "pyarrow.parquet"),
}


def main(side: str, folder: str) -> None:
    """Run a side and print what it took, once its libraries are loaded."""
    for library in LIBRARIES[side]:
        import_module(library)
    began = perf_counter()
    counts = SIDES[side](Path(folder))
    print(json.dumps({"seconds": perf_counter() - began, "megabytes": peak_megabytes([os.getpid()]), "counts": counts}))  # noqa: T201 - read by the bench


if __name__ == "__main__":
    main(*sys.argv[1:])

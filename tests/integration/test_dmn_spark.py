"""The same expressions on Spark: many tables over the same rows in one job, against evaluation."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from crossroads.dmn.compiling import compile_decision
from dmn_compiling import COLUMNS, DAYS, DECISION, MONTHS, SCHEMA, Drawn, facts, tables

pytestmark = pytest.mark.torture

_TABLES, _TIMEOUT = 10, 900


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One session for all, on one core, without its web pages."""
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    from pyspark.sql import SparkSession  # noqa: PLC0415 - it starts a Java machine when it is used

    builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    session = builder.config("spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("warehouse"))).getOrCreate()
    yield session
    session.stop()


@pytest.mark.timeout(_TIMEOUT)
@settings(
    max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)
@given(drawn=st.lists(tables(), min_size=_TABLES, max_size=_TABLES), rows=facts())
def test_spark_gives_what_is_evaluated(spark: Any, drawn: list[Drawn], rows: Sequence[Mapping[str, Any]]) -> None:
    spark.createDataFrame(
        [tuple(row[name] for name in COLUMNS) for row in rows], _SPARK_SCHEMA
    ).createOrReplaceTempView("facts")
    answered = ibis.table(ibis.schema(SCHEMA), name="facts")
    for n, one in enumerate(drawn):
        answer = compile_decision(one.model, DECISION).apply(answered)
        answered = answer.rename({f"{n} {name}": name for name in one.columns})
    found = [row.asDict(recursive=True) for row in spark.sql(ibis.to_sql(answered, dialect="pyspark")).collect()]
    for n, one in enumerate(drawn):
        for row, outcome in zip(found, one.evaluated(rows), strict=True):
            assert [row[f"{n} {name}"] for name in one.columns] == one.expected(outcome)


_SPARK_TYPES = {
    "number": "int", "string": "string", "boolean": "boolean", "date": "date", DAYS: "bigint", MONTHS: "bigint",
}  # fmt: skip
_SPARK_SCHEMA = ", ".join(
    f"`{name}` {'decimal(9, 2)' if pa.types.is_decimal(column) else _SPARK_TYPES[kind]}"
    for name, (kind, column) in COLUMNS.items()
)

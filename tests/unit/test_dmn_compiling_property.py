"""Compiled tables on DuckDB against the same tables evaluated, row by row."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings

from crossroads.dmn.compiling import compile_decision
from dmn_compiling import DECISION, SCHEMA, Drawn, facts, tables


@pytest.fixture(scope="module")
def duckdb() -> Iterator[Any]:
    connection = ibis.duckdb.connect()
    yield connection
    connection.disconnect()


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=tables(), rows=facts())
def test_compiled_gives_what_is_evaluated(duckdb: Any, drawn: Drawn, rows: Sequence[Mapping[str, Any]]) -> None:
    held = duckdb.create_table("facts", pa.Table.from_pylist(list(rows), schema=SCHEMA), overwrite=True)
    found = compile_decision(drawn.model, DECISION).apply(held, explained=True).to_pyarrow().to_pylist()
    for row, outcome in zip(found, drawn.evaluated(rows), strict=True):
        assert [row[name] for name in drawn.columns] == drawn.expected(outcome)
        assert row["fired"] == [fired.rule for fired in outcome.fired]


@settings(max_examples=settings().max_examples // 2, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=tables(), rows=facts())
def test_the_answer_is_the_same_unexplained(duckdb: Any, drawn: Drawn, rows: Sequence[Mapping[str, Any]]) -> None:
    held = duckdb.create_table("facts", pa.Table.from_pylist(list(rows), schema=SCHEMA), overwrite=True)
    compiled = compile_decision(drawn.model, DECISION)
    plain, explained = (compiled.apply(held, explained=how).select(drawn.columns) for how in (False, True))
    assert plain.to_pyarrow().to_pylist() == explained.to_pyarrow().to_pylist()

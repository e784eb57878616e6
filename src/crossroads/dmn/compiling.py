"""Decisions compiled for millions of rows: one Ibis expression, run by DuckDB, and unchanged by Spark.

    fee = compile_decision(read(data), "Fee")
    fee.apply(people)           # the table with one column more, named Fee

What is compiled gives what `dmn.evaluation` gives, row by row. What cannot be compiled is refused when it is compiled,
with the cell it stands in; nothing is left to go wrong when it runs. Columns hold numbers as integers or decimals, days
and time durations as a number of seconds, years and months durations as a number of months. Needs the extra `statuses`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from crossroads.dmn.compiled.decisions import Deciding, kind_of, needed_inputs
from crossroads.dmn.compiled.refusals import NotCompiled, Refused
from crossroads.dmn.compiled.rows import Rows
from crossroads.dmn.compiled.terms import (
    EXTENTS,
    MEASURED,
    PLAIN_TYPES,
    Kind,
    Many,
    Record,
    term,
)
from crossroads.dmn.compiled.terms import (
    Compiled as Value,
)
from crossroads.dmn.feel.names import normal
from crossroads.dmn.graph import Graph
from crossroads.dmn.library import Found, Resolver, nothing_imported
from crossroads.dmn.model import Decision, Definitions

__all__ = ["Compiled", "NotCompiled", "compile_decision"]

FIRED, VIOLATION = "fired", "violation"


@dataclass(frozen=True, slots=True)
class Compiled:
    """A decision that compiles. `inputs` are the types of the columns it was compiled for, by their names."""

    decision: str
    inputs: Mapping[str, dt.DataType]
    _graph: Graph = field(repr=False)
    _found: Found = field(repr=False)
    _columns: Mapping[str, str] = field(repr=False)

    def apply(self, table: ir.Table, *, explained: bool = False) -> ir.Table:
        """Add the decision to a table: one column of its name, or one for each output.

        `explained` adds `fired` (the numbers, from 1, of the rules of its table that gave the value) and `violation`
        (the decision whose hit policy was violated, else null). Raises NotCompiled where a column is missing, has
        another type than its input, or may hold numbers too wide to compute with exactly.
        """
        deciding = Deciding(self._graph, Rows(table), self._columns, explained)
        outputs = _outputs(deciding.decide(self._found), normal(self.decision))
        if explained:
            outputs |= {FIRED: _fired(deciding.fired), VIOLATION: _violation(deciding.violations)}
        if taken := sorted(set(outputs) & set(table.columns)):
            raise NotCompiled(f"the table has a column {taken[0]} already", self._found.thing.place)
        return deciding.rows.table.select(*table.columns, **outputs)


def compile_decision(
    model: Definitions,
    decision: str,
    *,
    columns: Mapping[str, str] | None = None,
    schema: Mapping[str, dt.DataType | str] | None = None,
    resolver: Resolver = nothing_imported,
) -> Compiled:
    """Compile a decision of a model, by its name or id. Raises NotCompiled, which names the cell and says why.

    `columns` names the column of an input where it is not the input's own name, `schema` the types of columns. Where
    nothing is said of a number's column, it is taken to be a decimal of 16 digits with 4 after the point; a table with
    other types can be given to `apply` all the same, which compiles for them before anything runs.
    """
    graph = Graph(model, resolver)
    found = graph.library.named(decision)
    if not isinstance(found.thing, Decision):
        raise NotCompiled("only a decision is compiled", found.thing.place)
    named = dict(columns or {})
    inputs = _assumed(graph, found, named, schema or {})
    compiled = Compiled(found.thing.name, inputs, graph, found, named)
    compiled.apply(ibis.table(inputs or {"row": dt.int64}, name="facts"), explained=True)
    return compiled


def _assumed(
    graph: Graph, found: Found, columns: Mapping[str, str], schema: Mapping[str, dt.DataType | str]
) -> dict[str, dt.DataType]:
    inputs = {}
    for one in needed_inputs(graph, found):
        name = columns.get(one.thing.name, one.thing.name)
        inputs[name] = dt.dtype(schema[name]) if name in schema else _type_of(graph, one)
    return inputs


def _type_of(graph: Graph, one: Found) -> dt.DataType:
    try:
        kind = kind_of(graph.ready[one.key].shape.type)
    except Refused as refused:
        raise refused.at(one.thing.place) from None
    if kind is None:
        raise NotCompiled("it has no type, and nothing is said of its column", one.thing.place)
    if kind is Kind.NUMBER:
        return EXTENTS[kind].decimal()
    return dt.int64 if kind in MEASURED else PLAIN_TYPES[kind]


def _outputs(value: Value, name: str) -> dict[str, Any]:
    if isinstance(value, Record):
        return {entry: term(found).value for entry, found in value.entries.items()}
    return {name: value.value if isinstance(value, Many) else term(value).value}


def _fired(fired: Any) -> Any:
    return ibis.null(dt.Array(dt.int64)) if fired is None else fired


def _violation(violations: list[tuple[str, Any]]) -> Any:
    branches = [(violated, name) for name, violated in violations]
    return ibis.cases(*branches, else_=ibis.null(dt.string)) if branches else ibis.null(dt.string)

"""The table that a decision is added to: what is used more than once becomes a column of its own, computed once."""

from typing import Any

import ibis.expr.operations as ops
import ibis.expr.types as ir

from crossroads.dmn.compiled.terms import Compiled, Constant, Many, Record, Scalar, Term

_HIDDEN = "_dmn_"


class Rows:
    """A table that grows by hidden columns; each step is one more layer of one expression, and nothing is run."""

    def __init__(self, table: ir.Table) -> None:
        """Begin with the table as it is given."""
        self.table = table
        self._hidden = 0

    def keep(self, *values: Any) -> list[Any]:
        """Add columns, all in one layer, and give them back to refer to."""
        names = [f"{_HIDDEN}{self._hidden + number}" for number in range(len(values))]
        self._hidden += len(values)
        self.table = self.table.mutate(**dict(zip(names, values, strict=True)))
        return [self.table[name] for name in names]

    def keep_all(self, found: list[Compiled]) -> list[Compiled]:
        """Keep what needs computing; constants and columns stay as they are."""
        waiting = {id(value): value for one in found for value in _values(one) if not isinstance(value.op(), ops.Field)}
        columns = dict(zip(waiting, self.keep(*waiting.values()), strict=True)) if waiting else {}
        return [_with(one, columns) for one in found]


def _values(found: Compiled) -> list[Any]:
    if isinstance(found, Record):
        return [value for entry in found.entries.values() for value in _values(entry)]
    return [] if isinstance(found, Constant) else [found.value]


def _with(found: Compiled, columns: dict[int, Any]) -> Compiled:
    if isinstance(found, Record):
        return Record({name: _scalar(entry, columns) for name, entry in found.entries.items()})
    if isinstance(found, Many):
        return Many(columns.get(id(found.value), found.value))
    return _scalar(found, columns)


def _scalar(found: Scalar, columns: dict[int, Any]) -> Scalar:
    if isinstance(found, Constant):
        return found
    value = columns.get(id(found.value), found.value)
    return Term(kind=found.kind, value=value, extent=found.extent, nullable=found.nullable)

"""Hit policies that give all rules that match: as a list, or added up."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import reduce
from typing import Any

import ibis
import ibis.expr.datatypes as dt

from crossroads.dmn.compiled.comparing import false
from crossroads.dmn.compiled.extent import Extent
from crossroads.dmn.compiled.refusals import Refused
from crossroads.dmn.compiled.rows import Rows
from crossroads.dmn.compiled.rules import TRUE, Line, Result, Sheet, all_unless, and_valid, chosen, listed, may_be_null
from crossroads.dmn.compiled.terms import Constant, Kind, Many, Scalar, Term, common, exact, sized, term
from crossroads.dmn.model import Aggregation, HitPolicy


def collect(sheet: Sheet, rows: Rows) -> Result:
    """Give all outputs, or what the aggregation makes of them."""
    if sheet.aggregation is None:
        return rule_order(sheet, rows)
    if len(sheet.columns) > 1:
        raise Refused(f"{sheet.aggregation} is not defined over several output columns")
    return _aggregated(_kept(sheet, rows), sheet.aggregation)


def rule_order(sheet: Sheet, rows: Rows) -> Result:
    """Give all outputs in the order of the rules."""
    return _list(_kept(sheet, rows))


def output_order(sheet: Sheet, rows: Rows) -> Result:
    """Give all outputs in the order of the output values."""
    kept = _kept(sheet, rows)
    return _list(replace(kept, lines=tuple(sorted(kept.lines, key=lambda line: line.rank))))


def _kept(sheet: Sheet, rows: Rows) -> Sheet:
    """Compute once whether each line matches."""
    kept = rows.keep(*(line.value.fill_null(False) for line in sheet.lines)) if sheet.lines else []
    matches = [Term(kind=Kind.BOOLEAN, value=value, nullable=False) for value in kept]
    lines = [replace(line, matches=found) for line, found in zip(sheet.lines, matches, strict=True)]
    return replace(sheet, lines=tuple(lines))


def _matching(sheet: Sheet) -> Any:
    return and_valid(sheet, ibis.or_(*(line.value for line in sheet.lines)) if sheet.lines else ibis.literal(False))


def _list(sheet: Sheet) -> Result:
    """Give the outputs of all matches. Without a match COLLECT gives an empty list, the others null."""
    if sheet.defaulted:
        raise Refused("a default output of a table that gives a list is not compiled")
    items, dtype = _items(sheet)
    some = term(sheet.valid, Kind.BOOLEAN).value if sheet.policy is HitPolicy.COLLECT else _matching(sheet)
    value = ibis.ifelse(some, listed(sheet.lines, items, dtype), ibis.null(dt.Array(dtype)))
    return Result(Many(value), all_unless(None, sheet) if sheet.explained else None)


def _items(sheet: Sheet) -> tuple[list[Any], dt.DataType]:
    """Give the output of each line as an item: a value, or a structure of all columns."""
    if not sheet.lines:
        return [], dt.string
    columns = []
    for column in range(len(sheet.columns)):
        outputs = [line.outputs[column] for line in sheet.lines]
        kind, extent = common(outputs, "outputs")
        columns.append([sized(output, kind, extent) for output in outputs])
    if len(columns) == 1:
        return columns[0], columns[0][0].type()
    structs = [ibis.struct(dict(zip(sheet.columns, row, strict=True))) for row in zip(*columns, strict=True)]
    return structs, structs[0].type()


def _aggregated(sheet: Sheet, how: Aggregation) -> Result:
    """Aggregate the outputs of all matches; a null among them leaves nothing to aggregate, unless they are counted."""
    outputs = [line.outputs[0] for line in sheet.lines]
    good, violated = _matching(sheet), None
    if how is not Aggregation.COUNT and (unsure := _unsure(sheet.lines, outputs)):
        violated = good & ibis.or_(*unsure)
    found = _AGGREGATES[how](sheet.lines, outputs) if sheet.lines else Constant(None)
    none = Constant(Decimal(0)) if how is Aggregation.COUNT and not sheet.defaulted else sheet.defaults[0]
    branches: list[tuple[Any, Scalar]] = [] if violated is None else [(violated, Constant(None))]
    if sheet.valid != TRUE:
        branches.append((false(term(sheet.valid).value), Constant(None)))
    value = chosen([*branches, (good, found)], none)
    return Result(value, all_unless(violated, sheet) if sheet.explained else None, violated)


def _unsure(lines: Sequence[Line], outputs: Sequence[Scalar]) -> list[Any]:
    """Tell for each line that may give null whether it matches and does."""
    pairs = zip(lines, outputs, strict=True)
    return [line.value & _is_null(output) for line, output in pairs if may_be_null(output)]


def _is_null(output: Scalar) -> Any:
    return ibis.literal(True) if isinstance(output, Constant) else output.value.isnull()


def _counted(lines: Sequence[Line], _outputs: Sequence[Scalar]) -> Term:
    ones = [_one_if(line) for line in lines]
    return Term(kind=Kind.NUMBER, value=reduce(lambda a, b: a + b, ones), extent=Extent(0, len(lines)), nullable=False)


def _one_if(line: Line) -> Any:
    return ibis.ifelse(line.value, ibis.literal(1, dt.int64), ibis.literal(0, dt.int64))


def _summed(lines: Sequence[Line], outputs: Sequence[Scalar]) -> Term:
    kind, extent = common(list(outputs), "outputs")
    if kind is not Kind.NUMBER or extent is None:
        raise Refused(f"a {kind} cannot be added up")
    nothing = Extent(0, 0, extent.scale)
    most = exact(reduce(lambda a, b: a.plus(b.joined(nothing)), [extent] * (len(lines) - 1), extent.joined(nothing)))
    zero = Constant(Decimal(0))
    parts = [
        ibis.ifelse(line.value, sized(output, kind, most), sized(zero, kind, most))
        for line, output in zip(lines, outputs, strict=True)
    ]
    total = reduce(lambda a, b: (a + b).cast(most.dtype), parts)
    return Term(kind=kind, value=total, extent=most)


def _extreme(pick: Callable[..., Any]) -> Callable[[Sequence[Line], Sequence[Scalar]], Term]:
    def build(lines: Sequence[Line], outputs: Sequence[Scalar]) -> Term:
        kind, extent = common(list(outputs), "outputs")
        if kind is Kind.BOOLEAN:
            raise Refused("true and false have no order")
        values = [sized(output, kind, extent) for output in outputs]
        parts = [
            ibis.ifelse(line.value, value, ibis.null(value.type())) for line, value in zip(lines, values, strict=True)
        ]
        return Term(kind=kind, value=pick(*parts) if len(parts) > 1 else parts[0], extent=extent)

    return build


_AGGREGATES: Mapping[Aggregation, Callable[[Sequence[Line], Sequence[Scalar]], Term]] = {
    Aggregation.COUNT: _counted,
    Aggregation.SUM: _summed,
    Aggregation.MIN: _extreme(ibis.least),
    Aggregation.MAX: _extreme(ibis.greatest),
}

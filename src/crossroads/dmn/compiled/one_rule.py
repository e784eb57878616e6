"""Hit policies that give one rule, as chains (CASE): rules in an order in which the first match is the answer.

UNIQUE and ANY must also see that no other answer was possible: the last match of the same chain then differs from the
first. Where no two rules can match together nothing needs to be seen, and the chain alone remains.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import ibis
import ibis.expr.datatypes as dt

from crossroads.dmn.analysing.apart import never_together
from crossroads.dmn.compiled.refusals import Refused
from crossroads.dmn.compiled.rows import Rows
from crossroads.dmn.compiled.rules import TRUE, Line, Result, Sheet, all_unless, chosen, equal_constants, no_numbers
from crossroads.dmn.compiled.terms import Compiled, Constant, Kind, Record, Scalar, term

NO_RULE = 0


def first(sheet: Sheet, rows: Rows) -> Result:
    """Take the first match."""
    if len(sheet.columns) == 1 and not sheet.explained and sheet.valid == TRUE:
        return Result(chosen([(line.value, line.outputs[0]) for line in sheet.lines], sheet.defaults[0]))
    labels = [line.number for line in sheet.lines]
    (number,) = rows.keep(_guarded(sheet, _chain(sheet.lines, labels)))
    return Result(_by_number(sheet, number, labels), _one(number) if sheet.explained else None)


def unique(sheet: Sheet, rows: Rows) -> Result:
    """Take the only match; where two rules may match, see that the first is also the last."""
    if never_together([line.cells for line in sheet.lines]):
        return first(sheet, rows)
    return _undisputed(sheet, rows, [line.number for line in sheet.lines])


def priority(sheet: Sheet, rows: Rows) -> Result:
    """Take the match whose output is listed first among the output values."""
    return first(replace(sheet, lines=tuple(sorted(sheet.lines, key=lambda line: line.rank))), rows)


def whichever(sheet: Sheet, rows: Rows) -> Result:
    """Take what all matches give: rules that give the same are one group, and one group alone may match."""
    groups: list[list[Line]] = []
    for line in sheet.lines:
        home = next((group for group in groups if group[0].gives_same(line)), None)
        groups.append([line]) if home is None else home.append(line)
    if len(groups) > 1 and not all(isinstance(output, Constant) for line in sheet.lines for output in line.outputs):
        raise Refused("under ANY, an output that is computed cannot be told from the others before it runs")
    grouped = replace(sheet, lines=tuple(line for group in groups for line in group), explained=False)
    found = _undisputed(grouped, rows, [group[0].number for group in groups for _ in group])
    return replace(found, fired=all_unless(found.violated, sheet) if sheet.explained else None)


def _undisputed(sheet: Sheet, rows: Rows, labels: Sequence[int]) -> Result:
    chains = (_chain(sheet.lines, labels), _chain(sheet.lines[::-1], labels[::-1]))
    foremost, last = rows.keep(*(_guarded(sheet, chain) for chain in chains))
    violated = (foremost != last).fill_null(False)
    (number,) = rows.keep(ibis.ifelse(foremost == last, foremost, ibis.null(foremost.type())))
    return Result(_by_number(sheet, number, labels), _one(number) if sheet.explained else None, violated)


def _chain(lines: Sequence[Line], labels: Sequence[int]) -> Any:
    """Give the label of the first line that matches, NO_RULE where none does."""
    dtype = dt.int16
    if not lines:
        return ibis.literal(NO_RULE, dtype)
    branches = [(line.value, ibis.literal(label, dtype)) for line, label in zip(lines, labels, strict=True)]
    return ibis.cases(*branches, else_=ibis.literal(NO_RULE, dtype))


def _guarded(sheet: Sheet, number: Any) -> Any:
    """Give null, not even the default, where a fact is not among the input values."""
    if sheet.valid == TRUE:
        return number
    return ibis.ifelse(term(sheet.valid, Kind.BOOLEAN).value, number, ibis.null(number.type()))


def _by_number(sheet: Sheet, number: Any, labels: Sequence[int]) -> Compiled:
    """Give the outputs of the rule that was found: per column, rules that give the same share a branch."""
    entries = {}
    for column, name in enumerate(sheet.columns):
        shared: list[tuple[Scalar, list[int]]] = []
        for line, label in zip(sheet.lines, labels, strict=True):
            output = line.outputs[column]
            home = next(
                (numbers for given, numbers in shared if given is output or equal_constants(given, output)), None
            )
            shared.append((output, [label])) if home is None else home.append(label)
        branches = [(_is_one_of(number, numbers), output) for output, numbers in shared]
        none = (number == NO_RULE, sheet.defaults[column])
        entries[name] = chosen([*branches, none], Constant(None))
    return _valued(sheet, entries)


def _is_one_of(number: Any, labels: Iterable[int]) -> Any:
    wanted = sorted(set(labels))
    return number == wanted[0] if len(wanted) == 1 else number.isin(wanted)


def _valued(sheet: Sheet, entries: Mapping[str, Scalar]) -> Compiled:
    return Record(entries) if len(sheet.columns) > 1 else next(iter(entries.values()))


def _one(number: Any) -> Any:
    """Give the number of the rule as a list; an empty one where there is none."""
    return ibis.ifelse((number > NO_RULE).fill_null(False), ibis.array([number.cast(dt.int64)]), no_numbers())

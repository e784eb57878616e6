"""What the hit policies work on: rules whose cells are compiled, and the ways to choose among their outputs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.datatypes as dt

from crossroads.dmn.compiled.comparing import false
from crossroads.dmn.compiled.terms import Compiled, Constant, Kind, Scalar, Term, common, sized, term
from crossroads.dmn.feel.syntax import UnaryTests
from crossroads.dmn.feel.values import same
from crossroads.dmn.model import Aggregation, HitPolicy

TRUE = Constant(True)


@dataclass(frozen=True, slots=True)
class Line:
    """A rule: its number (from 1), whether it matches, what it gives, and its cells."""

    number: int
    matches: Scalar
    outputs: tuple[Scalar, ...]
    cells: tuple[UnaryTests, ...]
    rank: tuple[int, ...] = ()

    @property
    def value(self) -> Any:
        """Whether it matches, as a column; null counts as no."""
        return term(self.matches, Kind.BOOLEAN).holds

    def gives_same(self, other: "Line") -> bool:
        """Whether both rules are known to give the same."""
        pairs = zip(self.outputs, other.outputs, strict=True)
        return all(one is two or equal_constants(one, two) for one, two in pairs)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table whose cells are compiled.

    `valid` says whether the facts are among the input values, `explained` whether the rules that fire are asked for.
    """

    lines: tuple[Line, ...]
    columns: tuple[str, ...]
    defaults: tuple[Scalar, ...]
    policy: HitPolicy
    aggregation: Aggregation | None
    valid: Scalar = TRUE
    defaulted: bool = False
    explained: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What a table gives: its value, the numbers of the rules that fired, and whether the hit policy was violated."""

    value: Compiled
    fired: Any = None
    violated: Any = None


def equal_constants(one: Scalar, two: Scalar) -> bool:
    """Whether both are constants, of one value."""
    return isinstance(one, Constant) and isinstance(two, Constant) and same(one.value, two.value)


def may_be_null(output: Scalar) -> bool:
    """Whether a row may be null."""
    return output.value is None if isinstance(output, Constant) else output.nullable


def chosen(branches: Sequence[tuple[Any, Scalar]], otherwise: Scalar) -> Scalar:
    """Choose the output of the first branch that holds, in one type for all."""
    outputs = [output for _, output in branches] + [otherwise]
    if all(isinstance(output, Constant) and output.value is None for output in outputs):
        return Constant(None)
    kind, extent = common(outputs, "outputs")
    if not branches:
        return otherwise
    written = [(condition, sized(output, kind, extent)) for condition, output in branches]
    value = ibis.cases(*written, else_=sized(otherwise, kind, extent))
    return Term(kind=kind, value=value, extent=extent, nullable=any(map(may_be_null, outputs)))


def and_valid(sheet: Sheet, condition: Any) -> Any:
    """Hold a condition back where a fact is not among the input values."""
    return condition if sheet.valid == TRUE else condition & term(sheet.valid, Kind.BOOLEAN).value


def no_numbers() -> Any:
    """Give an empty list of rules."""
    return ibis.literal([], type=dt.Array(dt.int64))


def listed(lines: Sequence[Line], values: Sequence[Any], item: dt.DataType) -> Any:
    """Give the values of the lines that match, in the order of the lines."""
    empty = ibis.literal([], type=dt.Array(item))
    parts = [ibis.ifelse(line.value, ibis.array([value]), empty) for line, value in zip(lines, values, strict=True)]
    if not parts:
        return empty
    return parts[0].concat(*parts[1:]) if len(parts) > 1 else parts[0]


def all_unless(violated: Any, sheet: Sheet) -> Any:
    """Give the numbers of all rules that match, none where the hit policy is violated."""
    lines = sheet.lines
    numbers = listed(lines, [ibis.literal(line.number, dt.int64) for line in lines], dt.int64)
    good = and_valid(sheet, false(violated)) if violated is not None else term(sheet.valid, Kind.BOOLEAN).value
    return ibis.ifelse(good, numbers, no_numbers())

"""Arithmetic that all engines do exactly: sums, differences, products, shifts of dates; never a rounding."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import ibis
import ibis.expr.datatypes as dt

from crossroads.dmn.compiled.extent import Extent
from crossroads.dmn.compiled.refusals import Refused
from crossroads.dmn.compiled.terms import (
    MEASURED,
    Constant,
    Kind,
    Scalar,
    Term,
    exact,
    measure,
    term,
)
from crossroads.dmn.feel import values
from crossroads.dmn.feel.syntax import Operator

_Operation: TypeAlias = Callable[[Scalar, Scalar], Scalar]
_SECONDS_A_DAY = 86_400
_DAY_RANGE = 4_000_000
"""More days than there are between the years 1 and 9999."""
_LARGE_INT = 19
"""From this many digits on DuckDB multiplies in 128 bits."""
_MOST_DIGITS = 38
"""From this many digits in both operands on, Spark rounds their product."""
_FOLDED: Mapping[Operator, Callable[[object, object], object]] = {
    "+": values.add,
    "-": values.subtract,
    "*": values.multiply,
    "/": values.divide,
    "**": values.power,
}


def computed(operator: Operator, left: Scalar, right: Scalar) -> Scalar:
    """Compute with two scalars; null where one is null. Raises Refused where engines would not agree with FEEL."""
    if isinstance(left, Constant) and isinstance(right, Constant):
        return Constant(_FOLDED[operator](left.value, right.value))
    if left.kind is None or right.kind is None:
        return Constant(None)
    operation = _OPERATIONS.get((operator, left.kind, right.kind))
    if operation is None:
        raise Refused(f"{left.kind} {operator} {right.kind} is not compiled")
    return operation(left, right)


def opposite(operand: Scalar) -> Scalar:
    """Negate a number or a duration."""
    if isinstance(operand, Constant):
        return Constant(values.negate(operand.value))
    if operand.kind not in MEASURED:
        raise Refused(f"a {operand.kind} has no opposite")
    extent = operand.size.negated()
    return _measured(operand.kind, -operand.value.cast(exact(extent.joined(operand.size)).dtype), extent, operand)


def _measured(kind: Kind, value: Any, extent: Extent, *of: Scalar) -> Term:
    nullable = any(isinstance(one, Term) and one.nullable for one in of)
    return Term(kind=kind, value=value.cast(extent.dtype), extent=extent, nullable=nullable)


def _sum(left: Scalar, right: Scalar) -> Term:
    one, other = term(left), term(right)
    extent = exact(one.size.plus(other.size))
    width = extent.joined(one.size).joined(other.size).dtype
    return _measured(one.kind, one.value.cast(width) + other.value.cast(width), extent, one, other)


def _difference(left: Scalar, right: Scalar) -> Term:
    return _sum(left, opposite(right))


def _product(a: Scalar, b: Scalar) -> Term:
    """Multiply in 64 bits where all fits, else as decimals; Ibis wants the one with the finer scale to be the wider."""
    one, other = term(a), term(b)
    kind = one.kind if one.kind is not Kind.NUMBER else other.kind
    extent = exact(one.size.times(other.size))
    if extent.is_int64 and one.size.is_int64 and other.size.is_int64:
        return _measured(kind, one.value.cast(dt.int64) * other.value.cast(dt.int64), extent, one, other)
    finer, coarser = sorted((one, other), key=lambda each: each.size.scale, reverse=True)
    digits = max(finer.size.digits, coarser.size.digits, _LARGE_INT)
    if digits + coarser.size.digits >= _MOST_DIGITS:
        raise Refused("the operands of a product may have too many digits: bound the columns that it uses")
    left, right = finer.value.cast(finer.size.decimal(digits)), coarser.value.cast(coarser.size.decimal())
    return _measured(kind, left * right, extent, one, other)


def _scaled(left: Scalar, right: Scalar) -> Term:
    """Multiply a duration: by whole numbers only, for others round it to what a duration can be."""
    factor = right if left.kind is not Kind.NUMBER else left
    if term(factor).size.scale:
        raise Refused("a duration is multiplied by a number that need not be whole")
    return _product(left, right)


def _quotient(left: Scalar, right: Scalar) -> Scalar:
    """Divide by a constant whose inverse has an end (2, 10, 100 ...): then dividing is multiplying."""
    if not isinstance(right, Constant):
        raise Refused("a division is compiled only by a constant: engines round others in their own way")
    divisor = measure(right)
    if divisor == 0:
        return Constant(None)
    inverse = 1 / divisor
    scale = max(inverse.denominator.bit_length() - 1, 0)
    if (inverse * 10**scale).denominator != 1:
        raise Refused(f"a division by {right.value} may have no end: engines round it in their own way")
    return _product(left, Constant(values.divide(values.from_python(1), right.value)))


def _days_between(left: Scalar, right: Scalar) -> Term:
    one, other = term(left), term(right)
    days = one.value.delta(other.value, unit="day").cast(dt.int64)
    most = _DAY_RANGE * _SECONDS_A_DAY
    return _measured(Kind.DAYS, days * _SECONDS_A_DAY, Extent(-most, most), one, other)


def _shifted(sign: int) -> _Operation:
    def shift(left: Scalar, right: Scalar) -> Term:
        date, by = (left, right) if left.kind is Kind.DATE else (right, left)
        moved = _moved(term(date), by, sign)
        return Term(kind=Kind.DATE, value=moved, nullable=_may_be_null(date) or _may_be_null(by))

    return shift


def _may_be_null(scalar: Scalar) -> bool:
    return isinstance(scalar, Term) and scalar.nullable


def _moved(date: Term, by: Scalar, sign: int) -> Any:
    if not isinstance(by, Constant):
        raise Refused("a date is moved by a duration that is not a constant")
    number = sign * measure(by)
    if by.kind is Kind.DAYS:
        return _as_date(date.value + ibis.interval(days=int(number // _SECONDS_A_DAY)))
    return _as_date(date.value + ibis.interval(months=int(number)))


def _as_date(moment: Any) -> Any:
    """Take the day of what DuckDB makes a timestamp and Ibis believes to be a date."""
    return moment.cast(dt.timestamp).cast(dt.date)


def _by(left: Kind, operator: Operator, right: Kind, operation: _Operation) -> dict[Any, _Operation]:
    return {(operator, left, right): operation, (operator, right, left): operation}


def _text(left: Scalar, right: Scalar) -> Term:
    one, other = term(left), term(right)
    return Term(kind=Kind.STRING, value=one.value + other.value, nullable=one.nullable or other.nullable)


_OPERATIONS: Mapping[tuple[Operator, Kind, Kind], _Operation] = {
    ("+", Kind.STRING, Kind.STRING): _text,
    ("-", Kind.DATE, Kind.DATE): _days_between,
    ("-", Kind.DATE, Kind.DAYS): _shifted(-1),
    ("-", Kind.DATE, Kind.MONTHS): _shifted(-1),
    ("*", Kind.NUMBER, Kind.NUMBER): _product,
    ("/", Kind.NUMBER, Kind.NUMBER): _quotient,
    **{("+", kind, kind): _sum for kind in MEASURED},
    **{("-", kind, kind): _difference for kind in MEASURED},
    **_by(Kind.DATE, "+", Kind.DAYS, _shifted(1)),
    **_by(Kind.DATE, "+", Kind.MONTHS, _shifted(1)),
    **_by(Kind.NUMBER, "*", Kind.DAYS, _scaled),
    **_by(Kind.NUMBER, "*", Kind.MONTHS, _scaled),
}

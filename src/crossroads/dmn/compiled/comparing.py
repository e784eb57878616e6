"""Comparisons as FEEL makes them: null equals null and nothing else, and any other comparison with null is null."""

import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from math import floor
from typing import Any

import ibis

from crossroads.dmn.compiled.extent import Extent
from crossroads.dmn.compiled.refusals import Refused
from crossroads.dmn.compiled.terms import (
    MEASURED,
    Constant,
    Kind,
    Scalar,
    Term,
    common,
    measure,
    number_literal,
    sized,
    term,
)
from crossroads.dmn.feel.syntax import Relation
from crossroads.dmn.feel.values import compare as order
from crossroads.dmn.feel.values import equal as alike

_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MIRRORED: Mapping[str, Relation] = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def boolean(value: Any, *, nullable: bool = True, true: Any = None) -> Term:
    """Wrap a column of truths; `true` where a cheaper one is true in the same rows."""
    return Term(kind=Kind.BOOLEAN, value=value, nullable=nullable, true=true)


def sure(answer: Scalar) -> Scalar:
    """Take null for false."""
    if isinstance(answer, Constant):
        return Constant(answer.value is True)
    if not answer.nullable:
        return answer
    return boolean(answer.value.fill_null(False), nullable=False, true=answer.holds)


def negated(answer: Scalar) -> Scalar:
    """Say the opposite; null stays null."""
    if isinstance(answer, Constant):
        return Constant(None if answer.value is None else not answer.value)
    return boolean(false(answer.value), nullable=answer.nullable)


def false(value: Any) -> Any:
    """Say the opposite of a column. Ibis 12 writes `~a` without the parentheses that `IS NULL` would need after it."""
    return value == ibis.literal(False)


def compared(relation: Relation, left: Scalar, right: Scalar) -> Scalar:
    """Compare two scalars. Raises Refused where they are of two types: the answer would be the same for each row."""
    if isinstance(left, Constant) and isinstance(right, Constant):
        return Constant(_of_constants(relation, left.value, right.value))
    if isinstance(left, Constant):
        return compared(_MIRRORED[relation], right, left)
    if relation == "!=":
        return negated(compared("=", left, right))
    if isinstance(right, Constant) and right.value is None:
        return _null(left) if relation == "=" else Constant(None)
    if left.kind is not right.kind:
        raise Refused(f"a {left.kind} is compared with a {right.kind}")
    if relation != "=" and left.kind is Kind.BOOLEAN:
        return Constant(None)
    return _equal(left, right) if relation == "=" else _ordered(relation, left, right)


def _null(left: Term) -> Scalar:
    # Of a truth about null, Ibis 12 writes `a IS NULL IS NULL`, which Spark does not read.
    return boolean(left.value.isnull(), nullable=False) if left.nullable else Constant(False)


def _of_constants(relation: Relation, left: object, right: object) -> bool | None:
    if relation in ("=", "!="):
        answer = alike(left, right)
        return answer if answer is None or relation == "=" else not answer
    found = order(left, right)
    return None if found is None else bool(_OPERATORS[relation](found, 0))


def _ordered(relation: Relation, left: Term, right: Scalar) -> Term:
    return boolean(_raw(relation, left, right), nullable=left.nullable or (isinstance(right, Term) and right.nullable))


def _equal(left: Term, right: Scalar) -> Term:
    """Two nulls are equal; one null makes the answer false, not null."""
    if isinstance(right, Term) and left.nullable and right.nullable:
        one, other = _both(left, right)
        # Not `identical_to`: Ibis 12 writes it without parentheses around its operands.
        both_null = ibis.ifelse(one.isnull(), other.isnull(), (one == other).fill_null(False))
        return boolean(both_null, nullable=False)
    nullable = left.nullable or (isinstance(right, Term) and right.nullable)
    found = sure(boolean(_raw("=", left, right), nullable=nullable))
    assert isinstance(found, Term)  # noqa: S101 - it was no constant
    return found


def _raw(relation: Relation, left: Term, right: Scalar) -> Any:
    if left.kind in MEASURED and isinstance(right, Constant):
        return _with_number(relation, left, measure(right))
    one, other = _both(left, right)
    return _OPERATORS[relation](one, other)


def _both(left: Term, right: Scalar) -> tuple[Any, Any]:
    """Give both sides in one type."""
    if left.kind not in MEASURED or isinstance(right, Constant):
        return left.value, term(right).value
    if left.size.is_int64 and right.size.is_int64:
        return left.value, right.value
    kind, extent = common([left, right], "operands")
    return sized(left, kind, extent), sized(right, kind, extent)


def _with_number(relation: Relation, left: Term, number: Fraction) -> Any:
    """Compare a column with a number in the column's own type: digits that it cannot have move the number aside."""
    units = number * 10**left.size.scale
    whole = floor(units)
    if units != whole:
        if relation == "=":
            return _settled(left, answer=False)
        relation = "<=" if relation in ("<", "<=") else ">"
    if not left.size.low <= whole <= left.size.high:
        return _settled(left, answer=_beyond(relation, above=whole > left.size.high))
    literal = number_literal(Fraction(whole, 10**left.size.scale), _own(left))
    return _OPERATORS[relation](left.value, literal)


def _own(left: Term) -> Any:
    return left.value.type() if left.value.type().is_decimal() else Extent(left.size.low, left.size.high).dtype


def _beyond(relation: str, *, above: bool) -> bool:
    """Answer for a number outside everything that the column can hold."""
    return relation in ("<", "<=") if above else relation in (">", ">=")


def _settled(left: Term, *, answer: bool) -> Any:
    """Answer the same for every row, null where the row is null."""
    if not left.nullable:
        return ibis.literal(answer)
    return ibis.ifelse(left.value.isnull(), ibis.null("boolean"), answer)

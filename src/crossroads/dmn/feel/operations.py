"""Literals, arithmetic and `if`: what makes new values."""

from collections.abc import Callable
from typing import Final, TypeAlias, TypeVar

from crossroads.dmn.feel.scope import LARGEST, Scope
from crossroads.dmn.feel.sizes import surface
from crossroads.dmn.feel.syntax import (
    Against,
    Arithmetic,
    AtLiteral,
    Conjunction,
    ContextLiteral,
    Disjunction,
    Expression,
    If,
    ListLiteral,
    Negation,
    RangeLiteral,
)
from crossroads.dmn.feel.values import (
    Range,
    Value,
    add,
    compare,
    divide,
    kind,
    multiply,
    negate,
    power,
    read_at_literal,
    subtract,
)

Evaluate: TypeAlias = Callable[[Expression, Scope], Value]

Chain = TypeVar("Chain", Arithmetic, Conjunction, Disjunction)

_OPERATIONS: Final[dict[str, Callable[[Value, Value], Value]]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "**": power,
}
_POWER: Final = 100
"""The steps that a power takes: its digits are found by logarithms."""


def spine(node: Chain) -> list[Chain]:
    """Give a chain of the same kind of operators from the innermost: `a + b - c` is `a + b`, then `- c`."""
    chain = [node]
    while type(chain[-1].left) is type(node):
        chain.append(chain[-1].left)
    return chain[::-1]


def at_literal(literal: AtLiteral, scope: Scope, _: Evaluate) -> Value:
    """Return the date, time or duration of `@"..."`."""
    try:
        return read_at_literal(literal.text)
    except ValueError:
        scope.note(f'"{literal.text}" is not a date, time, date and time or duration', literal)
        return None


def list_of(literal: ListLiteral, scope: Scope, evaluate: Evaluate) -> Value:
    """Return the list of the items."""
    scope.work.spend(len(literal.items))
    return [evaluate(item, scope) for item in literal.items]


def context_of(literal: ContextLiteral, scope: Scope, evaluate: Evaluate) -> Value:
    """Return the context; each entry sees those before it, and a function sees itself."""
    entries: dict[str, Value] = {}
    scope.work.spend(2 * len(literal.entries))
    within = Scope(entries, scope)
    for name, expression in literal.entries:
        if name in entries:
            scope.note(f"the context has two entries {name}", expression)
            return None
        entries[name] = evaluate(expression, within)
    return entries


def range_of(literal: RangeLiteral, scope: Scope, evaluate: Evaluate) -> Value:
    """Return the range; null where its ends cannot be compared, or stand the wrong way round.

    An end of null that is not included lies beyond all values: `(null..5)` is `(< 5)`.
    """
    low, high = evaluate(literal.low, scope), evaluate(literal.high, scope)
    order = compare(*_bounds(literal, low, high))
    if order is None:
        scope.note(f"a range cannot go from {kind(low)} to {kind(high)}", literal)
        return None
    if order > 0:
        scope.note("a range goes from the lesser to the greater end", literal)
        return None
    return Range(low, high, literal.low_included, literal.high_included)


def _bounds(literal: RangeLiteral, low: Value, high: Value) -> tuple[Value, Value]:
    """Return the ends to compare: an open end of null stands back for the other one."""
    if low is None and not literal.low_included:
        return high, high
    if high is None and not literal.high_included:
        return low, low
    return low, high


def open_range(test: Against, scope: Scope, evaluate: Evaluate) -> Value:
    """Return the range that `(< 5)` describes."""
    end = evaluate(test.endpoint, scope)
    if compare(end, end) is None or test.relation == "!=":
        scope.note(f"{test.relation} with {kind(end)} is not a range", test)
        return None
    included = test.relation in ("<=", ">=", "=")
    if test.relation == "=":
        return Range(end, end)
    return Range(None, end, False, included) if "<" in test.relation else Range(end, None, included, False)


def negation(written: Negation, scope: Scope, evaluate: Evaluate) -> Value:
    """Return the negative of a number or duration."""
    value = evaluate(written.operand, scope)
    result = negate(value)
    if result is None and value is not None:
        scope.note(f"there is no negative of {kind(value)}", written)
    return result


def arithmetic(written: Arithmetic, scope: Scope, evaluate: Evaluate) -> Value:
    """Return left operator right; null where that has no meaning."""
    chain = spine(written)
    result = evaluate(chain[0].left, scope)
    for part in chain:
        result = _operated(part, result, evaluate(part.right, scope), scope)
    return result


def _operated(written: Arithmetic, left: Value, right: Value, scope: Scope) -> Value:
    if isinstance(left, str) and isinstance(right, str) and len(left) + len(right) > LARGEST:
        scope.note("the string becomes too long", written)
        return None
    if written.operator == "**":
        scope.work.spend(_POWER)
    result = _OPERATIONS[written.operator](left, right)
    if isinstance(result, str):
        scope.work.spend(surface(result))
    if result is None and left is not None and right is not None:
        scope.note(f"{kind(left)} {written.operator} {kind(right)} has no value here", written)
    return result


def conditional(written: If, scope: Scope, evaluate: Evaluate) -> Value:
    """Return `then` where the condition is true, otherwise `else`: also for null."""
    condition = evaluate(written.condition, scope)
    if not isinstance(condition, bool | None):
        scope.note(f"a condition is true or false, not {kind(condition)}", written.condition)
    return evaluate(written.then if condition is True else written.otherwise, scope)

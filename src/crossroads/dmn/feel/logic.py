"""Three-valued logic: comparison, `and`, `or`, `between`, `in`, `instance of`, and the tests of cells."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from crossroads.dmn.feel import types
from crossroads.dmn.feel.operations import Evaluate, spine
from crossroads.dmn.feel.scope import Scope
from crossroads.dmn.feel.sizes import CHARACTERS, surface
from crossroads.dmn.feel.syntax import (
    Against,
    Between,
    Comparison,
    Conjunction,
    Disjunction,
    Expression,
    In,
    InstanceOf,
    Literal,
    RangeLiteral,
    UnaryTests,
    speaks_of,
)
from crossroads.dmn.feel.values import Range, Value, all_of, compare, contains, equal, kind

Answer = bool | None


def any_of(answers: Iterable[Answer]) -> Answer:
    """Return the disjunction of answers in three-valued logic."""
    return opposite(all_of(opposite(answer) for answer in answers))


def opposite(answer: Answer) -> Answer:
    """Return the negation of an answer; of null, null."""
    return None if answer is None else not answer


def _ordered(holds: Callable[[int], bool]) -> Callable[[Value, Value], Answer]:
    def relation(left: Value, right: Value) -> Answer:
        order = compare(left, right)
        return None if order is None else holds(order)

    return relation


_RELATIONS: Final[dict[str, Callable[[Value, Value], Answer]]] = {
    "=": equal,
    "!=": lambda left, right: opposite(equal(left, right)),
    "<": _ordered(lambda order: order < 0),
    "<=": _ordered(lambda order: order <= 0),
    ">": _ordered(lambda order: order > 0),
    ">=": _ordered(lambda order: order >= 0),
}


def comparison(written: Comparison, scope: Scope, evaluate: Evaluate) -> Value:
    """Return whether the relation holds; null between values of different kinds."""
    left, right = evaluate(written.left, scope), evaluate(written.right, scope)
    answer = _related(written.relation, left, right, scope)
    if answer is None and left is not None and right is not None:
        scope.note(f"{kind(left)} {written.relation} {kind(right)} cannot be told", written)
    return answer


def _related(relation: str, left: Value, right: Value, scope: Scope) -> Answer:
    """Relate two values; lists and contexts that may be equal are gone through."""
    if isinstance(left, str) and len(left) > CHARACTERS:
        scope.work.spend(surface(left))
    if isinstance(left, list | dict) and isinstance(right, list | dict) and len(left) == len(right):
        scope.work.look_through(left)
    return _RELATIONS[relation](left, right)


def conjunction(written: Conjunction, scope: Scope, evaluate: Evaluate) -> Value:
    """Return left and right; what follows is not looked at once one is false."""
    return all_of(_truths(spine(written), scope, evaluate))


def disjunction(written: Disjunction, scope: Scope, evaluate: Evaluate) -> Value:
    """Return left or right; what follows is not looked at once one is true."""
    return any_of(_truths(spine(written), scope, evaluate))


def _truths(chain: Sequence[Conjunction | Disjunction], scope: Scope, evaluate: Evaluate) -> Iterable[Answer]:
    """Give the operands of a chain one after the other, as truths, as far as they are asked for."""
    for expression in (chain[0].left, *(part.right for part in chain)):
        value = evaluate(expression, scope)
        if not isinstance(value, bool | None):
            scope.note(f"{kind(value)} is neither true nor false", expression)
        yield value if isinstance(value, bool) else None


def between(written: Between, scope: Scope, evaluate: Evaluate) -> Value:
    """Return whether low <= subject <= high."""
    subject = evaluate(written.subject, scope)
    low, high = evaluate(written.low, scope), evaluate(written.high, scope)
    return all_of((_RELATIONS[">="](subject, low), _RELATIONS["<="](subject, high)))


def within(written: In, scope: Scope, evaluate: Evaluate) -> Value:
    """Return whether the subject passes one of the tests."""
    subject = evaluate(written.subject, scope)
    return _one_of(written.tests, subject, scope, evaluate)


def instance(written: InstanceOf, scope: Scope, evaluate: Evaluate) -> Value:
    """Return whether the subject is of the type; null where there is no such type."""
    try:
        of = types.resolve(written.type, scope.types)
    except types.UnknownType as fault:
        scope.note(str(fault), written.type)
        return None
    subject = evaluate(written.subject, scope)
    scope.work.look_through(subject)
    return types.instance_of(subject, of)


def passes(tests: UnaryTests, value: Value, scope: Scope, evaluate: Evaluate) -> Answer:
    """Return whether a value passes the tests of a cell."""
    if not tests.tests:
        return True
    answer = _one_of(tests.tests, value, scope, evaluate)
    return opposite(answer) if tests.negated else answer


def _one_of(tests: Iterable[Expression], value: Value, scope: Scope, evaluate: Evaluate) -> Answer:
    within = Scope({"?": value}, scope)
    return any_of(_test(test, value, within, evaluate) for test in tests)


def _test(test: Expression, value: Value, scope: Scope, evaluate: Evaluate) -> Answer:
    if isinstance(test, Against):
        return _related(test.relation, value, evaluate(test.endpoint, scope), scope)
    result = evaluate(test, scope)
    if not isinstance(result, bool | None):
        return _holds(result, value, scope)
    if result is None and isinstance(test, RangeLiteral):
        return None
    return result if speaks_of(test, "?") or _is_condition(test, result, value) else equal(result, value)


def _is_condition(test: Expression, result: Answer, value: Value) -> bool:
    """Tell whether true or false is an answer; where the value is itself true, false or null, the two are compared."""
    return result is not None and value is not None and not isinstance(value, bool) and not isinstance(test, Literal)


def _holds(container: Value, value: Value, scope: Scope) -> Answer:
    """Return whether a list or range holds the value, or anything else equals it."""
    if isinstance(container, Range) and not isinstance(value, Range):
        return contains(container, value)
    if isinstance(container, list):
        scope.work.look_through(container)
        return equal(container, value) is True or any(_is_held(item, value) for item in container)
    return _related("=", container, value, scope)


def _is_held(item: Value, value: Value) -> bool:
    if isinstance(item, Range) and not isinstance(value, Range):
        return contains(item, value) is True
    return equal(item, value) is True

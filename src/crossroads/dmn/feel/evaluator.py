"""Evaluation of FEEL expressions and unary tests.

What goes wrong is null with a note in the scope, as the specification wants; nothing is raised.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from crossroads.dmn.feel import calling, logic, loops, operations, paths
from crossroads.dmn.feel.scope import Scope
from crossroads.dmn.feel.syntax import (
    Against,
    Arithmetic,
    AtLiteral,
    Between,
    Call,
    Comparison,
    Conjunction,
    ContextLiteral,
    Disjunction,
    Expression,
    Filter,
    For,
    FunctionLiteral,
    If,
    In,
    InstanceOf,
    ListLiteral,
    Literal,
    Name,
    Negation,
    Path,
    Quantified,
    RangeLiteral,
    UnaryTests,
)
from crossroads.dmn.feel.values import Function, Value


def evaluate(expression: Expression, scope: Scope) -> Value:
    """Return the value of an expression; null with a note in the scope where it has none."""
    return scope.guarded(lambda: value_of(expression, scope), expression)


def matches(tests: UnaryTests, value: Value, scope: Scope) -> bool | None:
    """Return whether a value passes the tests of a cell; None where that cannot be told: no match."""
    answer = scope.guarded(lambda: logic.passes(tests, value, scope, value_of), tests)
    return answer if isinstance(answer, bool) else None


def call(function: Function, arguments: Sequence[Value], scope: Scope) -> Value:
    """Return what a function answers to arguments by position; null with a note where they do not fit it."""
    return scope.guarded(lambda: calling.apply(function, arguments, scope))


def value_of(expression: Expression, scope: Scope) -> Value:
    """Evaluate within a running evaluation; may be Exhausted."""
    scope.work.spend()
    return _EVALUATE[type(expression)](expression, scope, value_of)


_EVALUATE: Final[dict[type, Callable[[Any, Scope, Callable[[Expression, Scope], Value]], Value]]] = {
    Literal: lambda literal, _, __: literal.value,
    Name: paths.variable,
    Path: paths.path,
    Filter: paths.filtered,
    AtLiteral: operations.at_literal,
    ListLiteral: operations.list_of,
    ContextLiteral: operations.context_of,
    RangeLiteral: operations.range_of,
    Against: operations.open_range,
    Negation: operations.negation,
    Arithmetic: operations.arithmetic,
    If: operations.conditional,
    Comparison: logic.comparison,
    Conjunction: logic.conjunction,
    Disjunction: logic.disjunction,
    Between: logic.between,
    In: logic.within,
    InstanceOf: logic.instance,
    For: loops.listed,
    Quantified: loops.quantified,
    FunctionLiteral: calling.closure,
    Call: calling.called,
}

"""What type the result of a function has, told from its text alone; anything where the text does not tell."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from crossroads.dmn.feel import types
from crossroads.dmn.feel.syntax import (
    Arithmetic,
    Between,
    Comparison,
    Conjunction,
    ContextLiteral,
    Disjunction,
    Expression,
    FunctionLiteral,
    In,
    InstanceOf,
    ListLiteral,
    Literal,
    Name,
    Negation,
)
from crossroads.dmn.feel.types import ANY, BOOLEAN, NUMBER, ContextOf, FunctionOf, ListOf, Simple, Type
from crossroads.dmn.feel.values import kind


def result_type(body: Expression, known: Mapping[str, Type]) -> Type:
    """Give the type of an expression, knowing the types of some names."""
    infer = _INFER.get(type(body))
    return infer(body, known) if infer else ANY


def _list(body: ListLiteral, known: Mapping[str, Type]) -> Type:
    items = {result_type(item, known) for item in body.items}
    return ListOf(items.pop() if len(items) == 1 else ANY)


def _context(body: ContextLiteral, known: Mapping[str, Type]) -> Type:
    return ContextOf(tuple((name, result_type(entry, known)) for name, entry in body.entries))


def _arithmetic(body: Arithmetic, known: Mapping[str, Type]) -> Type:
    sides = {result_type(body.left, known), result_type(body.right, known)}
    return NUMBER if sides == {NUMBER} else ANY


def _function(body: FunctionLiteral, _: Mapping[str, Type]) -> Type:
    return FunctionOf((ANY,) * len(body.parameters), ANY)


_INFER: Final[dict[type, Callable[[Any, Mapping[str, Type]], Type]]] = {
    Literal: lambda body, _: types.NULL if body.value is None else Simple(kind(body.value)),
    Name: lambda body, known: known.get(body.name, ANY),
    ListLiteral: _list,
    ContextLiteral: _context,
    Arithmetic: _arithmetic,
    Negation: lambda body, known: result_type(body.operand, known),
    FunctionLiteral: _function,
    **dict.fromkeys((Comparison, Conjunction, Disjunction, Between, In, InstanceOf), lambda *_: BOOLEAN),
}

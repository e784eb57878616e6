"""What type the result of a function has, told from its text alone; anything where the text does not tell."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from crossroads.dmn.feel import types
from crossroads.dmn.feel.scope import Work
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

Known = Mapping[str, Type]


def result_type(body: Expression, known: Known, work: Work) -> Type:
    """Give the type of an expression, knowing the types of some names. May be Exhausted."""
    work.spend()
    infer = _INFER.get(type(body))
    return infer(body, known, work) if infer else ANY


def _list(body: ListLiteral, known: Known, work: Work) -> Type:
    items = {result_type(item, known, work) for item in body.items}
    return ListOf(items.pop() if len(items) == 1 else ANY)


def _context(body: ContextLiteral, known: Known, work: Work) -> Type:
    return ContextOf(tuple((name, result_type(entry, known, work)) for name, entry in body.entries))


def _arithmetic(body: Arithmetic, known: Known, work: Work) -> Type:
    sides = {result_type(body.left, known, work), result_type(body.right, known, work)}
    return NUMBER if sides == {NUMBER} else ANY


def _function(body: FunctionLiteral, *_: object) -> Type:
    return FunctionOf((ANY,) * len(body.parameters), ANY)


_INFER: Final[dict[type, Callable[[Any, Known, Work], Type]]] = {
    Literal: lambda body, *_: types.NULL if body.value is None else Simple(kind(body.value)),
    Name: lambda body, known, _: known.get(body.name, ANY),
    ListLiteral: _list,
    ContextLiteral: _context,
    Arithmetic: _arithmetic,
    Negation: lambda body, known, work: result_type(body.operand, known, work),
    FunctionLiteral: _function,
    **dict.fromkeys((Comparison, Conjunction, Disjunction, Between, In, InstanceOf), lambda *_: BOOLEAN),
}

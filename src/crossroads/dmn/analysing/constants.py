"""The values that a cell speaks of, where it speaks of nothing else: then its answer changes only at these values."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from crossroads.dmn.feel import syntax
from crossroads.dmn.feel.evaluator import evaluate
from crossroads.dmn.feel.scope import Scope
from crossroads.dmn.feel.values import Range, Value, compare

MAKERS = frozenset({"date", "time", "date and time", "duration", "number", "years and months duration"})
"""Functions that write a constant: they give the same for the same text, today and tomorrow."""
_NODES = (
    *(syntax.Literal, syntax.AtLiteral, syntax.ListLiteral, syntax.RangeLiteral, syntax.Negation, syntax.Arithmetic),
    *(syntax.Call, syntax.Name),
)


class NotConstant(Exception):
    """The cell speaks of something else than constants; says of what."""


class NoValue(Exception):
    """A constant of the cell has no value; says why."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that a cell compares with: by `=` (or as one of a list), or as an end of a range."""

    value: Value
    exact: bool


def constants(tests: syntax.UnaryTests) -> tuple[Constant, ...]:
    """Give all constants of a cell. Raises NotConstant, NoValue."""
    return tuple(one for test in tests.tests for one in _of_test(test))


def constant(expression: syntax.Expression) -> Value:
    """Give the value of a constant expression. Raises NotConstant, NoValue."""
    _see_constant(expression)
    scope = Scope({}, notes=[])
    value = evaluate(expression, scope)
    if scope.notes:
        raise NoValue(str(scope.notes[0]))
    if value is None and not isinstance(expression, syntax.Literal):
        raise NoValue("this has no value")
    return value


def names(node: syntax.Node) -> Iterator[str]:
    """Give the names in an expression, those of functions included."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, syntax.Name):
            yield one.name
        waiting.extend(syntax.parts(one))


def _see_constant(expression: syntax.Expression) -> None:
    if "?" in names(expression):
        raise NotConstant('it speaks of "?"')
    waiting: list[syntax.Node] = [expression]
    while waiting:
        one = waiting.pop()
        if isinstance(one, syntax.Name):
            raise NotConstant(f"it speaks of {one.name}")
        if not isinstance(one, _NODES):
            raise NotConstant("it is an expression")
        if isinstance(one, syntax.Call) and isinstance(one.function, syntax.Name):
            if one.function.name not in MAKERS:
                raise NotConstant(f"it calls the function {one.function.name}")
            waiting.extend((*one.positional, *(value for _, value in one.named)))
        else:
            waiting.extend(syntax.parts(one))


def _of_test(test: syntax.Expression) -> Iterator[Constant]:
    if isinstance(test, syntax.Against):
        yield Constant(constant(test.endpoint), test.relation in ("=", "!="))
        if test.relation not in ("=", "!="):
            _see_ordered([constant(test.endpoint)])
    else:
        yield from _of_value(constant(test))


def _of_value(value: Value) -> Iterator[Constant]:
    if isinstance(value, list):
        for item in value:
            if isinstance(item, list | dict):
                raise NotConstant("it is a list of lists or contexts")
            yield from _of_value(item)
    elif isinstance(value, Range):
        ends = [end for end in (value.start, value.end) if end is not None]
        _see_ordered(ends)
        yield from (Constant(end, exact=False) for end in ends)
    elif isinstance(value, dict):
        raise NotConstant("it is a context")
    else:
        yield Constant(value, exact=True)


def _see_ordered(ends: Iterable[Value]) -> None:
    if any(compare(end, end) is None for end in ends):
        raise NoValue("these values have no order")

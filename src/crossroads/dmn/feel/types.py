"""The types of FEEL: what is an instance of what, and the conversions that happen by themselves (DMN 1.5, 10.3.2.9).

Null is an instance of the null type alone, but may stand inside a list or context of any type. Allowed values play no
part here: they bound what may be given to a decision, not what a value is.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from crossroads.dmn.feel.values import Date, Function, Range, Value, at_midnight, kind
from crossroads.dmn.feel.written_types import ContextType, FunctionType, ListType, NamedType, RangeType, TypeExpression


@dataclass(frozen=True, slots=True)
class Simple:
    """A type without parts, by its name in FEEL."""

    name: str


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list whose items are of a type."""

    item: "Type"


@dataclass(frozen=True, slots=True)
class RangeOf:
    """A range whose ends are of a type."""

    item: "Type"


@dataclass(frozen=True, slots=True)
class ContextOf:
    """A context that has at least these entries."""

    entries: tuple[tuple[str, "Type"], ...]


@dataclass(frozen=True, slots=True)
class FunctionOf:
    """A function; without parameters given (None), any function."""

    parameters: tuple["Type", ...] | None
    result: "Type"


Type: TypeAlias = Simple | ListOf | RangeOf | ContextOf | FunctionOf

ANY: Final = Simple("Any")
NULL: Final = Simple("null")
NUMBER: Final = Simple("number")
STRING: Final = Simple("string")
BOOLEAN: Final = Simple("boolean")
DATE_TIME: Final = Simple("date and time")

NAMED: Final[Mapping[str, Type]] = {
    **{
        name: Simple(name)
        for name in (
            *("number", "string", "boolean", "date", "time", "date and time"),
            *("days and time duration", "years and months duration"),
        )
    },
    "Any": ANY,
    "Null": NULL,
    "dateTime": DATE_TIME,
    "dayTimeDuration": Simple("days and time duration"),
    "yearMonthDuration": Simple("years and months duration"),
    "list": ListOf(ANY),
    "context": ContextOf(()),
    "range": RangeOf(ANY),
    "function": FunctionOf(None, ANY),
}
"""The types that FEEL names itself; the names in one word are those of DMN 1.1."""


class UnknownType(LookupError):
    """No type has this name."""


def resolve(written: TypeExpression, named: Mapping[str, Type]) -> Type:
    """Give the type that is written; `named` are the item definitions. UnknownType where a name is not known."""
    return _RESOLVE[type(written)](written, named)


def _named(written: NamedType, named: Mapping[str, Type]) -> Type:
    found = named.get(written.name) or NAMED.get(written.name.removeprefix("feel."))
    if found is None:
        raise UnknownType(f"there is no type {written.name}")
    return found


def _context(written: ContextType, named: Mapping[str, Type]) -> Type:
    return ContextOf(tuple((name, resolve(entry, named)) for name, entry in written.entries))


def _function(written: FunctionType, named: Mapping[str, Type]) -> Type:
    parameters = tuple(resolve(parameter, named) for parameter in written.parameters)
    return FunctionOf(parameters, resolve(written.result, named))


_RESOLVE: Final[dict[type, Callable[[Any, Mapping[str, Type]], Type]]] = {
    NamedType: _named,
    ListType: lambda written, named: ListOf(resolve(written.item, named)),
    RangeType: lambda written, named: RangeOf(resolve(written.item, named)),
    ContextType: _context,
    FunctionType: _function,
}


def instance_of(value: Value, of: Type) -> bool:
    """Return whether a value is of a type; null is of the null type only."""
    return of == NULL if value is None else _fits(value, of)


def conversion(value: Value, to: Type) -> tuple[bool, Value]:
    """Return whether a value fits a type, if need be converted, and the value then; null fits every type.

    A value becomes a list of one, a list of one its item, a date the date and time at midnight UTC; one step at most.
    """
    if value is None or _fits(value, to):
        return True, value
    if isinstance(to, ListOf) and not isinstance(value, list) and _fits(value, to.item):
        return True, [value]
    if isinstance(value, list) and len(value) == 1 and _fits(value[0], to):
        return True, value[0]
    if isinstance(value, Date) and to == DATE_TIME:
        return True, at_midnight(value)
    return False, None


def conforms(one: Type, other: Type) -> bool:
    """Return whether every value of a type can stand where the other type is asked."""
    if other == ANY or one in (NULL, other):
        return True
    if type(one) is not type(other):
        return False
    compare = _CONFORMS.get(type(one))
    return compare(one, other) if compare else False


def function_type(function: Function) -> FunctionOf:
    """Give the type of a function value: what is not declared is anything."""
    declared = function.parameter_types or (None,) * len(function.parameters)
    parameters = tuple(_or_any(one) for one in declared)
    return FunctionOf(parameters, _or_any(function.result_type))


def _or_any(declared: object) -> Type:
    return declared if isinstance(declared, Simple | ListOf | RangeOf | ContextOf | FunctionOf) else ANY


def _fits(value: Value, of: Type) -> bool:
    if value is None or of == ANY:
        return True
    return _FITS[type(of)](value, of)


def _fits_list(value: Value, of: ListOf) -> bool:
    if not isinstance(value, list):
        return False
    functions: list[Type] = [function_type(item) for item in value if isinstance(item, Function)]
    if functions and len(functions) == len(value):
        return conforms(functools.reduce(_shared, functions), of.item)
    return all(_fits(item, of.item) for item in value)


def _shared(one: Type, other: Type) -> Type:
    """Give the type of the items of a list of functions: what differs between them is anything."""
    if one == other or not (isinstance(one, FunctionOf) and isinstance(other, FunctionOf)):
        return one if one == other else ANY
    if one.parameters is None or other.parameters is None or len(one.parameters) != len(other.parameters):
        return ANY
    parameters = tuple(_shared(*pair) for pair in zip(one.parameters, other.parameters, strict=True))
    return FunctionOf(parameters, _shared(one.result, other.result))


def _fits_context(value: Value, of: ContextOf) -> bool:
    return isinstance(value, dict) and all(name in value and _fits(value[name], entry) for name, entry in of.entries)


def _fits_function(value: Value, of: FunctionOf) -> bool:
    return isinstance(value, Function) and conforms(function_type(value), of)


_FITS: Final[dict[type, Callable[[Any, Any], bool]]] = {
    Simple: lambda value, of: kind(value) == of.name,
    ListOf: _fits_list,
    RangeOf: lambda value, of: isinstance(value, Range) and _fits(value.start, of.item) and _fits(value.end, of.item),
    ContextOf: _fits_context,
    FunctionOf: _fits_function,
}


def _conforms_context(one: ContextOf, other: ContextOf) -> bool:
    has = dict(one.entries)
    return all(name in has and conforms(has[name], entry) for name, entry in other.entries)


def _conforms_function(one: FunctionOf, other: FunctionOf) -> bool:
    if other.parameters is None:
        return conforms(one.result, other.result)
    if one.parameters is None or len(one.parameters) != len(other.parameters):
        return False
    pairs = zip(other.parameters, one.parameters, strict=True)
    return all(conforms(given, taken) for given, taken in pairs) and conforms(one.result, other.result)


_CONFORMS: Final[dict[type, Callable[[Any, Any], bool]]] = {
    ListOf: lambda one, other: conforms(one.item, other.item),
    RangeOf: lambda one, other: conforms(one.item, other.item),
    ContextOf: _conforms_context,
    FunctionOf: _conforms_function,
}

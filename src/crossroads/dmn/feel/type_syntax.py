"""How a type is written: a name, or `list<...>`, `range<...>`, `context<...>`, `function<...> -> ...`."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from crossroads.dmn.feel.names import normal
from crossroads.dmn.feel.syntax import Place
from crossroads.dmn.feel.written_types import ContextType, FunctionType, ListType, NamedType, RangeType, TypeExpression

if TYPE_CHECKING:
    from crossroads.dmn.feel.parser import Parser


def type_expression(parser: "Parser") -> TypeExpression:
    """Read the type that stands here."""
    place = parser.place
    name = _name(parser)
    if name in _BUILT and parser.take("<"):
        return _BUILT[name](parser, place)
    return NamedType(name, at=place)


def _name(parser: "Parser") -> str:
    """Read a name with its dots: the types of an imported model stand under the name of the import."""
    known = parser.names.type()
    if known and (found := parser.match(known)):
        return normal(found)
    name = parser.member()
    while parser.take("."):
        name = f"{name}.{parser.member()}"
    return name


def _list(parser: "Parser", place: Place) -> TypeExpression:
    item = type_expression(parser)
    parser.expect(">")
    return ListType(item, at=place)


def _range(parser: "Parser", place: Place) -> TypeExpression:
    item = type_expression(parser)
    parser.expect(">")
    return RangeType(item, at=place)


def _context(parser: "Parser", place: Place) -> TypeExpression:
    entries = [] if parser.sees(">") else [_entry(parser)]
    while parser.take(","):
        entries.append(_entry(parser))
    parser.expect(">")
    return ContextType(tuple(entries), at=place)


def _entry(parser: "Parser") -> tuple[str, TypeExpression]:
    name = parser.declared()
    parser.expect(":")
    return name, type_expression(parser)


def _function(parser: "Parser", place: Place) -> TypeExpression:
    parameters = [] if parser.sees(">") else [type_expression(parser)]
    while parser.take(","):
        parameters.append(type_expression(parser))
    parser.expect(">")
    parser.expect("->")
    return FunctionType(tuple(parameters), type_expression(parser), at=place)


_BUILT: dict[str, Callable[["Parser", Place], TypeExpression]] = {
    "list": _list,
    "range": _range,
    "context": _context,
    "function": _function,
}

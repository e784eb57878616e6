"""The part of the syntax tree that describes types."""

from dataclasses import dataclass

from crossroads.dmn.feel.syntax import Node


@dataclass(frozen=True, slots=True)
class NamedType(Node):
    """A type by name: one of FEEL's own (`number`, `days and time duration`, `Any`) or an item definition."""

    name: str


@dataclass(frozen=True, slots=True)
class ListType(Node):
    """`list<item>`."""

    item: "TypeExpression"


@dataclass(frozen=True, slots=True)
class RangeType(Node):
    """`range<item>`."""

    item: "TypeExpression"


@dataclass(frozen=True, slots=True)
class ContextType(Node):
    """`context<name: type, ...>`."""

    entries: tuple[tuple[str, "TypeExpression"], ...]


@dataclass(frozen=True, slots=True)
class FunctionType(Node):
    """`function<type, ...> -> type`."""

    parameters: tuple["TypeExpression", ...]
    result: "TypeExpression"


TypeExpression = NamedType | ListType | RangeType | ContextType | FunctionType

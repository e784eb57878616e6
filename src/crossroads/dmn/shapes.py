"""The types that a model defines: FEEL's type of each, and the values it allows.

A definition that mentions itself (a tree) is taken as `Any` where it does.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from crossroads.dmn.errors import BadModel
from crossroads.dmn.feel.evaluator import matches
from crossroads.dmn.feel.lexer import SyntaxFault
from crossroads.dmn.feel.names import Names
from crossroads.dmn.feel.parser import parse_tests, parse_type
from crossroads.dmn.feel.scope import Scope
from crossroads.dmn.feel.syntax import UnaryTests
from crossroads.dmn.feel.types import ANY, ContextOf, FunctionOf, ListOf, Type, UnknownType, conversion, resolve
from crossroads.dmn.feel.values import Value, kind
from crossroads.dmn.library import Library
from crossroads.dmn.model import NOWHERE, Condition, Definitions, ItemDefinition, Place


@dataclass(frozen=True, slots=True)
class Shape:
    """A type with what it allows: tests of the value, and the shapes of its items or entries."""

    type: Type = ANY
    tests: tuple[UnaryTests, ...] = ()
    item: "Shape | None" = None
    entries: Mapping[str, "Shape"] = field(default_factory=dict)

    def admits(self, value: Value, scope: Scope) -> bool:
        """Tell whether a value of the type is among those allowed; null always is."""
        if value is None:
            return True
        if not all(matches(test, value, scope) is True for test in self.tests):
            return False
        if self.item is not None and isinstance(value, list):
            return all(self.item.admits(one, scope) for one in value)
        if isinstance(value, dict):
            return all(shape.admits(value.get(name), scope) for name, shape in self.entries.items())
        return True

    def fit(self, value: Value, scope: Scope) -> Value:
        """Give the value, converted if need be; null with a note where it is not of this type or not allowed."""
        return self.fitting(value, scope)[1]

    def fitting(self, value: Value, scope: Scope) -> tuple[bool, Value]:
        """Tell whether the value fits, and give it as `fit` does."""
        if self is not ANYTHING:
            scope.work.look_through(value)
        fits, converted = conversion(value, self.type)
        if not fits:
            scope.note(f"a {kind(value)} is not of the declared type")
        elif not self.admits(converted, scope):
            scope.note("the value is not among the allowed values")
        else:
            return True, converted
        return False, None


def fitted_all(shapes: Iterable[Shape], values: Iterable[Value], scope: Scope) -> list[Value] | None:
    """Fit arguments to what is declared; None where one does not: a call with it is null (DMN 1.5, 10.3.2.13.2)."""
    pairs = [shape.fitting(value, scope) for shape, value in zip(shapes, values, strict=True)]
    return [value for _, value in pairs] if all(fits for fits, _ in pairs) else None


ANYTHING = Shape()
Complain = Callable[[BadModel], None]


class Shapes:
    """The types that can be named in one model: its own, and those of its imports as `name.type`."""

    def __init__(self, library: Library, home: Definitions, names: Names, complain: Complain) -> None:
        """Prepare all definitions; what is wrong with one is complained of, and it is `Any` then."""
        self._items = dict(_visible(library, home))
        self._names = names
        self._complain = complain
        self._made: dict[str, Shape] = {}
        self._making: set[str] = set()
        for name in self._items:
            self._of_item(name)
        self.types: Mapping[str, Type] = {name: shape.type for name, shape in self._made.items()}

    def of(self, type_ref: str | None, place: Place = NOWHERE) -> Shape:
        """Give the shape of a type by its name or as FEEL writes it."""
        if type_ref is None:
            return ANYTHING
        if type_ref in self._items:
            return self._of_item(type_ref)
        try:
            written = parse_type(type_ref, self._names)
            return Shape(resolve(written, {name: shape.type for name, shape in self._made.items()}))
        except (SyntaxFault, UnknownType) as fault:
            self._complain(BadModel(f'the type "{type_ref}" is not known: {fault}', place))
            return ANYTHING

    def _of_item(self, name: str) -> Shape:
        if name not in self._made:
            if name in self._making:
                return ANYTHING
            self._making.add(name)
            item, prefix = self._items[name]
            self._made[name] = self._shape(item, prefix)
        return self._made[name]

    def _shape(self, item: ItemDefinition, prefix: str) -> Shape:
        single = self._single(item, prefix)
        if not item.collection:
            return Shape(single.type, (*single.tests, *self._tests(item.constraint)), single.item, single.entries)
        return Shape(ListOf(single.type), self._tests(item.constraint), single)

    def _single(self, item: ItemDefinition, prefix: str) -> Shape:
        tests = self._tests(item.allowed)
        if item.components:
            entries = {component.name: self._shape(component, prefix) for component in item.components}
            return Shape(ContextOf(tuple((name, shape.type) for name, shape in entries.items())), tests, None, entries)
        if item.function is not None:
            taken = tuple(self._within(one.type_ref, prefix, item.place).type for one in item.function.parameters)
            return Shape(FunctionOf(taken, self._within(item.function.output_type_ref, prefix, item.place).type))
        base = self._within(item.type_ref, prefix, item.place)
        return Shape(base.type, (*base.tests, *tests), base.item, base.entries)

    def _within(self, type_ref: str | None, prefix: str, place: Place) -> Shape:
        inside = f"{prefix}{type_ref}"
        return self.of(inside if inside in self._items else type_ref, place)

    def _tests(self, condition: Condition | None) -> tuple[UnaryTests, ...]:
        if condition is None or not condition.text.strip():
            return ()
        try:
            return (parse_tests(condition.text, self._names),)
        except SyntaxFault as fault:
            self._complain(BadModel(str(fault), condition.place))
            return ()


def _visible(
    library: Library, home: Definitions, above: tuple[str, ...] = ()
) -> Iterator[tuple[str, tuple[ItemDefinition, str]]]:
    for item in home.items:
        yield item.name, (item, "")
    for one in home.imports:
        if one.namespace in library.models and one.namespace not in above:
            prefix = f"{one.name}." if one.name else ""
            for name, (item, further) in _visible(library, library.models[one.namespace], (*above, home.namespace)):
                yield f"{prefix}{name}", (item, f"{prefix}{further}")

"""Where a table stands and what it sees there: the names of its expressions, with their types."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from crossroads.dmn.feel import syntax
from crossroads.dmn.feel.builtins.registry import BUILTINS
from crossroads.dmn.feel.names import normal
from crossroads.dmn.feel.types import Type
from crossroads.dmn.graph import Graph, Ready
from crossroads.dmn.making import Maker
from crossroads.dmn.model import (
    Context,
    Decision,
    DecisionTable,
    Element,
    Every,
    Filter,
    For,
    FunctionDefinition,
    InputClause,
    InputData,
    OutputClause,
    Place,
    Some,
)
from crossroads.dmn.shapes import ANYTHING, Shape

_OWN = frozenset({"?", "item", "partial", *BUILTINS})
_BINDING = (syntax.For, syntax.Quantified, syntax.FunctionLiteral, syntax.ContextLiteral, syntax.Filter)


@dataclass(frozen=True, slots=True)
class Seen:
    """What an expression sees: how its texts are read, the shapes of names, and which of them are input data."""

    maker: Maker
    shapes: Mapping[str, Shape]
    free: frozenset[str]

    def knowing(self, shapes: Mapping[str, Shape]) -> "Seen":
        """See more names."""
        return Seen(self.maker.seeing(*shapes), {**self.shapes, **shapes}, self.free - set(shapes))

    @property
    def types(self) -> Mapping[str, Type]:
        """The types of names, as far as they are declared."""
        return {name: shape.type for name, shape in self.shapes.items()}

    def shape(self, expression: syntax.Expression | None) -> Shape:
        """Give the shape of a name, or of an entry of one; anything where that is not declared."""
        if isinstance(expression, syntax.Name):
            return self.shapes.get(expression.name, ANYTHING)
        if isinstance(expression, syntax.Path):
            return self.shape(expression.subject).entries.get(expression.name, ANYTHING)
        return ANYTHING

    def unknown(self, node: syntax.Node) -> Iterator[str]:
        """Give the names that nothing has here. What binds names of its own is passed over."""
        waiting = [node]
        while waiting:
            one = waiting.pop()
            if isinstance(one, syntax.Name) and one.name not in self.shapes and one.name not in _OWN:
                yield one.name
            if not isinstance(one, _BINDING):
                waiting.extend(syntax.parts(one))


@dataclass(frozen=True, slots=True)
class Standing:
    """A table, where it stands, and what it sees."""

    table: DecisionTable
    seen: Seen
    place: Place

    def cell(self, thing: Element, rule: int | None, column: int) -> Place:
        """Give the place of a cell (without a rule: of the head of a column); columns count from 1, outputs on."""
        if thing.place.words:
            return thing.place
        row = (f"rule {rule}",) if rule else ()
        return Place((*self.place.words, *row, self.title(column)), thing.id, rule, column)

    def title(self, column: int) -> str:
        """Name a column as `reading` does."""
        columns: tuple[InputClause | OutputClause, ...] = (*self.table.inputs, *self.table.outputs)
        found = columns[column - 1]
        if isinstance(found, InputClause):
            return f'input "{" ".join(found.expression.text.split())}"'
        return f'output "{found.name or found.label or column}"'

    def columns(self) -> Iterator[tuple[int, OutputClause]]:
        """Give the output columns with their numbers."""
        return enumerate(self.table.outputs, len(self.table.inputs) + 1)


def standings(graph: Graph, ready: Ready) -> Iterator[Standing]:
    """Give the tables in the logic of a decision or knowledge model, wherever they stand in it."""
    thing = ready.found.thing
    logic = thing.expression if isinstance(thing, Decision) else getattr(thing, "function", None)
    known = graph.maker(ready.found.home)
    shapes: dict[str, Shape] = {normal(thing.name): ANYTHING}
    for need in ready.needs:
        shape, name = graph.ready[need.found.key].shape, normal(need.found.thing.name)
        if need.prefix:
            prefix = normal(need.prefix)
            shapes[prefix] = Shape(entries={**shapes.get(prefix, ANYTHING).entries, name: shape})
        else:
            shapes[name] = shape
    free = (
        need.found.thing.name for need in ready.needs if isinstance(need.found.thing, InputData) and not need.prefix
    )
    silent = replace(known.seeing(*shapes), complain=lambda _: None, owner=thing.name)
    word = "decision" if isinstance(thing, Decision) else "knowledge model"
    place = thing.place if thing.place.words else Place((f'{word} "{thing.name}"',), thing.id)
    yield from _within(logic, Seen(silent, shapes, frozenset(map(normal, free))), place)


def _within(thing: Any, seen: Seen, place: Place) -> Iterator[Standing]:
    if isinstance(thing, DecisionTable):
        yield Standing(thing, seen, thing.place if thing.place.words else place)
    elif isinstance(thing, Context):
        for entry in thing.entries:
            named = {normal(entry.variable.name): _declared(entry.variable.type_ref, seen)} if entry.variable else {}
            yield from _within(entry.value, seen.knowing(named), place)
            seen = seen.knowing(named)
    elif isinstance(thing, Element | tuple):
        inner = seen.knowing(_bound(thing, seen))
        parts = thing if isinstance(thing, tuple) else [getattr(thing, slot) for slot in thing.__dataclass_fields__]
        for part in parts:
            yield from _within(part, inner, place)


def _bound(thing: Any, seen: Seen) -> dict[str, Shape]:
    if isinstance(thing, FunctionDefinition):
        return {normal(one.name): _declared(one.type_ref, seen) for one in thing.parameters}
    if isinstance(thing, For | Some | Every):
        return {normal(thing.variable): ANYTHING}
    return {"item": ANYTHING} if isinstance(thing, Filter) else {}


def _declared(type_ref: str | None, seen: Seen) -> Shape:
    return seen.maker.shapes.of(type_ref)

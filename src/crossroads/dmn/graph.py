"""The things of a model and its imports, each made ready and knowing what it requires."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from crossroads.dmn.errors import BadModel
from crossroads.dmn.feel.names import Names
from crossroads.dmn.feel.types import FunctionOf
from crossroads.dmn.library import Found, Library, Resolver
from crossroads.dmn.making import Compute, Maker, nothing
from crossroads.dmn.model import (
    BusinessKnowledgeModel,
    Decision,
    DecisionService,
    Definitions,
    Element,
    InputData,
)
from crossroads.dmn.ready import function_of, maker
from crossroads.dmn.shapes import ANYTHING, Shape, Shapes

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Need:
    """Something required, and the name of the import it is known under (empty where it stands in the same model)."""

    found: Found
    prefix: str


@dataclass(frozen=True, slots=True)
class Ready:
    """A thing made ready: what computes it, and the shape of its value (of a function: of its result)."""

    found: Found
    needs: tuple[Need, ...]
    compute: Compute
    shape: Shape


class Graph:
    """All that can be required, made ready."""

    def __init__(self, root: Definitions, resolver: Resolver) -> None:
        """Make everything ready; what cannot be read is kept among the faults. Raises BadModel for bad references."""
        self.library = Library(root, resolver)
        self.faults: list[BadModel] = []
        self._order = {key: n for n, key in enumerate(self.library.order)}
        names = Names.of((), set(_names(self.library)), _types(self.library))
        self._makers = {namespace: self._maker(model, names) for namespace, model in self.library.models.items()}
        self.ready = {found.key: self._ready(found) for found in self.library.things()}

    def maker(self, home: Definitions) -> Maker:
        """Give what makes expressions of a model ready."""
        return self._makers[home.namespace]

    def plan(self, found: Found) -> list[Ready]:
        """Give the decisions to be decided for a thing, those that others require first."""
        return [ready for ready in self.needed(found) if isinstance(ready.found.thing, Decision)]

    def needed(self, found: Found, given: Iterable[Key] = ()) -> list[Ready]:
        """Give the decisions and knowledge needed for a thing, what others require first; without what is given."""
        stop = set(given)
        needed: dict[Key, Ready] = {}
        waiting = [found]
        while waiting:
            one = waiting.pop()
            computed = isinstance(one.thing, Decision | BusinessKnowledgeModel)
            if computed and one.key not in stop and one.key not in needed:
                needed[one.key] = self.ready[one.key]
                waiting += [need.found for need in self.ready[one.key].needs]
        return sorted(needed.values(), key=lambda ready: self._order[ready.found.key])

    def inputs(self, found: Found) -> tuple[InputData, ...]:
        """Give the input data that can be read for a thing, in the order in which it is met."""
        seen: dict[Key, Found] = {}
        waiting = list(self.library.given(found)) or [found]
        while waiting:
            one = waiting.pop()
            if one.key not in seen:
                seen[one.key] = one
                waiting += [need.found for need in reversed(self.ready[one.key].needs)]
        return tuple(one.thing for one in seen.values() if isinstance(one.thing, InputData))

    def _maker(self, model: Definitions, names: Names) -> Maker:
        shapes = Shapes(self.library, model, names, self.faults.append)
        return maker(names, shapes, self.faults.append, model.expression_language)

    def _ready(self, found: Found) -> Ready:
        required = self.library.required(found)
        needs = tuple(Need(one, self.library.prefix(one, found.home)) for one in required)
        known = self.maker(found.home).seeing(
            found.thing.name, *(need.prefix or need.found.thing.name for need in needs)
        )
        named = replace(known, owner=found.thing.name)
        return Ready(found, needs, MAKE[type(found.thing)](named, found.thing), self._shape(found))

    def _shape(self, found: Found) -> Shape:
        variable = found.thing.variable
        if variable is None:
            return ANYTHING
        shape = self.maker(found.home).shapes.of(variable.type_ref, found.thing.place)
        if not isinstance(found.thing, BusinessKnowledgeModel | DecisionService):
            return shape
        return Shape(shape.type.result) if isinstance(shape.type, FunctionOf) else ANYTHING


def _decision(known: Maker, thing: Decision) -> Compute:
    return known.make(thing.expression)


def _knowledge(known: Maker, thing: BusinessKnowledgeModel) -> Compute:
    return function_of(known, thing.function) if thing.function else nothing


def _nothing(_known: Maker, _thing: InputData | DecisionService) -> Compute:
    return nothing


MAKE: dict[type, Callable[[Maker, Any], Compute]] = {
    Decision: _decision,
    BusinessKnowledgeModel: _knowledge,
    InputData: _nothing,
    DecisionService: _nothing,
}


def _names(library: Library) -> Iterator[str]:
    """Give every name that may follow a dot anywhere: of entries, columns, components, and things of imports."""
    for model in library.models.values():
        yield from _named(model)


def _named(thing: Any) -> Iterator[str]:
    if isinstance(thing, Element):
        name = getattr(thing, "name", None)
        if name and not isinstance(thing, Definitions):
            yield name
        for slot in thing.__dataclass_fields__:
            yield from _named(getattr(thing, slot))
    elif isinstance(thing, tuple):
        for item in thing:
            yield from _named(item)


def _types(library: Library) -> Iterator[str]:
    for model in library.models.values():
        yield from (item.name for item in model.items)

"""A model together with those it imports: what a reference means, by what name a thing is known where, no circles."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TypeAlias

from crossroads.dmn.errors import BadModel, CircularModel
from crossroads.dmn.model import (
    NOWHERE,
    BusinessKnowledgeModel,
    Decision,
    DecisionService,
    Definitions,
    Import,
    InputData,
    Place,
)
from crossroads.dmn.reading import NAMESPACES

Thing: TypeAlias = Decision | InputData | BusinessKnowledgeModel | DecisionService
"""What can be required, and has a value or is a function."""

Resolver: TypeAlias = Callable[[Import], Definitions]
"""Gives the model that an import names. Raises BadModel where there is none."""


@dataclass(frozen=True, slots=True)
class Found:
    """A thing and the model it stands in."""

    thing: Thing
    home: Definitions

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from every other thing: ids are unique in a model, and namespaces among models."""
        return self.home.namespace, self.thing.id or self.thing.name


def nothing_imported(wanted: Import) -> Definitions:
    """Refuse every import."""
    raise BadModel(f'the model {wanted.namespace} is imported as "{wanted.name}", and was not given', wanted.place)


class Library:
    """One model and, by namespace, those it imports, directly or not."""

    def __init__(self, root: Definitions, resolver: Resolver = nothing_imported) -> None:
        """Follow the imports. Raises BadModel for one that is not to be had, CircularModel for circles."""
        self.root = root
        self.models: dict[str, Definitions] = {}
        self._follow(root, resolver)
        self._ids = {namespace: dict(_by_id(model)) for namespace, model in self.models.items()}
        self.order = self._ordered()

    def _follow(self, root: Definitions, resolver: Resolver) -> None:
        waiting = [root]
        while waiting:
            model = waiting.pop()
            self.models[model.namespace] = model
            waiting += [resolver(one) for one in _models_of(model) if one.namespace not in self.models]

    def things(self) -> Iterator[Found]:
        """Give everything that can be required, of all models."""
        for model in self.models.values():
            for thing in things(model):
                yield Found(thing, model)

    def named(self, name: str) -> Found:
        """Find a decision, service, knowledge model or input of the root model by its name or id. Raises BadModel."""
        for thing in things(self.root):
            if name in (thing.name, thing.id):
                return Found(thing, self.root)
        raise BadModel(f'there is no decision, service or knowledge model "{name}"')

    def find(self, href: str, home: Definitions, place: Place = NOWHERE) -> Found:
        """Find what a reference in a model means. Raises BadModel."""
        namespace, _, name = href.rpartition("#")
        model = self.models.get(namespace or home.namespace)
        thing = self._ids[model.namespace].get(name) if model else None
        if model is None or thing is None:
            raise BadModel(f'the reference "{href}" leads nowhere', place)
        return Found(thing, model)

    def required(self, found: Found) -> tuple[Found, ...]:
        """Give what a thing requires to be decided or called: inputs, decisions, knowledge, in their order."""
        thing = found.thing
        hrefs: tuple[str, ...] = ()
        if isinstance(thing, Decision | BusinessKnowledgeModel):
            hrefs = (*thing.requires.inputs, *thing.requires.decisions, *thing.requires.knowledge)
        elif isinstance(thing, DecisionService):
            hrefs = thing.outputs
        return tuple(self.find(href, found.home, thing.place) for href in hrefs)

    def given(self, service: Found) -> tuple[Found, ...]:
        """Give the parameters of a service: its input data, then its input decisions."""
        thing = service.thing
        hrefs = (*thing.input_data, *thing.input_decisions) if isinstance(thing, DecisionService) else ()
        return tuple(self.find(href, service.home, thing.place) for href in hrefs)

    def prefix(self, found: Found, home: Definitions) -> str:
        """Give the name under which the thing's model is imported in another; empty for none. Raises BadModel."""
        if found.home.namespace == home.namespace:
            return ""
        for one in home.imports:
            if one.namespace == found.home.namespace:
                return one.name
        raise BadModel(f'"{found.thing.name}" is required from {found.home.namespace}, which is not imported')

    def _ordered(self) -> tuple[tuple[str, str], ...]:
        things = {found.key: found for found in self.things()}
        needs = {key: {one.key for one in self.required(found)} for key, found in things.items()}
        for key, found in things.items():
            if isinstance(found.thing, BusinessKnowledgeModel):
                needs[key].discard(key)
        try:
            return tuple(TopologicalSorter(needs).static_order())
        except CycleError as error:
            round_trip = [things[key] for key in reversed(error.args[1])]
            words = " requires ".join(f'"{found.thing.name}"' for found in round_trip)
            raise CircularModel(f"they require each other in a circle: {words}", round_trip[0].thing.place) from None


def _models_of(model: Definitions) -> Iterator[Import]:
    return (one for one in model.imports if one.kind in NAMESPACES)


def things(model: Definitions) -> Iterator[Thing]:
    """Give all that has a name in a model, in the order in which it is looked for."""
    yield from model.decisions
    yield from model.services
    yield from model.knowledge
    yield from model.inputs


def _by_id(model: Definitions) -> Iterator[tuple[str, Thing]]:
    for thing in things(model):
        if thing.id is not None:
            yield thing.id, thing

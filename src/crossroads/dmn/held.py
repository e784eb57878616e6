"""The tables of a model, wherever they stand in it, and the same model with others in their place."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from crossroads.dmn.feel.types import NAMED, Simple
from crossroads.dmn.model import (
    BusinessKnowledgeModel,
    Decision,
    DecisionTable,
    Definitions,
    Element,
    InputClause,
    InputData,
    KnowledgeSource,
    OutputClause,
)

Owner = Decision | BusinessKnowledgeModel


@dataclass(frozen=True, slots=True)
class Held:
    """A table, the decision or knowledge model it stands in, and the how manieth there it is."""

    owner: Owner
    number: int
    table: DecisionTable

    @property
    def key(self) -> tuple[str, int]:
        """What tells it from the other tables of its model."""
        return self.owner.name, self.number


def held(model: Definitions) -> Iterator[Held]:
    """Give the tables of a model in their order."""
    owners: tuple[Owner, ...] = (*model.decisions, *model.knowledge)
    for owner in owners:
        logic = owner.expression if isinstance(owner, Decision) else owner.function
        for number, table in enumerate(_tables(logic), 1):
            yield Held(owner, number, table)


def sources(model: Definitions, owner: Owner) -> tuple[KnowledgeSource, ...]:
    """Give the knowledge sources that a decision or knowledge model names as its authority."""
    known = {f"#{source.id}": source for source in model.sources}
    return tuple(known[href] for href in owner.requires.authorities if href in known)


def swapped(thing: Any, others: Mapping[int, Any]) -> Any:
    """Give a thing with others in the place of those that it holds, by the identity of those."""
    if id(thing) in others:
        return others[id(thing)]
    if isinstance(thing, tuple):
        return tuple(swapped(item, others) for item in thing)
    if not isinstance(thing, Element):
        return thing
    fields = [name for name in thing.__dataclass_fields__ if name != "place"]
    changed = {name: swapped(getattr(thing, name), others) for name in fields}
    return replace(thing, **{name: value for name, value in changed.items() if value is not getattr(thing, name)})


def scalar(model: Definitions, type_ref: str | None) -> str | None:
    """Give the kind of FEEL that a type comes down to; None where that is not one, or not known."""
    items = {item.name: item for item in model.items}
    seen: set[str] = set()
    while type_ref in items and type_ref not in seen:
        item = items[type_ref]
        seen.add(type_ref)
        if item.collection or item.components or item.function:
            return None
        type_ref = item.type_ref
    found = NAMED.get((type_ref or "").removeprefix("feel:"))
    return found.name if isinstance(found, Simple) and found.name not in ("Any", "Null") else None


def kind(model: Definitions, clause: InputClause | OutputClause) -> str | None:
    """Give the kind of values in a column: by its type, or by that of the input or decision it is about."""
    if isinstance(clause, OutputClause):
        return scalar(model, clause.type_ref)
    if clause.expression.type_ref:
        return scalar(model, clause.expression.type_ref)
    things: tuple[InputData | Decision, ...] = (*model.inputs, *model.decisions)
    named = {thing.name: thing.variable for thing in things}
    variable = named.get(" ".join(clause.expression.text.split()))
    return scalar(model, variable.type_ref) if variable else None


def allowed(model: Definitions, clause: InputClause | OutputClause) -> str:
    """Give the values that the type of a column allows, as they are written."""
    items = {item.name: item for item in model.items}
    type_ref = clause.type_ref if isinstance(clause, OutputClause) else clause.expression.type_ref
    item = items.get(type_ref or "")
    return item.allowed.text if item and item.allowed else ""


def _tables(thing: Any) -> Iterator[DecisionTable]:
    if isinstance(thing, DecisionTable):
        yield thing
    elif isinstance(thing, tuple):
        for item in thing:
            yield from _tables(item)
    elif isinstance(thing, Element):
        for name in thing.__dataclass_fields__:
            yield from _tables(getattr(thing, name))

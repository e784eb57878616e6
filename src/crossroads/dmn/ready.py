"""Boxed expressions made ready, each kind.

A `for`, a call and the items of every loop are FEEL's own syntax around their parts, so FEEL alone says what they mean.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from crossroads.dmn.errors import BadModel
from crossroads.dmn.feel import syntax
from crossroads.dmn.feel.evaluator import evaluate
from crossroads.dmn.feel.names import Names, normal
from crossroads.dmn.feel.scope import Scope
from crossroads.dmn.feel.types import FunctionOf
from crossroads.dmn.feel.values import Function, Value, kind
from crossroads.dmn.making import Compute, Maker, Trace, noted, nothing, unreadable
from crossroads.dmn.model import (
    Conditional,
    Context,
    ContextEntry,
    DecisionTable,
    Every,
    Expression,
    Filter,
    For,
    FunctionDefinition,
    Invocation,
    ListOf,
    Literal,
    Place,
    Relation,
    Some,
    Variable,
)
from crossroads.dmn.ready_tables import table_of
from crossroads.dmn.shapes import Complain, Shapes, fitted_all


def _literal(maker: Maker, thing: Literal) -> Compute:
    tree = maker.tree(thing)
    if tree is None:
        return unreadable(thing)
    return noted(lambda scope, _trace: evaluate(tree, scope), thing.place)


def _context(maker: Maker, thing: Context) -> Compute:
    steps: list[tuple[str | None, Compute]] = []
    for entry in thing.entries:
        made = maker.seeing(entry.variable.name).make(entry.value) if entry.variable else maker.make(entry.value)
        if entry.variable is None:
            steps.append((None, made))
            continue
        maker = maker.seeing(entry.variable.name)
        steps.append((normal(entry.variable.name), _entry(maker, made, entry)))

    def build(scope: Scope, trace: Trace) -> Value:
        entries: dict[str, Value] = {}
        inner = Scope(entries, scope)
        for name, compute in steps:
            value = compute(inner, trace)
            if name is None:
                return value
            entries[name] = value
        return entries

    return build


def _entry(maker: Maker, made: Compute, entry: ContextEntry) -> Compute:
    """Fit an entry to the type of its name. Where a function is defined, older models name the type of its result."""
    type_ref = entry.variable.type_ref if entry.variable else None
    if isinstance(entry.value, FunctionDefinition) and not isinstance(maker.shapes.of(type_ref).type, FunctionOf):
        return made
    return maker.fitted(made, type_ref, entry.place)


def _list(maker: Maker, thing: ListOf) -> Compute:
    parts = [maker.make(item) for item in thing.items]
    return lambda scope, trace: [part(scope, trace) for part in parts]


def _relation(maker: Maker, thing: Relation) -> Compute:
    heads = [normal(column.name) for column in thing.columns]
    rows = [
        [
            maker.fitted(maker.make(cell), head.type_ref, cell.place)
            for cell, head in zip(row.cells, thing.columns, strict=True)
        ]
        for row in thing.rows
    ]
    return lambda scope, trace: [
        {head: cell(scope, trace) for head, cell in zip(heads, row, strict=True)} for row in rows
    ]


def _conditional(maker: Maker, thing: Conditional) -> Compute:
    condition, then, otherwise = (maker.make(part) for part in (thing.condition, thing.then, thing.otherwise))

    def choose(scope: Scope, trace: Trace) -> Value:
        holds = condition(scope, trace)
        if not isinstance(holds, bool | None):
            return _no_boolean("condition", holds, scope)
        return then(scope, trace) if holds else otherwise(scope, trace)

    return noted(choose, thing.place)


def function_of(maker: Maker, thing: FunctionDefinition) -> Compute:
    """Make a function definition ready: its value is a function that sees what is in scope where it stands."""
    taken = [maker.shapes.of(parameter.type_ref, parameter.place) for parameter in thing.parameters]
    names = tuple(normal(parameter.name) for parameter in thing.parameters)
    if thing.kind != "FEEL":
        maker.complain(BadModel(f"functions of the kind {thing.kind} are not run", thing.place))
    body = maker.seeing(*names).make(thing.body) if thing.kind == "FEEL" else nothing

    def define(scope: Scope, trace: Trace) -> Value:
        def call(arguments: Sequence[Value]) -> Value:
            given = fitted_all(taken, arguments, scope)
            return None if given is None else body(Scope(dict(zip(names, given, strict=True)), scope), trace)

        return Function(names, call, parameter_types=tuple(shape.type for shape in taken))

    return define


def _invocation(maker: Maker, thing: Invocation) -> Compute:
    called = maker.tree(thing.called) if isinstance(thing.called, Literal) else syntax.Name(" called")
    if called is None:
        return unreadable(thing.called) if isinstance(thing.called, Literal) else nothing
    made = [_bound(maker, binding.parameter, binding.value) for binding in thing.bindings]
    parts = {f" {n}": part for n, part in enumerate(made)}
    if not isinstance(thing.called, Literal):
        parts[" called"] = maker.make(thing.called)
    names = [normal(binding.parameter.name) for binding in thing.bindings]
    named = tuple((name, syntax.Name(f" {n}")) for n, name in enumerate(names))
    return _around(syntax.Call(called, named=named), parts, thing.place)


def _bound(maker: Maker, parameter: Variable, value: Expression | None) -> Compute:
    return maker.fitted(maker.make(value), parameter.type_ref, parameter.place)


def _around(tree: syntax.Expression, parts: Mapping[str, Compute], place: Place) -> Compute:
    """Evaluate FEEL syntax whose names that begin with a blank are the parts: no text can name them."""

    def compute(scope: Scope, trace: Trace) -> Value:
        return evaluate(tree, Scope({name: part(scope, trace) for name, part in parts.items()}, scope))

    return noted(compute, place)


def _body(body: Compute, *names: str) -> Compute:
    """Make a function of an expression."""

    def define(scope: Scope, trace: Trace) -> Value:
        def call(arguments: Sequence[Value]) -> Value:
            return body(Scope(dict(zip(names, arguments, strict=True)), scope), trace)

        return Function(names, call)

    return define


def _for(maker: Maker, thing: For) -> Compute:
    further = ("partial",) if "partial" in repr(thing.body) else ()
    names = (normal(thing.variable), *further)
    source = maker.fitted(maker.make(thing.source), thing.variable_type, thing.place)
    body = _body(maker.seeing(*names).make(thing.body), *names)
    call = syntax.Call(syntax.Name(" body"), tuple(syntax.Name(name) for name in names))
    iterations = (syntax.Iteration(names[0], syntax.Name(" source")),)
    return _around(syntax.For(iterations, call), {" source": source, " body": body}, thing.place)


def _listed(source: Compute, place: Place) -> Compute:
    """Give the items of a source. What is not a list is a list of one, as everywhere in FEEL."""
    items = (syntax.Iteration("item", syntax.Name(" source")),)
    return _around(syntax.For(items, syntax.Name("item")), {" source": source}, place)


def _quantified(maker: Maker, thing: Some | Every, *, decides: bool) -> Compute:
    """Go through the items until an answer decides. Here, unlike in a text, an answer may only be a boolean or null."""
    listed = _listed(maker.fitted(maker.make(thing.source), thing.variable_type, thing.place), thing.place)
    name = normal(thing.variable)
    answer = maker.seeing(name).make(thing.body)

    def ask(scope: Scope, trace: Trace) -> Value:
        items, unknown = listed(scope, trace), False
        if not isinstance(items, list):
            return None
        for item in items:
            holds = answer(Scope({name: item}, scope), trace)
            if not isinstance(holds, bool | None):
                return _no_boolean("answer", holds, scope)
            if holds is decides:
                return decides
            unknown = unknown or holds is None
        return None if unknown else not decides

    return noted(ask, thing.place)


def _filter(maker: Maker, thing: Filter) -> Compute:
    """Keep the items for which the match is true."""
    listed = _listed(maker.make(thing.source), thing.place)
    match = maker.seeing("item").make(thing.match)

    def keep(scope: Scope, trace: Trace) -> Value:
        kept: list[Value] = []
        items = listed(scope, trace)
        if not isinstance(items, list):
            return None
        for item in items:
            holds = match(Scope({"item": item, **(item if isinstance(item, dict) else {})}, scope), trace)
            if not isinstance(holds, bool | None):
                return _no_boolean("match", holds, scope)
            kept += [item] if holds else []
        return kept

    return noted(keep, thing.place)


def _no_boolean(what: str, holds: Value, scope: Scope) -> Value:
    scope.note(f"the {what} is a {kind(holds)}, not true or false")
    return None


KINDS: Mapping[type, Callable[[Maker, Any], Compute]] = {
    Literal: _literal,
    Context: _context,
    ListOf: _list,
    Relation: _relation,
    Conditional: _conditional,
    FunctionDefinition: function_of,
    Invocation: _invocation,
    For: _for,
    Some: partial(_quantified, decides=True),
    Every: partial(_quantified, decides=False),
    Filter: _filter,
    DecisionTable: table_of,
}
"""How each kind of boxed expression is made ready."""


def maker(names: Names, shapes: Shapes, complain: Complain, language: str | None) -> Maker:
    """Give what makes the expressions of a model ready, `language` being the one it is written in."""
    return Maker(names, shapes, complain, KINDS, language)

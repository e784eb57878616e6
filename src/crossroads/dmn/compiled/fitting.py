"""Declared types and allowed values: what does not fit is null, or refused where it never fits."""

from typing import Any

import ibis

from crossroads.dmn.compiled.lowering import Scope, all_of, matched
from crossroads.dmn.compiled.refusals import Refused
from crossroads.dmn.compiled.terms import Compiled, Constant, Kind, Many, Record, Scalar, Term, term
from crossroads.dmn.feel.scope import Scope as Values
from crossroads.dmn.feel.types import ANY, ContextOf, ListOf, Simple
from crossroads.dmn.shapes import Shape


def fitted(found: Compiled, shape: Shape) -> Compiled:
    """Fit a value to a shape. Raises Refused where every row would miss it."""
    if isinstance(found, Constant):
        return _constant(found, shape)
    if isinstance(found, Record):
        return _record(found, shape)
    if isinstance(found, Many):
        return _many(found, shape)
    if shape.type not in (ANY, Simple(found.kind)):
        raise Refused(f"its value is a {found.kind}, and another type is declared")
    return _allowed(found, shape)


def _constant(found: Constant, shape: Shape) -> Constant:
    values = Values({})
    value = values.guarded(lambda: shape.fit(found.value, values))
    if values.notes:
        raise Refused("; ".join(values.notes))
    return Constant(value)


def _allowed(found: Term, shape: Shape) -> Term:
    """Let through what is allowed; null always is."""
    if not shape.tests:
        return found
    answer = all_of([matched(test, found, Scope({})) for test in shape.tests])
    if answer == Constant(True):
        return found
    value: Any = ibis.ifelse(term(answer, Kind.BOOLEAN).value, found.value, ibis.null(found.value.type()))
    return Term(kind=found.kind, value=value, extent=found.extent)


def _record(found: Record, shape: Shape) -> Record:
    if shape.type == ANY:
        return found
    if not isinstance(shape.type, ContextOf) or shape.tests:
        raise Refused("its value has several parts, and another type is declared")
    if missing := [name for name, _ in shape.type.entries if name not in found.entries]:
        raise Refused(f"its type has a part {missing[0]}, and its value has not")
    entries = {name: _part(entry, shape.entries.get(name)) for name, entry in found.entries.items()}
    return Record(entries)


def _part(entry: Scalar, shape: Shape | None) -> Scalar:
    if shape is None:
        return entry
    if shape.tests:
        raise Refused("allowed values of the parts of a value are not compiled")
    found = fitted(entry, shape)
    assert isinstance(found, Constant | Term)  # noqa: S101 - what is single stays single
    return found


def _many(found: Many, shape: Shape) -> Many:
    if shape.type == ANY or (shape.type == ListOf(ANY) and not shape.tests):
        return found
    if not isinstance(shape.type, ListOf) or shape.tests or (shape.item and shape.item.tests):
        raise Refused("its value is a list, and another type is declared, or allowed values of a list")
    return found

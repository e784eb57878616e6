"""Names, entries of contexts, properties of dates and ranges, and filters."""

from collections.abc import Mapping
from decimal import Decimal

from crossroads.dmn.feel.calling import builtin
from crossroads.dmn.feel.operations import Evaluate
from crossroads.dmn.feel.scope import Scope
from crossroads.dmn.feel.syntax import Filter, Name, Path
from crossroads.dmn.feel.values import Value, kind, property_of


def variable(written: Name, scope: Scope, _: Evaluate) -> Value:
    """Return the value of a variable, or the built-in function of that name."""
    found, value = scope.find(written.name)
    if found:
        return value
    if function := builtin(written.name):
        return function.as_function(lambda message: scope.note(message, written), scope.work)
    scope.note(f"nothing is called {written.name} here", written)
    return None


def path(written: Path, scope: Scope, evaluate: Evaluate) -> Value:
    """Return the entry or property; of a list, that of each of its items."""
    subject = evaluate(written.subject, scope)
    if isinstance(subject, list):
        scope.work.spend(2 * len(subject))
        return [_part(item, written, scope) for item in subject]
    return _part(subject, written, scope)


def _part(subject: Value, written: Path, scope: Scope) -> Value:
    if isinstance(subject, dict):
        found, value = written.name in subject, subject.get(written.name)
    else:
        found, value = property_of(subject, written.name)
    if not found and subject is not None:
        scope.note(f"{kind(subject)} has no {written.name}", written)
    return value


def filtered(written: Filter, scope: Scope, evaluate: Evaluate) -> Value:
    """Return the item at a position (from 1, or from the end), or the list of items for which the condition holds."""
    subject = evaluate(written.subject, scope)
    if subject is None:
        return None
    items = subject if isinstance(subject, list) else [subject]
    first = evaluate(written.condition, _about(items[0], scope) if items else scope)
    if isinstance(first, Decimal):
        return _at(items, first, written, scope)
    if not isinstance(first, bool | None):
        scope.note(f"a filter is a position or a condition, not {kind(first)}", written)
        return None
    scope.work.spend(len(items))
    later = [item for item in items[1:] if evaluate(written.condition, _about(item, scope)) is True]
    return [*items[:1], *later] if first is True else later


def _about(item: Value, scope: Scope) -> Scope:
    """Give the scope of a filter: the entries of the item, which is called `item` unless it has such an entry."""
    entries: Mapping[str, Value] = item if isinstance(item, dict) else {}
    return Scope(entries, Scope({"item": item}, scope))


def _at(items: list[Value], position: Decimal, written: Filter, scope: Scope) -> Value:
    place = int(position)
    if place != position or not 1 <= abs(place) <= len(items):
        scope.note(f"a list of {len(items)} has no item at this position", written)
        return None
    return items[place - 1 if place > 0 else place]

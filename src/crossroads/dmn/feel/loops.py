"""`for`, `some` and `every`: what is done for each item of lists and ranges."""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Final

from crossroads.dmn.feel.logic import any_of
from crossroads.dmn.feel.operations import Evaluate
from crossroads.dmn.feel.scope import LARGEST, Scope
from crossroads.dmn.feel.syntax import For, Iteration, Quantified, speaks_of
from crossroads.dmn.feel.values import NUMBERS, Date, Range, Value, all_of, kind

Domain = Iterable[Value]


class _NoDomain(Exception):
    """What is to be gone through is not a list or range."""


def listed(written: For, scope: Scope, evaluate: Evaluate) -> Value:
    """Return the list of results; `partial` is the list of those so far."""
    results: list[Value] = []
    needs_partial = speaks_of(written.result, "partial")
    try:
        for within in _each(written.iterations, scope, evaluate):
            if len(results) >= LARGEST:
                scope.note("the list becomes too long", written)
                return None
            if needs_partial:
                scope.work.spend(len(results) // 10)
                within = Scope({"partial": list(results)}, within)  # noqa: PLW2901 - one more name, innermost
            scope.work.spend()
            results.append(evaluate(written.result, within))
    except _NoDomain:
        return None
    return results


def quantified(written: Quantified, scope: Scope, evaluate: Evaluate) -> Value:
    """Return whether the condition holds for some or for every combination of items, in three-valued logic."""
    try:
        return _QUANTIFIERS[written.quantifier](
            _truth(evaluate(written.condition, within)) for within in _each(written.iterations, scope, evaluate)
        )
    except _NoDomain:
        return None


_QUANTIFIERS: Final[dict[str, Callable[[Iterable[bool | None]], bool | None]]] = {"some": any_of, "every": all_of}


def _truth(value: Value) -> bool | None:
    return value if isinstance(value, bool) else None


def _each(iterations: tuple[Iteration, ...], scope: Scope, evaluate: Evaluate) -> Iterator[Scope]:
    """Give a scope for each combination; a later list is found anew for each item of the earlier ones."""
    if not iterations:
        yield scope
        return
    first, *others = iterations
    for item in _domain(first, scope, evaluate):
        scope.work.spend()
        yield from _each(tuple(others), Scope({first.name: item}, scope), evaluate)


def _domain(iteration: Iteration, scope: Scope, evaluate: Evaluate) -> Domain:
    domain = evaluate(iteration.domain, scope)
    if iteration.end is not None:
        domain = Range(domain, evaluate(iteration.end, scope))
    if isinstance(domain, list):
        return domain
    steps = _steps(domain) if isinstance(domain, Range) else None
    if steps is None:
        if domain is not None and not isinstance(domain, Range):
            return [domain]
        scope.note(f"{kind(domain)} cannot be gone through", iteration)
        raise _NoDomain
    return steps


def _steps(ends: Range) -> Domain | None:
    """Give the whole numbers or days from one end to the other, up or down, without the ends that are left out."""
    start, end = ends.start, ends.end
    if isinstance(start, Date) and isinstance(end, Date):
        return (Date.of_number(number) for number in _whole(start.number, end.number, ends))
    if isinstance(start, Decimal) and isinstance(end, Decimal) and start == int(start) and end == int(end):
        if start.adjusted() >= NUMBERS.prec:  # the next number has more digits than a number has
            return None
        return (Decimal(number) for number in _whole(int(start), int(end), ends))
    return None


def _whole(start: int, end: int, ends: Range) -> range:
    step = 1 if start <= end else -1
    return range(start if ends.start_included else start + step, end + step if ends.end_included else end, step)

"""The built-in functions that are compiled; the others are refused where a column is their argument."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import ibis
import ibis.expr.datatypes as dt

from crossroads.dmn.compiled.arithmetic import opposite
from crossroads.dmn.compiled.comparing import boolean, negated
from crossroads.dmn.compiled.extent import Extent
from crossroads.dmn.compiled.refusals import Refused
from crossroads.dmn.compiled.terms import (
    MEASURED,
    Constant,
    Kind,
    Scalar,
    Term,
    common,
    sized,
    term,
)

_MONTHS_A_YEAR = 12
_YEARS_APART = 9999
_LONGEST_TEXT = 2**31 - 1
_EXACT_IN_A_DOUBLE = 2**53


class Function(NamedTuple):
    """A function: the kinds it takes (None: any), and what it becomes."""

    kinds: tuple[tuple[Kind, ...], ...]
    build: Callable[[Sequence[Scalar]], Scalar]
    least: int
    """How many arguments it needs."""


def called(name: str, arguments: Sequence[Scalar]) -> Scalar:
    """Call a function by its name. Raises Refused for what is not compiled."""
    function = _FUNCTIONS.get(name)
    if function is None:
        raise Refused(f"the function {name} is not compiled")
    if any(isinstance(argument, Constant) and argument.value is None for argument in arguments):
        return Constant(None)
    kinds = function.kinds if len(function.kinds) > 1 else function.kinds * max(len(arguments), 1)
    if not function.least <= len(arguments) <= len(kinds):
        raise Refused(f"the function {name} is given {len(arguments)} arguments")
    for argument, allowed in zip(arguments, kinds, strict=False):
        if argument.kind not in allowed:
            raise Refused(f"the function {name} is given a {argument.kind}")
    return function.build(arguments)


def part(subject: Term, name: str) -> Term:
    """Read a part of a date or a duration: `.year`, `.months`."""
    reading = _PARTS.get((subject.kind, name))
    if reading is None:
        raise Refused(f"a {subject.kind} has no part {name} that is compiled")
    value, extent = reading(subject)
    return Term(kind=Kind.NUMBER, value=value.cast(extent.dtype), extent=extent, nullable=subject.nullable)


def _text(build: Callable[[Any, Any], Any]) -> Callable[[Sequence[Scalar]], Scalar]:
    def test(arguments: Sequence[Scalar]) -> Scalar:
        subject, sought = map(term, arguments)
        return boolean(build(subject.value, sought.value), nullable=subject.nullable or sought.nullable)

    return test


def _length(arguments: Sequence[Scalar]) -> Scalar:
    subject = term(arguments[0])
    extent = Extent(0, _LONGEST_TEXT)
    return Term(
        kind=Kind.NUMBER, value=subject.value.length().cast(extent.dtype), extent=extent, nullable=subject.nullable
    )


def _not(arguments: Sequence[Scalar]) -> Scalar:
    return negated(arguments[0])


def _absolute(arguments: Sequence[Scalar]) -> Scalar:
    subject, mirrored = term(arguments[0]), term(opposite(arguments[0]))
    most = max(abs(subject.size.low), abs(subject.size.high))
    value = ibis.ifelse(subject.value < 0, mirrored.value, subject.value.cast(mirrored.size.joined(subject.size).dtype))
    extent = Extent(0, most, subject.size.scale)
    return Term(kind=subject.kind, value=value.cast(extent.dtype), extent=extent, nullable=subject.nullable)


def _extreme(pick: Callable[..., Any]) -> Callable[[Sequence[Scalar]], Scalar]:
    """Find the least or greatest; null where one is null, which engines would leave out."""

    def build(arguments: Sequence[Scalar]) -> Scalar:
        kind, extent = common(list(arguments), "arguments")
        picked = pick(*(sized(argument, kind, extent) for argument in arguments))
        unsure = [one.value.isnull() for one in arguments if isinstance(one, Term) and one.nullable]
        value = ibis.ifelse(ibis.or_(*unsure), ibis.null(picked.type()), picked) if unsure else picked
        return Term(kind=kind, value=value, extent=extent, nullable=bool(unsure))

    return build


def _whole(rounding: Callable[[Any], Any], above: int) -> Callable[[Sequence[Scalar]], Scalar]:
    def build(arguments: Sequence[Scalar]) -> Scalar:
        subject = term(arguments[0])
        if subject.size.scale == 0:
            return subject
        unit = 10**subject.size.scale
        extent = Extent(subject.size.low // unit, subject.size.high // unit + above)
        if not extent.is_int64:
            raise Refused("a number is rounded that may have more digits than 64 bits hold")
        value = rounding(subject.value).cast(dt.int64)
        return Term(kind=Kind.NUMBER, value=value, extent=extent, nullable=subject.nullable)

    return build


def _months_between(arguments: Sequence[Scalar]) -> Scalar:
    """Count whole months, towards zero."""
    start, end = map(term, arguments)
    months = (end.value.year() - start.value.year()).cast(dt.int64) * _MONTHS_A_YEAR + (
        end.value.month() - start.value.month()
    ).cast(dt.int64)
    day, last = start.value.day(), end.value.day()
    value = ibis.cases(
        ((months > 0) & (last < day), months - 1), ((months < 0) & (last > day), months + 1), else_=months
    )
    most = _MONTHS_A_YEAR * _YEARS_APART
    return Term(kind=Kind.MONTHS, value=value, extent=Extent(-most, most), nullable=start.nullable or end.nullable)


def _calendar(name: str, low: int, high: int) -> Callable[[Term], tuple[Any, Extent]]:
    return lambda subject: (getattr(subject.value, name)(), Extent(low, high))


def _weekday(subject: Term) -> tuple[Any, Extent]:
    return subject.value.day_of_week.index() + 1, Extent(1, 7)


def _years(subject: Term) -> tuple[Any, Extent]:
    """Divide what 12 divides, away from which engines would round."""
    if max(-subject.size.low, subject.size.high) >= _EXACT_IN_A_DOUBLE:
        raise Refused("a duration may be longer than engines divide exactly")
    whole = subject.value.cast(dt.int64) - _left_over(subject)
    return (whole / _MONTHS_A_YEAR).cast(dt.int64), subject.size


def _left_over(subject: Term) -> Any:
    """Give the months beside whole years, with the sign of the duration."""
    months = subject.value.cast(dt.int64)
    beside = months.abs() % _MONTHS_A_YEAR
    return ibis.ifelse(months < 0, -beside, beside).cast(dt.int64)


def _months(subject: Term) -> tuple[Any, Extent]:
    return _left_over(subject), Extent(1 - _MONTHS_A_YEAR, _MONTHS_A_YEAR - 1)


_PARTS: Mapping[tuple[Kind, str], Callable[[Term], tuple[Any, Extent]]] = {
    (Kind.DATE, "year"): _calendar("year", 1, 9999),
    (Kind.DATE, "month"): _calendar("month", 1, 12),
    (Kind.DATE, "day"): _calendar("day", 1, 31),
    (Kind.DATE, "weekday"): _weekday,
    (Kind.MONTHS, "years"): _years,
    (Kind.MONTHS, "months"): _months,
}
_ORDERED = (*MEASURED, Kind.DATE, Kind.STRING)
_TEXTS = ((Kind.STRING,), (Kind.STRING,))
_FUNCTIONS: Mapping[str, Function] = {
    "not": Function(((Kind.BOOLEAN,), ()), _not, 1),
    "string length": Function(((Kind.STRING,), ()), _length, 1),
    "contains": Function(_TEXTS, _text(lambda text, part: text.contains(part)), 2),
    "starts with": Function(_TEXTS, _text(lambda text, part: text.startswith(part)), 2),
    "ends with": Function(_TEXTS, _text(lambda text, part: text.endswith(part)), 2),
    "abs": Function((MEASURED, ()), _absolute, 1),
    "min": Function((_ORDERED,), _extreme(ibis.least), 1),
    "max": Function((_ORDERED,), _extreme(ibis.greatest), 1),
    "floor": Function(((Kind.NUMBER,), ()), _whole(lambda value: value.floor(), 0), 1),
    "ceiling": Function(((Kind.NUMBER,), ()), _whole(lambda value: value.ceil(), 1), 1),
    "years and months duration": Function(((Kind.DATE,), (Kind.DATE,)), _months_between, 2),
    "date": Function(((Kind.DATE,), ()), lambda arguments: arguments[0], 1),
}

"""What an expression becomes: a constant that is known now, or a column of a kind that is known now."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any, TypeAlias

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from crossroads.dmn.compiled.extent import ASSUMED, Extent
from crossroads.dmn.compiled.refusals import Refused
from crossroads.dmn.feel.temporal import NANOSECONDS, Date, DaysTime, YearsMonths
from crossroads.dmn.feel.writing import text_of

_LAST_YEAR = 9999


class Kind(StrEnum):
    """The types of FEEL that a column can hold."""

    NUMBER = "number"
    STRING = "string"
    BOOLEAN = "boolean"
    DATE = "date"
    DAYS = "days and time duration"
    """As a column: a number of seconds."""
    MONTHS = "years and months duration"
    """As a column: a number of months."""


MEASURED = (Kind.NUMBER, Kind.DAYS, Kind.MONTHS)
"""Kinds that a column holds as a number."""
_MONTHS_EXTENT = Extent(-24 * 10**9, 24 * 10**9)
_SECONDS_EXTENT = Extent(-64 * 10**15, 64 * 10**15)
EXTENTS = {Kind.NUMBER: ASSUMED, Kind.DAYS: _SECONDS_EXTENT, Kind.MONTHS: _MONTHS_EXTENT}
"""What is assumed of a measured column; the durations span twice the calendar of FEEL."""
PLAIN_TYPES: Mapping[Kind, dt.DataType] = {Kind.STRING: dt.string, Kind.BOOLEAN: dt.boolean, Kind.DATE: dt.date}


@dataclass(frozen=True, slots=True)
class Constant:
    """A value of FEEL that is known when the table is compiled."""

    value: object

    @property
    def kind(self) -> Kind | None:
        """The kind, None for null. Raises Refused for a value that no column holds."""
        if self.value is None:
            return None
        found = _KINDS.get(type(self.value))
        if found is None:
            raise Refused(f"{text_of(self.value)[:100]} is a value that no column holds")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A column. A measured kind has an extent; `nullable` says whether a row may be null.

    `true` is a cheaper column for a truth: true in the same rows, and in the others false or null.
    """

    kind: Kind
    value: Any
    extent: Extent | None = None
    nullable: bool = True
    true: Any = None

    @property
    def holds(self) -> Any:
        """A truth where only being true matters."""
        return self.value if self.true is None else self.true

    @property
    def size(self) -> Extent:
        """The extent of a measured kind."""
        return self.extent or EXTENTS[self.kind]

    @property
    def dtype(self) -> dt.DataType:
        """The type of the column."""
        return self.size.dtype if self.kind in MEASURED else PLAIN_TYPES[self.kind]


@dataclass(frozen=True, slots=True)
class Record:
    """Several outputs under their names."""

    entries: "Mapping[str, Scalar]"


@dataclass(frozen=True, slots=True)
class Many:
    """A list whose length rows decide (what COLLECT gives), with the type of its column."""

    value: Any


Scalar: TypeAlias = Constant | Term
Compiled: TypeAlias = Constant | Term | Record | Many

_KINDS: Mapping[type, Kind] = {
    Decimal: Kind.NUMBER,
    str: Kind.STRING,
    bool: Kind.BOOLEAN,
    Date: Kind.DATE,
    DaysTime: Kind.DAYS,
    YearsMonths: Kind.MONTHS,
}


def measure(constant: Constant) -> Fraction:
    """Give the number that a column would hold for a measured constant."""
    value = constant.value
    if isinstance(value, DaysTime):
        return Fraction(value.number, NANOSECONDS)
    return Fraction(value.number) if isinstance(value, YearsMonths) else Fraction(value)  # type: ignore[call-overload]  # measured


def extent_of(scalar: Scalar) -> Extent | None:
    """Give the extent of a measured scalar, None for null."""
    if isinstance(scalar, Term):
        return scalar.size
    if scalar.value is None:
        return None
    number = measure(scalar)
    digits = max(0, (number.denominator.bit_length() - 1), 0)
    scale = next((scale for scale in range(digits + 1) if (number * 10**scale).denominator == 1), digits)
    units = int(number * 10**scale)
    return Extent(units, units, scale)


def number_literal(number: Fraction, dtype: dt.DataType) -> ir.Scalar:
    """Write a number for a column type that holds it."""
    if isinstance(dtype, dt.Integer):
        return ibis.literal(int(number), dtype)
    scale = dtype.scale or 0
    return ibis.literal(Decimal((int(number < 0), _digits_of(number, scale), -scale)), dtype)


def _digits_of(number: Fraction, scale: int) -> tuple[int, ...]:
    return tuple(map(int, str(abs(int(number * 10**scale)))))


def date_literal(value: Date) -> ir.Scalar:
    """Write a date; Refused outside the calendar that all engines share."""
    if not 1 <= value.year <= _LAST_YEAR:
        raise Refused(f"{text_of(value)} is outside the years 1 to {_LAST_YEAR}")
    return ibis.literal(f"{value.year:04}-{value.month:02}-{value.day:02}", dt.date)


def term(scalar: Scalar, kind: Kind | None = None) -> Term:
    """Make a column of a constant; of null, a column of the kind that is wanted."""
    if isinstance(scalar, Term):
        return scalar
    found = scalar.kind or kind or Kind.BOOLEAN
    if scalar.value is None:
        extent = Extent(0, 0) if found in MEASURED else None
        dtype = dt.int64 if extent else PLAIN_TYPES[found]
        return Term(kind=found, value=ibis.null(dtype), extent=extent)
    extent = extent_of(scalar) if found in MEASURED else None
    return Term(kind=found, value=_literal(scalar, found, extent), extent=extent, nullable=False)


def _literal(constant: Constant, kind: Kind, extent: Extent | None) -> ir.Scalar:
    if extent is not None:
        return number_literal(measure(constant), extent.dtype)
    if kind is Kind.DATE:
        return date_literal(constant.value)  # type: ignore[arg-type]  # a date
    return ibis.literal(constant.value, PLAIN_TYPES[kind])


def sized(scalar: Scalar, kind: Kind, extent: Extent | None) -> ir.Value:
    """Write a scalar for a column of a kind and extent, so that all branches of a choice have one type."""
    dtype = extent.dtype if extent is not None else PLAIN_TYPES[kind]
    if isinstance(scalar, Constant):
        if scalar.value is None:
            return ibis.null(dtype)
        return number_literal(measure(scalar), dtype) if extent is not None else term(scalar).value
    return scalar.value if scalar.value.type() == dtype else scalar.value.cast(dtype)


def common(scalars: "list[Scalar]", what: str) -> tuple[Kind, Extent | None]:
    """Give the kind of all and the extent that holds all; Refused where they differ in kind."""
    kinds = {scalar.kind for scalar in scalars} - {None}
    if len(kinds) > 1:
        raise Refused(f"{what} of different types: {', '.join(sorted(map(str, kinds)))}")
    kind = kinds.pop() if kinds else Kind.STRING
    assert kind is not None  # noqa: S101 - None was taken out; for the type checker
    if kind not in MEASURED:
        return kind, None
    extents = [extent for extent in map(extent_of, scalars) if extent is not None]
    joined = extents[0]
    for extent in extents[1:]:
        joined = joined.joined(extent)
    return kind, exact(joined)


def exact(extent: Extent) -> Extent:
    """Give the extent back; Refused where FEEL would round."""
    if not extent.is_exact:
        raise Refused(
            f"the result may need {extent.digits} digits, and numbers have 34: bound the columns that it uses"
        )
    return extent

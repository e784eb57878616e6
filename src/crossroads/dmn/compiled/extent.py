"""How large a number can be, known before any row is read.

FEEL counts with 34 digits; engines count exactly only within a width that is set beforehand. From the widest and
narrowest value of each operand follows a width in which the result is exact, or that there is none.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Self

import ibis.expr.datatypes as dt

DIGITS = 34
"""What FEEL keeps of a number: a wider result would be rounded there."""
_WIDEST = 38
_INT64 = 63
_DEFAULT_SCALE = 4


@dataclass(frozen=True, slots=True)
class Extent:
    """From the lowest to the highest value, both in units of `10 ** -scale`."""

    low: int
    high: int
    scale: int = 0

    @classmethod
    def of_type(cls, column: dt.DataType) -> Self | None:
        """Say what a column of a type can hold; None for a type that does not hold exact numbers."""
        if isinstance(column, dt.Integer):
            bounds = column.bounds
            return cls(int(bounds.lower), int(bounds.upper))
        if isinstance(column, dt.Decimal) and column.precision is not None:
            most = 10**column.precision - 1
            return cls(-most, most, column.scale or 0)
        return None

    @classmethod
    def of_number(cls, number: Decimal) -> Self:
        """Say what one number takes."""
        scale = max(0, -int(number.normalize().as_tuple().exponent))
        units = int(Fraction(number) * 10**scale)
        return cls(units, units, scale)

    @property
    def digits(self) -> int:
        """How many digits the widest value has, those after the point included."""
        return max(len(str(abs(self.low))), len(str(abs(self.high))), self.scale, 1)

    @property
    def is_exact(self) -> bool:
        """Whether FEEL keeps every value as it is."""
        return self.digits <= DIGITS

    @property
    def is_int64(self) -> bool:
        """Whether a whole number of 64 bits holds every value."""
        return self.scale == 0 and self.low >= -(2**_INT64) and self.high < 2**_INT64

    @property
    def dtype(self) -> dt.DataType:
        """The column type that holds every value."""
        return dt.int64 if self.is_int64 else self.decimal()

    def decimal(self, digits: int = 1) -> dt.DataType:
        """Give the decimal type that holds every value, of so many digits at least."""
        return dt.Decimal(min(max(self.digits, digits), _WIDEST), self.scale)

    def at_scale(self, scale: int) -> "Extent":
        """Give the same values in smaller units."""
        by = 10 ** (scale - self.scale)
        return Extent(self.low * by, self.high * by, scale)

    def joined(self, other: "Extent") -> "Extent":
        """Say whatever either can be."""
        left, right = self._aligned(other)
        return Extent(min(left.low, right.low), max(left.high, right.high), left.scale)

    def plus(self, other: "Extent") -> "Extent":
        """Say what a sum can be."""
        left, right = self._aligned(other)
        return Extent(left.low + right.low, left.high + right.high, left.scale)

    def times(self, other: "Extent") -> "Extent":
        """Say what a product can be."""
        corners = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Extent(min(corners), max(corners), self.scale + other.scale)

    def negated(self) -> "Extent":
        """Say what the opposite can be."""
        return Extent(-self.high, -self.low, self.scale)

    def _aligned(self, other: "Extent") -> "tuple[Extent, Extent]":
        scale = max(self.scale, other.scale)
        return self.at_scale(scale), other.at_scale(scale)


ASSUMED = Extent(-(10**16) + 1, 10**16 - 1, _DEFAULT_SCALE)
"""What a number is where nothing is said of its column: 16 digits, 4 after the point; two of them can be multiplied."""

"""What a value of FEEL is: the kinds, ranges, functions, and the arithmetic context of numbers."""

import decimal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias

from crossroads.dmn.feel.temporal import Date, DateTime, DaysTime, Time, YearsMonths

Value: TypeAlias = object
"""None, bool, Decimal, str, Date, Time, DateTime, YearsMonths, DaysTime, list, dict, Range or Function."""

NUMBERS: Final = decimal.Context(
    prec=34,
    rounding=decimal.ROUND_HALF_EVEN,
    Emin=-6143,
    Emax=6144,
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
)
"""IEEE 754-2008 decimal128, as DMN 1.3, 10.3.2.3.1 asks. Copy it before use: a context keeps flags."""


@dataclass(frozen=True, slots=True)
class Range:
    """The values between two ends; an end of None that is not included lies beyond all values (`< 5`, `>= 10`)."""

    start: Value
    end: Value
    start_included: bool = True
    end_included: bool = True


@dataclass(frozen=True, slots=True)
class Function:
    """A function value: its body takes the evaluated arguments by position and answers with null where it cannot."""

    parameters: tuple[str, ...]
    body: Callable[[Sequence[Value]], Value]
    parameter_types: tuple[object, ...] = ()
    result_type: object = None
    name: str = ""

    def __call__(self, *arguments: Value) -> Value:
        """Return what the body answers, null where the number of arguments does not fit."""
        return self.body(arguments) if len(arguments) == len(self.parameters) else None


_KINDS: Final[dict[type, str]] = {
    type(None): "null",
    bool: "boolean",
    Decimal: "number",
    str: "string",
    Date: "date",
    Time: "time",
    DateTime: "date and time",
    YearsMonths: "years and months duration",
    DaysTime: "days and time duration",
    list: "list",
    dict: "context",
    Range: "range",
    Function: "function",
}


def kind(value: Value) -> str:
    """Return the name of a value's type as FEEL writes it; TypeError for what is not a value of FEEL."""
    try:
        return _KINDS[type(value)]
    except KeyError:
        raise TypeError(f"{type(value).__name__} is not a value of FEEL.") from None

"""Functions of numbers (DMN 1.5, 10.3.4.5)."""

import decimal
from decimal import Decimal
from typing import Final

from crossroads.dmn.feel.builtins.declaring import Cost, Signature, Unfit, declaring
from crossroads.dmn.feel.kinds import NUMBERS, Value
from crossroads.dmn.feel.temporal import DaysTime, YearsMonths

DECLARED: Final[dict[str, list[Signature]]] = {}
builtin = declaring(DECLARED)

_SCALES: Final = (-6111, 6176)


def _rounded(number: Decimal, scale: Decimal, rounding: str) -> Decimal:
    places = int(scale)
    if not _SCALES[0] <= places <= _SCALES[1]:
        raise Unfit(f"the scale is not between {_SCALES[0]} and {_SCALES[1]}.")
    if places >= -int(number.as_tuple().exponent):  # nothing to round away
        return number
    wide = decimal.Context(prec=7000, Emin=-13000, Emax=13000)
    return NUMBERS.copy().plus(number.quantize(Decimal(1).scaleb(-places, wide), rounding, wide))


@builtin("decimal", "n: number, scale: number")
def _decimal(number: Decimal, scale: Decimal) -> Value:
    return _rounded(number, scale, decimal.ROUND_HALF_EVEN)


@builtin("floor", "n: number, scale?: number")
def _floor(number: Decimal, scale: Decimal | None) -> Value:
    return _rounded(number, scale or Decimal(0), decimal.ROUND_FLOOR)


@builtin("ceiling", "n: number, scale?: number")
def _ceiling(number: Decimal, scale: Decimal | None) -> Value:
    return _rounded(number, scale or Decimal(0), decimal.ROUND_CEILING)


@builtin("round up", "n: number, scale: number")
def _round_up(number: Decimal, scale: Decimal) -> Value:
    return _rounded(number, scale, decimal.ROUND_UP)


@builtin("round down", "n: number, scale: number")
def _round_down(number: Decimal, scale: Decimal) -> Value:
    return _rounded(number, scale, decimal.ROUND_DOWN)


@builtin("round half up", "n: number, scale: number")
def _round_half_up(number: Decimal, scale: Decimal) -> Value:
    return _rounded(number, scale, decimal.ROUND_HALF_UP)


@builtin("round half down", "n: number, scale: number")
def _round_half_down(number: Decimal, scale: Decimal) -> Value:
    return _rounded(number, scale, decimal.ROUND_HALF_DOWN)


@builtin("abs", "n: number or duration")
def _abs(number: Decimal | DaysTime | YearsMonths) -> Value:
    return number.copy_abs() if isinstance(number, Decimal) else type(number)(abs(number.number))


@builtin("modulo", "dividend: number, divisor: number", Cost(12))
def _modulo(dividend: Decimal, divisor: Decimal) -> Value:
    if not divisor:
        raise Unfit("the divisor is zero.")
    context = NUMBERS.copy()
    whole = decimal.Context(prec=13000).divide(dividend, divisor).to_integral_value(decimal.ROUND_FLOOR)
    return context.subtract(dividend, decimal.Context(prec=13000).multiply(divisor, whole))


@builtin("sqrt", "number: number", Cost(8))
def _sqrt(number: Decimal) -> Value:
    if number < 0:
        raise Unfit("the number is negative.")
    return NUMBERS.copy().sqrt(number)


@builtin("log", "number: number", Cost(40))
def _log(number: Decimal) -> Value:
    if number <= 0:
        raise Unfit("the number is not positive.")
    return NUMBERS.copy().ln(number)


@builtin("exp", "number: number", Cost(20))
def _exp(number: Decimal) -> Value:
    return NUMBERS.copy().exp(number)


@builtin("odd", "number: number")
def _odd(number: Decimal) -> Value:
    return _is_whole(number) and int(number) % 2 == 1


@builtin("even", "number: number")
def _even(number: Decimal) -> Value:
    return _is_whole(number) and int(number) % 2 == 0


def _is_whole(number: Decimal) -> bool:
    return number == number.to_integral_value()


@builtin("not", "negand: any")
def _not(value: Value) -> Value:
    return not value if isinstance(value, bool) else None

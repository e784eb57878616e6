"""How much a value holds, in steps of work: about what it costs to look at it, or to keep it.

A value that stands in several places counts in each, as whoever goes through it meets it there.
"""

from decimal import Decimal
from typing import Final

from crossroads.dmn.feel.kinds import Value

CHARACTERS: Final = 16
"""How many characters of a text, or digits of a number written out, are one step."""
DEEPEST: Final = 100
"""How deeply lists and contexts may nest."""


class TooLarge(Exception):
    """A value holds more than is looked at; the message says what is wrong with it."""


def surface(value: Value) -> int:
    """Return what the value holds itself, without what its items hold."""
    kind = type(value)
    if kind is list or kind is str:
        return len(value) if kind is list else len(value) // CHARACTERS  # type: ignore[arg-type]  # it has a length
    if isinstance(value, Decimal):
        return abs(value.adjusted()) // CHARACTERS
    return 2 * len(value) if isinstance(value, dict) else 0


def whole(value: Value, most: int) -> int:
    """Return what the value holds with all its items. TooLarge beyond a size, and where it nests too deeply."""
    total, level = 0, [value]
    for _ in range(DEEPEST):
        inner: list[Value] = []
        for one in level:
            total += surface(one)
            if isinstance(one, list | dict):
                inner += one if isinstance(one, list) else one.values()
                total += sum(len(name) // CHARACTERS for name in one) if isinstance(one, dict) else 0
            if total > most:
                raise TooLarge("this takes too much work to evaluate")
        if not inner:
            return total
        level = inner
    raise TooLarge(f"a value nests more than {DEEPEST} deep")

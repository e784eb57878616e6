"""The built-in functions by name."""

from types import MappingProxyType
from typing import Final

from crossroads.dmn.feel.builtins import aggregates, contexts, conversion, dates, lists, numbers, ranges, strings
from crossroads.dmn.feel.builtins.declaring import Builtin

_SUBJECTS: Final = (conversion, strings, lists, aggregates, numbers, ranges, dates, contexts)
BUILTINS: Final = MappingProxyType(
    {name: Builtin(name, tuple(signatures)) for subject in _SUBJECTS for name, signatures in subject.DECLARED.items()}
)
"""All built-in functions; the names with spaces are what a parser must know."""


def find(name: str) -> Builtin | None:
    """Return the built-in function of that name, or None."""
    return BUILTINS.get(name)

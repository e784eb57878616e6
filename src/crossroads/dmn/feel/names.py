"""Names that hold blanks, signs or words of the language, found in a text by the names that are known there.

Only the names in scope can tell whether `a-b` is one name or a subtraction: the longest known name wins.
Words that follow each other are one name also when it is not known, for they can mean nothing else.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from crossroads.dmn.feel.lexer import BLANK, PART, START

STOPS = frozenset({"and", "or", "in", "between", "then", "else", "return", "satisfies"})
"""Words that end a name made of several words, unless the whole name is known."""

_STARTS = frozenset({"if", "for", "some", "every", "function", "true", "false", "null"})
_BLANKS = re.compile(rf"[{BLANK}]+")
_PLAIN = re.compile(rf"[{START}][{PART}]*(?: [{PART}]+)*")
_NUMBER = re.compile(r"[0-9.]*")
_BUILT_IN = frozenset({"date and time", "years and months duration"})
_TYPES = frozenset({"date and time", "days and time duration", "years and months duration"})


def normal(name: str) -> str:
    """Give the name with each run of blanks as one space."""
    return _BLANKS.sub(" ", name).strip()


@dataclass(frozen=True, slots=True)
class Names:
    """What is known where a text stands: variables and functions, entries of contexts (after a dot), and types.

    Names made of plain words need not be listed.
    """

    variables: frozenset[str] = frozenset()
    members: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()

    @classmethod
    def of(cls, variables: Iterable[str] = (), members: Iterable[str] = (), types: Iterable[str] = ()) -> "Names":
        """Keep the names that a reader would not find without knowing them."""
        return cls(_hard(variables), _hard(members), _hard(types))

    def adding(self, name: str) -> "Names":
        """Know one more name, as a variable and as an entry."""
        hard = _hard([name])
        return Names(self.variables | hard, self.members | hard, self.types) if hard else self

    def variable(self) -> re.Pattern[str] | None:
        """Give the pattern of the variables that need one, longest first."""
        return _pattern(self.variables | _BUILT_IN)

    def member(self) -> re.Pattern[str] | None:
        """Give the pattern of the entries that need one."""
        return _pattern(self.members)

    def anything(self) -> re.Pattern[str] | None:
        """Give the pattern of variables and entries: inside a filter both are in scope."""
        return _pattern(self.variables | self.members | _BUILT_IN)

    def type(self) -> re.Pattern[str] | None:
        """Give the pattern of the types that need one."""
        return _pattern(self.types | _TYPES)


NO_NAMES = Names()


def _hard(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name for name in map(normal, names) if not (_is_plain(name) or _NUMBER.fullmatch(name)))


def _is_plain(name: str) -> bool:
    words = name.split(" ")
    return (
        bool(_PLAIN.fullmatch(name)) and STOPS.isdisjoint(words) and words[0] not in _STARTS and "instance" not in words
    )


@lru_cache(maxsize=256)
def _pattern(names: frozenset[str]) -> re.Pattern[str] | None:
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    found = "|".join(_ended(name) for name in longest_first if name)
    return re.compile(found) if found else None


def _ended(name: str) -> str:
    """Quote the name for a pattern, with any blanks between its words, and let it end where a word ends."""
    quoted = rf"[{BLANK}]+".join(re.escape(word) for word in name.split(" "))
    return rf"{quoted}(?![{PART}])" if re.fullmatch(rf"[{PART}]", name[-1]) else quoted

r"""Regular expressions of XPath and XQuery Functions 3.1, section 5.6, run by the library `regex`.

What XPath does not know (look-around, `\b`, possessive quantifiers) is refused; a search is given what time is left.
"""

import functools
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import regex

from crossroads.dmn.feel.builtins.declaring import Unfit
from crossroads.dmn.feel.scope import LARGEST, Exhausted, Work

_LONGEST: Final = 1000
_A_CHARACTER: Final = 3
"""The steps that a character of a pattern takes."""
_FLAGS: Final = {"s": regex.DOTALL, "m": regex.MULTILINE, "i": regex.IGNORECASE, "x": 0, "q": 0}
_WORD: Final = r"\p{P}\p{Z}\p{C}"
_NAME_START: Final = r"_:\p{L}\p{Nl}"
_NAME: Final = r"_:\-.\p{L}\p{M}\p{N}\u00B7"
_CLASS_ESCAPES: Final = {
    "s": r"[ \t\n\r]", "S": r"[^ \t\n\r]", "d": r"\p{Nd}", "D": r"\P{Nd}", "w": f"[^{_WORD}]", "W": f"[{_WORD}]",
    "i": f"[{_NAME_START}]", "I": f"[^{_NAME_START}]", "c": f"[{_NAME}]", "C": f"[^{_NAME}]",
}  # fmt: skip
_TOKEN: Final = re.compile(
    r"(?P<property>\\[pP]\{[A-Za-z0-9-]+\})|(?P<escape>\\[sSdDwWiIcC])|(?P<back>\\[1-9]\d*)"
    r"|(?P<single>\\[nrt\\|.?*+(){}$\-\[\]^])|(?P<group>\((?:\?:)?(?!\?))|(?P<close>\))"
    r"|(?P<quantifier>(?:[?*+]|\{\d+(?:,\d*)?\})\??)|(?P<dot>\.)|(?P<anchor>[\^$])|(?P<or>\|)|(?P<set>\[)"
    r"|(?P<plain>[^\\?*+{}()\[\]|.^$])",
    re.DOTALL,
)
_LINE_START: Final = r"^(?!(?<=\n)\Z)"  # not after a line end that ends the text
_REPLACEMENT: Final = re.compile(r"\\(?P<escaped>[\\$])|\$(?P<number>\d+)|(?P<plain>[^\\$]+)")


def matches(text: str, pattern: str, flags: str, work: Work) -> bool:
    """Return whether the pattern is found anywhere in the text."""
    compiled = _compiled(pattern, flags, work)
    with _clocked(work):
        return compiled.search(text, timeout=work.seconds) is not None


def replace(text: str, pattern: str, replacement: str, flags: str, work: Work) -> str:
    """Return the text with each match replaced; `$1` is a group, `$0` the match."""
    compiled = _compiled(pattern, flags, work)
    if compiled.fullmatch("") is not None:
        raise Unfit("the pattern matches the empty text.")
    parts = [(False, replacement)] if "q" in flags else _replacement(replacement, compiled.groups)
    length = 0

    def filled(found: "regex.Match[str]") -> str:
        nonlocal length
        put = _filled(found, parts)
        length += len(put)
        if length > LARGEST:
            raise Unfit("the string becomes too long.")
        return put

    with _clocked(work):
        return str(compiled.sub(filled, text, timeout=work.seconds))


def split(text: str, pattern: str, work: Work) -> list[str]:
    """Return the pieces of the text between matches."""
    compiled = _compiled(pattern, "", work)
    if compiled.fullmatch("") is not None:
        raise Unfit("the delimiter matches the empty text.")
    pieces, end = [], 0
    with _clocked(work):
        for found in compiled.finditer(text, timeout=work.seconds):
            pieces.append(text[end : found.start()])
            end = found.end()
    return [*pieces, text[end:]]


@contextmanager
def _clocked(work: Work) -> Iterator[None]:
    """Count the time that a search takes: what is left of it bounds the next one. Exhausted where none is left."""
    started = time.perf_counter()
    try:
        yield
    except TimeoutError:
        raise Exhausted("a pattern takes too long on a text") from None
    finally:
        work.took(time.perf_counter() - started)


def _compiled(pattern: str, flags: str, work: Work) -> "regex.Pattern[str]":
    """Compile a pattern, whose work grows with its length. May be Exhausted."""
    if len(pattern) > _LONGEST:
        raise Unfit(f"the pattern is longer than {_LONGEST} characters.")
    work.spend(_A_CHARACTER * len(pattern))
    return _ready(pattern, flags)


@functools.lru_cache(maxsize=512)
def _ready(pattern: str, flags: str) -> "regex.Pattern[str]":
    if not set(flags) <= _FLAGS.keys():
        raise Unfit("the flags are s, m, i, x and q.")
    options = regex.VERSION1
    for flag in flags:
        options |= _FLAGS[flag]
    try:
        return regex.compile(regex.escape(pattern) if "q" in flags else _Translation(pattern, flags).text, options)
    except (regex.error, RecursionError, OverflowError):
        raise Unfit("the pattern is not a regular expression.") from None


class _Translation:
    """One pattern, read from left to right and written for `regex`."""

    def __init__(self, pattern: str, flags: str) -> None:
        self._pattern = _unspaced(pattern) if "x" in flags else pattern
        self._dot_all = "s" in flags
        self._lines = "m" in flags
        self._repeatable = False
        self.text = self._expression()

    def _expression(self) -> str:
        place, written = 0, []
        while place < len(self._pattern):
            found = _TOKEN.match(self._pattern, place)
            if found is None or found.lastgroup is None:
                raise Unfit(f"the pattern is not a regular expression (at {place + 1}).")
            if found.lastgroup == "set":
                piece, place = self._set(place + 1)
                self._repeatable = True
            else:
                piece, place = self._piece(found.lastgroup, found[0]), found.end()
            written.append(piece)
        return "".join(written)

    def _piece(self, sort: str, text: str) -> str:
        if sort == "quantifier" and not self._repeatable:
            raise Unfit("the pattern repeats nothing.")
        self._repeatable = sort not in {"quantifier", "group", "or"}
        if sort == "anchor":
            return (_LINE_START if self._lines else "^") if text == "^" else "$" if self._lines else r"\Z"
        if sort == "dot":
            return "." if self._dot_all else r"[^\n\r]"
        if sort == "back":
            return f"(?:{text})"
        return regex.escape(text) if sort == "plain" else _escape(sort, text)

    def _set(self, place: int) -> tuple[str, int]:
        negated = self._pattern.startswith("^", place)
        place += negated
        written: list[str] = []
        while not (self._pattern.startswith("]", place) and written):
            if self._pattern.startswith("-[", place) and written:
                inner, place = self._set(place + 2)
                written.append(f"--{inner}")
                break
            piece, place = self._member(place)
            written.append(piece)
        if not self._pattern.startswith("]", place):
            raise Unfit("the pattern has a set without end.")
        return f"[{'^' if negated else ''}{''.join(written)}]", place + 1

    def _member(self, place: int) -> tuple[str, int]:
        low, place = self._character(place)
        follows = self._pattern[place + 1 : place + 2]
        if not self._pattern.startswith("-", place) or follows in {"]", "[", ""}:
            return low, place
        high, place = self._character(place + 1)
        return f"{low}-{high}", place

    def _character(self, place: int) -> tuple[str, int]:
        found = _TOKEN.match(self._pattern, place)
        if found is not None and found.lastgroup in {"property", "escape", "single"}:
            return _escape(found.lastgroup, found[0]), found.end()
        character = self._pattern[place : place + 1]
        if character in {"", "\\", "[", "]"}:
            raise Unfit(f"the pattern is not a regular expression (at {place + 1}).")
        return (character if character.isalnum() else f"\\{character}"), place + 1


def _unspaced(pattern: str) -> str:
    """Return the pattern without white space, but for that inside sets."""
    kept, depth, escaped = [], 0, False
    for character in pattern:
        if character in " \t\n\r" and not depth:
            continue
        kept.append(character)
        if not escaped:
            depth += {"[": 1, "]": -1}.get(character, 0)
        escaped = character == "\\" and not escaped
    return "".join(kept)


def _escape(sort: str, text: str) -> str:
    if sort == "escape":
        return _CLASS_ESCAPES[text[1]]
    if sort == "property":
        return text.replace("{Is", "{In", 1)
    return text


def _replacement(text: str, groups: int) -> list[tuple[bool, str]]:
    """Split a replacement into (is a group, text or number); the longest number that is a group counts."""
    parts, place = [], 0
    while place < len(text):
        found = _REPLACEMENT.match(text, place)
        if found is None:
            raise Unfit("$ and \\ stand before a number or each other in a replacement.")
        place = found.end()
        if number := found["number"]:
            while len(number) > 1 and int(number) > groups:
                number, place = number[:-1], place - 1
            parts.append((True, number))
        else:
            parts.append((False, found["escaped"] or found["plain"]))
    return parts


def _filled(found: "regex.Match[str]", parts: list[tuple[bool, str]]) -> str:
    groups = len(found.groups())
    return "".join(
        text if not group else (found[int(text)] or "") if int(text) <= groups else "" for group, text in parts
    )

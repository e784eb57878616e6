"""Reading the words and signs of a FEEL text from left to right, and the fault that says where reading stopped."""

import re
from bisect import bisect_right
from decimal import Context, Decimal, DecimalException

from crossroads.dmn.feel.syntax import Place
from crossroads.kernel.errors import InvalidValue

START = (
    r"?A-Z_a-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u167F\u1681-\u180D\u180F-\u1FFF\u200C-\u200D"
    r"\u2070-\u218F\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFEFE\uFF00-\uFFFD\U00010000-\U000EFFFF"
)
"""The characters that a name begins with, as the inside of a character class."""
PART = START + r"0-9\u00B7\u0300-\u036F\u203F-\u2040"
"""The characters of a name after its first one, as the inside of a character class."""
BLANK = r"\t-\r \u0085\u00A0\u1680\u180E\u2000-\u200B\u2028\u2029\u202F\u205F\u3000\uFEFF"
"""White space, as the inside of a character class."""

_SKIP = re.compile(rf"(?:[{BLANK}]|//[^\n\r]*|/\*.*?\*/)*", re.DOTALL)
_WORD = re.compile(rf"[{START}][{PART}]*")
_LATER_WORD = re.compile(rf"[{PART}]+")
_NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{6})|(['\"\\nrt]))")
_LETTERS = {"n": "\n", "r": "\r", "t": "\t"}
_EXACT = Context(prec=34)
_SHOWN = 20


class SyntaxFault(InvalidValue):
    """The text is not FEEL. Says what is wrong, and the line and column (from 1) where."""

    def __init__(self, message: str, line: int, column: int) -> None:
        """Keep the place; the sentence ends with it."""
        super().__init__(f"{message} (line {line}, column {column})")
        self.message = message
        self.line = line
        self.column = column


class Scanner:
    """A text and how far it has been read. Blanks and comments are passed over before each thing that is looked at."""

    def __init__(self, text: str) -> None:
        """Stand before the first thing of the text."""
        self.text = text
        self.position = 0
        self._lines = [0, *(found.end() for found in re.finditer(r"\r\n|\r|\n", text))]
        self.skip()

    def skip(self) -> None:
        """Pass over blanks and comments."""
        found = _SKIP.match(self.text, self.position)
        self.position = found.end() if found else self.position
        if self.text.startswith("/*", self.position):
            raise self.fault("this comment has no end")

    def move(self, position: int) -> None:
        """Go on after what was read."""
        self.position = position
        self.skip()

    @property
    def place(self) -> Place:
        """Where reading stands."""
        line = bisect_right(self._lines, self.position)
        return Place(line, self.position - self._lines[line - 1] + 1)

    def fault(self, message: str) -> SyntaxFault:
        """Make the fault that says what is wrong at this place."""
        return SyntaxFault(message, self.place.line, self.place.column)

    def unexpected(self, wanted: str) -> SyntaxFault:
        """Make the fault that says what was wanted at this place, and what stands there."""
        rest = self.text[self.position :].split("\n", 1)[0]
        found = f'"{rest[:_SHOWN]}{"..." if len(rest) > _SHOWN else ""}"' if rest else "the end"
        return self.fault(f"expected {wanted}, found {found}")

    def at_end(self) -> bool:
        """Whether everything has been read."""
        return self.position >= len(self.text)

    def sees(self, sign: str) -> bool:
        """Whether the sign stands here."""
        return self.text.startswith(sign, self.position)

    def take(self, sign: str) -> bool:
        """Read the sign if it stands here."""
        if not self.sees(sign):
            return False
        self.move(self.position + len(sign))
        return True

    def expect(self, sign: str) -> None:
        """Read the sign that must stand here."""
        if not self.take(sign):
            raise self.unexpected(f'"{sign}"')

    def match(self, pattern: re.Pattern[str]) -> str | None:
        """Read what the pattern finds here: its text, or None."""
        found = pattern.match(self.text, self.position)
        if found is None:
            return None
        self.move(found.end())
        return found[0]

    def word(self, *, first: bool = True) -> str | None:
        """Look at the word that stands here without reading it; a word that is not the first may begin with a digit."""
        found = (_WORD if first else _LATER_WORD).match(self.text, self.position)
        return found[0] if found else None

    def take_word(self, word: str) -> bool:
        """Read the word if it stands here, as a whole."""
        return self.word() == word and self.take(word)

    def expect_word(self, word: str) -> None:
        """Read the word that must stand here."""
        if not self.take_word(word):
            raise self.unexpected(f'"{word}"')

    def number(self) -> Decimal | None:
        """Read a number of at most 34 digits: further ones are rounded, half to even."""
        before = self.place
        found = self.match(_NUMBER)
        if found is None:
            return None
        try:
            number = _EXACT.create_decimal(found)
        except DecimalException:
            raise SyntaxFault(f"{found} is too large for a number", before.line, before.column) from None
        return number or number.copy_abs()

    def string(self) -> str | None:
        """Read a string between double quotes, with its escapes replaced; an unknown escape stands for itself."""
        found = _STRING.match(self.text, self.position)
        if found is None:
            if self.sees('"'):
                raise self.fault("this string has no end")
            return None
        self.move(found.end())
        return _joined(_ESCAPE.sub(_escaped, found[1]))


def _escaped(found: re.Match[str]) -> str:
    if code := found[1] or found[2]:
        return chr(int(code, 16)) if int(code, 16) <= 0x10FFFF else "\N{REPLACEMENT CHARACTER}"  # noqa: PLR2004 - the last code point
    return _LETTERS.get(found[3], found[3])


def _joined(text: str) -> str:
    """Make one character of each pair of surrogates; one alone cannot be written out, so it is replaced."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

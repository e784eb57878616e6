"""The plain form of a name: lower-case letters without marks, in words; and what in it is only a prefix."""

import re
from typing import NamedTuple
from unicodedata import category, normalize

MAXIMUM_WORDS = 6
"""Words of a name that are looked at; the rest of a longer name decides nothing."""
MAXIMUM_LETTERS, MAXIMUM_WORD = 100, 40
"""Letters of a plain name, and of each word of it, that are looked at: what two names cost to compare has an end."""
_MAXIMUM_SIGNS = 400
"""Signs that are made plain: a single one of a text can stand for eighteen letters."""

_MARKLESS = str.maketrans(
    {"\N{LATIN SMALL LETTER DOTLESS I}": "i", "ł": "l", "đ": "d", "ø": "o", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe"}
)
"""Letters that Unicode does not take apart into a letter and a mark."""
_MARKS = frozenset({"Mn", "Me", "Lm"})
"""Marks on a letter, and signs of transliteration as in ʿAli."""
_PREFIXES = frozenset({
    "van", "von", "vom", "vander", "vanden", "vande", "de", "den", "der", "ter", "ten", "te", "t", "d", "du",
    "des", "le", "la", "les", "l", "di", "da", "do", "dos", "del", "della", "dello", "zu", "zum", "zur", "el",
    "al", "ben", "bin", "bint", "ibn", "bou", "abu", "abou", "abi", "bel", "oul", "ould", "ait", "ag",
})  # fmt: skip
_GLUED = re.compile(
    r"^(?:van(?:de[rn]?|t)?|von|de[rnl]?|di|du|la|le|el|al|abd(?:[eu]l)?|ben|bin|ibn|b[ou]u?|abo?u|ait|te[rn]|d)(?=.{4})"
)


class Form(NamedTuple):
    """A name as it is compared."""

    words: tuple[str, ...]
    core: tuple[str, ...]
    """The words without prefixes; all words where there is nothing else."""

    @property
    def joined(self) -> str:
        """The whole name in one word."""
        return "".join(self.words)

    @property
    def stem(self) -> str:
        """The name in one word, without prefixes that stand apart."""
        return "".join(self.core)

    @property
    def unglued(self) -> str:
        """The stem without a prefix that may be written in one word with it: `velde` of `vandevelde`."""
        return _GLUED.sub("", self.stem)


def fold(text: str) -> str:
    """Give the words of a text in lower-case letters without marks, one space between them."""
    decomposed = normalize("NFKD", normalize("NFKD", text).casefold()).translate(_MARKLESS)[:_MAXIMUM_SIGNS]
    return " ".join("".join(_letter(letter) for letter in decomposed).split())


def form(text: str) -> Form:
    """Give a name as it is compared."""
    words = tuple(word[:MAXIMUM_WORD] for word in fold(text)[:MAXIMUM_LETTERS].split()[:MAXIMUM_WORDS])
    return Form(words, tuple(word for word in words if word not in _PREFIXES) or words)


def _letter(letter: str) -> str:
    """Give a letter, nothing for a mark, a space for all else."""
    if category(letter) in _MARKS:
        return ""
    return letter if letter.isalpha() else " "

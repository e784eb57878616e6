"""How people and clerks write a name and a birth date otherwise than the register does.

The kinds are those of the issue; nothing here knows how names are compared. Each variant has one kind, some a second.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import cache
from importlib.resources import files
from random import Random
from typing import NamedTuple
from unicodedata import combining, normalize

import msgspec
import yaml

from crossroads.bench.registered import Registered
from crossroads.kernel.names.particulars import Particulars

_SECOND_KIND, _SECOND_LETTER = 0.35, 0.2
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_SEPARATORS = ("-", " ", "")
_PREFIX_WORDS = frozenset({
    "van", "de", "den", "der", "'t", "vander", "vanden", "von", "vom", "el", "al", "ben", "bou", "abu", "ait",
    "bin", "ould", "abdel", "di", "da", "dos", "del", "della", "la", "du", "le", "des",
})  # fmt: skip
_WITHOUT_DECOMPOSITION = str.maketrans(
    {"ł": "l", "Ł": "L", "\N{LATIN SMALL LETTER DOTLESS I}": "i", "ß": "ss", "ø": "o"}
)


class Kind(StrEnum):
    """In what a variant differs."""

    SAME = "same"
    ACCENTS = "accents"
    TRANSPOSED = "transposed"
    COMPOUND = "compound"
    PREFIX = "prefix"
    SPELLING = "spelling"
    TYPING = "typing"
    INITIALS = "initials"
    NO_FIRST_NAME = "no-first-name"
    FEWER_FIRST_NAMES = "fewer-first-names"
    DATE_INCOMPLETE = "date-incomplete"
    DATE_SWAPPED = "date-swapped"
    DATE_TYPING = "date-typing"
    NO_SEX = "no-sex"


SHARES: dict[Kind, int] = {
    Kind.SAME: 4,
    Kind.ACCENTS: 10,
    Kind.TRANSPOSED: 10,
    Kind.COMPOUND: 8,
    Kind.PREFIX: 12,
    Kind.SPELLING: 18,
    Kind.TYPING: 14,
    Kind.INITIALS: 4,
    Kind.NO_FIRST_NAME: 3,
    Kind.FEWER_FIRST_NAMES: 4,
    Kind.DATE_INCOMPLETE: 5,
    Kind.DATE_SWAPPED: 4,
    Kind.DATE_TYPING: 4,
    Kind.NO_SEX: 4,
}
"""In hundredths, of the first kind of a variant: how often each is met is a guess."""


class Variant(NamedTuple):
    """What somebody asks, and whom it means."""

    asked: Particulars
    person: Registered
    kinds: tuple[Kind, ...]


class Spelling(msgspec.Struct, frozen=True):
    """How names of one origin vary."""

    parts: dict[str, tuple[str, ...]]
    whole: dict[str, tuple[str, ...]]


def variant(rng: Random, kind: Kind, person: Registered) -> Variant | None:
    """Give a variant of this kind, sometimes with a second; None where the person has nothing of the kind."""
    asked = changed(rng, kind, person.particulars, person.origin)
    if asked is None:
        return None
    second = rng.choices(tuple(SHARES), tuple(SHARES.values()))[0]
    if second is kind or rng.random() >= _SECOND_KIND:
        return Variant(asked, person, (kind,))
    again = changed(rng, second, asked, person.origin)
    return Variant(again, person, (kind, second)) if again else Variant(asked, person, (kind,))


def changed(rng: Random, kind: Kind, given: Particulars, origin: str) -> Particulars | None:
    """Give the particulars as they are in one way written otherwise; None where they have nothing that it is about."""
    made = _CHANGES[kind](rng, given, origin)
    return None if made == given and kind is not Kind.SAME else made


def _with_names(given: Particulars, last: str, first: str) -> Particulars | None:
    if (last, first) == (given.last_name, given.first_names) or not last.strip():
        return None
    return msgspec.structs.replace(given, last_name=last, first_names=first)


def _same(_: Random, given: Particulars, __: str) -> Particulars | None:
    return given


def _accents(_: Random, given: Particulars, __: str) -> Particulars | None:
    return _with_names(given, _plain(given.last_name), _plain(given.first_names))


def _plain(text: str) -> str:
    decomposed = normalize("NFKD", text.translate(_WITHOUT_DECOMPOSITION))
    return "".join(letter for letter in decomposed if not combining(letter))


def _transposed(_: Random, given: Particulars, __: str) -> Particulars | None:
    return _with_names(given, given.first_names, given.last_name) if given.first_names else None


def _compound(rng: Random, given: Particulars, _: str) -> Particulars | None:
    """Write a hyphen as a space or nothing, and the other way round, in a name of two parts without a prefix."""
    last, first = given.last_name, given.first_names
    if _is_compound(last):
        return _with_names(given, _rejoined(rng, last), first)
    return _with_names(given, last, _rejoined(rng, first)) if _is_compound(first) else None


def _is_compound(name: str) -> bool:
    words = name.replace("-", " ").split()
    return len(words) > 1 and not _PREFIX_WORDS & {word.casefold() for word in words}


def _rejoined(rng: Random, name: str) -> str:
    words = name.replace("-", " ").split()
    return rng.choice([joined for by in _SEPARATORS if (joined := by.join(words)) != name])


def _prefix(rng: Random, given: Particulars, _: str) -> Particulars | None:
    """Leave the prefix out, or write it in one word with what follows."""
    words = given.last_name.replace("'", "' ").split()
    prefixes = [word for word in words[:-1] if word.casefold() in _PREFIX_WORDS or word == "D'"]
    if not prefixes or words[: len(prefixes)] != prefixes:
        return None
    rest = words[len(prefixes) :]
    glued = "".join(prefixes).replace("'", "") + rest[0].lower()
    half = ["".join(prefixes).replace("'", ""), *rest]
    return _with_names(given, " ".join(rng.choice((rest, [glued, *rest[1:]], half))), given.first_names)


def _spelling(rng: Random, given: Particulars, origin: str) -> Particulars | None:
    """Spell one name, or both, as another language would."""
    how = _spellings()[origin]
    last, first = _respelt(rng, given.last_name, how), _respelt(rng, given.first_names, how)
    return _with_names(given, *rng.choice(((last, first), (last, given.first_names), (given.last_name, first))))


def _respelt(rng: Random, name: str, how: Spelling) -> str:
    for whole, others in how.whole.items():
        if whole in name.split():
            return name.replace(whole, rng.choice(others))
    found = [part for part in how.parts if part in name.casefold()]
    if not found:
        return name
    part = rng.choice(found)
    at = name.casefold().index(part)
    written = rng.choice(how.parts[part])
    return (name[:at] + written + name[at + len(part) :]).title()


@cache
def _spellings() -> dict[str, Spelling]:
    text = (files("crossroads.bench") / "spellings.yaml").read_text("utf-8")
    return msgspec.convert(yaml.safe_load(text), dict[str, Spelling])


def _typing(rng: Random, given: Particulars, _: str) -> Particulars | None:
    """Mistype one name, by one letter or, less often, two."""
    once = _typing_once(rng, given)
    return _typing_once(rng, once) if once and rng.random() < _SECOND_LETTER else once


def _typing_once(rng: Random, given: Particulars) -> Particulars | None:
    if given.first_names and rng.random() < 0.4:  # noqa: PLR2004 - last names are the longer ones
        return _with_names(given, given.last_name, _mistyped(rng, given.first_names))
    return _with_names(given, _mistyped(rng, given.last_name), given.first_names)


def _mistyped(rng: Random, name: str) -> str:
    places = [at for at, letter in enumerate(name) if letter.isalpha()]
    if not places:
        return name  # nothing is left of it but the point of an initial
    at = rng.choice(places)
    before, letter, after = name[:at], name[at], name[at + 1 :]
    return rng.choice((
        before + after,
        before + letter + letter.lower() + after,
        before + _neighbour(rng, letter) + after,
        before + rng.choice(_LETTERS) + letter + after,
        before + after[:1] + letter + after[1:],
    ))  # fmt: skip


def _neighbour(rng: Random, letter: str) -> str:
    """Give the key beside a key."""
    row = next((row for row in _KEYBOARD if letter.lower() in row), _LETTERS)
    at = row.find(letter.lower())
    return rng.choice(row[max(at - 1, 0) : at] + row[at + 1 : at + 2])


def _initials(_: Random, given: Particulars, __: str) -> Particulars | None:
    initials = " ".join(f"{word[0]}." for word in given.first_names.split())
    return _with_names(given, given.last_name, initials)


def _no_first_name(_: Random, given: Particulars, __: str) -> Particulars | None:
    return _with_names(given, given.last_name, "")


def _fewer_first_names(_: Random, given: Particulars, __: str) -> Particulars | None:
    first = given.first_names.split()
    return _with_names(given, given.last_name, first[0]) if len(first) > 1 else None


def _with_date(given: Particulars, year: str, month: str, day: str) -> Particulars | None:
    date = f"{year}-{month}-{day}"
    return None if date == given.birth_date else msgspec.structs.replace(given, birth_date=date)


def _date_incomplete(rng: Random, given: Particulars, _: str) -> Particulars | None:
    year, month, _day = given.birth_date.split("-")
    return _with_date(given, year, rng.choice((month, "00")), "00")


def _date_swapped(_: Random, given: Particulars, __: str) -> Particulars | None:
    year, month, day = given.birth_date.split("-")
    return _with_date(given, year, day, month) if 1 <= int(day) <= 12 and month != "00" else None  # noqa: PLR2004 - months


def _date_typing(rng: Random, given: Particulars, _: str) -> Particulars | None:
    """Mistype one digit of the day, the month or the year, or take the next day."""
    year, month, day = given.birth_date.split("-")
    if "00" in (month, day):
        return None
    other = str(rng.randrange(10))
    return _with_date(given, *rng.choice((
        (year[:3] + other, month, day),
        (year[:2] + year[3] + year[2], month, day),
        (year, f"{rng.randint(1, 12):02d}", day),
        (year, month, f"{rng.randint(1, 28):02d}"),
        (year, month, f"{min(int(day) + 1, 28):02d}"),
    )))  # fmt: skip


def _no_sex(_: Random, given: Particulars, __: str) -> Particulars | None:
    return msgspec.structs.replace(given, sex=None) if given.sex else None


_CHANGES: dict[Kind, Callable[[Random, Particulars, str], Particulars | None]] = {
    Kind.SAME: _same,
    Kind.ACCENTS: _accents,
    Kind.TRANSPOSED: _transposed,
    Kind.COMPOUND: _compound,
    Kind.PREFIX: _prefix,
    Kind.SPELLING: _spelling,
    Kind.TYPING: _typing,
    Kind.INITIALS: _initials,
    Kind.NO_FIRST_NAME: _no_first_name,
    Kind.FEWER_FIRST_NAMES: _fewer_first_names,
    Kind.DATE_INCOMPLETE: _date_incomplete,
    Kind.DATE_SWAPPED: _date_swapped,
    Kind.DATE_TYPING: _date_typing,
    Kind.NO_SEX: _no_sex,
}

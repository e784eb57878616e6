"""The social security identification number of a person (SSIN; NISS, INSZ).

Eleven digits: YYMMDD, a counter of three, two check digits = 97 - (first nine mod 97), 01 to 97. For births from 2000
the check is computed on the digit 2 followed by the nine digits; the two results always differ, so the check digits
decide the century. The month says which register: 00-12 national, +20 and +40 BIS, +60 mock (test environments only).
Source of the rules: RN information type 000; CBSS CommonV3 types (facts: cbss.md chapter 10).
"""

import re
from datetime import date
from enum import StrEnum
from typing import NamedTuple
from unicodedata import decimal

from crossroads.kernel.errors import InvalidSsin


class Environment(StrEnum):
    """Whether an installation is about real people. Mock numbers exist only where it is not."""

    PRODUCTION = "production"
    TEST = "test"


class Register(StrEnum):
    """The register that gave out a number."""

    NATIONAL = "national"
    BIS = "bis"
    BIS_SEX_KNOWN = "bis-sex-known"
    MOCK = "mock"


class IncompleteDate(NamedTuple):
    """A birth date of which month or day may be unknown (0)."""

    year: int
    month: int
    day: int

    @property
    def known(self) -> date | None:
        """The full date, or None where month or day is unknown."""
        return date(self.year, self.month, self.day) if self.month and self.day else None


class Ssin(str):
    """A valid SSIN. Made by `parse_ssin`; its repr is masked so that no log or traceback shows it."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Show nothing of the number."""
        return "Ssin(***)"

    @property
    def register(self) -> Register:
        """The register that gave out the number."""
        return _REGISTERS[int(self[2:4]) // 20]

    @property
    def birth(self) -> IncompleteDate:
        """The birth date written in the number; not proof of the real one."""
        century = 1900 if check_digits(self[:9], born_from_2000=False) == self[9:] else 2000
        return IncompleteDate(century + int(self[:2]), int(self[2:4]) % 20, int(self[4:6]))

    @property
    def male(self) -> bool | None:
        """Whether the counter is odd (men); None where the register does not know the sex."""
        return None if self.register is Register.BIS else int(self[6:9]) % 2 == 1


_REGISTERS = (Register.NATIONAL, Register.BIS, Register.BIS_SEX_KNOWN, Register.MOCK)
_SEPARATOR = r"[\s./_\-\u00ad\u2010-\u2015\u2044]"
_SEPARATORS = re.compile(_SEPARATOR)
_WRITTEN = re.compile(r"(?<!\d)(?=(\d{2}S\d{2}S\d{2}S\d{3}S\d{2})(?!\d))".replace("S", _SEPARATOR + "{0,3}"))
"""Eleven digits in a text, as numbers of persons are written: 80.03.15-123.07."""
_UUID = re.compile(r"\b[0-9a-f]{8}(-?)[0-9a-f]{4}\1[1-8][0-9a-f]{3}\1[89ab][0-9a-f]{3}\1[0-9a-f]{12}\b", re.IGNORECASE)
"""Names nobody; yet of twenty thousand one has, by chance, digits like those of a person."""
_LENGTH = 11
_MONTHS = 12
_DAYS = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def check_digits(first_nine: str, *, born_from_2000: bool) -> str:
    """Compute the two check digits of the first nine."""
    number = int(f"2{first_nine}" if born_from_2000 else first_nine)
    return f"{97 - number % 97:02d}"


def parse_ssin(text: str, environment: Environment, today: date) -> Ssin:
    """Give the SSIN in `text`: exactly eleven digits, no separators.

    Raises InvalidSsin, with a message that does not repeat the number.
    """
    if len(text) != _LENGTH or not (text.isascii() and text.isdigit()):
        raise InvalidSsin("An SSIN has exactly eleven digits.")
    year, month, day, counter = int(text[:2]), int(text[2:4]), int(text[4:6]), text[6:9]
    if month % 20 > _MONTHS or month // 20 >= len(_REGISTERS):
        raise InvalidSsin("The month of the SSIN belongs to no register.")
    register = _REGISTERS[month // 20]
    if register is Register.MOCK and environment is not Environment.TEST:
        raise InvalidSsin("A mock SSIN exists only in a test environment.")
    if counter == "000" and register is Register.NATIONAL:
        raise InvalidSsin("The counter of a national number is not 000.")
    for century, born_from_2000 in ((1900, False), (2000, True)):
        if check_digits(text[:9], born_from_2000=born_from_2000) != text[9:]:
            continue
        ssin = Ssin(text)
        _check_birth(century + year, month % 20, day, register, today)
        return ssin
    raise InvalidSsin("The check digits of the SSIN are wrong.")


def is_number_of_person(text: str, environment: Environment, today: date) -> bool:
    """Tell whether a valid SSIN is the text or stands in it, with or without blanks, dots, dashes and slashes.

    Digits count in any script: who reads them reads the number.
    """
    plain = text if text.isascii() else "".join(str(decimal(char, char)) for char in text)
    candidates = (plain, *_WRITTEN.findall(_UUID.sub(" ", plain)))
    return any(_is_valid(_SEPARATORS.sub("", candidate), environment, today) for candidate in candidates)


def _is_valid(text: str, environment: Environment, today: date) -> bool:
    try:
        parse_ssin(text, environment, today)
    except InvalidSsin:
        return False
    return True


def _check_birth(year: int, month: int, day: int, register: Register, today: date) -> None:
    if month == 0:
        # Month unknown: the day field is a spill-over counter once the counters of month and day 00 are used up.
        too_late = year > today.year
    elif day > _DAYS[month]:
        raise InvalidSsin("The day of the SSIN does not exist in its month.")
    else:
        try:
            too_late = date(year, month, max(day, 1)) > today
        except ValueError:
            raise InvalidSsin("The day of the SSIN does not exist in its month.") from None
    # Mock numbers of test collections may lie in the future; the rule against future centuries is not for them.
    if too_late and register is not Register.MOCK:
        raise InvalidSsin("The check digits of the SSIN are right only for a birth in the future.")

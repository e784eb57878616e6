"""Languages: which there are, the words of a program in each, and dates and numbers as people there write them."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from babel.core import Locale, negotiate_locale
from babel.dates import format_date, format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent

from crossroads.kernel.clock import BRUSSELS

LANGUAGES = {"nl": "Nederlands", "fr": "Français", "de": "Deutsch", "en": "English"}
"""Each with its own name."""
SOURCE = "en"
"""The language in which messages stand in code and templates."""

_BELGIAN = {"nl": "nl_BE", "fr": "fr_BE", "de": "de_BE", "en": "en_GB"}
_DAY = {"de": "d. MMMM y"}
_OTHERWISE = "d MMMM y"
_FIRST = {"fr": "d'er' MMMM y"}
"""Of the first day of a month: 1er janvier."""
_LOOSE = re.compile(" (?=[;:?!»])|(?<=«) ")
"""Spaces of French at which no line ends."""


def nearest(language: str, texts: Mapping[str, Any]) -> tuple[str, str] | None:
    """Give a text that exists in some languages, after its language: the one wanted, else en, nl, fr, de."""
    for one in (language, SOURCE, *LANGUAGES):
        if isinstance(found := texts.get(one), str) and found:
            return one, found
    return None


class Words(NamedTuple):
    """All that a page says in one language."""

    language: str
    translations: NullTranslations

    @property
    def locale(self) -> Locale:
        """How dates and numbers are written."""
        return Locale.parse(_BELGIAN[self.language])

    def text(self, message: str, /, **values: object) -> str:
        """Give a message, with `%(name)s` filled in."""
        found = self.translations.gettext(message)
        return found % values if values else found

    def plural(self, one: str, many: str, number: int, /, **values: object) -> str:
        """Give a message for so many; `%(num)s` is the number."""
        return self.translations.ngettext(one, many, number) % {"num": self.number(number), **values}

    def month(self, day: date) -> str:
        """Write the month of a day: November 2026."""
        return format_date(day, "LLLL y", locale=self.locale)

    def quarter(self, day: date) -> str:
        """Write the quarter of a day: 4th quarter 2026."""
        return format_date(day, "QQQQ y", locale=self.locale)

    def euros(self, cents: int) -> str:
        """Write a sum of eurocents."""
        return format_currency(Decimal(cents) / 100, "EUR", locale=self.locale)

    def date(self, day: date) -> str:
        """Write a day in full: 3 November 2026. A moment is that of Brussels."""
        if isinstance(day, datetime):
            day = day.astimezone(BRUSSELS).date()
        return format_date(day, _pattern(self.language, day), locale=self.locale)

    def moment(self, moment: datetime) -> str:
        """Write a moment, in Brussels time."""
        pattern = _pattern(self.language, moment.astimezone(BRUSSELS).date())
        return format_datetime(moment, f"{pattern}, HH:mm:ss", tzinfo=BRUSSELS, locale=self.locale)

    def number(self, number: float) -> str:
        """Write a number."""
        return format_decimal(number, locale=self.locale)

    def percent(self, share: float) -> str:
        """Write a share between 0 and 1 in hundredths, with two decimals at most; never rounded up to a whole."""
        return format_percent(int(share * 10_000) / 10_000, "#,##0.##\u202f%", locale=self.locale)


def _pattern(language: str, day: date) -> str:
    first = _FIRST.get(language) if day.day == 1 else None
    return first or _DAY.get(language, _OTHERWISE)


def words_of(folders: Iterable[Path]) -> dict[str, Words]:
    """Read what is said in each language from `<folder>/<language>.po`; English stands in the code."""
    places = tuple(folders)
    return {
        language: Words(language, NullTranslations() if language == SOURCE else _read(language, places))
        for language in LANGUAGES
    }


def preferred(accepted: str | None, otherwise: str = next(iter(LANGUAGES))) -> str:
    """Choose a language by an `Accept-Language`; Dutch, or `otherwise`, where it names none of ours."""
    parts = "".join((accepted or "").lower().split()).split(",")
    weighed = [(_quality(part), part.split(";")[0].replace("-", "_")) for part in parts]
    wanted = [name for quality, name in sorted(weighed, key=lambda one: -one[0]) if name and quality > 0]
    return negotiate_locale(wanted, list(LANGUAGES)) or _by_prefix(wanted) or otherwise


def _by_prefix(wanted: Iterable[str]) -> str | None:
    return next((name[:2] for name in wanted if name[:2] in LANGUAGES), None)


def _bound(text: Any) -> Any:
    """Keep the signs of French that have a space before them on the line of the word."""
    return tuple(map(_bound, text)) if isinstance(text, (list, tuple)) else _LOOSE.sub("\N{NO-BREAK SPACE}", text)


def _quality(part: str) -> float:
    _, _, weight = part.partition(";q=")
    try:
        return float(weight) if weight else 1.0
    except ValueError:
        return 0.0


def _read(language: str, folders: Iterable[Path]) -> NullTranslations:
    merged: GNUTranslations | None = None
    for folder in folders:
        compiled = BytesIO()
        with (folder / f"{language}.po").open("rb") as source:
            catalogue = read_po(source, locale=language)
        for message in catalogue if language == "fr" else ():
            message.string = _bound(message.string)
        write_mo(compiled, catalogue)
        compiled.seek(0)
        found = GNUTranslations(compiled)
        if merged is not None:
            found.add_fallback(merged)
        merged = found
    return merged or NullTranslations()

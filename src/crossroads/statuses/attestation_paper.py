"""An attestation as a page: a PDF, not yet signed. Names are printed letter by letter, never read as markup."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, time
from gettext import NullTranslations

import msgspec
import segno
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from crossroads.kernel.errors import Refused
from crossroads.kernel.ssin import Environment
from crossroads.statuses.attestation_model import Statement
from crossroads.statuses.attestation_settings import LONGEST_NAME
from crossroads.statuses.attestation_words import SENTENCES, Sentences
from crossroads.web.languages import Words

_ENCODING = "cp1252"
"""The letters of the fonts that every reader of PDF has."""
_FONT, _FIXED = "Helvetica", "Courier"
_MARGIN, _LABEL, _LINE = 20, 52, 6
_SQUARE, _QUIET = 1.2, 4
"""Of the code to scan: the side of a square, and how many white ones stand around all."""


def draw(said: Statement, institution: str, language: str, page_of_check: str | None = None) -> bytes:
    """Draw it in a language, for an institution by its name, with where it is verified.

    Raises Refused for a name that cannot be printed.
    """
    sentences, words = SENTENCES[language], Words(language, NullTranslations())
    page = _page(said, sentences, language)
    _paragraph(page, sentences.title, 20, "B")
    if said.environment is Environment.TEST:
        _paragraph(page, sentences.test, 11, "B")
    _paragraph(page, sentences.attests.format(institution=_printable(institution)), 12)
    for label, text in _lines(said, sentences, words):
        _line(page, label, text)
    _line(page, sentences.code, said.code, _FIXED)
    _squares(page, said.code)
    _paragraph(page, sentences.whose, 10)
    _paragraph(page, sentences.check, 10)
    if page_of_check:
        _paragraph(page, sentences.where.format(address=page_of_check), 10)
    return bytes(page.output())


def _page(said: Statement, sentences: Sentences, language: str) -> FPDF:
    page = FPDF()
    page.core_fonts_encoding = _ENCODING
    page.set_margin(_MARGIN)
    page.set_lang(language)
    page.set_title(sentences.title)
    page.set_creation_date(datetime.combine(said.made, time(), UTC))
    # For programs: ASCII, so that it is read back as it was written.
    page.set_keywords(json.dumps(msgspec.to_builtins(said)))
    page.add_page()
    return page


def _lines(said: Statement, sentences: Sentences, words: Words) -> Iterator[tuple[str, str]]:
    yield sentences.right, _printable(said.name)
    yield sentences.days, _days(said, sentences, words)
    yield sentences.made, words.date(said.made)
    yield sentences.until, words.date(said.until)


def _days(said: Statement, sentences: Sentences, words: Words) -> str:
    first, last = said.days.start_date, said.days.end_date
    if last is None:
        return sentences.since.format(first=words.date(first))
    pattern = sentences.on if first == last else sentences.between
    return pattern.format(first=words.date(first), last=words.date(last))


def _paragraph(page: FPDF, text: str, size: int, style: str = "") -> None:
    page.set_font(_FONT, style, size)
    page.multi_cell(0, size / 2, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    page.ln(_LINE)


def _line(page: FPDF, label: str, text: str, font: str = _FONT) -> None:
    page.set_font(_FONT, "", 12)
    page.cell(_LABEL, _LINE, label)
    page.set_font(font, "B", 12)
    page.multi_cell(0, _LINE, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    page.ln(2)


def _squares(page: FPDF, code: str) -> None:
    """Draw the code as a phone reads it."""
    top = page.get_y()
    rows = segno.make(code, error="m", micro=False).matrix
    for down, row in enumerate(rows, _QUIET):
        for right, dark in enumerate(row, _QUIET):
            if dark:
                page.rect(_MARGIN + right * _SQUARE, top + down * _SQUARE, _SQUARE, _SQUARE, style="F")
    page.set_y(top + (len(rows) + 2 * _QUIET) * _SQUARE)


def _printable(name: str) -> str:
    try:
        name.encode(_ENCODING)
    except UnicodeEncodeError:
        raise Refused(f"The name {name!a} has a letter that cannot be printed.") from None
    if not name.isprintable() or not 0 < len(name) <= LONGEST_NAME:
        raise Refused(f"The name {name!a} cannot be printed: it is empty, too long, or has more than one line.")
    return name

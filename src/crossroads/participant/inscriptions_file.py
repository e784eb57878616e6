"""A file of inscriptions as it lies here: one line each, as JSON Lines or CSV, perhaps packed."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

from crossroads.kernel.errors import InvalidValue
from crossroads.kernel.identifiers import ContextId
from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Environment, is_number_of_person, parse_ssin
from crossroads.participant.batches_file import Tell, form_of, opened
from crossroads.wire.batches import FileFormat
from crossroads.wire.inscriptions import Action, BulkLine, ComparedLine
from crossroads.wire.messages import InscriptionEvidence, Reference, Request, SsinText
from crossroads.wire.rows import Column, CsvRows, JsonRows, RowReader

_PIECE = 256 * 1024
_DAY = "A day that exists, written as 2026-01-31."
_WORD = "1 to 64 characters, no control characters."


class ListedRow(Request, frozen=True, kw_only=True):
    """A line of one's own list."""

    ssin: SsinText
    context: ContextId
    period: Period
    phase: Literal[0, 902, "0", "902"] = 0

    @property
    def compared(self) -> ComparedLine:
        """The line as it travels."""
        return ComparedLine(ssin=self.ssin, context=self.context, period=self.period, phase=int(self.phase))


class KeptRow(ListedRow, frozen=True, kw_only=True):
    """A line to be kept, under one's own reference."""

    reference: Reference
    evidence: InscriptionEvidence | None = None

    def kept(self, action: Action, institution: str) -> BulkLine:
        """Give the line as it travels."""
        return BulkLine(
            action=action,
            reference=self.reference,
            institution=institution,
            ssin=self.ssin,
            context=self.context,
            period=self.period,
            phase=int(self.phase),
            evidence=self.evidence,
        )


LISTED: Mapping[str, Column] = {
    "ssin": Column("ssin", "An SSIN is text of exactly eleven digits."),
    "context": Column("context", "An inscription context is written 17:2."),
    "startDate": Column("period.startDate", _DAY),
    "endDate": Column("period.endDate", _DAY),
    "phase": Column("phase", "The phase is 0 (definitive) or 902 (provisional)."),
}
KEPT: Mapping[str, Column] = {
    **LISTED,
    "reference": Column("reference", _WORD),
    "evidenceKind": Column("evidence.kind", "reference or document."),
    "evidenceValue": Column("evidence.value", _WORD),
}

Row = TypeVar("Row", bound=ListedRow)


class Numbered(NamedTuple):
    """The line of a file at which a row stands, from 1, and how far into the file it is, of how much."""

    line: int
    row: Any


class RowRules:
    """What must be true of a row besides its form, as far as it can be told here."""

    def __init__(self, environment: Environment, today: date) -> None:
        """Know by what numbers are judged."""
        self._environment, self._today = environment, today

    def __call__(self, row: ListedRow) -> None:
        """Raise InvalidValue for a row that cannot be; the message holds nothing of it."""
        parse_ssin(row.ssin, self._environment, self._today)
        if isinstance(row, KeptRow):
            told = (row.reference, row.evidence.value if row.evidence else "")
            if any(is_number_of_person(text, self._environment, self._today) for text in told):
                raise InvalidValue("Reference and evidence may not hold the number of a person: they are logged.")


class InscriptionFile:
    """The rows of a file, read as often as is asked for, with little memory."""

    def __init__(self, path: Path, kind: type[ListedRow], rules: Callable[[ListedRow], None]) -> None:
        """Tell its form by its name. Raises Refused."""
        self.path, self._kind, self._rules = path, kind, rules
        self._form = form_of(path)

    def rows(self, what: str, tell: Tell) -> Iterator[Numbered]:
        """Give the rows with their lines. Raises BadFile with the line that is wrong, or Refused."""
        number = 1 if self._form.format is FileFormat.CSV else 0
        for row in self._read(what, tell):
            number += 1
            yield Numbered(number, row)

    def _read(self, what: str, tell: Tell) -> Iterator[ListedRow]:
        columns = KEPT if issubclass(self._kind, KeptRow) else LISTED
        form = JsonRows if self._form.format is FileFormat.JSON_LINES else CsvRows
        reader: RowReader[ListedRow] = RowReader(form(self._kind, columns), self._form.packing, self._rules)
        size, read = self.path.stat().st_size if self.path.exists() else 0, 0
        with opened(self.path) as file:
            while piece := file.read(_PIECE):
                yield from reader.feed(piece)
                read += len(piece)
                tell(what, read, size)
            yield from reader.finish()

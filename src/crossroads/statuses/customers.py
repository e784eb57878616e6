"""The client's side: its list of customers goes out as questions, and an answer comes back for each line of the list.

A line without a number that can be a person's is refused by itself, and the others go on.
"""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import msgspec

from crossroads.kernel.codes import StatusValue
from crossroads.kernel.errors import InvalidValue, Refused
from crossroads.kernel.ssin import Environment, is_number_of_person, parse_ssin
from crossroads.participant.client import AnsweredRecord, BatchWish, SyncClient
from crossroads.participant.statuses import RightAnswer
from crossroads.statuses.asking import Tell, answers

_COLUMNS = ("reference", "ssin")
_LONGEST = 100
_CHANGED = "The list of customers changed while it was asked about: nothing of this run counts."
_decoder = msgspec.json.Decoder(RightAnswer)


class Verdict(StrEnum):
    """What came of a line."""

    YES = "yes"
    NO = "no"
    REFUSED = "refused"
    """The line itself cannot be asked about."""
    UNDECIDED = "undecided"
    """No answer can be had now, or it is not for this client: whatever held before goes on."""


class Outcome(NamedTuple):
    """One line of a result: for each period one, with the customer's own reference, and never a number of a person."""

    reference: str
    verdict: Verdict
    start_date: date | None = None
    end_date: date | None = None
    reason: str | None = None


class _Customer(NamedTuple):
    reference: str
    ssin: str | None
    fault: str | None


class Customers:
    """A list of customers in a CSV file with the columns `reference` and `ssin`."""

    def __init__(self, path: Path, environment: Environment, today: date) -> None:
        """Read it from there, as often as needed. Raises Refused for a file that is no such list."""
        self._path, self._environment, self._today = path, environment, today
        next(self.lines(), None)

    def lines(self) -> Iterator[_Customer]:
        """Give each line with what is wrong with it. Raises Refused with that of a line without a usable reference."""
        try:
            with self._path.open(encoding="utf-8-sig", newline="") as file:
                rows = csv.DictReader(file, strict=True)
                if not set(_COLUMNS) <= set(rows.fieldnames or ()):
                    raise Refused(f"{self._path}: the first line must name the columns {' and '.join(_COLUMNS)}.")
                for row in rows:
                    yield self._customer(rows.line_num, row["reference"], row["ssin"])
        except OSError as error:
            raise Refused(f"{self._path} cannot be read: {error.strerror}.") from error
        except (UnicodeDecodeError, csv.Error):
            raise Refused(f"{self._path} is no CSV file in UTF-8.") from None

    def numbers(self) -> Iterator[str]:
        """Give the number of every line that can be asked about."""
        return (one.ssin for one in self.lines() if one.ssin)

    def _customer(self, line: int, reference: str | None, ssin: str | None) -> _Customer:
        if not reference or len(reference) > _LONGEST:
            raise Refused(f"{self._path}, line {line}: each line needs a reference of at most {_LONGEST} characters.")
        if is_number_of_person(reference, self._environment, self._today):
            raise Refused(f"{self._path}, line {line}: the reference is a number of a person. Give one of your own.")
        try:
            parse_ssin(ssin or "", self._environment, self._today)
        except InvalidValue as error:
            return _Customer(reference, None, str(error) if ssin else "It has no number of a person.")
        return _Customer(reference, ssin, None)


@contextmanager
def ask_all(
    client: SyncClient, customers: Customers, wish: BatchWish, tell: Tell, folder: Path
) -> Iterator[Iterator[Outcome]]:
    """Ask about every customer in one file, and give what came of each line, in the order of the list.

    Nothing is asked before the first is taken, and the result is acknowledged when what was done with all ended well.
    Raises Refused and Unavailable where there is no result, and Tampered for one that does not hold.
    """
    with answers(client, customers.numbers(), wish, tell, folder) as answered:
        yield _each(customers, answered)


def _each(customers: Customers, answered: Iterator[AnsweredRecord]) -> Iterator[Outcome]:
    for customer in customers.lines():
        if customer.ssin is None:
            yield Outcome(customer.reference, Verdict.REFUSED, reason=customer.fault)
        elif not (record := next(answered, None)) or customer.ssin not in _numbers(record):
            raise Refused(_CHANGED)
        else:
            yield from _outcomes(customer.reference, record)
    if next(answered, None) is not None:
        raise Refused(_CHANGED)


def _numbers(record: AnsweredRecord) -> tuple[str | None, ...]:
    return record.line.ssin.value, record.line.ssin.replaces


def _outcomes(reference: str, record: AnsweredRecord) -> Iterator[Outcome]:
    status = record.line.status
    if status.value is StatusValue.NO_DATA_FOUND:
        yield Outcome(reference, Verdict.NO)
    elif status.value is not StatusValue.DATA_FOUND or not record.blocks:
        reason = record.rejected[0].reason if record.rejected else status.description
        yield Outcome(reference, Verdict.UNDECIDED, reason=reason)
    else:
        yield from _told(reference, _decoder.decode(record.blocks[0].content))


def _told(reference: str, answer: RightAnswer) -> Iterator[Outcome]:
    if not answer.entitled:
        yield Outcome(reference, Verdict.NO)
    for days in answer.periods if answer.entitled else ():
        yield Outcome(reference, Verdict.YES, days.start_date, days.end_date)

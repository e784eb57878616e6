"""What is typed into the forms of the desk, read: a fault is said in the words of the page, and repeats no number."""

import re
from collections.abc import Collection
from datetime import date
from typing import Protocol
from uuid import UUID

from crossroads.kernel.errors import InvalidValue
from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Environment, parse_ssin
from crossroads.web.forms import Form
from crossroads.web.languages import Words

_BETWEEN_DIGITS = re.compile(r"[\s.\-]")


class Typed(Protocol):
    """A form, and the language of its page."""

    form: Form

    @property
    def words(self) -> Words:
        """The words of the page."""
        ...

    def day(self, field: str) -> date | None:
        """Give the day that was typed; None where none was, or with a fault."""
        ...


def number(text: str, environment: Environment, today: date) -> str:
    """Read the number of a person, however it is grouped; "" for none."""
    try:
        return str(parse_ssin(_BETWEEN_DIGITS.sub("", text), environment, today))
    except InvalidValue:
        return ""


def ssin(view: Typed, field: str, environment: Environment, today: date) -> str:
    """Read the number of a person from a field; "" with a fault for none."""
    found = number(view.form[field], environment, today)
    if not found:
        view.form.fault(
            field,
            view.words.text(
                "This is no number of a person. It has 11 digits, as on the identity card: look for a slip."
            ),
        )
    return found


def groups(view: Typed, offered: Collection[str]) -> list[str]:
    """Read which data groups were chosen of those that are offered."""
    chosen = view.form.every("groups")
    if not chosen:
        view.form.fault("groups", view.words.text("Choose at least one group of data"))
    elif not set(chosen) <= set(offered):
        view.form.fault("groups", view.words.text("Choose what your institution may ask for"))
    return chosen


def period(view: Typed, first: str = "first", last: str = "last") -> Period | None:
    """Read a period; the last day may be open. None with a fault for none."""
    start, end = view.day(first), view.day(last)
    if start is None:
        view.form.fault(first, view.words.text("Enter the first day"))
        return None
    if end is not None and end < start:
        view.form.fault(last, view.words.text("The last day is before the first"))
        return None
    return Period(start, end) if view.form.good else None


def lines(view: Typed, field: str, most: int) -> str:
    """Read a text as one line; more than fits is a fault."""
    text = " ".join(view.form[field].split())
    if len(text) > most:
        view.form.fault(field, view.words.text("Enter at most %(most)s characters", most=most))
    return text


def ticket(view: Typed, field: str) -> UUID | None:
    """Read a ticket; None with a fault for none."""
    try:
        return UUID(view.form[field])
    except ValueError:
        view.form.fault(field, view.words.text("Enter the ticket: 32 letters and digits in five groups"))
        return None


def closed_period(view: Typed, first: str = "first", last: str = "last") -> Period | None:
    """Read a period that has an end. None with a fault for none."""
    found = period(view, first, last)
    if found is not None and found.end_date is None:
        view.form.fault(last, view.words.text("Enter the last day"))
        return None
    return found

"""What an officer types to search the log, read as the query that it is. Pure."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import msgspec

from crossroads.kernel.errors import InvalidSsin
from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Environment, parse_ssin
from crossroads.web.view import View
from crossroads.wire.supervision import MAXIMUM_SEARCHED_DAYS, LogQuery, Reason

_FIELDS = {"institution": "institution", "agent": "of_agent", "purpose": "purpose", "ticket": "ticket"}
_LATELY = timedelta(days=6)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A search as it is kept in the session: the number stays there, and stands on no page."""

    said: dict[str, str]
    """What narrows it, by field of the query."""
    reason: str
    ssin: str | None = None
    first: date | None = None
    last: date | None = None
    after: str | None = None

    @property
    def query(self) -> dict[str, Any]:
        """The fields of the query beside who asks."""
        period = Period(self.first, self.last) if self.first else None
        return {"ssin": self.ssin, "period": period, "reason": self.reason, "after": self.after, **self.said}


def wanted(view: View, today: date, environment: Environment) -> Wanted:
    """Read the form, and say beside each field what is wrong with it."""
    form = view.form
    said = {name: form[field] for field, name in _FIELDS.items() if form[field]}
    _check(view, "reason", form["reason"], Reason, view.words.text("Say why, in a few words"))
    for field, name in _FIELDS.items():
        kind = LogQuery.__annotations__[name]
        if name in said:
            _check(view, field, said[name], kind, view.words.text("This has not the form that it should have"))
    number = form["number"].replace(".", "").replace("-", "").replace(" ", "")
    if number and not _is_number(number, environment, today):
        form.fault("number", view.words.text("This is no number of a person"))
    direct = bool(number) or "ticket" in said
    first, last = view.day("first"), view.day("last")
    if not direct:
        last = last or today
        first = first or last - _LATELY
    _check_together(view, said, number, first, last)
    return Wanted(said=said, reason=form["reason"], ssin=number or None, first=first, last=last)


def read_reason(view: View) -> str:
    """Read why something is done, and say so where nothing is written."""
    _check(view, "reason", view.form["reason"], Reason, view.words.text("Say why, in a few words"))
    return view.form["reason"]


def _check_together(view: View, said: Mapping[str, str], number: str, first: date | None, last: date | None) -> None:
    form, direct = view.form, bool(number) or "ticket" in said
    if not direct and not said.keys() & {"institution", "purpose"}:
        form.fault("number", view.words.text("Name a person, a ticket, an institution or a purpose"))
    if number and "ticket" in said:
        form.fault("ticket", view.words.text("Search by a person or by a ticket, not by both"))
    if not direct and "of_agent" in said and "institution" not in said:
        form.fault("institution", view.words.text("An agent is known by the institution: name it"))
    if first and last and last < first:
        form.fault("last", view.words.text("The last day comes before the first."))
    if last and not first:
        form.fault("first", view.words.text("Name the first day too"))
    if not direct and first and last and (last - first).days >= MAXIMUM_SEARCHED_DAYS:
        form.fault("last", view.words.text("Name at most 31 days"))


def _check(view: View, field: str, value: str, kind: Any, sentence: str) -> None:
    try:
        msgspec.convert(value, kind, strict=False)
    except (msgspec.ValidationError, ValueError):
        view.form.fault(field, sentence)


def _is_number(text: str, environment: Environment, today: date) -> bool:
    try:
        parse_ssin(text, environment, today)
    except InvalidSsin:
        return False
    return True

"""For how many days what the log says stays: settled by the owner of the database, by class of event."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import NamedTuple

from crossroads.audit.events import EXPIRING, LogClass
from crossroads.kernel.clock import BRUSSELS, brussels_day
from crossroads.kernel.errors import Refused


class Term(NamedTuple):
    """That what entries of a class say stays for some days: what is from before a moment may go today."""

    log_class: str
    days: int
    before: datetime


def days_by_event(kept_days: int, by_class: Mapping[LogClass, int]) -> dict[str, tuple[str, int]]:
    """Give class and days of each event that expires: those of its class, or else `kept_days`."""
    return {event.value: (kind.value, by_class.get(kind, kept_days)) for event, kind in EXPIRING.items()}


def expiring_before(day: date, terms: list[Term]) -> dict[str, datetime]:
    """Give for each class from before which moment entries go when all from before a day are to, as far as they may.

    Raises Refused for a day whose eve is old enough for no class, or when no terms were settled.
    """
    if not terms:
        raise Refused("It is not settled for how long the log is kept: run `crossroads migrate`.")
    latest = max(term.before for term in terms)
    begins = datetime.combine(day, time(), BRUSSELS)
    if begins > latest:
        kept = min(term.days for term in terms)
        raise Refused(
            f"The log is kept for {kept} days (the settings log_kept_days and log_class_days, as of the last "
            f"`crossroads migrate`): what is from before {brussels_day(latest)} may expire, and {day} is later."
        )
    return {term.log_class: min(begins, term.before) for term in terms}

"""What is told to clients when a right turns out otherwise: that something changed, for these days, and no more.

The hub finds who must know: who has the person on file, may have the answer and wished to be told, and of a correction
also whoever was given the wrong answer. They ask, and learn yes or no as always.
"""

import secrets
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from functools import reduce
from typing import NamedTuple

from crossroads.kernel.clock import BRUSSELS
from crossroads.kernel.period import Period, merged
from crossroads.statuses.model import year_end
from crossroads.wire.mutations import Mutation, MutationKind

_REFERENCE_BYTES = 16


class Cause(NamedTuple):
    """Why a right turns out otherwise: what a source told of a status."""

    corrected: bool
    """That what it had said before was wrong."""
    wrong_since: datetime | None
    """Since when, where the source says so."""


def together(causes: Iterable[Cause]) -> Cause:
    """Give the cause of what turns out otherwise by several: a correction, where one is, since the first moment."""
    since = [one.wrong_since for one in causes if one.corrected]
    known = [moment for moment in since if moment]
    return Cause(bool(since), min(known) if since and len(known) == len(since) else None)


class Answer(NamedTuple):
    """Which right, of whom, known in which context."""

    data_group: str
    ssin: str
    context: str


def otherwise(before: Iterable[Period], after: Iterable[Period]) -> Period | None:
    """Give the days from the first to the last on which two answers differ."""
    old, new = merged(before), merged(after)
    differing = [*_without(old, new), *_without(new, old)]
    return reduce(Period.hull, differing) if differing else None


def told(answer: Answer, days: Period, cause: Cause, loaded: date, today: date) -> Mutation | None:
    """Make the notice of a change; None where it is about days before the year of the load alone."""
    year = loaded.replace(month=1, day=1)
    period = days.intersection(Period(year))
    if period is None:
        return None
    return Mutation(
        reference=secrets.token_hex(_REFERENCE_BYTES),
        ssin=answer.ssin,
        data_group=answer.data_group,
        context=answer.context,
        period=period,
        kind=MutationKind.CORRECTED if cause.corrected else MutationKind.CHANGED,
        happened_on=today,
        # Without a word of the source, nothing that was answered about this year is trusted.
        wrong_since=(cause.wrong_since or datetime.combine(year, time.min, BRUSSELS)) if cause.corrected else None,
    )


def whole_year(loaded: date) -> Period:
    """Give the days that a load is about."""
    return Period(loaded.replace(month=1, day=1), year_end(loaded))


def _without(periods: Sequence[Period], others: Sequence[Period]) -> list[Period]:
    left = list(periods)
    for other in others:
        left = [part for period in left for part in period.without(other)]
    return left

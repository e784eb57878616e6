"""A mandate as the two see it, as the log keeps it, and what is wrong with one that is about to be given. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from uuid import UUID

from crossroads.identity.acting_store import Mandate
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Conflict, Fault
from crossroads.kernel.period import Period
from crossroads.kernel.sentences import Sentence
from crossroads.wire.acting import MAXIMUM_YEARS, GiveMandate, MandateLine, Scope, Side

_INVALID = "urn:problem-type:belgif:input-validation:invalidInput"
_PERIOD = "urn:problem-type:belgif:input-validation:invalidPeriod"


def seen(mandate: Mandate, side: Side, numbers: Mapping[int, str], *, counts: bool) -> MandateLine:
    """Give a mandate as one of the two sees it: with the number typed, or while it counts the giver's of today."""
    gave = side is Side.GIVER
    of_giver = numbers[mandate.giver] if counts else None
    return MandateLine(
        mandate=mandate.mandate,
        side=side,
        name=mandate.receiver_name if gave else mandate.giver_name,
        ssin=mandate.receiver_ssin if gave else of_giver,
        scopes=mandate.scopes,
        start_date=mandate.start_date,
        end_date=mandate.end_date,
        given_at=mandate.given_at,
        accepted_at=mandate.accepted_at,
        ended_at=mandate.ended_at,
        ended_by=mandate.ended_by,
    )


def again(before: Mandate, said: GiveMandate, giver: int) -> UUID:
    """Give the mandate for which a reference was used, where the same is said again. Raises Conflict."""
    to = (said.to.ssin, said.to.last_name)
    same = (giver, *to, set(said.scopes), said.start_date, said.end_date) == (
        before.giver,
        before.receiver_ssin,
        before.receiver_name,
        set(before.scopes),
        before.start_date,
        before.end_date,
    )
    if not same:
        raise Conflict(code=Code.REFERENCE_REUSED)
    return before.mandate


def of_mandate(mandate: Mandate) -> dict[str, object]:
    """Give what the log keeps of a mandate."""
    days = Period(mandate.start_date, mandate.end_date)
    said = {"startDate": days.start_date.isoformat(), "endDate": mandate.end_date.isoformat()}
    return {"mandate": str(mandate.mandate), "scopes": named(mandate.scopes), "period": said}


def named(scopes: Iterable[Scope]) -> list[str]:
    """Give scopes as they are written down."""
    return sorted(scope.value for scope in scopes)


def day_faults(first: date, last: date, today: date) -> Iterator[Fault]:
    """Give what is wrong with the days of a mandate that is about to be given."""
    if first < today:
        yield Fault("$.startDate", _INVALID, "A mandate begins today or later.")
    if last < first:
        yield Fault("$.endDate", _PERIOD, "The last day comes before the first.")
    if (last.year, last.month, last.day) > (first.year + MAXIMUM_YEARS, first.month, first.day):
        yield Fault("$.endDate", _INVALID, Sentence("A mandate lasts at most %(years)s years.", years=MAXIMUM_YEARS))

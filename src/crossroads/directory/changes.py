"""What an operation does to the lines of one institution in one context: pure functions over periods (cbss.md 6.1).

A line never changes. An operation ends lines and writes pieces; a piece stays with the person whose line it comes from,
so that persons who are told apart again each keep their own.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple

from crossroads.directory.model import Held, Phase, Piece
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Fault, Malformed, Refused
from crossroads.kernel.period import Period, merged

_DAY = timedelta(days=1)
_SCHEMA = "urn:problem-type:belgif:input-validation:schemaViolation"


class Change(NamedTuple):
    """Lines that end, and pieces that are written."""

    ended: tuple[Held, ...] = ()
    written: tuple[Piece, ...] = ()


Operation = Callable[[Sequence[Held], Piece], Change]
"""Takes the lines that the institution has in the context, and the days asked. Raises Refused."""


def opened(lines: Sequence[Held], asked: Piece) -> Change:
    """Inscribe, or extend. Lines that touch the days asked become one with them.

    What is definitive stays so: a provisional inscription is written only for the other days, and a definitive one
    takes the place of a provisional one.
    """
    own = [held for held in lines if held.person == asked.person]
    firm = [held.line.period for held in own if held.line.phase == Phase.DEFINITIVE]
    wanted = [asked.period] if asked.phase == Phase.DEFINITIVE else _without([asked.period], firm)
    same = [held for held in own if held.line.phase == asked.phase]
    touched = [held for held in same if any(_touch(held.line.period, period) for period in wanted)]
    union = merged([*wanted, *(held.line.period for held in touched)])
    if union == [held.line.period for held in touched]:
        touched, union = [], []
    joined = Change(tuple(touched), tuple(Piece(asked.person, period, asked.phase) for period in union))
    if asked.phase == Phase.PROVISIONAL:
        return joined
    return _plus(joined, _removed((held for held in own if held.line.phase == Phase.PROVISIONAL), asked.period))


def closed(lines: Sequence[Held], asked: Piece) -> Change:
    """End the line that starts on the first day asked, on the last day asked."""
    if asked.period.end_date is None:
        raise Malformed(Fault("$.period.endDate", _SCHEMA, "To close a line, give its last day."))
    found = [held for held in _of_phase(lines, asked.phase) if _closes(held.line.period, asked.period)]
    _require(found)
    return Change(tuple(found), tuple(Piece(held.person, asked.period, asked.phase) for held in found))


def cut(lines: Sequence[Held], asked: Piece) -> Change:
    """Take the days asked out of all lines; a line may fall apart in two."""
    change = _removed(_of_phase(lines, asked.phase), asked.period)
    _require(change.ended)
    return change


def cancelled(lines: Sequence[Held], asked: Piece) -> Change:
    """Withdraw the line of exactly these days: it was never right."""
    found = [held for held in _of_phase(lines, asked.phase) if held.line.period == asked.period]
    _require(found)
    return Change(tuple(found))


def _of_phase(lines: Sequence[Held], phase: int) -> list[Held]:
    return [held for held in lines if held.line.phase == phase]


def _require(found: Sequence[Held]) -> None:
    if not found:
        raise Refused(code=Code.INSCRIPTION_UNKNOWN)


def _closes(line: Period, asked: Period) -> bool:
    return line.start_date == asked.start_date and asked.last < line.last


def _removed(lines: Iterable[Held], days: Period) -> Change:
    ended = tuple(held for held in lines if held.line.period.overlaps(days))
    left = (Piece(held.person, period, held.line.phase) for held in ended for period in held.line.period.without(days))
    return Change(ended, tuple(left))


def _plus(first: Change, second: Change) -> Change:
    return Change(first.ended + second.ended, first.written + second.written)


def _without(periods: list[Period], others: Iterable[Period]) -> list[Period]:
    for other in others:
        periods = [left for period in periods for left in period.without(other)]
    return periods


def _touch(first: Period, second: Period) -> bool:
    return first.overlaps(second) or _follows(first, second) or _follows(second, first)


def _follows(first: Period, second: Period) -> bool:
    return first.end_date is not None and first.end_date + _DAY == second.start_date

"""An institution's own list against its lines of the directory.

Days count, not lines: lines of a list that touch are one, as the directory makes one of those that it is asked for.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from crossroads.directory import store
from crossroads.directory.model import Held
from crossroads.identity.closure import closures_of, present_numbers
from crossroads.identity.database import Connection
from crossroads.kernel.period import Period, merged
from crossroads.wire.inscriptions import (
    MAXIMUM_COMPARED,
    ComparedLine,
    ComparedOutcome,
    HeldDays,
    InscriptionComparison,
    InscriptionDifferences,
    Unlisted,
    Verdict,
)


class _Place(NamedTuple):
    """A human being, by the first of its persons, in a context."""

    human: int
    context: str


_Listed = Sequence[tuple[ComparedLine, _Place | None]]
"""Lines with the place that each is about; none where nobody has the number."""


async def differences(connection: Connection, comparison: InscriptionComparison) -> InscriptionDifferences:
    """Tell how each line of the list stands, or what the directory has besides."""
    closures = await closures_of(connection, (line.ssin for line in comparison.lines))
    humans = {person: closure.persons[0] for closure in closures.values() for person in closure.persons}
    listed = [
        (line, _Place(closure.persons[0], line.context) if (closure := closures.get(line.ssin)) else None)
        for line in comparison.lines
    ]
    if comparison.after is not None:
        return await _besides(connection, comparison.institution, comparison.after, listed, humans)
    held = await store.lines_of(connection, list(humans), institution=comparison.institution) if humans else []
    present = await present_numbers(connection, {one.person for one in held})
    # In a thread: the process has questions to answer meanwhile.
    today = {humans[one.person]: present[one.person] for one in held}
    return await asyncio.to_thread(_compared, listed, _placed(held, humans), today)


async def _besides(
    connection: Connection, institution: str, after: int, listed: _Listed, humans: Mapping[int, int]
) -> InscriptionDifferences:
    """Give the lines of the institution after a number that share no day with one of the list in their place."""
    days: defaultdict[_Place, list[Period]] = defaultdict(list)
    for line, place in listed:
        if place:
            days[place].append(line.period)
    held = await store.lines_of_institution(connection, institution, after, MAXIMUM_COMPARED)
    besides = [
        one for one in held if not any(one.line.period.overlaps(period) for period in days.get(_place(one, humans), ()))
    ]
    present = await present_numbers(connection, (one.person for one in besides))
    return InscriptionDifferences(
        unlisted=tuple(_unlisted(one, present[one.person]) for one in besides),
        next=held[-1].line.inscription if len(held) == MAXIMUM_COMPARED else None,
    )


def _compared(listed: _Listed, held: Mapping[_Place, list[Held]], today: Mapping[int, str]) -> InscriptionDifferences:
    wanted: defaultdict[tuple[_Place, int], list[Period]] = defaultdict(list)
    for line, place in listed:
        if place:
            wanted[place, line.phase].append(line.period)
    whole = {key: merged(periods) for key, periods in wanted.items()}
    return InscriptionDifferences(
        items=tuple(
            _outcome(line, whole[place, line.phase], held[place], today[place.human])
            if place and place in held
            else ComparedOutcome(verdict=Verdict.MISSING)
            for line, place in listed
        )
    )


def _outcome(line: ComparedLine, wanted: Sequence[Period], there: Sequence[Held], today: str) -> ComparedOutcome:
    verdict = _verdict(line, wanted, there)
    return ComparedOutcome(
        verdict=verdict,
        held=_days(line, there) if verdict is Verdict.DIFFERENT else (),
        # Of a person who is not there on these days nothing is told.
        ssin=None if today == line.ssin or verdict is Verdict.MISSING else today,
    )


def _verdict(line: ComparedLine, wanted: Sequence[Period], there: Sequence[Held]) -> Verdict:
    """Compare the days around a line: those wanted, and those that the directory has in the same phase."""
    if not any(line.period.overlaps(one.line.period) for one in there):
        return Verdict.MISSING
    found = merged(one.line.period for one in there if one.line.phase == line.phase)
    (around,) = (period for period in wanted if period.contains(line.period))
    other = any(one.line.phase != line.phase and one.line.period.overlaps(line.period) for one in there)
    return Verdict.SAME if around in found and not other else Verdict.DIFFERENT


def _days(line: ComparedLine, there: Sequence[Held]) -> tuple[HeldDays, ...]:
    overlapping = (one.line for one in there if one.line.period.overlaps(line.period))
    return tuple(HeldDays(period=found.period, phase=found.phase) for found in overlapping)


def _placed(held: Iterable[Held], humans: Mapping[int, int]) -> Mapping[_Place, list[Held]]:
    placed: defaultdict[_Place, list[Held]] = defaultdict(list)
    for one in held:
        placed[_place(one, humans)].append(one)
    return placed


def _place(held: Held, humans: Mapping[int, int]) -> _Place:
    return _Place(humans.get(held.person, held.person), held.line.context)


def _unlisted(held: Held, ssin: str) -> Unlisted:
    line = held.line
    return Unlisted(inscription=line.inscription, ssin=ssin, context=line.context, period=line.period, phase=line.phase)

"""What operations do to periods: counted in days, over any lines."""

from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crossroads.directory.changes import Change, Operation, cancelled, closed, cut, opened
from crossroads.directory.model import Held, Line, Phase, Piece
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Malformed, Refused
from crossroads.kernel.period import Period

FIRST = date(2020, 1, 1)
HORIZON = 60
"""Days that are counted; an open period reaches to the last of them."""

Days = set[tuple[int, date]]

periods = st.builds(
    lambda start, length: Period(
        FIRST + timedelta(start), None if length is None else FIRST + timedelta(start + length)
    ),
    st.integers(0, 40),
    st.one_of(st.none(), st.integers(0, 15)),
)
phases = st.sampled_from([Phase.DEFINITIVE, Phase.PROVISIONAL])


@st.composite
def tables(draw: st.DrawFn) -> list[Held]:
    """Lines as operations leave them: built by inscribing."""
    lines: list[Held] = []
    for number, (person, period, phase) in enumerate(
        draw(st.lists(st.tuples(st.integers(1, 2), periods, phases), max_size=6))
    ):
        lines = after(lines, opened(lines, Piece(person, period, phase)), number * 10)
    return lines


def after(lines: list[Held], change: Change, number: int = 1000) -> list[Held]:
    kept = [held for held in lines if held not in change.ended]
    written = [
        Held(piece.person, Line(number + nth, "pcsa-ghent", "17:2", piece.period, piece.phase))
        for nth, piece in enumerate(change.written)
    ]
    return sorted(kept + written, key=lambda held: held.line.period.start_date)


def days_of(periods: list[Period]) -> set[date]:
    horizon = FIRST + timedelta(HORIZON)
    return {
        period.start_date + timedelta(n)
        for period in periods
        for n in range((min(period.last, horizon) - period.start_date).days + 1)
    }


def days(lines: list[Held], phase: int) -> Days:
    persons = {held.person for held in lines}
    return {
        (person, day)
        for person in persons
        for day in days_of([h.line.period for h in lines if h.person == person and h.line.phase == phase])
    }


def asked_days(asked: Piece) -> Days:
    return {(asked.person, day) for day in days_of([asked.period])}


@given(tables(), periods, phases, st.integers(1, 2))
def test_opening_adds_exactly_the_days_asked(lines: list[Held], period: Period, phase: int, person: int) -> None:
    asked = Piece(person, period, phase)
    result = after(lines, opened(lines, asked))
    firm, provisional = days(lines, Phase.DEFINITIVE), days(lines, Phase.PROVISIONAL)
    if phase == Phase.DEFINITIVE:
        assert days(result, Phase.DEFINITIVE) == firm | asked_days(asked)
        assert days(result, Phase.PROVISIONAL) == provisional - asked_days(asked)
    else:
        assert days(result, Phase.DEFINITIVE) == firm
        assert days(result, Phase.PROVISIONAL) == provisional | (asked_days(asked) - firm)


@given(tables(), periods, phases)
def test_no_day_of_a_person_stands_in_two_lines(lines: list[Held], period: Period, phase: int) -> None:
    result = after(lines, opened(lines, Piece(1, period, phase)))
    for person in (1, 2):
        counted = [day for held in result if held.person == person for day in days_of([held.line.period])]
        assert len(counted) == len(set(counted))


@given(tables(), periods, phases)
def test_to_open_again_changes_nothing(lines: list[Held], period: Period, phase: int) -> None:
    asked = Piece(1, period, phase)
    once = after(lines, opened(lines, asked))
    assert opened(once, asked) == Change()


@given(tables(), periods, phases)
def test_a_cut_takes_exactly_the_days_asked_of_its_phase(lines: list[Held], period: Period, phase: int) -> None:
    asked = Piece(1, period, phase)
    gone = {(person, day) for person in (1, 2) for day in days_of([period])}
    try:
        result = after(lines, cut(lines, asked))
    except Refused:
        assert not days(lines, phase) & gone
        return
    assert days(result, phase) == days(lines, phase) - gone
    assert {held for held in result if held.line.phase != phase} == {h for h in lines if h.line.phase != phase}


@given(tables(), st.data())
def test_a_close_ends_one_line_and_a_cancel_takes_it_away(lines: list[Held], data: st.DataObject) -> None:
    assume(lines)
    held = data.draw(st.sampled_from(lines))
    period, phase = held.line.period, held.line.phase
    assert held in cancelled(lines, Piece(1, period, phase)).ended
    length = data.draw(st.integers(0, 10))
    asked = Piece(1, Period(period.start_date, period.start_date + timedelta(length)), phase)
    if asked.period.last >= period.last:
        return
    change = closed(lines, asked)
    assert held in change.ended
    assert Piece(held.person, asked.period, phase) in change.written


@pytest.mark.parametrize("operation", [closed, cut, cancelled])
def test_what_does_not_exist_cannot_be_changed(operation: Operation) -> None:
    held = Held(1, Line(1, "pcsa-ghent", "17:2", Period(FIRST, FIRST + timedelta(9)), Phase.PROVISIONAL))
    with pytest.raises(Refused) as refusal:
        operation([held], Piece(1, Period(FIRST, FIRST + timedelta(3)), Phase.DEFINITIVE))
    assert refusal.value.code is Code.INSCRIPTION_UNKNOWN


def test_to_close_needs_a_last_day() -> None:
    with pytest.raises(Malformed, match=r"\$\.period\.endDate"):
        closed([], Piece(1, Period(FIRST), Phase.DEFINITIVE))

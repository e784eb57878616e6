"""Lines of the log as a person reads them: what was done in one go is one line, and none is lost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.portal.visits import APART, AT_THE_PORTAL, listed
from crossroads.wire.acting import AS_MANDATARY, Side
from crossroads.wire.usage import Acted, Action, Ground, Outcome, Usage

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WORK = "PCSA:SOCIAL_INQUIRY"
PORTAL = "portal"
HANDS = st.tuples(st.sampled_from([PORTAL, "bank", None]), st.sampled_from([Outcome.GRANTED, Outcome.REFUSED]))


def usage(minutes: float, purpose: str = AS_MANDATARY, **more: object) -> Usage:
    """Give a line of so many minutes before noon."""
    fields = {"action": Action.QUESTION, "outcome": Outcome.GRANTED, "institution": PORTAL} | more
    return Usage(at=NOON - timedelta(minutes=minutes), legal_context=purpose, **fields)  # type: ignore[arg-type] # by name


def test_ten_lines_of_one_visit_are_one_with_the_ten_beneath() -> None:
    lines = [usage(minute, action=Action.USAGE_SHOWN) for minute in range(9)] + [usage(9)]
    (visit,) = listed(lines, PORTAL).visits
    assert [line.usage for line in visit.lines] == lines
    assert list(visit.actions) == [(Action.QUESTION, 1), (Action.USAGE_SHOWN, 9)]
    assert (visit.newest, visit.began) == (lines[0], lines[-1].at)


def test_another_hand_another_day_and_another_purpose_are_another_visit() -> None:
    by = [Acted(ground=Ground.MANDATE, side=Side.GIVER, name=name) for name in ("Maes", "Claes")]
    lines = [
        usage(0, acted=by[0]),
        usage(1, acted=by[1]),
        usage(2, WORK),
        usage(3, acted=by[0]),
        usage(40, acted=by[0]),
    ]
    found = listed(lines, PORTAL)
    assert [[line.number for line in visit.lines] for visit in found.visits] == [[0, 3], [1], [4]]
    assert [[line.number for line in visit.lines] for visit in found.others] == [[2]]


def test_what_was_refused_stands_alone_and_parts_no_visit() -> None:
    refused = usage(1, action=Action.LOOK_REFUSED, outcome=Outcome.REFUSED)
    found = listed([usage(0), refused, usage(2), usage(3, outcome=Outcome.REFUSED)], PORTAL)
    assert [[line.number for line in visit.lines] for visit in found.visits] == [[0, 2], [1], [3]]


@pytest.mark.parametrize("purpose", sorted(AT_THE_PORTAL))
@pytest.mark.parametrize("institution", ["bank", None])
def test_who_only_names_a_purpose_of_the_portal_is_no_portal(purpose: str, institution: str | None) -> None:
    lines = [usage(minute, purpose, institution=institution, outcome=Outcome.REFUSED) for minute in range(3)]
    found = listed(lines, PORTAL)
    assert not found.visits
    assert [visit.lines[0].usage for visit in found.others] == lines


@given(st.lists(st.tuples(st.integers(0, 300), st.sampled_from([*sorted(AT_THE_PORTAL), WORK, "OTHER:ONE"]), HANDS)))
def test_every_line_stands_on_the_page_once_and_in_its_order(said: list[tuple[int, str, Any]]) -> None:
    lines = [
        usage(minutes, purpose, institution=institution, outcome=outcome)
        for minutes, purpose, (institution, outcome) in sorted(said, key=lambda one: one[0])
    ]
    found = listed(lines, PORTAL)
    numbers = [line.number for visit in (*found.others, *found.visits) for line in visit.lines]
    assert sorted(numbers) == list(range(len(lines)))
    for visit in (*found.others, *found.visits):
        assert [line.number for line in visit.lines] == sorted(line.number for line in visit.lines)
        steps = zip(visit.lines, visit.lines[1:], strict=False)
        assert all(one.usage.at - next_.usage.at <= APART for one, next_ in steps)
    assert {visit.newest.institution for visit in found.visits} <= {PORTAL}
    assert all(len(visit.lines) == 1 for visit in found.visits if visit.newest.outcome is Outcome.REFUSED)
    for part in found:
        assert [visit.newest.at for visit in part] == sorted((visit.newest.at for visit in part), reverse=True)

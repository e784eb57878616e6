"""Lines of the log as a person reads them: what was done in one go is one line, and none is lost."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crossroads.portal.visits import APART, AT_THE_PORTAL, listed
from crossroads.wire.acting import AS_MANDATARY, Side
from crossroads.wire.usage import Acted, Action, Ground, Outcome, Usage

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WORK = "PCSA:SOCIAL_INQUIRY"


def usage(minutes: float, purpose: str = AS_MANDATARY, **more: object) -> Usage:
    """Give a line of so many minutes before noon."""
    fields = {"action": Action.QUESTION, "outcome": Outcome.GRANTED, "institution": "portal"} | more
    return Usage(at=NOON - timedelta(minutes=minutes), legal_context=purpose, **fields)  # type: ignore[arg-type] # by name


def test_ten_lines_of_one_visit_are_one_with_the_ten_beneath() -> None:
    lines = [usage(minute, action=Action.USAGE_SHOWN) for minute in range(9)] + [usage(9)]
    (visit,) = listed(lines).visits
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
    found = listed(lines)
    assert [[line.number for line in visit.lines] for visit in found.visits] == [[0, 3], [1], [4]]
    assert [[line.number for line in visit.lines] for visit in found.others] == [[2]]


def test_a_visit_in_which_something_was_refused_says_so_and_who_acted() -> None:
    (visit,) = listed([usage(0, outcome=Outcome.REFUSED), usage(1)]).visits
    assert visit.refused
    assert visit.granted.outcome is Outcome.GRANTED


@given(st.lists(st.tuples(st.integers(0, 300), st.sampled_from([*sorted(AT_THE_PORTAL), WORK, "OTHER:ONE"]))))
def test_every_line_stands_on_the_page_once_and_in_its_order(said: list[tuple[int, str]]) -> None:
    lines = [usage(minutes, purpose) for minutes, purpose in sorted(said)]
    found = listed(lines)
    numbers = [line.number for visit in (*found.others, *found.visits) for line in visit.lines]
    assert sorted(numbers) == list(range(len(lines)))
    for visit in (*found.others, *found.visits):
        assert [line.number for line in visit.lines] == sorted(line.number for line in visit.lines)
        steps = zip(visit.lines, visit.lines[1:], strict=False)
        assert all(one.usage.at - next_.usage.at <= APART for one, next_ in steps)
    for part in found:
        assert [visit.newest.at for visit in part] == sorted((visit.newest.at for visit in part), reverse=True)

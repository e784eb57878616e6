"""What sources and the register say, as it is kept: what they do not know stays unknown, what they refuse stops."""

from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from crossroads.kernel.codes import Code, StatusValue
from crossroads.kernel.errors import Refused
from crossroads.kernel.period import Period
from crossroads.participant.client import BlockRejected, OpenedBlock
from crossroads.statuses.deciding import unasked
from crossroads.statuses.model import Home, Resident
from crossroads.statuses.reading import Unreadable, failed_sources, holdings, home, resident
from crossroads.statuses.staging import Round
from crossroads.wire.batches import RecordLine
from crossroads.wire.messages import AnsweredSsin, Filtered, SourceOutcome, Status

DAY, YEAR = date(2026, 2, 2), Period(date(2026, 1, 1), date(2026, 12, 31))


def block(content: Any, source: str = "source") -> OpenedBlock:
    return OpenedBlock("some-group@1", source, YEAR, "application/json", msgspec.json.encode(content))


def said(value: StatusValue = StatusValue.DATA_FOUND, code: str = Code.NO_HOLDER, **sources: StatusValue) -> RecordLine:
    outcomes = [SourceOutcome(institution=one, status=how, code="", milliseconds=1) for one, how in sources.items()]
    return RecordLine(
        number=0,
        ticket=uuid4(),
        ssin=AnsweredSsin(value="80650112345"),
        status=Status(value=value, code="", description="It is refused."),
        sources=tuple(outcomes),
        filtered=(Filtered(data_group="some-group@1", code=code, reason="It is left out."),),
    )


@pytest.mark.parametrize(
    ("birth", "known"), [("1950-03-00", None), ("1950-00-00", None), ("1950-03-15", (1950, 3, 15))]
)
def test_a_birth_of_which_only_the_year_is_known_is_no_day(birth: str, known: tuple[int, int, int] | None) -> None:
    assert resident("one", block({"birthDate": birth})).birth == (date(*known) if known else None)


def test_of_whom_the_register_says_nothing_nothing_is_known() -> None:
    assert resident("one", None) == Resident(ssin="one", birth=None)
    assert home("one", None) == Home(ssin="one", members=frozenset(("one",)), collective=False)


def test_a_person_is_of_the_own_household_even_where_the_register_forgets_it() -> None:
    living = home("one", block({"collective": False, "members": [{"ssin": "two"}]}))
    assert living.members == {"one", "two"}


def test_a_status_is_held_as_its_source_said_on_a_day() -> None:
    (held,) = holdings("one", "living-wage", block({"periods": [{"startDate": "2026-01-02"}]}), DAY)
    assert (held.period, held.source, held.extracted) == (Period(date(2026, 1, 2)), "source", DAY)


@pytest.mark.parametrize(
    ("start", "end"),
    [("2026-02-30", None), ("2026-01-01", "2026-02-30"), ("2026-01-02", "2026-01-01"), ("2026-01-00", None)],
)
def test_a_period_that_cannot_be_is_as_if_nothing_was_said(start: str, end: str | None) -> None:
    periods = [{"startDate": "2026-01-02"}, {"startDate": start, "endDate": end}]
    with pytest.raises(Unreadable, match="source gives a period that cannot be"):
        holdings("one", "living-wage", block({"periods": periods}), DAY)


def test_a_birth_on_a_day_that_does_not_exist_is_told() -> None:
    with pytest.raises(Unreadable, match="a day that does not exist"):
        resident("one", block({"birthDate": "1990-02-31"}))


def test_a_source_that_failed_or_was_not_believed_is_named() -> None:
    answered = said(fund=StatusValue.TECHNICAL_ERROR, centre=StatusValue.DATA_FOUND, office=StatusValue.NO_DATA_FOUND)
    rejected = BlockRejected("some-group@1", "centre", Code.SOURCE_INVALID_ANSWER, "The signature is wrong.")
    assert failed_sources(answered, ()) == {"fund"}
    assert failed_sources(answered, (rejected,)) == {"fund", "centre"}


def test_what_the_hub_refuses_stops() -> None:
    with pytest.raises(Refused, match=r"some-group@1 out: It is left out\."):
        failed_sources(said(code=Code.NOT_AUTHORISED), ())
    with pytest.raises(Refused, match=r"It is refused\."):
        failed_sources(said(StatusValue.NO_RESULT), ())
    assert failed_sources(said(code=Code.DECEASED), ()) == set()


def test_nobody_of_a_collective_household_is_asked_about(tmp_path: Path) -> None:
    with Round(tmp_path, 1) as found:
        for ssin, other, collective in (("one", "two", False), ("three", "four", True)):
            found.reside(Resident(ssin=ssin, birth=None))
            found.share(Home(ssin=ssin, members=frozenset((ssin, other)), collective=collective))
    assert list(unasked(tmp_path, DAY)) == ["two"]


def test_a_round_that_is_being_written_is_not_read(tmp_path: Path) -> None:
    with Round(tmp_path, 1) as found:
        found.share(Home(ssin="one", members=frozenset(("one", "two")), collective=False))
    with Round(tmp_path, 2) as more:
        assert list(unasked(tmp_path, DAY)) == ["one", "two"]
        more.reside(Resident(ssin="one", birth=None))
    assert list(unasked(tmp_path, DAY)) == ["two"]

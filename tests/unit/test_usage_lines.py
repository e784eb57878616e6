"""What a person reads of an entry: every event has its place, and no line tells who of the staff acted."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.audit.events import Event
from crossroads.audit.seen_store import Ending, Place, Seen
from crossroads.catalogue.entries import Text
from crossroads.catalogue.kinds import Kind
from crossroads.catalogue.snapshot import Facts, Snapshot
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Malformed
from crossroads.transparency.cursors import cursor, place_of
from crossroads.transparency.found import found
from crossroads.transparency.lines import Lines, Told
from crossroads.transparency.model import NOT_SHOWN, OPENED, SHOWN, events_of
from crossroads.wire.usage import Action, Outcome, Usage
from founding import small_catalogue

TICKET = UUID("00000000-0000-7000-8000-000000000001")
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOBODY_NAMED = {
    *(Event.INSTALLATION_FOUNDED, Event.BLOCK_DROPPED, Event.IMPORT_CHUNK, Event.MATCH_ASKED, Event.PERSON_SEARCHED),
    *(Event.SEARCH_REFUSED, Event.PERSONS_LOADED, Event.CHANGE_REFUSED, Event.ERROR_REFUSED, Event.ITEM_REPEATED),
    *(Event.BOX_REFUSED, Event.ERRORS_LISTED, Event.LOG_SEARCHED, Event.WATCHES_SHOWN, Event.PARAMETER_SET),
    *(event for event in Event if event.startswith(("catalogue:", "log:", "jobs:", "committee:"))),
    *(event for event in Event if event.startswith("batch:") and event != Event.BATCH_RECORD_DECIDED),
}
"""Events whose entries name no person."""
PERMITTED: dict[str, Any] = {
    "permits": [{"holder": "nsso", "dataGroups": {}, "authorisations": {"a@1": "REF"}, "lines": []}]
}
WITHHELD = {"dataGroup": "b@1", "code": "MSG00012", "detail": "CR-NOT-INSCRIBED", "authorisation": None}
GIVEN = [("a@1", "nsso")]


def told(event: Event, *, given: Any = (), ending: Ending | None = None, **fields: Any) -> Told:
    return Told(Seen(Place(AT, 1, 2), event, TICKET, 7, "centre", {"agent": "clerk-7", **fields}), ending, given)


def line(one: Told, *, supervises: bool = False) -> Usage:
    return Lines(Snapshot(Facts(1, 1, None, (), (), (), {})), supervises=supervises).usage(one)


def ended(value: str, code: str, event: Event = Event.ANSWER_SENT) -> Ending:
    return Ending(3, 4, event, {"status": {"value": value, "code": code}})


def test_every_event_is_shown_or_named_with_the_reason_why_not() -> None:
    assert SHOWN.keys() | NOT_SHOWN.keys() | NOBODY_NAMED == set(Event)
    assert not SHOWN.keys() & NOT_SHOWN.keys()
    assert not NOBODY_NAMED & (SHOWN.keys() | NOT_SHOWN.keys())
    assert set(SHOWN.values()) == set(Action)


def test_a_proof_opens_nothing_that_names_staff_or_lets_one_forge_a_request() -> None:
    hidden = {"agent", "statement", "requestSignature", "keyId", "customerTicket", "actor", "reason", "evidence"}
    assert not OPENED & hidden


@pytest.mark.parametrize("event", SHOWN)
@pytest.mark.parametrize("supervises", [True, False])
def test_only_a_supervisor_sees_the_agent(event: Event, *, supervises: bool) -> None:
    seen = line(told(event), supervises=supervises)
    assert (b"clerk-7" in msgspec.json.encode(seen)) == supervises


@pytest.mark.parametrize(
    ("one", "outcome", "code"),
    [
        (
            told(Event.QUESTION_DECIDED, given=GIVEN, ending=ended("DATA_FOUND", "MSG00000"), **PERMITTED),
            Outcome.GRANTED,
            "MSG00000",
        ),
        (
            told(
                Event.QUESTION_DECIDED,
                given=GIVEN,
                ending=ended("DATA_FOUND", "MSG00000"),
                withheld=[WITHHELD],
                **PERMITTED,
            ),
            Outcome.PARTLY,
            "MSG00000",
        ),
        (
            told(Event.QUESTION_DECIDED, ending=ended("NO_DATA_FOUND", "MSG00100"), **PERMITTED),
            Outcome.NOTHING,
            "MSG00100",
        ),
        (told(Event.QUESTION_DECIDED, **PERMITTED), Outcome.UNKNOWN, None),
        (
            told(Event.QUESTION_DECIDED, ending=Ending(3, 4, Event.OUTCOME_UNKNOWN, {}), **PERMITTED),
            Outcome.UNKNOWN,
            None,
        ),
        (
            told(Event.QUESTION_REFUSED, permits=[], status={"value": "NO_RESULT", "code": "MSG00015"}),
            Outcome.REFUSED,
            "MSG00015",
        ),
        (
            told(Event.QUESTION_REFUSED, permits=[], status={"value": "NO_DATA_FOUND", "code": "MSG00021"}),
            Outcome.NOTHING,
            "MSG00021",
        ),
        (told(Event.BATCH_RECORD_DECIDED, given=None, **PERMITTED), Outcome.UNKNOWN, None),
        (told(Event.BATCH_RECORD_DECIDED, given=[], **PERMITTED), Outcome.NOTHING, None),
        (told(Event.BATCH_RECORD_DECIDED, given=GIVEN, **PERMITTED), Outcome.GRANTED, None),
        (told(Event.INSCRIPTION_REFUSED, rule="CR-CONTEXT-NOT-OWN"), Outcome.REFUSED, "CR-CONTEXT-NOT-OWN"),
        (told(Event.LOOK_REFUSED, code="MSG00015"), Outcome.REFUSED, "MSG00015"),
        (told(Event.ITEM_DELIVERED, dataGroup="a@1"), Outcome.GRANTED, None),
    ],
)
def test_what_came_of_it(one: Told, outcome: Outcome, code: str | None) -> None:
    seen = line(one)
    assert (seen.outcome, seen.code) == (outcome, code)


def test_a_filtered_group_stands_beside_the_given_one() -> None:
    asked: dict[str, Any] = {"groupsAsked": ["a@1", "b@1"], "withheld": [WITHHELD], **PERMITTED}
    given_group, filtered = line(told(Event.QUESTION_DECIDED, given=GIVEN, **asked)).groups
    assert (given_group.given, given_group.sources, given_group.authorisation) == (True, ("nsso",), "REF")
    assert (filtered.given, filtered.code, filtered.sources) == (False, "CR-NOT-INSCRIBED", ())


def test_what_has_no_name_keeps_its_identifier() -> None:
    seen = line(told(Event.QUESTION_DECIDED, legalContext="A:B", groupsAsked=["a@1"], **PERMITTED))
    assert (seen.institution, seen.institution_names, seen.purpose) == ("centre", {}, {})
    assert found(seen).action == "question; A:B; a@1: unknown"
    assert found(seen).receiver_name == "centre"


def test_an_action_names_its_events() -> None:
    assert set(events_of((Action.QUESTION,))) == {Event.QUESTION_DECIDED, Event.QUESTION_REFUSED}
    assert set(events_of(())) == set(SHOWN)


moments = st.datetimes(min_value=datetime(1990, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - given a zone there
places = st.builds(Place, moments, st.integers(0, 255), st.integers(0, 2**53))


@given(places, st.integers(1, 2**40), st.integers(1, 2**40))
def test_a_cursor_serves_the_person_that_it_was_made_for(place: Place, person: int, other: int) -> None:
    text = cursor(place, person, b"key")
    assert place_of(text, person, b"key") == place
    wrong = [(text, person, b"another"), (text[:-4], person, b"key"), (text[4:], person, b"key")]
    for attempt in wrong + ([(text, other, b"key")] if other != person else []):
        with pytest.raises(Malformed, match=r"\$\.after"):
            place_of(*attempt)


@given(st.text())
def test_no_text_but_a_cursor_says_where_a_page_ended(text: str) -> None:
    with pytest.raises(Malformed):
        place_of(text, 1, b"key")


def test_a_day_and_a_period_are_read() -> None:
    seen = line(told(Event.QUESTION_DECIDED, period={"startDate": "2026-01-01"}, referenceDate="2026-02-01"))
    assert (seen.period is not None, seen.reference_date) == (True, date(2026, 2, 1))


@pytest.mark.parametrize("code", [Code.LEGAL_CONTEXT_NOT_ALLOWED, Code.NOT_AUTHORISED])
def test_what_a_purpose_means_is_not_said_of_who_does_not_have_it(code: Code) -> None:
    named = msgspec.structs.replace(small_catalogue().legal_contexts[0], description=Text(en="You looked yourself."))
    snapshot = Snapshot(Facts(1, 1, None, ((Kind.LEGAL_CONTEXT, named),), (), (), {}))
    seen = told(Event.LOOK_REFUSED, code=str(code), legalContext=named.id)
    shown = Lines(snapshot, supervises=False).usage(seen)
    assert shown.purpose
    assert bool(shown.explanation) is (code is Code.NOT_AUTHORISED)

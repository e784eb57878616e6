"""The closed list of what is logged."""

import re

import pytest

from crossroads.audit.events import CLOSING, KEPT, Event


@pytest.mark.parametrize("event", Event)
def test_an_event_is_named_source_subject_action_and_has_a_sentence(event: Event) -> None:
    assert re.fullmatch(r"[a-z]+(:[a-z-]+){2}", event.value)
    assert re.fullmatch(r"[A-Z].+\.", event.sentence)


def test_no_sentence_serves_two_events() -> None:
    assert len({event.sentence for event in Event}) == len(Event)


def test_what_is_about_a_person_expires() -> None:
    sources = {event.value.partition(":")[0] for event in Event if event not in KEPT}
    assert sources == {"exchange", "source", "directory", "identity", "mutations", "batch", "transparency", "box"}
    assert CLOSING.isdisjoint(KEPT)

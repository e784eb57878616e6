"""Every message is translated into every language, and no translation says what no page says."""

import re

import pytest

from messages import OTHERS, PROGRAMS, Program, key, said, translated

CASES = [(program, language) for program in PROGRAMS for language in OTHERS]
NAMES = [f"{program.name}-{language}" for program, language in CASES]
PLACE = re.compile(r"%\((\w+)\)s")


@pytest.mark.parametrize(("program", "language"), CASES, ids=NAMES)
def test_every_message_is_translated(program: Program, language: str) -> None:
    known = {key(one.id) for other in (program, PROGRAMS[0]) for one in translated(other, language) if one.string}
    assert {key(message) for message in said(program)} - known == set(), "run `python messages.py` in tests, translate"


@pytest.mark.parametrize(("program", "language"), CASES, ids=NAMES)
def test_every_translation_is_used(program: Program, language: str) -> None:
    used = {key(message) for message in said(program)}
    assert {key(one.id) for one in translated(program, language) if one.id} - used == set()


@pytest.mark.parametrize(("program", "language"), CASES, ids=NAMES)
def test_a_translation_fills_in_the_same_values(program: Program, language: str) -> None:
    for one in translated(program, language):
        forms = one.string if isinstance(one.string, (tuple, list)) else (one.string,)
        ids = one.id if isinstance(one.id, (tuple, list)) else (one.id,)
        places = {place for text in ids for place in PLACE.findall(text or "")}
        for form in forms if one.id else ():
            assert form, one.id
            assert set(PLACE.findall(form or "")) <= places, one.id
        assert not one.id or set(PLACE.findall(forms[-1] or "")) == places, one.id

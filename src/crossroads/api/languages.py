"""What the hub says to people, in the language that they prefer. Codes, types and titles are the same in all.

The texts stand in `locale`. A text of which nothing stands there is said in English.
"""

import re
from functools import cache
from pathlib import Path

from msgspec import structs

from crossroads.kernel.sentences import Sentence
from crossroads.web.languages import SOURCE, Words, preferred, words_of
from crossroads.wire.messages import Problem

LOCALE = Path(__file__).parent / "locale"

OF_THE_READER = (
    "Expected `%(kind)s`, got `%(given)s`.",
    "Expected `%(kind)s` of length <= %(length)s.",
    "Expected `%(kind)s` of length >= %(length)s.",
    "Expected `%(kind)s` <= %(limit)s.",
    "Expected `%(kind)s` >= %(limit)s.",
    "Expected `%(kind)s` matching regex %(pattern)s.",
    "Object contains unknown field `%(field)s`.",
    "Object contains unknown field.",
    "Object missing required field `%(field)s`.",
    "Integer value out of range.",
    "There is no such day; a date is written yyyy-mm-dd.",
    "There is no such moment; it is written yyyy-mm-ddThh:mm:ss, with its zone.",
    "Invalid UUID.",
    "Invalid base64 encoded string.",
    "Invalid value.",
)
"""What msgspec, which reads all messages, says of their form; the first that fits counts."""
_PLACE = re.compile(r"%\\\((\w+)\\\)s")
_PATTERNS = tuple((template, re.compile(_PLACE.sub(r"(?P<\1>.+?)", re.escape(template)))) for template in OF_THE_READER)


def chosen(accepted: str | None) -> str:
    """Choose a language by an `Accept-Language`; English where it names none of ours."""
    return preferred(accepted, SOURCE)


def in_language(problem: Problem, language: str) -> Problem:
    """Say a problem in a language: its detail, and those of its issues."""
    words = _words()[language] if language != SOURCE else None
    issues = tuple(structs.replace(issue, detail=_said(issue.detail, words)) for issue in problem.issues)
    return structs.replace(problem, detail=_said(problem.detail, words), issues=issues)


@cache
def _words() -> dict[str, Words]:
    return words_of([LOCALE])


def _said(text: str, words: Words | None) -> str:
    if words is None:
        return str(text)
    made = text if isinstance(text, Sentence) else _of_the_reader(text)
    if made is None:
        return words.text(text)
    values = {name: _said(value, words) if isinstance(value, str) else value for name, value in made.values.items()}
    return words.text(made.template, **values)


def _of_the_reader(text: str) -> Sentence | None:
    for template, pattern in _PATTERNS:
        if found := pattern.fullmatch(text):
            return Sentence(template, **found.groupdict())
    return None

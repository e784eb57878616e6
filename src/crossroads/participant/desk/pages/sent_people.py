"""The people whom a batch is about: typed as a list, or in a file that was chosen."""

from datetime import date
from typing import NamedTuple

from crossroads.kernel.ssin import Environment
from crossroads.participant.desk.pages import fields
from crossroads.participant.desk.pages.fields import Typed
from crossroads.web.forms import LONGEST

MOST_TYPED = 500
"""Numbers that are typed or pasted."""
MOST_BYTES = 1_100_000
"""Of a form with a file: 1 MB, and what stands beside it."""
_COLUMN = "ssin"


class People(NamedTuple):
    """What is sent of them, as comma-separated values, and the field that they were in."""

    field: str
    lines: bytes


def read(view: Typed, environment: Environment, today: date) -> People:
    """Read them; what is wrong is a fault of the field."""
    typed, chosen = view.form["numbers"], view.form.files.get("file", b"")
    if typed and chosen:
        view.form.fault("file", view.words.text("Type the numbers or choose a file, not both"))
    if not chosen:
        return People("numbers", _lines(_typed(view, typed, environment, today)))
    try:
        text = chosen.decode("utf-8-sig")
    except UnicodeDecodeError:
        view.form.fault("file", view.words.text("This is no file of text. Save it as CSV in UTF-8"))
        return People("file", b"")
    if _COLUMN in text.partition("\n")[0].casefold():
        return People("file", text.encode())
    return People("file", _lines(_numbers(view, "file", text, environment, today)))


def _lines(numbers: list[str]) -> bytes:
    return "\n".join([_COLUMN, *numbers, ""]).encode()


def _typed(view: Typed, text: str, environment: Environment, today: date) -> list[str]:
    numbers = _numbers(view, "numbers", text, environment, today)
    # Of a longer text only the beginning came here.
    if len(numbers) > MOST_TYPED or len(view.form.values.get("numbers", "")) >= LONGEST:
        most = view.words.text("Enter at most %(most)s numbers, or choose a file", most=MOST_TYPED)
        view.form.fault("numbers", most)
    return numbers


def _numbers(view: Typed, field: str, text: str, environment: Environment, today: date) -> list[str]:
    """Read a number a line, each once."""
    found: list[str] = []
    for place, line in enumerate(text.split("\n"), 1):
        if line.strip():
            number = fields.number(line, environment, today)
            if not number:
                # The first alone is said: of the others of a long file none is looked at.
                wrong = view.words.text("Line %(place)s is not the number of a person", place=place)
                view.form.fault(field, wrong)
                return []
            found.append(number)
    if not found:
        view.form.fault(field, view.words.text("Enter at least one number"))
    return list(dict.fromkeys(found))

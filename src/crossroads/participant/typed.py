"""What people type at a terminal, and are told to type: this program, files, numbers of persons, periods."""

import re
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import typer

from crossroads.kernel.clock import brussels_day
from crossroads.kernel.period import Period, day

_DIGITS = 11
_NAME = "crossroads"


def program() -> str:
    """Give how this program was called, so that a command that is shown can be typed as it stands."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return f"{short(Path(sys.executable))} -m {_NAME}"
    found = shutil.which(_NAME)
    if called.name != _NAME or (found and Path(found).resolve() == called.resolve()):
        return _NAME
    return short(called.absolute())


def short(path: Path) -> str:
    """Give a path as it is typed from here."""
    return shlex.quote(str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path))


def counted(number: int, one: str, many: str) -> str:
    """Write how many there are: "1 question", "2,000 questions"."""
    return f"{number:,} {one if number == 1 else many}"


def ssin(text: str, option: str = "--ssin") -> str:
    """Give the number that is typed, in a file, or on the next line of standard input (`-`).

    Raises BadParameter, which does not repeat what was given.
    """
    found = next(_lines(text), "")
    if not _is_number(found):
        raise typer.BadParameter(
            f"This is neither an SSIN nor a file with one. An SSIN is {_DIGITS} digits, without dots, dashes, spaces.",
            param_hint=option,
        )
    return found


def ssins(text: str, option: str) -> list[str]:
    """Give the numbers that are typed, in a file, or on the rest of standard input: a line each. Raises as `ssin`."""
    found = list(_lines(text))
    if not all(map(_is_number, found)):
        raise typer.BadParameter(f"On each line stands an SSIN of {_DIGITS} digits.", param_hint=option)
    return found


def like(pattern: str, sentence: str) -> Callable[[str | None], str | None]:
    """Give what checks that an option has a form, and says in a sentence what form that is."""
    form = re.compile(pattern)

    def check(text: str | None) -> str | None:
        if text is not None and not form.match(text):
            raise typer.BadParameter(sentence)
        return text

    return check


def period(text: str | None, option: str = "--period") -> Period:
    """Give the period that is typed, today where none is; without a last day it is open. Raises BadParameter."""
    if text is None:
        return day(brussels_day(datetime.now(UTC)))
    first, _, last = text.partition("/")
    try:
        start, end = date.fromisoformat(first), date.fromisoformat(last) if last or "/" not in text else None
    except ValueError as error:
        raise typer.BadParameter(
            f"A period is written 2026-01-01/2026-03-31, or 2026-01-01/ without an end; {text} is not one.",
            param_hint=option,
        ) from error
    if end and end < start:
        raise typer.BadParameter("The first day is after the last.", param_hint=option)
    return Period(start, end)


def _lines(text: str) -> Iterator[str]:
    if text == "-":
        # Line by line: what other options read comes after it.
        while line := sys.stdin.readline():
            yield line.strip()
    elif not _is_number(text) and (file := Path(text)).is_file():
        yield from file.read_text("ascii", "replace").split()
    else:
        yield text


def _is_number(text: str) -> bool:
    return len(text) == _DIGITS and text.isascii() and text.isdigit()

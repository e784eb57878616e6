"""What people type: numbers that no message repeats, periods, and the name of the program."""

import sys
from datetime import date
from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from crossroads.kernel.period import Period
from crossroads.participant import typed
from raw import person

ONE, TWO = person(1), person(3)


def test_a_number_is_typed_or_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text(f"{ONE}\n{TWO}\n")
    assert typed.ssin(ONE) == ONE
    assert typed.ssin(str(tmp_path / "one.txt")) == ONE
    assert typed.ssins(str(tmp_path / "one.txt"), "--others") == [ONE, TWO]


@given(st.text(alphabet="0123456789-. ", max_size=20).filter(lambda text: not (len(text) == 11 and text.isdigit())))
def test_what_is_no_number_is_not_repeated(text: str) -> None:
    with pytest.raises(typer.BadParameter) as refused:
        typed.ssins(f"/nowhere/{text}", "--others")
    with pytest.raises(typer.BadParameter) as alone:
        typed.ssin(f"/nowhere/{text}")
    assert "nowhere" not in f"{refused.value}{alone.value}"


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("2026-01-01/2026-03-31", Period(date(2026, 1, 1), date(2026, 3, 31))),
        ("2026-01-01/", Period(date(2026, 1, 1))),
        ("2026-01-01/2026-01-01", Period(date(2026, 1, 1), date(2026, 1, 1))),
    ],
)
def test_a_period_may_be_without_an_end(text: str, period: Period) -> None:
    assert typed.period(text) == period


@pytest.mark.parametrize("text", ["", "/", "2026", "2026-01-01", "/2026-01-01", "2026-02-01/2026-01-01", "1/2/3"])
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        typed.period(text)


def test_the_program_is_named_as_it_was_called(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "crossroads"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(program)])
    monkeypatch.setenv("PATH", "/nowhere")
    assert typed.program() == "bin/crossroads"
    monkeypatch.setenv("PATH", str(program.parent))
    assert typed.program() == "crossroads"
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "__main__.py")])
    assert typed.program().endswith(" -m crossroads")


@pytest.mark.parametrize(
    ("number", "told"), [(0, "0 entries"), (1, "1 entry"), (2, "2 entries"), (12_000, "12,000 entries")]
)
def test_what_is_counted_is_told_in_its_number(number: int, told: str) -> None:
    assert typed.counted(number, "entry", "entries") == told

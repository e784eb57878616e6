"""What a client gets of a run: a line a customer and period, in three formats, compared with the last run."""

import csv
import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from crossroads.kernel.errors import Refused
from crossroads.statuses.customers import Outcome, Verdict
from crossroads.statuses.results import compare, write

YEAR = (date(2026, 1, 1), date(2026, 12, 31))
LATER = (date(2026, 4, 1), date(2026, 12, 31))
OLD = (
    Outcome("c-1", Verdict.YES, *YEAR),
    Outcome("c-2", Verdict.NO),
    Outcome("c-3", Verdict.YES, *YEAR),
    Outcome("c-4", Verdict.YES, *YEAR),
)
NEW = (
    Outcome("c-4", Verdict.YES, *LATER),
    Outcome("c-1", Verdict.YES, *YEAR),
    Outcome("c-2", Verdict.YES, *YEAR),
    Outcome("c-3", Verdict.NO),
    Outcome("c-5", Verdict.REFUSED, reason="It has no number of a person."),
    Outcome("c-6", Verdict.UNDECIDED, reason="Ask, “later”,\nplease."),
)
CHANGES = ["changed", "same", "new", "ended", None, None]


def lines(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return [{key: value or None for key, value in row.items()} for row in csv.DictReader(file)]
    return list(duckdb.read_parquet(str(path)).to_arrow_table().to_pylist())


@pytest.mark.parametrize("old", [".jsonl", ".csv", ".parquet"])
@pytest.mark.parametrize("new", [".jsonl", ".csv", ".parquet"])
def test_every_line_says_how_it_stands_to_the_last_run(tmp_path: Path, old: str, new: str) -> None:
    write(OLD, tmp_path / f"old{old}")
    counts = write(NEW, tmp_path / f"new{new}", tmp_path / f"old{old}")
    found = lines(tmp_path / f"new{new}")
    assert [line["reference"] for line in found] == [one.reference for one in NEW]
    assert [line.get("change") for line in found] == CHANGES
    assert str(found[0]["start_date"]) == "2026-04-01"
    assert found[5]["reason"] == NEW[5].reason
    assert counts == {"yes": 3, "no": 1, "refused": 1, "undecided": 1}
    assert compare(tmp_path / f"old{old}", tmp_path / f"new{new}") == {"changed": 1, "same": 1, "new": 1, "ended": 1}


def test_without_a_last_run_every_right_is_new(tmp_path: Path) -> None:
    write(OLD, tmp_path / "result.jsonl")
    assert [line["change"] for line in lines(tmp_path / "result.jsonl")] == ["new", "same", "new", "new"]


def test_a_result_is_for_its_owner_alone_and_never_written_over(tmp_path: Path) -> None:
    write(OLD, tmp_path / "result.csv")
    assert (tmp_path / "result.csv").stat().st_mode & 0o077 == 0
    with pytest.raises(Refused, match="is there already"):
        write(NEW, tmp_path / "result.csv")
    assert len(lines(tmp_path / "result.csv")) == len(OLD)


def test_a_name_that_says_no_format_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    def asking() -> Any:
        pytest.fail("asked")
        yield

    with pytest.raises(Refused, match=r"ends in \.jsonl, \.csv, \.parquet"):
        write(asking(), tmp_path / "result.txt")
    with pytest.raises(Refused, match="is no file"):
        write(asking(), tmp_path / "result.csv", tmp_path / "absent.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_breaks_leaves_no_half_result(tmp_path: Path) -> None:
    def breaking() -> Any:
        yield OLD[0]
        raise Refused("The result does not hold.")

    with pytest.raises(Refused):
        write(breaking(), tmp_path / "result.jsonl")
    assert list(tmp_path.iterdir()) == []

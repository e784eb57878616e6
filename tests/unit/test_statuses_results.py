"""What a client gets of a run: a line a customer and period, in three formats, compared with the last run."""

import csv
import json
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


@pytest.mark.parametrize("ending", [".jsonl", ".csv", ".parquet"])
@pytest.mark.parametrize(("then", "change"), [(Verdict.YES, "same"), (Verdict.NO, "ended")])
def test_what_held_before_an_undecided_run_is_what_the_next_is_compared_with(
    tmp_path: Path, ending: str, then: Verdict, change: str
) -> None:
    first, second, third = (tmp_path / f"{number}{ending}" for number in range(3))
    write((Outcome("c-1", Verdict.YES, *YEAR), Outcome("c-2", Verdict.NO)), first)
    write((Outcome("c-1", Verdict.UNDECIDED, reason="later"), Outcome("c-2", Verdict.UNDECIDED)), second, first)
    held, none = lines(second)
    assert (held["verdict"], str(held["start_date"]), str(held["end_date"])) == ("undecided", *map(str, YEAR))
    assert (held.get("change"), none.get("start_date")) == (None, None)
    days = YEAR if then is Verdict.YES else ()
    write((Outcome("c-1", then, *days), Outcome("c-2", Verdict.NO)), third, second)
    assert [line["change"] for line in lines(third)] == [change, "same"]


@pytest.mark.parametrize("verdicts", [(Verdict.YES, Verdict.NO), (Verdict.YES, Verdict.YES)])
def test_words_that_look_like_another_type_stay_words(tmp_path: Path, verdicts: tuple[Verdict, Verdict]) -> None:
    told = [
        Outcome(name, said, *(YEAR if said is Verdict.YES else ())) for name, said in zip("12", verdicts, strict=True)
    ]
    write(told, tmp_path / "old.csv")
    write(told, tmp_path / "new.csv", tmp_path / "old.csv")
    assert [line["change"] for line in lines(tmp_path / "new.csv")] == ["same", "same"]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.text(st.sampled_from("=+-@\t'a,\"1"), min_size=1, max_size=4), min_size=1, max_size=5, unique=True))
def test_no_cell_is_run_by_a_spreadsheet_and_every_reference_is_found_again(references: list[str]) -> None:
    told = [Outcome(one, Verdict.YES, *YEAR, reason=one) for one in references]
    with TemporaryDirectory() as folder:
        old, new, plain = (Path(folder) / name for name in ("old.csv", "new.csv", "plain.jsonl"))
        write(told, old)
        write(told, new, old)
        write(told, plain, new)
        cells = [cell for line in lines(new) for cell in (line["reference"], line["reason"])]
        assert not [cell for cell in cells if cell[0] in "=+-@\t\r"]
        assert {line["change"] for line in lines(new) + lines(plain)} == {"same"}
        assert [line["reference"] for line in lines(plain)] == references


def test_a_last_result_that_is_none_is_refused_before_anything_is_asked_and_not_quoted(tmp_path: Path) -> None:
    def asking() -> Any:
        pytest.fail("asked")
        yield

    held = "reference,verdict,start_date,end_date,reason,change\nsomebody-known,maybe,,,,\n"
    wrong = {"a.csv": held, "b.csv": held.replace("maybe,", "yes,soon"), "c.jsonl": '{"reference": somebody-known'}
    for name, content in {**wrong, "d.parquet": "somebody-known"}.items():
        (tmp_path / name).write_text(content)
        with pytest.raises(Refused, match="is no result of a run") as refused:
            write(asking(), tmp_path / "result.csv", tmp_path / name)
        assert "somebody-known" not in str(refused.value)
    with pytest.raises(Refused, match="has none of"):
        write(asking(), tmp_path / "result*.csv")


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

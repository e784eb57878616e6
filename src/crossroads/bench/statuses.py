"""`bench statuses`: decision tables over a whole country, compiled, written by hand in SQL, and with pandas.

Then the online part: several statuses of one person in one question.
"""

import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from crossroads.bench import statuses_online
from crossroads.bench.report import BenchFailed, Report, progress
from crossroads.bench.statuses_data import Rows, make

_WHOLE = 0.2
"""Up to this share of the country pandas gets all of it; beyond, a tenth, and its figures are multiplied."""
_TENTH = 0.1


class Size(NamedTuple):
    """How much is measured."""

    scale: float
    """Of 5,000,000 customers, 2,000,000 beneficiaries and 11,500,000 people in 5,000,000 households."""
    rounds: int


def bench(size: Size) -> Report:
    """Measure the three sides in turn, each in its own process; all must give the same counts."""
    report = Report(bench="statuses")
    share = 1.0 if size.scale <= _WHOLE else _TENTH
    with TemporaryDirectory() as place:
        whole, less = Path(place, "whole"), Path(place, "less")
        rows = Rows.of(size.scale)
        progress.print(f"Making {rows.customers:,} customers and {rows.people:,} people.")
        make(whole, rows)
        make(less, Rows.of(size.scale * share))
        _say(report, rows, share)
        seconds = _compared(report, size, whole, less, share)
    report.add_ratio("compiled_to_sql", seconds["compiled"], seconds["by_hand"])
    report.add_ratio("pandas_to_compiled", seconds["pandas"], seconds["compiled"])
    statuses_online.measure(report, size.rounds)
    return report


def _say(report: Report, rows: Rows, share: float) -> None:
    for name, count in rows._asdict().items():
        report.add(name, [count], "rows")
    report.add("pandas_share", [share], "share")


def _compared(report: Report, size: Size, whole: Path, less: Path, share: float) -> dict[str, float]:
    """Take the median of each side; what pandas did on a share is multiplied up, in time only."""
    found: dict[str, list[dict[str, Any]]] = {"compiled": [], "by_hand": [], "pandas": []}
    for _ in range(size.rounds):
        found["by_hand"].append(_run("by_hand", whole))
        found["compiled"].append(_run("compiled", whole))
        found["pandas"].append(_run("pandas", less))
    _same(found["compiled"][0], found["by_hand"][0])
    _same(found["pandas"][0], _run("compiled", less) if share < 1 else found["compiled"][0])
    for side, runs in found.items():
        by = share if side == "pandas" else 1
        report.add(f"{side}_time", [run["seconds"] / by for run in runs], "s")
        report.add(f"{side}_memory", [run["megabytes"] for run in runs], "MB")
    return {
        side: median(run["seconds"] for run in runs) / (share if side == "pandas" else 1)
        for side, runs in found.items()
    }


def _run(side: str, folder: Path) -> dict[str, Any]:
    progress.print(f"Deciding: {side}.")
    command = [sys.executable, "-m", "crossroads.bench.statuses_side", side, str(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise BenchFailed(f"The side {side} failed: {ended.stderr.strip().splitlines()[-1]}")
    answer: dict[str, Any] = json.loads(ended.stdout)
    return answer


def _same(one: dict[str, Any], other: dict[str, Any]) -> None:
    if one["counts"] != other["counts"]:
        raise BenchFailed("Two sides that decide the same gave different counts.")

"""Benches as people run them, in small, and what their figures are printed as. How fast is no matter of a test."""

from typing import Any

import msgspec

from commands import crossroads


def measured(name: str, *arguments: str, seconds: float = 120) -> dict[str, Any]:
    """Run a bench to its end; give what it printed, which is one JSON object of the agreed form."""
    ended = crossroads("bench", name, *arguments, "--json", seconds=seconds)
    assert ended.code == 0, ended.stderr
    report = msgspec.json.decode(ended.stdout, type=dict[str, Any])
    assert set(report) == {"bench", "machine", "figures", "ratios"}
    assert report["bench"] == name
    assert all(set(figure) == {"value", "unit"} for figure in report["figures"].values())
    return report

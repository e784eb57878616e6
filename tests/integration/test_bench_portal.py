"""The bench of the portal runs, in small, and prints its figures. How fast is no matter of a test."""

from typing import Any

import msgspec

from commands import crossroads
from crossroads.bench import wrk
from crossroads.bench.portal import PAGES
from crossroads.bench.report import BenchFailed


def test_a_bench_of_the_portal_prints_its_figures_or_names_what_is_missing() -> None:
    arguments = ("--entries", "400", "--inscriptions", "600", "--seconds", "1", "--rounds", "1", "--json")
    ended = crossroads("bench", "portal", *arguments)
    try:
        wrk.need("wrk", "wrk")
        wrk.need("nginx", "nginx-light")
    except BenchFailed:
        assert (ended.code, "sudo apt-get install" in ended.stderr) == (1, True)
        return
    assert ended.code == 0, ended.stderr
    report = msgspec.json.decode(ended.stdout, type=dict[str, Any])
    assert report["bench"] == "portal"
    assert set(report["ratios"]) == {"slowest_p95_to_aim", "same_page_to_static", "same_page_to_nginx"}
    times = {f"{page}_{point}" for page in PAGES for point in ("p50", "p95")}
    rates = {f"{name}_rate" for name in ("register", "same_page", "static", "nginx")}
    assert times | rates == set(report["figures"])
    assert len(PAGES) == 10

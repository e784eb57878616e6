"""Each bench that takes more than some seconds runs, in small; the others do in `tests/integration/test_bench.py`.

Where what makes the load is missing, a bench says how to get it: that, too, is shown there.
"""

import pytest

from benching import measured
from crossroads.bench.portal import PAGES

pytestmark = [pytest.mark.torture, pytest.mark.timeout(900)]


def test_a_bench_of_changes_prints_its_figures() -> None:
    report = measured("changes", "--changes", "100", "--seconds", "0.3", "--people", "200", "--rounds", "1")
    assert set(report["ratios"]) == {"deliveries_to_insert", "deliveries_to_queue_insert"}
    lags = {f"lag_{part}_{rate}" for part in ("p50", "p99") for rate in ("full", "at_25")}
    assert {"changes_rate", "deliveries_rate", "insert_rate", "queue_insert_rate"} | lags <= set(report["figures"])


def test_a_bench_of_searching_prints_its_figures() -> None:
    sizes = ("--people", "2000", "--searches", "100", "--strangers", "100", "--namesakes", "100")
    report = measured("search", *sizes)
    assert set(report["ratios"]) == {"recall_at_5"}
    timed = {"search_p50", "search_p95", "namesakes_p50", "namesakes_p95"}
    assert timed | {"recall_at_1", "recall_at_5", "false_duplicate_rate"} <= set(report["figures"])


def test_a_bench_of_the_exchange_prints_its_figures() -> None:
    # In less time, the plain gateway may answer none of 192 questions at once where other programs run too.
    report = measured(
        "exchange", "--inscriptions", "2000", "--rounds", "1", "--seconds", "10", "--connections", "40", seconds=800
    )
    others = {"nginx", "kept_nginx", "plain_gateway", "core_gateway"}
    assert set(report["ratios"]) == {f"exchange_to_{other}" for other in others}
    for subject in ("exchange", *others):
        names = {f"{subject}_{load}_{name}" for load in (32, 192) for name in ("rate", "p50", "p95", "p99")}
        assert names | {f"{subject}_rate"} <= set(report["figures"])
    cpu = {f"exchange_32_cpu_{process}" for process in ("hub", "participant", "database")}
    times = {f"{subject}_p99_at_100{gaps}" for subject in ("exchange", "plain_gateway") for gaps in ("", "_evenly")}
    assert cpu | times | {"refusal_known_person", "refusal_unknown_person"} <= set(report["figures"])


def test_a_bench_of_a_nation_prints_its_figures() -> None:
    # A folder that is on a disk on every machine: this bench takes no other.
    report = measured(
        "national", "--scale", "0.0001", "--rounds", "1", "--seconds", "2", "--folder", "/var/tmp", seconds=240  # noqa: S108 - see above
    )  # fmt: skip
    assert set(report["ratios"]) == {"rate_to_hundredth", "lookups_to_hundredth", "load_to_hundredth"}
    names = {"exchange_rate", "lookup_rate", "load_rate", "bytes_per_inscription", "bytes_per_person", "memory_hub"}
    assert {f"{side}_{name}" for side in ("national", "hundredth") for name in names} <= set(report["figures"])
    assert report["figures"]["national_inscriptions"]["value"] == 24_250
    assert report["figures"]["hundredth_inscriptions"]["value"] == 242


def test_a_bench_of_the_portal_prints_its_figures() -> None:
    arguments = ("--entries", "400", "--inscriptions", "600", "--seconds", "1", "--rounds", "1")
    report = measured("portal", *arguments, seconds=240)
    assert set(report["ratios"]) == {"slowest_p95_to_aim", "same_page_to_static", "same_page_to_nginx"}
    times = {f"{page}_{point}" for page in PAGES for point in ("p50", "p95")}
    rates = {f"{name}_rate" for name in ("register", "same_page", "static", "nginx")}
    assert times | rates == set(report["figures"])
    assert len(PAGES) == 10

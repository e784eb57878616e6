"""Each bench runs, in small, and prints one JSON object of the agreed form. How fast is no matter of a test."""

import os
import subprocess
import sys
from typing import Any

import msgspec
import pytest

from crossroads.bench import wrk
from crossroads.bench.population import LINES_EACH, population
from crossroads.bench.report import BenchFailed
from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.kernel.ssin import Environment, Register, parse_ssin


def test_a_bench_of_the_log_prints_its_figures() -> None:
    report = _run("audit", "--entries", "1000", "--rounds", "1")
    assert set(report["ratios"]) == {"append_to_insert"}
    assert {"append_rate", "insert_rate", "verify_rate", "proof_time"} <= set(report["figures"])


def test_a_bench_of_the_directory_prints_its_figures() -> None:
    report = _run("directory", "--inscriptions", "2000", "--rounds", "1", "--reads", "100")
    assert set(report["ratios"]) == {"import_to_copy", "batched_to_single"}
    assert {"import_rate", "copy_rate", "bytes_per_inscription"} <= set(report["figures"])


def test_a_bench_of_changes_prints_its_figures() -> None:
    report = _run("changes", "--changes", "100", "--seconds", "0.3", "--people", "200", "--rounds", "1")
    assert set(report["ratios"]) == {"deliveries_to_insert", "deliveries_to_queue_insert"}
    lags = {f"lag_{part}_{rate}" for part in ("p50", "p99") for rate in ("full", "at_25")}
    assert {"changes_rate", "deliveries_rate", "insert_rate", "queue_insert_rate"} | lags <= set(report["figures"])


def test_a_bench_of_the_exchange_prints_its_figures_or_names_what_is_missing() -> None:
    arguments = ("--inscriptions", "2000", "--rounds", "1", "--seconds", "1", "--connections", "40")
    try:
        wrk.need("wrk", "wrk")
        wrk.need("nginx", "nginx-light")
    except BenchFailed:
        done = _crossroads("exchange", *arguments)
        assert done.returncode == 1
        assert "sudo apt-get install" in done.stderr
        return
    report = _run("exchange", *arguments)
    others = {"nginx", "kept_nginx", "plain_gateway", "core_gateway"}
    assert set(report["ratios"]) == {f"exchange_to_{other}" for other in others}
    for subject in ("exchange", *others):
        names = {f"{subject}_{load}_{name}" for load in (32, 192) for name in ("rate", "p50", "p95", "p99")}
        assert names | {f"{subject}_rate"} <= set(report["figures"])
    cpu = {f"exchange_32_cpu_{process}" for process in ("hub", "participant", "database")}
    times = {f"{subject}_p99_at_100{gaps}" for subject in ("exchange", "plain_gateway") for gaps in ("", "_evenly")}
    assert cpu | times | {"refusal_known_person", "refusal_unknown_person"} <= set(report["figures"])


def test_a_bench_of_a_nation_prints_its_figures_or_names_what_is_missing() -> None:
    # A folder that is on a disk on every machine: this bench takes no other.
    arguments = ("--scale", "0.0001", "--rounds", "1", "--seconds", "2", "--folder", "/var/tmp")  # noqa: S108 - see above
    try:
        wrk.need("wrk", "wrk")
    except BenchFailed:
        done = _crossroads("national", *arguments)
        assert (done.returncode, "sudo apt-get install wrk" in done.stderr) == (1, True)
        return
    report = _run("national", *arguments)
    assert set(report["ratios"]) == {"rate_to_hundredth", "lookups_to_hundredth", "load_to_hundredth"}
    names = {"exchange_rate", "lookup_rate", "load_rate", "bytes_per_inscription", "bytes_per_person", "memory_hub"}
    assert {f"{side}_{name}" for side in ("national", "hundredth") for name in names} <= set(report["figures"])
    assert report["figures"]["national_inscriptions"]["value"] == 24_250
    assert report["figures"]["hundredth_inscriptions"]["value"] == 242


def test_a_missing_program_is_named_with_how_to_get_it() -> None:
    with pytest.raises(BenchFailed, match=r"no-such-program is missing.*apt-get install its-package"):
        wrk.need("no-such-program", "its-package")


def test_the_people_of_a_bench_are_invented() -> None:
    made = population(300 * LINES_EACH)
    today = brussels_day(SystemClock().now())
    numbers = [*made.asked, *made.strangers, *made.nobody]
    assert len(set(numbers)) == len(numbers)
    assert {parse_ssin(number, Environment.TEST, today).register for number in numbers} == {Register.MOCK}
    assert len(list(made.lines())) == made.inscriptions == 300 * LINES_EACH


def _run(*arguments: str) -> dict[str, Any]:
    done = _crossroads(*arguments)
    assert done.returncode == 0, done.stderr
    report = msgspec.json.decode(done.stdout, type=dict[str, Any])
    assert set(report) == {"bench", "machine", "figures", "ratios"}
    assert report["bench"] == arguments[0]
    assert all(set(figure) == {"value", "unit"} for figure in report["figures"].values())
    return report


def _crossroads(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "crossroads", "bench", *arguments, "--json"]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=dict(os.environ), timeout=240)

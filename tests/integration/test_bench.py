"""Quick benches run, in small, and print figures of the agreed form; the others do so in `make torture`."""

from pathlib import Path

import pytest

from benching import measured
from commands import typed
from crossroads.bench import wrk
from crossroads.bench.population import LINES_EACH, population
from crossroads.bench.report import BenchFailed
from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.kernel.ssin import Environment, Register, parse_ssin


def test_a_bench_of_the_log_prints_its_figures() -> None:
    report = measured("audit", "--entries", "1000", "--rounds", "1")
    assert set(report["ratios"]) == {"append_to_insert"}
    assert {"append_rate", "insert_rate", "verify_rate", "proof_time"} <= set(report["figures"])


def test_a_bench_of_the_directory_prints_its_figures() -> None:
    report = measured("directory", "--inscriptions", "2000", "--rounds", "1", "--reads", "100")
    assert set(report["ratios"]) == {"import_to_copy", "batched_to_single"}
    assert {"import_rate", "copy_rate", "bytes_per_inscription"} <= set(report["figures"])


@pytest.mark.parametrize("name", ["exchange", "national", "portal"])
def test_a_bench_whose_load_nothing_can_make_says_how_to_get_it(name: str, tmp_path: Path) -> None:
    folder = ("--folder", "/var/tmp") if name == "national" else ()  # noqa: S108 - it takes none in memory
    refused = typed("bench", name, *folder, "--json", environment={"PATH": str(tmp_path)})
    assert (refused.code, refused.stdout) == (1, "")
    assert "is missing. On Debian and Ubuntu: sudo apt-get install" in refused.sentence


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

"""The server with Citus on which the suite may run: one without is refused before the first test, and none is said."""

import os
import subprocess
import sys
from pathlib import Path

from citus_server import VARIABLE
from crossroads.bootstrap.postgres import ADMIN, EmbeddedPostgres

ROOT = Path(__file__).parents[2]
FILE = "tests/unit/test_batch_places.py"


def run(url: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "pytest", "-n", "0", *arguments]
    environment = os.environ | {VARIABLE: url}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_a_server_without_citus_is_refused_before_the_first_test(postgres: EmbeddedPostgres) -> None:
    ended = run(postgres.dsn(ADMIN, ADMIN), FILE)
    assert ended.returncode != 0
    assert f"ERROR: {VARIABLE}: The server has no extension citus" in ended.stderr
    assert "passed" not in ended.stdout


def test_a_server_that_is_not_there_is_refused(tmp_path: Path) -> None:
    ended = run(f"postgresql://postgres@/postgres?host={tmp_path}", FILE)
    assert (ended.returncode != 0, VARIABLE in ended.stderr, "passed" in ended.stdout) == (True, True, False)


def test_without_one_the_header_says_so_and_what_asks_it_is_not_collected() -> None:
    # Of all tests, those of the folders that begin with a c.
    ended = run("", "--collect-only", "tests", f"--ignore-glob={ROOT}/tests/[!c]*")
    assert f"nothing runs on Citus, and tests/citus not at all: {VARIABLE} names no server" in ended.stdout
    assert "no tests collected" in ended.stdout

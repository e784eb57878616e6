"""Commands as people type them: each a process of its own, or within this one where only what it says is looked at."""

import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from unittest.mock import patch

import structlog
from typer.testing import CliRunner

from crossroads.cli.main import run

_PATIENCE_SECONDS = 90


class Ended(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    stdout: str
    stderr: str

    @property
    def sentence(self) -> str:
        """What it said to the one who typed it, without the line breaks of a terminal; fails on a traceback."""
        assert "Traceback" not in self.stderr, self.stderr
        return " ".join(self.stderr.replace("│", " ").split())


def crossroads(
    *arguments: str, environment: Mapping[str, str] | None = None, text: str = "", seconds: float = _PATIENCE_SECONDS
) -> Ended:
    """Run a command to its end, which comes within some seconds; `text` is what is typed meanwhile."""
    command = [sys.executable, "-m", "crossroads", *arguments]
    variables = {**os.environ, "COLUMNS": "200", **(environment or {})}
    ended = subprocess.run(
        command, env=variables, input=text, capture_output=True, check=False, timeout=seconds, text=True
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def typed(*arguments: str, environment: Mapping[str, str] | None = None, text: str = "") -> Ended:
    """Run a command to its end within this process, where it starts at once; what it configures is undone."""
    configured = structlog.get_config()
    try:
        # In a thread of its own: the command has its event loop, and so may the test.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(_typed, arguments, {"COLUMNS": "200", **(environment or {})}, text).result()
    finally:
        structlog.configure(**configured)


def _typed(arguments: tuple[str, ...], environment: dict[str, str], text: str) -> Ended:
    code: str | int | None = 0
    with (
        patch.object(sys, "argv", ["crossroads", *arguments]),
        CliRunner().isolation(text, environment) as (out, err, _),
    ):
        try:
            run()
        except SystemExit as ended:
            code = ended.code
        sys.stdout.flush()
        sys.stderr.flush()
        return Ended(int(code or 0), out.getvalue().decode(), err.getvalue().decode())

"""Commands as people type them: each a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from typing import NamedTuple

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


def crossroads(*arguments: str, environment: Mapping[str, str] | None = None, text: str = "") -> Ended:
    """Run a command to its end; `text` is what is typed meanwhile."""
    command = [sys.executable, "-m", "crossroads", *arguments]
    variables = {**os.environ, "COLUMNS": "200", **(environment or {})}
    ended = subprocess.run(
        command, env=variables, input=text, capture_output=True, check=False, timeout=_PATIENCE_SECONDS, text=True
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)

"""A participant as a process of its own, as an institution runs it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx
import pytest

from plain import NO_TLS
from warm import Warm

PROGRAM = [sys.executable, "-c", "from crossroads.participant.command import app; app()"]
_NOWHERE = Path(os.devnull)


@contextmanager
def served(config: Path, port: int, log: Path = _NOWHERE) -> Iterator[Warm]:
    """Run it until it answers; end it when the test ends. It starts warm, and what it writes is added to a file."""
    process = Warm(["participant", "serve", str(config)], log, os.environ)
    try:
        _wait_until_up(process, port)
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def served_whole(
    config: Path, port: int, stdout: int | IO[bytes] = subprocess.DEVNULL
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run it as `served`, and read anew all that it consists of, as an institution does."""
    process = subprocess.Popen([*PROGRAM, "serve", str(config)], stdout=stdout)
    try:
        _wait_until_up(process, port)
        yield process
    finally:
        process.kill()
        process.wait()


def _wait_until_up(process: "Warm | subprocess.Popen[bytes]", port: int) -> None:
    while process.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health", verify=NO_TLS).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail("the participant ended")

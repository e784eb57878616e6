"""A participant as a process of its own, as an institution runs it."""

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

PROGRAM = [sys.executable, "-c", "from crossroads.participant.command import app; app()"]


@contextmanager
def served(config: Path, port: int, stdout: int | IO[bytes] = subprocess.DEVNULL) -> Iterator[subprocess.Popen[bytes]]:
    """Run it until it answers; end it when the test ends."""
    process = subprocess.Popen([*PROGRAM, "serve", str(config)], stdout=stdout)
    try:
        wait_until_up(process, port)
        yield process
    finally:
        process.kill()
        process.wait()


def wait_until_up(process: subprocess.Popen[bytes], port: int) -> None:
    while process.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health", verify=NO_TLS).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail("the participant ended")

"""Starting the gateways that the exchange is compared with: `plain_gateway`, and `core_gateway`."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import asyncpg

from crossroads.bench.report import BenchFailed

_NEEDED = ("fastapi", "httpx", "uvicorn", "httptools", "greenlet")
_START_SECONDS = 30
_LOG_TABLE = """
CREATE TABLE IF NOT EXISTS plain_gateway_log (
    ticket uuid PRIMARY KEY, at timestamptz, institution text, person bigint, data_groups text, status bigint
)
"""


@contextmanager
def gateway(name: str, folder: Path, port: int, dsn: str, upstream: int, workers: int) -> Iterator[int]:
    """Serve `plain_gateway` or `core_gateway`; gives the process. Raises BenchFailed."""
    _need_packages()
    log = folder / f"{name}.log"
    command = [
        sys.executable, "-m", "uvicorn", f"crossroads.bench.{name}:app", f"--port={port}", f"--workers={workers}",
        "--loop=uvloop", "--http=httptools", "--backlog=4096", "--no-access-log", "--log-level=warning",
    ]  # fmt: skip
    environment = {
        **os.environ,
        "BENCH_DATABASE": dsn.replace("postgresql://", "postgresql+asyncpg://"),
        "BENCH_UPSTREAM": f"http://127.0.0.1:{upstream}",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, start_new_session=True)
    try:
        _wait_for(process, port, log)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


async def make_log_table(dsn: str) -> None:
    """Make the table in which the plain gateway logs; the DSN is that of the owner."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(_LOG_TABLE)
    finally:
        await connection.close()


def _need_packages() -> None:
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise BenchFailed(f"Missing: {', '.join(missing)}. Get them with: pip install -r requirements/dev.txt")


def _wait_for(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with suppress(URLError, OSError), urlopen(f"http://127.0.0.1:{port}/openapi.json", timeout=2):
            return
        time.sleep(0.05)
    raise BenchFailed(f"The gateway did not start. {log.read_text()[-1000:]}")

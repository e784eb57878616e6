"""Load by wrk, with requests made beforehand."""

import os
import subprocess
from collections.abc import Iterable
from http.client import HTTPConnection
from pathlib import Path
from shutil import which
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from crossroads.bench.report import BenchFailed
from crossroads.wire.signatures import Request

OK = 200
_SCRIPT = Path(__file__).parent / "requests.lua"
_PATIENCE_SECONDS = 30


class TooFewRequests(BenchFailed):
    """The requests ran out before the time."""


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a run; times in milliseconds."""

    answers: int
    seconds: float
    refused: int
    """Answers with another status than 2xx or 3xx."""
    failed: int
    """Connections that broke, and requests that were not answered within ten seconds."""
    exhausted: bool
    """Whether the requests ran out before the time."""
    p50: float
    p95: float
    p99: float

    @property
    def rate(self) -> float:
        """Answers each second."""
        return self.answers / self.seconds


def need(program: str, package: str) -> str:
    """Give the path of a program. Raises BenchFailed that says how to get it."""
    sbin = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
    found = which(program, path=sbin)
    if found is None:
        raise BenchFailed(f"{program} is missing. On Debian and Ubuntu: sudo apt-get install {package}")
    return found


def write_requests(path: Path, requests: Iterable[Request]) -> None:
    """Write requests for wrk, as they go over the wire."""
    with path.open("wb") as file:
        for request in requests:
            raw = on_the_wire(request)
            file.write(b"%08d" % len(raw) + raw)


def on_the_wire(request: Request) -> bytes:
    """Give the bytes of a request."""
    target, body = urlsplit(request.target_uri), request.body or b""
    headers = {"host": target.netloc, "content-length": str(len(body)), **request.headers}
    lines = [f"{request.method} {target.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


class Answer(NamedTuple):
    """One answer, whole; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


def ask(port: int, request: Request) -> Answer:
    """Send one request."""
    connection = HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_SECONDS)
    try:
        connection.request(request.method, urlsplit(request.target_uri).path, request.body, dict(request.headers))
        got = connection.getresponse()
        return Answer(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read())
    finally:
        connection.close()


def run(port: int, requests: Path, *, seconds: float, connections: int, again: bool = False, rest: int = 0) -> Load:
    """Send requests for some seconds, each once unless `again`. Raises BenchFailed when they were too few or failed.

    Each connection rests for `rest` milliseconds on average before it sends one.
    """
    command = [
        need("wrk", "wrk"), "--threads=1", "--timeout=10s",
        f"--connections={connections}", f"--duration={max(round(seconds), 1)}s",
        f"--script={_SCRIPT}", "--latency", f"http://127.0.0.1:{port}", "--", str(requests),
        "again" if again else "once", str(rest),
    ]  # fmt: skip
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=seconds + _PATIENCE_SECONDS)
    if done.returncode:
        raise BenchFailed(f"wrk failed: {done.stderr.strip()[-500:]}")
    load = msgspec.json.decode(done.stdout.strip().splitlines()[-1], type=Load)
    if load.exhausted and not (load.refused or load.failed):
        raise TooFewRequests(f"There were too few requests for the load on port {port}: {load}")
    if load.exhausted or load.refused or load.failed or not load.answers:
        raise BenchFailed(f"The load on port {port} did not go as it should: {load}")
    return load

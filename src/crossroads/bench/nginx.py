"""nginx in front of a canned answer, and nginx that only passes on: what the machine can do at most."""

import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from crossroads.bench.report import BenchFailed
from crossroads.bench.wrk import need

_CHUNK = 2000
"""nginx takes no parameter above 4 KiB."""
_START_SECONDS = 10
_NOT_COPIED = {"content-length", "date", "server", "connection", "transfer-encoding", "content-type"}

_COMMON = """
daemon off;
worker_processes auto;
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
{inside}
}}
"""
_CANNED = """
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      default_type application/json;
{parts}
      return 200 "{names}";
    }}
  }}
"""
_KEEPING = """
  upstream canned {{ server 127.0.0.1:{upstream}; keepalive 256; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{ proxy_pass http://canned; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
"""
_PLAIN = """
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{ proxy_pass http://127.0.0.1:{upstream}; }}
  }}
"""


@contextmanager
def canned(folder: Path, port: int, headers: Mapping[str, str], body: bytes) -> Iterator[int]:
    """Answer every request on a port with these headers and bytes, from memory; gives the process."""
    text = body.decode("utf-8")
    chunks = [text[at : at + _CHUNK] for at in range(0, len(text), _CHUNK)]
    parts = [f"      set $part{number} {_quoted(chunk)};" for number, chunk in enumerate(chunks)]
    parts += [
        f"      add_header {name} {_quoted(value)};" for name, value in headers.items() if name not in _NOT_COPIED
    ]
    names = "".join(f"${{part{number}}}" for number in range(len(chunks)))
    with _running(folder, port, _CANNED.format(port=port, parts="\n".join(parts), names=names)) as pid:
        yield pid


@contextmanager
def proxy(folder: Path, port: int, upstream: int, *, keeping: bool) -> Iterator[int]:
    """Pass every request on to another port; gives the process.

    `keeping` its connections, or as its manual begins: with a new one for each request.
    """
    with _running(folder, port, (_KEEPING if keeping else _PLAIN).format(port=port, upstream=upstream)) as pid:
        yield pid


@contextmanager
def _running(folder: Path, port: int, inside: str) -> Iterator[int]:
    folder.mkdir(parents=True)
    config = folder / "nginx.conf"
    config.write_text(_COMMON.format(folder=folder, inside=inside), "utf-8")
    program = need("nginx", "nginx-light")
    with (folder / "output.log").open("wb") as output:
        process = subprocess.Popen([program, "-e", folder / "error.log", "-c", config], stdout=output, stderr=output)
    try:
        _wait_for(process, port, folder)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def _wait_for(process: "subprocess.Popen[bytes]", port: int, folder: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with suppress(URLError, OSError), urlopen(f"http://127.0.0.1:{port}/", timeout=2):
            return
        time.sleep(0.05)
    raise BenchFailed(f"nginx did not start. {(folder / 'error.log').read_text()[-500:]}")


def _quoted(text: str) -> str:
    if "$" in text:
        raise BenchFailed("nginx cannot give back a text with a dollar sign.")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

"""Programs of a demo that was killed and could not stop them (Linux, `/proc`)."""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

_GRACE_SECONDS = 5
_POLL_SECONDS = 0.05
_SERVERS = {b"serve", b"pages", b"listen"}
_OURS = (b"-m", b"crossroads")
"""How the demo starts each of its programs."""
_FORKED = b"--multiprocessing-fork"
"""One of the processes of a program that is served by several: it is known by its home."""


def end_orphans(folder: Path) -> None:
    """End every program that serves or listens from this folder. Only for whoever holds the lock of the demo."""
    for end in (signal.SIGTERM, signal.SIGKILL):
        for pid in orphans(folder):
            with suppress(ProcessLookupError):
                os.kill(pid, end)
        until = time.monotonic() + _GRACE_SECONDS
        while any(orphans(folder)) and time.monotonic() < until:
            time.sleep(_POLL_SECONDS)


def orphans(folder: Path) -> Iterator[int]:
    """Give the processes: those of an institution name its settings, a hub its home."""
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and _serves(process, folder):
            yield int(process.name)


def _serves(process: Path, folder: Path) -> bool:
    try:
        arguments = (process / "cmdline").read_bytes().split(b"\0")
        if not _is_server(arguments):
            return False
        home = b"CROSSROADS_HOME=" + os.fsencode(folder / "hub")
        settings = any(argument.startswith(os.fsencode(folder) + b"/") for argument in arguments)
        return settings or home in (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return False


def _is_server(arguments: Sequence[bytes]) -> bool:
    """Tell whether this is the command line of a program of ours that serves or listens."""
    if _FORKED in arguments:
        return True
    return _OURS in pairwise(arguments) and not _SERVERS.isdisjoint(arguments)

"""The processes of a PostgreSQL server, found by the folder that they work in (Linux, `/proc`).

A number in `postmaster.pid` proves nothing: after a crash or in a new container it may be that of another program.
"""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from crossroads.bootstrap.postgres_binaries import EmbeddedPostgresFailed

_GRACE_SECONDS = 5
_POLL_SECONDS = 0.02


def server_processes(data: Path) -> set[int]:
    """Give the processes of PostgreSQL that serve this cluster."""
    return {int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _serves(entry, data)}


def end_orphans(data: Path) -> None:
    """End the processes that outlived a killed server.

    They hold its shared memory, beside which PostgreSQL refuses to start. SIGQUIT is what their server would have sent
    them. Either signal leaves the cluster as a crash does: recovery restores what was committed.
    """
    for end in (signal.SIGQUIT, signal.SIGKILL):
        for pid in server_processes(data):
            with suppress(ProcessLookupError):
                os.kill(pid, end)
        deadline = time.monotonic() + _GRACE_SECONDS
        while server_processes(data) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
    if left := server_processes(data):
        raise EmbeddedPostgresFailed(f"Processes of an earlier PostgreSQL do not end: {sorted(left)}.")


def _serves(process: Path, data: Path) -> bool:
    try:
        # The program's file may have been replaced since: its name then ends in " (deleted)".
        program = (process / "exe").readlink().name
        return program.startswith("postgres") and (process / "cwd").samefile(data)
    except OSError:
        return False

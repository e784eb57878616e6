"""Work that may wait: a process that gives way to those that answer."""

import os
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

_NICENESS = 19
_OF_THE_SESSION = 10
"""A tenth of what another session may take where all want the processor: work that may wait is not to wait for ever."""
_GROUP = Path("/proc/self/autogroup")

_CORES = os.sched_getaffinity(0)

CALM = timedelta(seconds=10)
"""When nobody asked for so long, nobody is taken to wait for answers."""


def give_way(*, parted: bool) -> None:
    """Have the lowest priority from now on; `parted` from the terminal and the session of who started this process.

    Linux may share the processors among sessions first, and among the processes of each only then (`sched_autogroup`):
    next to a process that answers, work that may wait would take as much as any other program. In a session of its own
    it has a low priority among these too.
    """
    os.nice(_NICENESS)
    if parted:
        # It leads a session already; or Linux shares without regard to sessions, and there is nothing to write to.
        with suppress(OSError):
            os.setsid()
            _GROUP.write_text(str(_OF_THE_SESSION))


def confine(process: int, *, half: bool) -> None:
    """Have a process run on half of the cores that this one was given, at least one; or on all of them.

    A low priority is not enough: who writes to the disk waits for work of Linux itself, which has to find a core too.
    """
    cores = sorted(_CORES)
    allowed = cores[-max(1, len(cores) // 2) :] if half else cores
    # Process and threads may have ended since, and a container may have lost these cores: then it goes on as it is.
    with suppress(OSError):
        for thread in Path(f"/proc/{process}/task").iterdir():
            with suppress(ProcessLookupError):
                os.sched_setaffinity(int(thread.name), allowed)

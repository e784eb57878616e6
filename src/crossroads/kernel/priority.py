"""Work that may wait: a process that gives way to those that answer."""

import os
from contextlib import suppress
from pathlib import Path

_NICENESS = 19
_OF_THE_SESSION = 10
"""A tenth of what another session may take where all want the processor: work that may wait is not to wait for ever."""
_GROUP = Path("/proc/self/autogroup")


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

"""Processes of `multiprocessing` that start warm: forked from a server that has read what they consist of.

They are handed the same as those that a participant spawns, pickled the same; to read is most of a start.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from multiprocessing import forkserver, get_context
from multiprocessing.context import ForkServerContext
from unittest.mock import patch

# With pytest, since each reads the program anew that the tests are run by.
_READ = [
    "pytest",
    "crossroads.participant.bulk_worker",
    "crossroads.participant.client",
    "crossroads.participant.consumer",
    "crossroads.participant.inbox",
    "crossroads.participant.mailbox_command",
]


@cache
def forking() -> ForkServerContext:
    """Give what starts them, in the words of `multiprocessing`; the server of this process runs from now on."""
    context = get_context("forkserver")
    context.set_forkserver_preload(_READ)
    # The folder that it makes otherwise is removed at its end, when that of the run is gone already.
    with patch("multiprocessing.util.get_temp_dir", tempfile.mkdtemp):
        forkserver.ensure_running()
    return context


@contextmanager
def warm_pages() -> Iterator[None]:
    """Let participants within this process start warm what works on their pages; served ones start it whole."""
    with patch("crossroads.participant.bulk_worker.get_context", lambda _: forking()):
        yield

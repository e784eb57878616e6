"""Pages of few records, so that a file of several pages costs a test little.

How pages are shared, gone on with and put together does not depend on how large they are. That a page of full size is
dealt with is tested as well, once for each door.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from crossroads.batch import checking
from crossroads.wire import batches

SMALL = 40
"""Records of a small page."""
_OURS = ("crossroads.", "batching", "fakebatches")
"""Who may know how large a page is; a test says itself which of the two it means."""
_MOUTHFUL = 1000
"""Bytes of a file that are read at once: less than such a page, as it is with large ones."""


@contextmanager
def small_pages() -> Iterator[int]:
    """Let pages be small for everybody in this process, and give how many records they have."""
    with pytest.MonkeyPatch.context() as patch:
        for name, module in list(sys.modules.items()):
            # The very number, not one that is alike. What is imported only now begins with the true one.
            if name.startswith(_OURS) and module is not batches and getattr(module, "PAGE", None) is batches.PAGE:
                patch.setattr(module, "PAGE", SMALL)
        patch.setattr(checking, "_MOUTHFUL", _MOUTHFUL)
        yield SMALL

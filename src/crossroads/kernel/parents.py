"""A process that another one started ends with it, however that ends."""

import asyncio
import os

_WATCH_SECONDS = 1


async def orphaned(parent: int | None) -> None:
    """Wait until the process with this number is not the parent any more; without a number, for ever."""
    while parent in (None, os.getppid()):  # noqa: ASYNC110 - the end of a parent tells nobody
        await asyncio.sleep(_WATCH_SECONDS)

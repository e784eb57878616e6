"""A small program to serve in several processes: who answers, and how often it was asked."""

import os
import sys
import time
from pathlib import Path
from typing import Any

from crossroads.serving import several
from crossroads.serving.one import Listening


def create() -> Any:
    """Make an application that says which process it is."""
    time.sleep(float(sys.argv[3]) if len(sys.argv) > 3 else 0)
    return _answer


async def live(receive: Any, send: Any) -> None:
    """Start and end with the process."""
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def _answer(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await live(receive, send)
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    several.serve("serving_programs:create", Listening("127.0.0.1", int(sys.argv[1])), int(sys.argv[2]))

"""`crossroads statuses listen`: what sources tell of statuses, taken and told on until stopped."""

import asyncio
import logging
import signal
import sys
from threading import Event, Thread
from typing import Annotated

import structlog
import typer

from crossroads.kernel.parents import orphaned
from crossroads.participant.client_settings import client_settings
from crossroads.participant.terminal import client, told
from crossroads.statuses.buffer import Buffer
from crossroads.statuses.deeds_command import SettingsFile
from crossroads.statuses.listening import Listening, alone
from crossroads.statuses.settings import read_status_settings

_STATE = "listening"


def listen(settings: SettingsFile, *, parent: Annotated[int | None, typer.Option(hidden=True)] = None) -> None:
    """Take what sources tell of statuses, and tell clients what changed by it; `serve --role statuses` does so too."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    with told():
        ours = read_status_settings(settings)
        config = client_settings(ours.path(ours.client), _STATE)
        buffer = Buffer(ours.path(ours.buffer))
        with alone(buffer), client(config) as hub:
            Listening(hub, ours, buffer, _stopped(parent)).run()


def _stopped(parent: int | None) -> Event:
    """Give what is set when this process is to stop: by a signal, or by the end of the process that started it."""
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if parent is not None:
        Thread(target=_watch, args=[parent, stop], daemon=True).start()
    return stop


def _watch(parent: int, stop: Event) -> None:
    asyncio.run(orphaned(parent))
    stop.set()

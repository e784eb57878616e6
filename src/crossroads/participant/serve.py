"""Running a participant: one process, one event loop."""

import logging
import sys
from pathlib import Path

import structlog
import uvloop
from rich.console import Console

from crossroads.kernel.clock import SystemClock
from crossroads.kernel.memory import settle
from crossroads.participant.config import Config
from crossroads.participant.listening import check_free
from crossroads.participant.notifier import notifying
from crossroads.participant.participant import Participant
from crossroads.participant.routes import Application
from crossroads.serving.one import Listening, Server

_log = structlog.get_logger()


def serve(config: Config) -> None:
    """Serve until SIGINT or SIGTERM. Raises what is wrong with the settings before it listens."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    uvloop.run(_serve(config))


async def _serve(config: Config) -> None:
    listen = config.listen
    check_free(listen)
    participant = Participant(config, SystemClock())
    address = Listening(listen.host, listen.port, _path(config, listen.certificate), _path(config, listen.key))
    server = Server(Application(participant), address)
    settle()
    _say(config)
    async with notifying(config):
        await server.serve()


def _say(config: Config) -> None:
    """Say what is served: in two lines to somebody at a terminal, as an entry of the log otherwise."""
    listening, answered = f"{config.listen.host}:{config.listen.port}", sorted(config.answers_for)
    groups = sorted(config.groups)
    if not sys.stdout.isatty():
        _log.info("serving", listen=listening, url=config.url, answers_for=answered, data_groups=groups)
        return
    lines = (
        f"Listening on {listening}, as {config.url}, for {', '.join(answered)}.",
        f"Data groups: {', '.join(groups) or 'none'}. Ctrl-C stops it.",
    )
    Console().print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)


def _path(config: Config, text: str | None) -> Path | None:
    return config.path(text) if text else None

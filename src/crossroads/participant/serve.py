"""Running a participant: one process, one event loop, granian in front."""

import asyncio
import logging
import signal
import socket
import sys
from pathlib import Path

import structlog
import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server
from rich.console import Console

from crossroads.kernel.clock import SystemClock
from crossroads.kernel.memory import settle
from crossroads.participant.config import Config, Listen
from crossroads.participant.notifier import notifying
from crossroads.participant.participant import Participant
from crossroads.participant.routes import Application
from crossroads.participant.yamlfile import WrongSetting

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
    _check_free(listen)
    participant = Participant(config, SystemClock())
    server = Server(
        Application(participant),
        address=listen.host,
        port=listen.port,
        interface=Interfaces.ASGI,
        websockets=False,
        log_enabled=False,
        ssl_cert=_path(config, listen.certificate),
        ssl_key=_path(config, listen.key),
    )
    settle()
    _say(config)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.stop)
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


def _check_free(listen: Listen) -> None:
    # granian panics when the address is taken; here it is said in words.
    try:
        socket.create_server((listen.host, listen.port)).close()
    except OSError as error:
        raise WrongSetting(f"listen: {listen.host}:{listen.port} cannot be listened on: {error.strerror}") from error


def _path(config: Config, text: str | None) -> Path | None:
    return config.path(text) if text else None

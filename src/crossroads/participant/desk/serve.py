"""Running a desk: one process, one event loop, granian in front."""

import asyncio
import logging
import signal
import socket

import structlog
import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server

from crossroads.kernel.clock import SystemClock
from crossroads.participant.desk.app import application
from crossroads.participant.desk.config import DeskConfig
from crossroads.participant.yamlfile import WrongSetting


def serve(config: DeskConfig) -> None:
    """Serve until SIGINT or SIGTERM. Raises what is wrong with the settings before it listens."""
    config.check()
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    structlog.configure(
        processors=[structlog.processors.add_log_level, stamp, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    uvloop.run(_serve(config))


async def _serve(config: DeskConfig) -> None:
    host, port = config.listen.host, config.listen.port
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        raise WrongSetting(f"listen: {host}:{port} cannot be listened on: {error.strerror}") from error
    server = Server(
        application(config, SystemClock()),
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        websockets=False,
        log_enabled=False,
        ssl_cert=config.path(config.listen.certificate) if config.listen.certificate else None,
        ssl_key=config.path(config.listen.key) if config.listen.key else None,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.stop)
    await server.serve()

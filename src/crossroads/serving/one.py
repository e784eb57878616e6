"""One process that serves: uvicorn in the event loop that runs, told to stop by a signal or by who runs it."""

import asyncio
import logging
import signal
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import socket
from typing import Any, NamedTuple

import structlog
import uvicorn

from crossroads.kernel.errors import CrossroadsError, Refused
from crossroads.kernel.parents import orphaned
from crossroads.serving.connection import Connection

PATIENCE_SECONDS = 10
"""For answers that are under way when it is told to stop; then they are given up."""
IDLE_SECONDS = 120
"""Longer than our own clients keep a connection: it is they who close it, and never while they send."""
_BACKLOG = 2048

_log = structlog.get_logger(__name__)


class Listening(NamedTuple):
    """Where a program listens, and with which certificate, if not in the clear."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None

    def check(self) -> None:
        """Raise Refused where the certificate and its key cannot be used."""
        if self.certificate is not None:
            try:
                ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(self.certificate, self.key)
            except OSError as error:
                why = f"The certificate {self.certificate} cannot be used with the key {self.key}"
                raise Refused(f"{why}: {error.strerror or type(error).__name__}.") from error


class Server(uvicorn.Server):
    """Serves one application. `SIGINT` and `SIGTERM` stop it, however many come; so does `stop`."""

    def __init__(self, application: Any, listening: Listening) -> None:
        """Prepare. Raises Refused where certificate and key cannot be used."""
        listening.check()
        _quiet()
        self._told = asyncio.Event()
        super().__init__(
            uvicorn.Config(
                application,
                host=listening.host,
                port=listening.port,
                ssl_certfile=listening.certificate,
                ssl_keyfile=listening.key,
                http=Connection,
                ws="none",
                lifespan="on",
                interface="asgi3",
                # Whoever connects is who it is: no header says so.
                proxy_headers=False,
                server_header=False,
                access_log=False,
                log_config=None,
                backlog=_BACKLOG,
                timeout_keep_alive=IDLE_SECONDS,
                timeout_graceful_shutdown=PATIENCE_SECONDS,
            )
        )

    async def serve_for(self, parent: int | None, listener: socket | None = None) -> None:
        """Serve until it is told to stop, or until the process with this number is not the parent any more."""
        watching = asyncio.create_task(self._stop_after(parent), name="parent watched")
        try:
            await self.serve([listener] if listener else None)
        finally:
            watching.cancel()

    def stop(self) -> None:
        """Take no more requests, answer those under way, and end."""
        self.should_exit = True
        self._told.set()

    async def main_loop(self) -> None:
        """Note the time each second until it is told to stop; uvicorn would look ten times a second whether it is."""
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._told.wait()

    async def _stop_after(self, parent: int | None) -> None:
        await orphaned(parent)
        self.stop()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at a signal, and be done with it: uvicorn would send it again at the end, and so end with an error."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop)
        yield


class _Told(logging.Handler):
    """Tells what uvicorn has to say: that something went wrong, never with what values."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        kind = type(error).__name__ if error else None
        why = str(error) if isinstance(error, CrossroadsError) else None
        _log.error("server", what=record.getMessage().strip(), kind=kind, why=why)


def _quiet() -> None:
    logger = logging.getLogger("uvicorn.error")
    logger.handlers, logger.propagate = [_Told()], False
    logger.setLevel(logging.ERROR)

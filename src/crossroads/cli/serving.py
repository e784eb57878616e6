"""How the hub's processes run: granian with one event loop each, metrics of all of them on a listener of their own."""

import asyncio
import os
import shutil
import socket
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any

import structlog
from granian.constants import HTTPModes, Interfaces, Loops

from crossroads.bootstrap import keys
from crossroads.bootstrap.compatibility import SchemaUnfit, require_schema_at
from crossroads.bootstrap.database import database_url, embedded
from crossroads.bootstrap.settings import Installation, Settings
from crossroads.cli.job_running import job_processes
from crossroads.cli.server import Server
from crossroads.kernel.errors import Refused, Unavailable
from crossroads.kernel.memory import settle

_APPLICATION = "crossroads.api.app:create"
_BACKLOG = 2048
_PATIENCE_SECONDS = 10
"""For a process to write and sign what waits; then it is killed, and recovery closes what it left open."""

_log = structlog.get_logger(__name__)


def serve(installation: Installation, workers: int) -> None:
    """Serve until SIGINT or SIGTERM, with the embedded PostgreSQL where no other is set."""
    settings = installation.settings
    # What would make every process fail is told here, once, in a sentence.
    for read in (keys.message_key, keys.permit_key, keys.log_key):
        read(installation)
    _check_port(settings)
    with _database(installation), _Metrics(installation, workers):
        _check_schema(installation)
        _serve(installation, workers)


def _serve(installation: Installation, workers: int) -> None:
    settings = installation.settings
    # Before the processes are forked: what it consists of is then read once, and in memory once.
    import_module(_APPLICATION.partition(":")[0])
    settle()
    with job_processes(settings.job_workers):
        Server(
            _APPLICATION,
            address=settings.host,
            port=settings.port,
            interface=Interfaces.ASGI,
            workers=workers,
            loop=Loops.uvloop,
            http=HTTPModes.http1,
            websockets=False,
            backlog=_BACKLOG,
            log_access=False,
            factory=True,
            respawn_failed_workers=True,
            workers_kill_timeout=_PATIENCE_SECONDS,
            ssl_cert=settings.certificate,
            ssl_key=settings.certificate_key,
        ).serve()


def _check_port(settings: Settings) -> None:
    """Refuse a port that somebody listens on: processes of two hubs would share it. Raises Refused."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as trying:
        trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trying.bind((settings.host, settings.port))
        except OSError as error:
            taken = f"{settings.host}:{settings.port} cannot be listened on: {error.strerror}."
            raise Refused(f"{taken} Set `port` in crossroads.yaml, or CROSSROADS_PORT.") from error


def _check_schema(installation: Installation) -> None:
    """Refuse a schema that this program does not work on. Raises SchemaUnfit. A database that is down is waited for."""
    try:
        asyncio.run(require_schema_at(database_url(installation)))
    except SchemaUnfit:
        raise
    except Unavailable as error:
        _log.warning("schema not looked at", reason=str(error))


def _database(installation: Installation) -> AbstractContextManager[Any]:
    return nullcontext() if installation.settings.database_url else embedded(installation)


class _Metrics:
    """The metrics of all processes, added up; on loopback, at the port that is set."""

    def __init__(self, installation: Installation, workers: int) -> None:
        self._port = installation.settings.metrics_port
        self._folder = installation.home / "metrics"
        self._workers = workers
        self._server: Any = None

    def __enter__(self) -> None:
        # The library decides at import, in each process, whether it shares its counts through this folder.
        _empty(self._folder)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(self._folder)
        if self._port is None:
            return
        from prometheus_client import CollectorRegistry, start_http_server  # noqa: PLC0415 - reads the folder at import
        from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415 - as above

        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # the library has no types here
        self._server, _ = start_http_server(self._port, addr="127.0.0.1", registry=registry)

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.shutdown()


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)

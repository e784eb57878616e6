"""How the hub's processes run: side by side at one address, metrics of all of them on a listener of their own."""

import asyncio
import os
import shutil
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import structlog

from crossroads.bootstrap import keys
from crossroads.bootstrap.compatibility import SchemaUnfit, require_schema_at
from crossroads.bootstrap.database import database_url, embedded
from crossroads.bootstrap.settings import Installation
from crossroads.cli.job_running import job_processes
from crossroads.kernel.errors import Unavailable
from crossroads.serving import several
from crossroads.serving.one import Listening
from crossroads.serving.several import bound

_APPLICATION = "crossroads.api.app:create"

_log = structlog.get_logger(__name__)


def serve(installation: Installation, workers: int) -> None:
    """Serve until SIGINT or SIGTERM, with the embedded PostgreSQL where no other is set."""
    settings = installation.settings
    # What would make every process fail is told here, once, in a sentence.
    for read in (keys.message_key, keys.permit_key, keys.log_key):
        read(installation)
    listening = Listening(settings.host, settings.port, settings.certificate, settings.certificate_key)
    with bound(listening):
        # Another hub may have the port: then this one must not touch the database.
        pass
    with _database(installation), _Metrics(installation, workers):
        _check_schema(installation)
        with job_processes(settings.job_workers):
            several.serve(_APPLICATION, listening, workers)


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

"""How the programs with pages for people run: the portal, and the demo login."""

from importlib import import_module
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces, Loops

from crossroads.bootstrap.settings import Installation, load
from crossroads.cli.server import Server
from crossroads.kernel.errors import Refused
from crossroads.kernel.memory import settle

_PORTAL = "crossroads.portal.app:create"
_DEMO_LOGIN = "crossroads.cli.people_serving:demo_login"
_PATIENCE_SECONDS = 10


def serve_portal(installation: Installation, workers: int | None) -> None:
    """Serve the portal until SIGINT or SIGTERM; the database is run by who serves the hub."""
    settings = installation.settings.portal
    if settings is None:
        raise Refused("This installation has no portal: set `portal` in crossroads.yaml (docs/how-to/portal.md).")
    settings.check_safe(hub_database_url=installation.settings.database_url)
    _serve(
        _PORTAL,
        settings.host,
        settings.port,
        workers or settings.workers,
        certificate=settings.certificate,
        key=settings.certificate_key,
    )


def serve_demo_login(installation: Installation) -> None:
    """Serve the demo login, on loopback, until SIGINT or SIGTERM. Raises NoDemoHere outside a test environment."""
    demo_login()  # What would make the process fail is told here, in a sentence.
    settings = installation.settings.demo_login
    if settings is not None:
        _serve(_DEMO_LOGIN, "127.0.0.1", settings.port, 1)


def demo_login() -> Any:
    """Make the demo login of the installation that the environment names."""
    from crossroads.web.demo_provider.starting import demo_login as make  # noqa: PLC0415 - needs the extra `portal`

    installation = load()
    settings = installation.settings.demo_login
    if settings is None:
        raise Refused("Set `demo_login` in crossroads.yaml (docs/how-to/portal.md).")
    return make(settings.file, settings.port, installation.settings.environment)


def _serve(
    application: str, host: str, port: int, workers: int, *, certificate: Path | None = None, key: Path | None = None
) -> None:
    # Before the processes are forked: what it consists of is then read once, and in memory once.
    import_module(application.partition(":")[0])
    settle()
    Server(
        application,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=workers,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        websockets=False,
        log_access=False,
        factory=True,
        respawn_failed_workers=True,
        workers_kill_timeout=_PATIENCE_SECONDS,
        ssl_cert=certificate,
        ssl_key=key,
    ).serve()

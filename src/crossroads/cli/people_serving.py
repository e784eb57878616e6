"""How the programs with pages for people run: the portal, and the demo login."""

from typing import Any

from crossroads.bootstrap.settings import Installation, load
from crossroads.kernel.errors import Refused
from crossroads.serving import several
from crossroads.serving.one import Listening

_PORTAL = "crossroads.portal.app:create"
_DEMO_LOGIN = "crossroads.cli.people_serving:demo_login"


def serve_portal(installation: Installation, workers: int | None) -> None:
    """Serve the portal until SIGINT or SIGTERM; the database is run by who serves the hub."""
    settings = installation.settings.portal
    if settings is None:
        raise Refused("This installation has no portal: set `portal` in crossroads.yaml (docs/how-to/portal.md).")
    settings.check_safe(hub_database_url=installation.settings.database_url)
    listening = Listening(settings.host, settings.port, settings.certificate, settings.certificate_key)
    several.serve(_PORTAL, listening, workers or settings.workers)


def serve_demo_login(installation: Installation) -> None:
    """Serve the demo login, on loopback, until SIGINT or SIGTERM. Raises NoDemoHere outside a test environment."""
    demo_login()  # What would make the process fail is told here, in a sentence.
    settings = installation.settings.demo_login
    if settings is not None:
        several.serve(_DEMO_LOGIN, Listening("127.0.0.1", settings.port), 1)


def demo_login() -> Any:
    """Make the demo login of the installation that the environment names."""
    from crossroads.web.demo_provider.starting import demo_login as make  # noqa: PLC0415 - needs the extra `portal`

    installation = load()
    settings = installation.settings.demo_login
    if settings is None:
        raise Refused("Set `demo_login` in crossroads.yaml (docs/how-to/portal.md).")
    return make(settings.file, settings.port, installation.settings.environment)

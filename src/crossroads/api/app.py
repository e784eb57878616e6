"""The HTTP application of the hub."""

from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec
from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.types import ASGIApp

from crossroads.admission.limits import Turnstile
from crossroads.api.description import describing
from crossroads.api.direct import Direct
from crossroads.api.door import Door
from crossroads.api.guarding import Guarding, signed
from crossroads.api.health import health
from crossroads.api.metrics import observe_mailboxes, observe_source
from crossroads.api.opening import opened
from crossroads.api.problems import respond
from crossroads.audit import http as audit
from crossroads.batch import http as batch
from crossroads.bootstrap.keys import message_key
from crossroads.bootstrap.settings import Installation, load
from crossroads.bootstrap.wiring import Services
from crossroads.catalogue import http as catalogue
from crossroads.committee import http as committee
from crossroads.directory import http as directory
from crossroads.ebox import http as ebox
from crossroads.exchange import http as exchange
from crossroads.identity import http as identity
from crossroads.jobs import http as jobs
from crossroads.kernel.clock import SystemClock
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Unavailable
from crossroads.kernel.memory import settle
from crossroads.mutations import http as mutations
from crossroads.transparency import acting_http as acting
from crossroads.transparency import http as transparency
from crossroads.transparency import supervision_http as supervision
from crossroads.wire.messages import MAXIMUM_REQUEST, Question

ROUTES = (
    health,
    *exchange.ROUTES,
    *mutations.ROUTES,
    *batch.ROUTES,
    *jobs.ROUTES,
    *directory.ROUTES,
    *identity.ROUTES,
    *catalogue.ROUTES,
    *audit.ROUTES,
    *transparency.ROUTES,
    *supervision.ROUTES,
    *committee.ROUTES,
    *ebox.ROUTES,
    *acting.ROUTES,
)
_PROVIDED = (
    "log",
    "catalogue",
    "identity",
    "bis",
    "identification",
    "directory",
    "gate",
    "exchange",
    "changes",
    "mailboxes",
    "error_reports",
    "own_reports",
    "batches",
    "uploads",
    "results",
    "own_jobs",
    "levels",
    "transparency",
    "supervision",
    "suspicions",
    "watching",
    "committee",
    "publishing",
    "boxes",
    "box_opening",
    "representation",
)


def create() -> ASGIApp:
    """Make the hub of the installation that the environment names."""
    installation = load()
    settings = installation.settings
    return Door(
        Direct(application(installation), exchange.ask, msgspec.json.Decoder(Question)),
        turnstile=Turnstile(settings.limits),
        key=message_key(installation),
        clock=SystemClock(),
        behind_proxy=settings.behind_proxy,
    )


def application(installation: Installation) -> Litestar:
    """Make the application behind the door."""
    public_url = installation.settings.public_url

    def lifespan(app: Litestar) -> AbstractAsyncContextManager[None]:
        def ready(found: Services) -> None:
            found.exchange.observers.append(observe_source)
            found.watch.observers.append(observe_mailboxes)
            app.state.services = found
            app.state.guarding = Guarding(found.gate, public_url)
            settle()

        return opened(installation, ready)

    return Litestar(
        route_handlers=[*ROUTES, *describing(ROUTES, dependencies())],
        lifespan=[lifespan],
        before_request=_guard,
        exception_handlers={Exception: respond},
        dependencies=dependencies(),
        request_max_body_size=MAXIMUM_REQUEST,
        openapi_config=None,
        logging_config=None,
    )


async def _guard(request: Any) -> None:
    guarding = request.app.state.get("guarding")
    if guarding is None:
        raise Unavailable("The hub is starting, and waits for its database.", code=Code.UNAVAILABLE)
    await guarding(request)


def dependencies() -> dict[str, Provide]:
    """Give what handlers may ask for by name."""
    provided = {name: Provide(_service(name), sync_to_thread=False) for name in _PROVIDED}
    provided["services"] = Provide(_services, sync_to_thread=False)
    provided["signed"] = Provide(signed)
    return provided


def _services(state: State) -> Services:
    found: Services = state.services
    return found


def _service(name: str) -> Any:
    def provide(state: State) -> Any:
        return getattr(state.services, name)

    return provide

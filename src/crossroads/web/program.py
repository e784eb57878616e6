"""A program for people as one application: its guard, its manners and its error pages are the same for all."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from crossroads.web.failures import respond
from crossroads.web.guard import guard
from crossroads.web.login import ROUTES as LOGIN
from crossroads.web.manners import Manners
from crossroads.web.rates import forget, limiting
from crossroads.web.site import Site
from crossroads.web.statics import ROUTES as STATIC
from crossroads.web.view import provide_view

MAXIMUM_FORM = 64 * 1024


def program(
    routes: Sequence[ControllerRouterHandler],
    opening: Callable[[State], AbstractAsyncContextManager[Site]],
    dependencies: Mapping[str, Provide],
    *,
    most_a_minute: int = 600,
    behind_proxy: bool = False,
) -> Manners:
    """Make the application. `opening` gives the site for as long as it runs, and may put services into the state.

    One peer gets so many pages a minute; a proxy in front tells who that is.
    """

    def lifespan(app: Litestar) -> AbstractAsyncContextManager[None]:
        return _opened(app, opening)

    return Manners(
        Litestar(
            route_handlers=[*STATIC, *LOGIN, *routes],
            lifespan=[lifespan],
            before_request=guard,
            middleware=limiting(most_a_minute, behind_proxy=behind_proxy),
            exception_handlers={Exception: respond},
            dependencies={"view": Provide(provide_view), **dependencies},
            request_max_body_size=MAXIMUM_FORM,
            openapi_config=None,
            logging_config=None,
        )
    )


@asynccontextmanager
async def _opened(app: Litestar, opening: Callable[[State], AbstractAsyncContextManager[Site]]) -> AsyncIterator[None]:
    async with opening(app.state) as site:
        app.state.site = site
        forgetting = asyncio.create_task(forget(app), name="peers forgotten")
        try:
            yield
        finally:
            forgetting.cancel()
            await asyncio.gather(forgetting, return_exceptions=True)

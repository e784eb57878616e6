"""The pages as one application."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

from litestar.datastructures import State
from litestar.di import Provide

from crossroads.kernel.clock import Clock
from crossroads.kernel.ssin import Environment
from crossroads.participant.website_running import door
from crossroads.statuses.attesting import CHECK
from crossroads.statuses.pages import own, public
from crossroads.statuses.pages.keeper import Keeper
from crossroads.statuses.pages.settings import PagesSettings
from crossroads.statuses.settings import StatusSettings
from crossroads.web.look import Look
from crossroads.web.manners import Manners
from crossroads.web.program import program
from crossroads.web.site import Link, Site

IDLE, LONGEST = timedelta(minutes=15), timedelta(hours=1)
"""Of a session: who does nothing for the first, or is logged in for the second, logs in again."""
_HERE = Path(__file__).parent

ROUTES = (*public.ROUTES, *own.ROUTES)
"""Every page."""


def application(settings: StatusSettings, pages: PagesSettings, clock: Clock) -> Manners:
    """Make the pages of an institution."""

    def opening(state: State) -> AbstractAsyncContextManager[Site]:
        return opened(settings, pages, clock, state)

    return program(
        ROUTES,
        opening,
        {"person": Provide(own.provide_person)},
        most_a_minute=pages.most_a_minute,
        behind_proxy=pages.listen.behind_proxy,
    )


@asynccontextmanager
async def opened(settings: StatusSettings, pages: PagesSettings, clock: Clock, state: State) -> AsyncIterator[Site]:
    """Open the site for as long as the process runs; what pages ask stands in the state as `keeper`."""
    async with AsyncExitStack() as stack:
        keeper = state.keeper = Keeper(settings, pages, clock)
        stack.push_async_callback(keeper.close)
        forgetting = asyncio.create_task(keeper.forget(), name="facts forgotten")
        stack.push_async_callback(_ended, forgetting)
        way_in = door(pages, keeper.environment, clock, idle=IDLE, longest=LONGEST)
        sessions, login = await stack.enter_async_context(way_in)
        yield Site(
            name="statuses",
            title="",
            public_url=pages.url,
            test=keeper.environment is Environment.TEST,
            look=pages_look(keeper.names),
            sessions=sessions,
            login=login,
            links=LINKS,
            home="/mine",
        )


def pages_look(names: Mapping[str, str]) -> Look:
    """Give the templates and words; `names` are those of the institution, by language."""
    filters = {"called": lambda words, _: names[words.language]}
    return Look(templates=_HERE / "templates", locale=_HERE / "locale", filters=filters)


def _message(text: str) -> str:
    """Mark a text for translation; the page translates it."""
    return text


_ = _message

LINKS = (
    Link(path="/mine", text=_("My statuses and rights")),
    Link(path=CHECK, text=_("Verify an attestation")),
)
"""In the bar of every page."""


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

"""The desk as one application."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

from litestar.datastructures import State
from litestar.di import Provide

from crossroads.kernel.clock import Clock
from crossroads.kernel.errors import CrossroadsError
from crossroads.kernel.ssin import Environment
from crossroads.participant.desk.config import DeskConfig
from crossroads.participant.desk.links import links
from crossroads.participant.desk.pages import asking, batching, inscribing, lending, mailbox, people, records, reporting
from crossroads.participant.desk.pages.member import provide_member
from crossroads.participant.desk.pages.words import FILTERS
from crossroads.participant.desk.published import Text
from crossroads.participant.desk.service import Desk
from crossroads.participant.desk.speaking import Speaking
from crossroads.participant.website_running import door
from crossroads.web.look import Look, name, said
from crossroads.web.program import program
from crossroads.web.site import Site

IDLE = timedelta(minutes=20)
LONGEST = timedelta(hours=9)
"""A day at work; who does nothing for `IDLE` logs in again."""
_HERE = Path(__file__).parent

ROUTES = (
    *records.ROUTES,
    *asking.ROUTES,
    *reporting.ROUTES,
    *inscribing.ROUTES,
    *mailbox.ROUTES,
    *batching.ROUTES,
    *people.ROUTES,
    *lending.ROUTES,
)
"""Every page of the desk."""


def application(config: DeskConfig, clock: Clock) -> Speaking:
    """Make the desk."""

    def opening(state: State) -> AbstractAsyncContextManager[Site]:
        return opened(config, clock, state)

    pages = program(ROUTES, opening, {"member": Provide(provide_member)}, behind_proxy=config.listen.behind_proxy)
    return Speaking(pages)


@asynccontextmanager
async def opened(config: DeskConfig, clock: Clock, state: State) -> AsyncIterator[Site]:
    """Open the site for as long as the process runs; what pages ask stands in the state as `desk`."""
    async with AsyncExitStack() as stack:
        desk = state.desk = Desk(config, clock)
        stack.push_async_callback(desk.close)
        await desk.acts.open()
        with suppress(CrossroadsError):
            await desk.catalogue()  # pages without a user name the institution as well
        way_in = door(config, desk.environment, clock, idle=IDLE, longest=LONGEST)
        sessions, login = await stack.enter_async_context(way_in)
        yield Site(
            name="desk",
            title=desk.institution,
            public_url=config.url,
            test=desk.environment is Environment.TEST,
            look=desk_look(desk.called),
            sessions=sessions,
            login=login,
            links=links(desk.standing),
        )


def desk_look(called: Callable[[str], Text] = lambda _: Text()) -> Look:
    """Give the templates and words of the desk; `called` gives the name of an institution."""
    filters = {**FILTERS, "called": lambda words, institution: said(words, called(institution)) or name(institution)}
    return Look(templates=_HERE / "templates", locale=_HERE / "locale", filters=filters)

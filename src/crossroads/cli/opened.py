"""The hub's services, opened for the length of one command."""

import logging
import sys
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from crossroads.kernel.errors import Refused
from crossroads.participant.typed import program, short

if TYPE_CHECKING:  # an institution makes and signs keys without what the hub needs
    from crossroads.bootstrap.wiring import Services
    from crossroads.catalogue.service import Catalogue

T = TypeVar("T")


async def with_catalogue(work: Callable[["Catalogue"], Awaitable[T]]) -> T:
    """Do some work with the catalogue of the installation that the settings name."""
    return await with_services(lambda hub: work(hub.catalogue))


async def with_services(work: Callable[["Services"], Awaitable[T]]) -> T:
    """Do some work with the services of the installation that the settings name.

    The embedded PostgreSQL, where that is the database, is started and stopped again unless it runs already.
    """
    from crossroads.bootstrap.database import embedded  # noqa: PLC0415 - what needs no hub starts without it
    from crossroads.bootstrap.settings import load  # noqa: PLC0415 - as above
    from crossroads.bootstrap.wiring import services  # noqa: PLC0415 - as above

    # Standard output is for the answer of the command; what goes as it should needs no line at all.
    warnings_only = structlog.make_filtering_bound_logger(logging.WARNING)
    structlog.configure(logger_factory=_to_standard_error, wrapper_class=warnings_only)
    here = load()
    if here.settings.database_url is None and not embedded(here).place.data.exists():
        raise Refused(f"There is no hub in {here.home}. {_elsewhere(here.home)}")
    with nullcontext() if here.settings.database_url else embedded(here):
        async with services(here) as hub:
            return await work(hub)


def _elsewhere(home: Path) -> str:
    demo = home / "demo" / "hub"
    if demo.exists():
        return f"For that of the demo, set CROSSROADS_HOME={short(demo)}."
    return f"Set CROSSROADS_HOME to the folder of yours, or see one at work with `{program()} demo`."


def _to_standard_error(*_: Any) -> structlog.PrintLogger:
    return structlog.PrintLogger(sys.stderr)

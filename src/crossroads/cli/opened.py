"""The hub's catalogue, opened for the length of one command."""

import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

if TYPE_CHECKING:  # an institution makes and signs keys without what the hub needs
    from crossroads.catalogue.service import Catalogue

T = TypeVar("T")


async def with_catalogue(work: Callable[["Catalogue"], Awaitable[T]]) -> T:
    """Do some work with the catalogue of the installation that the settings name."""
    from crossroads.bootstrap.wiring import services  # noqa: PLC0415 - what needs no hub starts without it

    # Standard output is for the answer of the command.
    structlog.configure(logger_factory=_to_standard_error)
    async with services() as hub:
        return await work(hub.catalogue)


def _to_standard_error(*_: Any) -> structlog.PrintLogger:
    return structlog.PrintLogger(sys.stderr)

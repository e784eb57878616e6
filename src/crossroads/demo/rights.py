"""The step of the tour about rights that nobody asked for, whose libraries are big: they are not read at the start."""

from crossroads.demo.screen import Outcome
from crossroads.demo.stage import Stage


def entitled(stage: Stage) -> Outcome:
    """Play it, where the extra `statuses` is installed."""
    try:
        from crossroads.demo import entitling  # noqa: PLC0415 - it takes a second, which is not the start's
    except ImportError as error:
        return Outcome("the extra `statuses` to be installed", f"left out: {error.name} is not installed", ok=None)
    return entitling.entitled(stage)

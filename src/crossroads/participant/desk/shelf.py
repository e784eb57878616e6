"""What a user was shown, until a little later, under a random name that may stand in an address. Never on disk."""

import secrets
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from crossroads.kernel.clock import Clock

KEPT = timedelta(minutes=20)
MOST = 20
"""Things of one user; the oldest go first."""

T = TypeVar("T")


class _Kept(NamedTuple):
    agent: str
    until: datetime
    thing: Any


class Shelf:
    """Keeps answers for the pages that show them. Nobody finds what was put there for somebody else."""

    def __init__(self, clock: Clock) -> None:
        """Begin empty."""
        self._clock = clock
        self._kept: dict[str, _Kept] = {}

    def put(self, agent: str, thing: object) -> str:
        """Keep something for a user, and give its name."""
        now = self._clock.now()
        self._kept = {name: kept for name, kept in self._kept.items() if kept.until > now}
        own = [name for name, kept in self._kept.items() if kept.agent == agent]
        for old in own[: max(0, len(own) - MOST + 1)]:
            del self._kept[old]
        name = secrets.token_urlsafe(16)
        self._kept[name] = _Kept(agent, now + KEPT, thing)
        return name

    def get(self, agent: str, name: str, kind: type[T]) -> T | None:
        """Give what was kept for this user; None where it is no longer there, or another's."""
        kept = self._kept.get(name)
        if kept is None or kept.agent != agent or kept.until <= self._clock.now() or not isinstance(kept.thing, kind):
            return None
        return kept.thing

    def of(self, agent: str, kind: type[T]) -> list[tuple[str, T]]:
        """Give what is kept of a kind for this user, each after its name, the newest first."""
        now = self._clock.now()
        own = ((name, one.thing) for name, one in self._kept.items() if one.agent == agent and one.until > now)
        return [(name, thing) for name, thing in own if isinstance(thing, kind)][::-1]

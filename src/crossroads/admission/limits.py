"""Limits that hold before any cryptography: by peer and by the institution that a request claims to come from."""

from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

import msgspec

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import CrossroadsError


class LimitReached(CrossroadsError):
    """A limit is reached. `retry_after` is in whole seconds."""

    def __init__(self, code: Code, retry_after: int = 1) -> None:
        """Keep when it may be tried again."""
        super().__init__(code=code)
        self.retry_after = retry_after


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much the hub takes, with what an installation of ordinary size needs."""

    requests_per_second: int = 200
    """Of one institution, over all processes of the hub together."""
    searches_per_minute: int = 120
    """Searches, creations and corrections of persons by one institution, over all processes of the hub together."""
    open_batches: int = 20
    """Batches of one institution that are not over, or whose result it did not acknowledge."""
    unverified_per_second: int = 400
    """In one process, from one peer in the name of one institution, before its signature is checked."""
    unverified_per_second_of_peer: int = 1200
    """In one process, from one peer in whatever names, before any signature is checked."""
    concurrent: int = 1500
    """Requests under way in one process."""
    concurrent_each: int = 500
    """Requests under way in one process, from one peer in the name of one institution."""
    concurrent_of_peer: int = 1000
    """Requests under way in one process, from one peer in whatever names: a name is only claimed so far."""


_Visitor = tuple[str, str | None]
"""A peer and the institution that it claims to be; None for all of its names together."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class Turnstile:
    """Counts what comes in at one process: by peer, and by peer and claimed institution.

    It remembers at most `capacity` of them; the longest unseen makes way.
    """

    capacity = 10_000

    def __init__(self, limits: Limits, seconds: Callable[[], float] = monotonic) -> None:
        """Start with nobody inside. `seconds` is a clock that only goes forward."""
        self._limits = limits
        self._seconds = seconds
        self._inside: Counter[_Visitor] = Counter()
        self._total = 0
        self._buckets: OrderedDict[_Visitor, _Bucket] = OrderedDict()

    def enter(self, peer: str, claimed: str) -> None:
        """Let a request in, to be followed by `leave`. Raises LimitReached."""
        limits = self._limits
        if self._total >= limits.concurrent:
            raise LimitReached(Code.OVERLOADED)
        of_peer, each = self._inside[peer, None], self._inside[peer, claimed]
        if of_peer >= limits.concurrent_of_peer or each >= limits.concurrent_each:
            raise LimitReached(Code.TOO_MANY_REQUESTS)
        self._take_token((peer, None), limits.unverified_per_second_of_peer)
        self._take_token((peer, claimed), limits.unverified_per_second)
        self._inside.update(((peer, claimed), (peer, None)))
        self._total += 1

    def leave(self, peer: str, claimed: str) -> None:
        """Let a request out."""
        self._total -= 1
        for visitor in ((peer, claimed), (peer, None)):
            self._inside[visitor] -= 1
            if not self._inside[visitor]:
                del self._inside[visitor]

    def _take_token(self, visitor: _Visitor, rate: int) -> None:
        now = self._seconds()
        bucket = self._buckets.setdefault(visitor, _Bucket(rate, now))
        self._buckets.move_to_end(visitor)
        if len(self._buckets) > self.capacity:
            self._buckets.popitem(last=False)
        bucket.tokens = min(rate, bucket.tokens + (now - bucket.at) * rate)
        bucket.at = now
        if bucket.tokens < 1:
            raise LimitReached(Code.TOO_MANY_REQUESTS)
        bucket.tokens -= 1

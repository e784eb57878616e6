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
    unverified_per_second: int = 400
    """In one process, from one peer in the name of one institution, before its signature is checked."""
    concurrent: int = 1500
    """Requests under way in one process."""
    concurrent_each: int = 500
    """Requests under way in one process, from one peer in the name of one institution."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class Turnstile:
    """Counts what comes in at one process. It remembers at most `capacity` visitors; the longest unseen makes way."""

    capacity = 10_000

    def __init__(self, limits: Limits, seconds: Callable[[], float] = monotonic) -> None:
        """Start with nobody inside. `seconds` is a clock that only goes forward."""
        self._limits = limits
        self._seconds = seconds
        self._inside: Counter[tuple[str, str]] = Counter()
        self._total = 0
        self._buckets: OrderedDict[tuple[str, str], _Bucket] = OrderedDict()

    def enter(self, peer: str, claimed: str) -> None:
        """Let a request in, to be followed by `leave`. Raises LimitReached."""
        visitor = (peer, claimed)
        if self._total >= self._limits.concurrent:
            raise LimitReached(Code.OVERLOADED)
        if self._inside[visitor] >= self._limits.concurrent_each:
            raise LimitReached(Code.TOO_MANY_REQUESTS)
        self._take_token(visitor)
        self._inside[visitor] += 1
        self._total += 1

    def leave(self, peer: str, claimed: str) -> None:
        """Let a request out."""
        visitor = (peer, claimed)
        self._total -= 1
        self._inside[visitor] -= 1
        if not self._inside[visitor]:
            del self._inside[visitor]

    def _take_token(self, visitor: tuple[str, str]) -> None:
        rate, now = self._limits.unverified_per_second, self._seconds()
        bucket = self._buckets.setdefault(visitor, _Bucket(rate, now))
        self._buckets.move_to_end(visitor)
        if len(self._buckets) > self.capacity:
            self._buckets.popitem(last=False)
        bucket.tokens = min(rate, bucket.tokens + (now - bucket.at) * rate)
        bucket.at = now
        if bucket.tokens < 1:
            raise LimitReached(Code.TOO_MANY_REQUESTS)
        bucket.tokens -= 1

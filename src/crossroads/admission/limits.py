"""Limits that hold before any cryptography: by peer and by the institution that a request claims to come from."""

from collections import OrderedDict
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


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class Turnstile:
    """Counts what comes in at one process. Holds at most `capacity` peers; the longest unseen makes way."""

    capacity = 10_000

    def __init__(self, limits: Limits) -> None:
        """Start with nobody inside."""
        self.limits = limits
        self.inside = 0
        self._buckets: OrderedDict[tuple[str, str], _Bucket] = OrderedDict()

    def enter(self, peer: str, claimed: str) -> None:
        """Let a request in, to be followed by `leave`. Raises LimitReached."""
        if self.inside >= self.limits.concurrent:
            raise LimitReached(Code.OVERLOADED)
        self._take(peer, claimed)
        self.inside += 1

    def leave(self) -> None:
        """Let a request out."""
        self.inside -= 1

    def _take(self, peer: str, claimed: str) -> None:
        rate, now = self.limits.unverified_per_second, monotonic()
        bucket = self._buckets.get((peer, claimed))
        if bucket is None:
            bucket = self._buckets[peer, claimed] = _Bucket(rate, now)
            if len(self._buckets) > self.capacity:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end((peer, claimed))
        bucket.tokens = min(rate, bucket.tokens + (now - bucket.at) * rate)
        bucket.at = now
        if bucket.tokens < 1:
            raise LimitReached(Code.TOO_MANY_REQUESTS)
        bucket.tokens -= 1

"""A client of its own: questions at set times, whatever the answers do, and questions one after the other."""

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from itertools import accumulate, repeat
from statistics import quantiles
from types import TracebackType
from typing import Self

from pyreqwest.client import ClientBuilder
from pyreqwest.exceptions import PyreqwestError

from crossroads.bench.report import BenchFailed
from crossroads.kernel.memory import settle
from crossroads.wire.signatures import Request

_TIMEOUT = timedelta(seconds=60)
"""Whoever cannot keep up is slow, which is what is measured; only who does not answer at all fails the bench."""
_OK = 200
_SEED = 100


class Asking(AbstractAsyncContextManager["Asking"]):
    """Sends signed questions to a port of this machine; times are in milliseconds."""

    def __init__(self, port: int) -> None:
        """Open a pool of connections."""
        self._url = f"http://127.0.0.1:{port}/v1/exchanges"
        self._client = ClientBuilder().timeout(_TIMEOUT).no_proxy().tcp_nodelay(True).build()

    async def __aenter__(self) -> Self:
        """Give the client."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._client.close()

    async def at_rate(self, requests: Sequence[Request], rate: float) -> list[float]:
        """Ask at set times, `rate` a second, and give how long each took from its time. Raises BenchFailed."""
        return await self._spaced(requests, repeat(1 / rate))

    async def by_chance(self, requests: Sequence[Request], rate: float) -> list[float]:
        """Ask as people do who know nothing of each other: likewise, with gaps by chance, the same ones each time."""
        chance = random.Random(_SEED)  # noqa: S311 - gaps, no secret
        return await self._spaced(requests, iter(lambda: chance.expovariate(rate), None))

    async def _spaced(self, requests: Sequence[Request], gaps: Iterator[float]) -> list[float]:
        # What a bench keeps is much: a look for garbage in it would stop this client for a tenth of a second, and the
        # questions of that time would come together, and late.
        settle()
        moments = accumulate(gaps, initial=time.perf_counter() + next(gaps))
        times = await asyncio.gather(*map(self._timed, requests, moments), return_exceptions=True)
        return [_time(found) for found in times]

    async def in_turn(self, requests: Sequence[Request]) -> list[float]:
        """Ask one after the other, and give how long each took. Raises BenchFailed."""
        return [await self._timed(request, time.perf_counter()) for request in requests]

    async def _timed(self, request: Request, at: float) -> float:
        await asyncio.sleep(max(at - time.perf_counter(), 0))
        sending = self._client.post(self._url).headers(dict(request.headers)).body_bytes(request.body or b"")
        try:
            answer = await sending.build().send()
        except PyreqwestError as error:
            raise BenchFailed(f"{self._url} did not answer: {error}") from error
        if answer.status != _OK:
            raise BenchFailed(f"{self._url} answered with {answer.status}.")
        return (time.perf_counter() - at) * 1000


def _time(found: float | BaseException) -> float:
    if isinstance(found, BaseException):
        raise found
    return found


def p99(times: Sequence[float]) -> float:
    """Give the time that one in a hundred exceeds."""
    return quantiles(times, n=100, method="inclusive")[98]

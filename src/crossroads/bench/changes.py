"""`bench changes`: changes notified by a source, and brought to mailboxes that are emptied meanwhile.

Each change is of a person known to 13 institutions of a hundred, whose mailboxes one process empties: every pull and
acknowledgement is signed, and every answer verified. Then the rows that the hub wrote are inserted again: the limit.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import cycle, islice
from statistics import quantiles
from typing import NamedTuple
from uuid import UUID, uuid4

import asyncpg

from crossroads.bench.cpu import Meter
from crossroads.bench.emptying import Deliveries, Emptying, emptying
from crossroads.bench.installation import Place, analyze, catalogue, installation
from crossroads.bench.plain_queue import plain_queues
from crossroads.bench.population import SOURCE
from crossroads.bench.report import BenchFailed, Report, progress
from crossroads.bench.subscribers import GROUP, KNOWN_TO, SOURCE_CONTEXT, Subscribers, subscribed, subscribers
from crossroads.bootstrap.wiring import Services
from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.kernel.errors import Refused, Unavailable
from crossroads.kernel.period import Period
from crossroads.network.founders import Founders
from crossroads.network.loading import load_directory
from crossroads.participant.client import Client
from crossroads.wire.mutations import Mutation, MutationKind, MutationOutcome

NOTICE = 100
"""Changes in a notification of the full rate."""
RATE = 25
"""Changes a second, each notified by itself, at the rate that leaves time to spare."""
_AT_ONCE = 2
"""Notifications of the source that are under way at the same time."""
_PATIENCE_SECONDS, _RETRY_SECONDS = 20, 0.5
_P50, _P99 = 49, 98


class Size(NamedTuple):
    """How much is measured."""

    changes: int
    """In each round, at the full rate."""
    seconds: float
    """Of each round at the set rate."""
    people: int
    rounds: int
    workers: int


class _Notified(NamedTuple):
    """What was taken: the tickets by notification, when the first was sent, and when the last was taken."""

    tickets: list[list[UUID]]
    since: float
    until: float


def bench(size: Size) -> Report:
    """Measure. Raises BenchFailed when something did not go as it should."""
    report, told = Report(bench="changes"), subscribers(size.people)
    with installation(told.institutions) as place:

        async def load(services: Services, founders: Founders) -> None:
            progress.print(
                f"Loading {len(told.people):,} people, each known to {KNOWN_TO} of {len(told.institutions)}."
            )
            await load_directory(services, founders, ({"ssin": ssin} for ssin in told.people), told.lines())

        place.found(load, subscribed(catalogue(), told.institutions))
        asyncio.run(analyze(place))
        place.network.start_hub(size.workers)
        hub = place.network.installation.settings.public_url
        with emptying([place.network.member(name).client(hub) for name in told.institutions]) as consumers:
            asyncio.run(_Rounds(place, told, consumers, report, size).run())
    return report


class _Rounds:
    """The rounds, and what they gave: values by the name of the figure and its unit."""

    def __init__(self, place: Place, told: Subscribers, consumers: Emptying, report: Report, size: Size) -> None:
        self._place, self._consumers, self._report, self._size = place, consumers, report, size
        self._people = cycle(told.people)
        self._values: dict[tuple[str, str], list[float]] = {}

    async def run(self) -> None:
        hub = self._place.network.installation.settings.public_url
        self._owner = await asyncpg.connect(self._place.dsn())
        self._limits = plain_queues(self._owner)
        for limit in self._limits:
            await limit.make()
        async with Client(self._place.network.member(SOURCE).client(hub)) as self._source:
            await self._warm_up()
            # As after a while: with the statistics of empty tables, plans would be made for those, and kept.
            await analyze(self._place)
            for number in range(self._size.rounds):
                progress.print(f"Round {number + 1} of {self._size.rounds}.")
                tickets = await self._at_full_rate()
                await self._at_set_rate()
                await self._insert(tickets)
                await analyze(self._place)
        await self._owner.close()
        self._fill()

    async def _warm_up(self) -> None:
        """Wait until the hub answers: the store of nonces is new, so at first it refuses all."""
        progress.print("Waiting for the first answer.")
        until = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                tickets = await self._notify(self._changes(NOTICE))
            except Refused:
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                break
        await asyncio.to_thread(self._consumers.begin(len(tickets) * KNOWN_TO).end)

    async def _at_full_rate(self) -> list[list[UUID]]:
        """Notify as fast as the hub takes it, and let the mailboxes be emptied meanwhile; give the tickets."""
        changes, meter = self._changes(self._size.changes), Meter(self._processes())
        notices = iter([changes[at : at + NOTICE] for at in range(0, len(changes), NOTICE)])
        self._consumers.begin(len(changes) * KNOWN_TO)
        began = time.time()
        parts = await asyncio.gather(*(self._notify_all(notices) for _ in range(_AT_ONCE)))
        accepted = time.time()
        emptied = await asyncio.to_thread(self._consumers.end)
        self._keep("changes_rate", "1/s", len(changes) / (accepted - began))
        self._keep("deliveries_rate", "1/s", len(emptied.deliveries) / (emptied.until - began))
        for name, milliseconds in meter.read().items():
            self._keep(f"delivery_cpu_{name}", "ms", milliseconds / len(emptied.deliveries))
        await self._lags("full", emptied.deliveries)
        return [tickets for part in parts for tickets in part]

    async def _at_set_rate(self) -> None:
        """Notify single changes at set times, whatever the answers do."""
        count = max(int(RATE * self._size.seconds), 2)
        self._consumers.begin(count * KNOWN_TO)
        begin = time.monotonic()
        await asyncio.gather(*(self._notify_at(begin + n / RATE, self._changes(1)) for n in range(count)))
        emptied = await asyncio.to_thread(self._consumers.end)
        await self._lags(f"at_{RATE}", emptied.deliveries)

    async def _insert(self, batches: Sequence[Sequence[UUID]]) -> None:
        """Insert again what the hub wrote, as many changes in a transaction as in a notification."""
        for limit in self._limits:
            self._keep(f"{limit.name}_rate", "1/s", await limit.insert(batches))

    async def _lags(self, name: str, deliveries: Deliveries) -> None:
        """Keep how long it took from the moment at which a change was taken until each was told of it."""
        tickets = list({ticket for ticket, _ in deliveries})
        found = await self._owner.fetch(
            "SELECT ticket, accepted_at FROM mutation WHERE ticket = ANY ($1)", [UUID(bytes=one) for one in tickets]
        )
        accepted = {row["ticket"].bytes: row["accepted_at"].timestamp() for row in found}
        cuts = quantiles([1000 * (at - accepted[ticket]) for ticket, at in deliveries], n=100, method="inclusive")
        self._keep(f"lag_p50_{name}", "ms", cuts[_P50])
        self._keep(f"lag_p99_{name}", "ms", cuts[_P99])

    async def _notify_all(self, notices: Iterator[list[Mutation]]) -> list[list[UUID]]:
        return [await self._notify(changes) for changes in notices]

    async def _notify_at(self, at: float, changes: Sequence[Mutation]) -> None:
        await asyncio.sleep(max(at - time.monotonic(), 0))
        await self._notify(changes)

    async def _notify(self, changes: Sequence[Mutation]) -> list[UUID]:
        outcomes = await self._said(changes)
        tickets = [outcome.ticket for outcome in outcomes if outcome.ticket]
        if len(tickets) != len(changes):
            raise BenchFailed(f"A change was refused: {next(one.reason for one in outcomes if not one.ticket)}")
        return tickets

    async def _said(self, changes: Sequence[Mutation]) -> Sequence[MutationOutcome]:
        """Notify, and again where the hub was too busy, as a source does: by its reference a change is taken once."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                return await self._source.notify(changes)
            except Unavailable:
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(_RETRY_SECONDS)

    def _changes(self, count: int) -> list[Mutation]:
        """Give changes of one person after the other."""
        today = brussels_day(SystemClock().now())
        return [
            Mutation(
                reference=uuid4().hex, ssin=ssin, data_group=GROUP, context=SOURCE_CONTEXT, period=Period(today),
                kind=MutationKind.CHANGED, happened_on=today,
            )
            for ssin in islice(self._people, count)
        ]  # fmt: skip

    def _processes(self) -> Mapping[str, Callable[[], Sequence[int]]]:
        server, hub, consumers = self._place.server, self._place.network.processes["hub"].pid, self._consumers.pid
        return {
            "hub": lambda: [hub],
            "database": lambda: [server.pid] if server.pid else [],
            "consumers": lambda: [consumers],
        }

    def _keep(self, name: str, unit: str, value: float) -> None:
        progress.print(f"  {name}: {value:,.3g} {unit}")
        self._values.setdefault((name, unit), []).append(value)

    def _fill(self) -> None:
        for (name, unit), values in self._values.items():
            self._report.add(name, values, unit)
        rate = self._report.figures["deliveries_rate"].value
        for limit in self._limits:
            self._report.add_ratio(
                f"deliveries_to_{limit.name}", rate, self._report.figures[f"{limit.name}_rate"].value
            )

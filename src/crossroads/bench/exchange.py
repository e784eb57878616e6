"""`bench exchange`: the full exchange, beside nginx that only passes on and beside what a team would write instead.

The three run in turn in the same call, with the same requests and answers, and the median of the rounds counts.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain, product
from statistics import median
from typing import NamedTuple

from crossroads.bench import nginx, outcomes, wrk
from crossroads.bench.cpu import Meter
from crossroads.bench.gateway import gateway, make_log_table
from crossroads.bench.installation import Place, analyze, installation, people, store_employments, write_dirty
from crossroads.bench.open_loop import Asking, p99
from crossroads.bench.population import SOURCE, Population
from crossroads.bench.questions import Questions
from crossroads.bench.report import Report, progress
from crossroads.network.ports import free_ports
from crossroads.wire.signatures import Request

CONNECTIONS = (32, 192)
"""How many questions are under way at a time under full load. Each subject counts with the load that suits it best."""
OPEN_RATE = 100
"""Questions each second of the open-loop client."""
_LIMITS = ("nginx", "kept_nginx")
_GATEWAYS = ("plain_gateway", "core_gateway")
_REFUSALS = 20
"""Of each kind, for each second of a round."""
_FIRST = 200
"""Questions that make everything warm; their rate tells how many to sign for the first round."""
_SPARE = 2.5
"""So many times more are signed than the last rate would use up."""
_REPETITIONS = 3
_PATIENCE_SECONDS = 20
_SETTLING_SECONDS = 2
"""What a full load left is dealt with before questions come at set times: 192 may wait, and pages for the disk."""

Pids = Mapping[str, Callable[[], Sequence[int]]]


class Size(NamedTuple):
    """How much is measured."""

    seconds: float = 10
    inscriptions: int = 1_000_000
    rounds: int = 3
    workers: int = 1
    connections: int = 1000


class _Subject(NamedTuple):
    """One of those compared."""

    name: str
    port: int
    processes: Pids
    once: bool = False
    """Whether a request can be sent only once."""


def bench(size: Size) -> Report:
    """Measure. Raises BenchFailed when something did not go as it should, or a program is missing."""
    for program, package in (("nginx", "nginx-light"), ("wrk", "wrk")):
        wrk.need(program, package)
    with installation() as place:
        made, load = people(place, size.inscriptions)
        place.found(load)
        store_employments(place, made)
        asyncio.run(analyze(place))
        asyncio.run(make_log_table(place.dsn()))
        place.network.start_members()
        place.network.start_hub(size.workers)
        questions = Questions(place)
        warm = warm_up(place, questions, made)
        with _others(place, warm.answer, size) as others:
            subjects = (_exchange(place), *others)
            return _Rounds(place, made, questions, subjects, size, warm.rate).run()


class Warm(NamedTuple):
    """The first answer, and how fast some more came one after the other."""

    answer: wrk.Answer
    rate: float


def warm_up(place: Place, questions: Questions, made: Population) -> Warm:
    """Wait until the hub answers (the store of nonces is new, so at first it refuses all), and ask some questions."""
    progress.print("Waiting for the first answer.")
    until = time.monotonic() + _PATIENCE_SECONDS
    answer = wrk.ask(place.port, questions.about(made.asked, 1)[0])
    while answer.status != wrk.OK and time.monotonic() < until:
        time.sleep(0.5)
        answer = wrk.ask(place.port, questions.about(made.asked, 1)[0])
    began = time.monotonic()

    async def ask() -> None:
        async with Asking(place.port) as client:
            await client.at_rate(questions.about(made.asked, _FIRST), 10_000)

    asyncio.run(ask())
    return Warm(answer, _FIRST / (time.monotonic() - began))


def _exchange(place: Place) -> _Subject:
    processes = place.network.processes
    pids: Pids = {
        "hub": lambda: [processes["hub"].pid],
        "participant": lambda: [processes[SOURCE].pid],
        "database": lambda: _database(place),
    }
    return _Subject("exchange", place.port, pids, once=True)


def _database(place: Place) -> list[int]:
    pid = place.server.pid
    return [pid] if pid else []


@contextmanager
def _others(place: Place, answer: wrk.Answer, size: Size) -> Iterator[tuple[_Subject, ...]]:
    """Serve those that the exchange is compared with; all get the answer from the same canned upstream."""
    upstream, passing, keeping, *ports = free_ports(3 + len(_GATEWAYS))
    with ExitStack() as stack:
        canned = stack.enter_context(nginx.canned(place.folder / "canned", upstream, answer.headers, answer.body))
        proxy = stack.enter_context(nginx.proxy(place.folder / "proxy", passing, upstream, keeping=False))
        kept = stack.enter_context(nginx.proxy(place.folder / "kept", keeping, upstream, keeping=True))
        gateways = {
            name: (port, stack.enter_context(gateway(name, place.folder, port, place.dsn(), upstream, size.workers)))
            for name, port in zip(_GATEWAYS, ports, strict=True)
        }
        yield (
            _Subject("nginx", passing, {"proxy": lambda: [proxy], "upstream": lambda: [canned]}),
            _Subject("kept_nginx", keeping, {"proxy": lambda: [kept], "upstream": lambda: [canned]}),
            *(_gateway(place, name, port, pid, canned) for name, (port, pid) in gateways.items()),
        )


def _gateway(place: Place, name: str, port: int, pid: int, canned: int) -> _Subject:
    processes: Pids = {"gateway": lambda: [pid], "database": lambda: _database(place), "upstream": lambda: [canned]}
    return _Subject(name, port, processes)


class _Rounds:
    """The rounds, and what they gave: values by the name of the figure."""

    def __init__(
        self,
        place: Place,
        made: Population,
        questions: Questions,
        subjects: Sequence[_Subject],
        size: Size,
        rate: float,
    ) -> None:
        self._place, self._made, self._questions = place, made, questions
        self._subjects, self._size, self._rate = subjects, size, rate
        self._file = place.folder / "requests"
        self._values: defaultdict[tuple[str, str], list[float]] = defaultdict(list)

    def run(self) -> Report:
        for number in range(self._size.rounds):
            progress.print(f"Round {number + 1} of {self._size.rounds}.")
            for subject, connections in product(self._subjects, CONNECTIONS):
                self._load(subject, connections)
            for subject in self._subjects:
                if subject.name not in _LIMITS:
                    self._at_set_times(subject)
            self._refusals()
        self._many_connections()
        return self._report()

    def _load(self, subject: _Subject, connections: int) -> None:
        """Put one under full load; again where it answered so much more than the last one that requests ran out."""
        for _ in range(_REPETITIONS):
            try:
                return self._loaded(subject, connections)
            except wrk.TooFewRequests as error:
                self._rate *= 2
                progress.print(f"Again, with more questions: {error}")
        return self._loaded(subject, connections)

    def _loaded(self, subject: _Subject, connections: int) -> None:
        """Put one under full load, with requests signed now."""
        size = self._size
        count = int(self._rate * size.seconds * _SPARE) + connections if subject.once else _FIRST
        wrk.write_requests(self._file, self._ask(count))
        with outcomes.checked(self._place.dsn(), exchange=subject.once) as seen:
            meter = Meter(subject.processes)
            load = wrk.run(
                subject.port, self._file, seconds=size.seconds, connections=connections, again=not subject.once
            )
            used = meter.read()
            seen.expect(load.answers)
        if subject.once:
            self._rate = load.rate
        name = f"{subject.name}_{connections}"
        self._keep(name, "rate", "1/s", load.rate)
        for point in ("p50", "p95", "p99"):
            self._keep(name, point, "ms", getattr(load, point))
        for process, milliseconds in used.items():
            self._keep(name, f"cpu_{process}", "ms", milliseconds / load.answers)
        progress.print(f"  {name}: {load.rate:,.0f}/s, p50 {load.p50:.1f} ms, p99 {load.p99:.1f} ms")

    def _at_set_times(self, subject: _Subject) -> None:
        """Ask at a rate that leaves all of them time to spare: by chance, as independent people do, and evenly."""
        count = max(int(OPEN_RATE * self._size.seconds), 2)
        asyncio.run(_settle(self._place))
        by_chance = p99(asyncio.run(_by_chance(subject.port, self._ask(count))))
        evenly = p99(asyncio.run(_at_rate(subject.port, self._ask(count))))
        progress.print(f"  {subject.name} at {OPEN_RATE}/s: p99 {by_chance:.1f} ms, evenly spaced {evenly:.1f} ms")
        self._keep(subject.name, f"p99_at_{OPEN_RATE}", "ms", by_chance)
        self._keep(subject.name, f"p99_at_{OPEN_RATE}_evenly", "ms", evenly)

    def _refusals(self) -> None:
        """Ask about persons whom the asker has not on file, known and unknown ones by turns."""
        count = max(int(_REFUSALS * self._size.seconds), 2)
        kinds = {"known": self._made.strangers, "unknown": self._made.nobody}
        asked = zip(*(self._questions.about(ssins, count) for ssins in kinds.values()), strict=True)
        times = asyncio.run(_in_turn(self._place.port, list(chain.from_iterable(asked))))
        for number, kind in enumerate(kinds):
            self._keep("refusal", f"{kind}_person", "ms", median(times[number :: len(kinds)]))

    def _many_connections(self) -> None:
        """Ask over many open connections, at half the full rate in all; any error fails the bench."""
        size, rate = self._size, self._rate / 2
        progress.print(f"{size.connections} open connections.")
        wrk.write_requests(self._file, self._ask(int(rate * size.seconds * _SPARE) + size.connections))
        with outcomes.checked(self._place.dsn()) as seen:
            load = wrk.run(
                self._place.port,
                self._file,
                seconds=size.seconds,
                connections=size.connections,
                rest=int(1000 * size.connections / rate),
            )
            seen.expect(load.answers)
        self._keep("exchange", f"rate_with_{size.connections}_connections", "1/s", load.rate)
        self._keep("exchange", f"errors_with_{size.connections}_connections", "", load.refused + load.failed)

    def _ask(self, count: int) -> list[Request]:
        return self._questions.about(self._made.asked, count)

    def _keep(self, subject: str, name: str, unit: str, value: float) -> None:
        self._values[f"{subject}_{name}", unit].append(value)

    def _report(self) -> Report:
        report = Report(bench="exchange")
        for (name, unit), values in self._values.items():
            report.add(name, values, unit)
        rates = {subject.name: self._best(report, subject.name) for subject in self._subjects}
        for name in (*_LIMITS, *_GATEWAYS):
            report.add_ratio(f"exchange_to_{name}", rates["exchange"], rates[name])
        return report

    @staticmethod
    def _best(report: Report, subject: str) -> float:
        rates = [report.figures[f"{subject}_{connections}_rate"].value for connections in CONNECTIONS]
        return report.add(f"{subject}_rate", [max(rates)], "1/s")


async def _settle(place: Place) -> None:
    await write_dirty(place)
    await asyncio.sleep(_SETTLING_SECONDS)


async def _by_chance(port: int, requests: Sequence[Request]) -> list[float]:
    async with Asking(port) as client:
        return await client.by_chance(requests, OPEN_RATE)


async def _at_rate(port: int, requests: Sequence[Request]) -> list[float]:
    async with Asking(port) as client:
        return await client.at_rate(requests, OPEN_RATE)


async def _in_turn(port: int, requests: Sequence[Request]) -> list[float]:
    async with Asking(port) as client:
        return await client.in_turn(requests)

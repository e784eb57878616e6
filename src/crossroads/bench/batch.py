"""`bench batch`: questions in a file against the same questions one by one, from the voucher to the last answer.

Single questions and batches take turns, with the same participant answering from its SQLite database. Memory is that of
the processes that work on jobs and of the participant, for a tenth of the records and for all. A batch also runs while
single questions come in at set times.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from threading import Thread
from typing import NamedTuple

from crossroads.bench import outcomes, wrk
from crossroads.bench.batch_catalogue import batched
from crossroads.bench.batch_client import BatchClient, File, write_file
from crossroads.bench.batch_deciding import decided_alone
from crossroads.bench.cpu import Meter, descendants
from crossroads.bench.installation import Place, analyze, installation, people, store_employments
from crossroads.bench.memory import forget_peaks, peak_megabytes
from crossroads.bench.open_loop import Asking, p99
from crossroads.bench.population import SOURCE, Population
from crossroads.bench.questions import Questions
from crossroads.bench.report import BenchFailed, Report, progress
from crossroads.wire.signatures import Request

CONNECTIONS = (32, 192)
"""Single questions under way at a time under full load; the load that suits them best counts."""
JOB_PROCESSES = 2
"""That share a batch, as where the hub has a machine of two cores."""
RATE = 50
"""Single questions each second while a batch runs, and while none does."""
_TENTH = 10
_SPARE = 2.5
_PATIENCE_SECONDS = 20
_FIRST = 200
_TURNS = 3
"""In a round, of questions alone and beside a batch: each lasts seconds, in which few are among the slowest."""


class Size(NamedTuple):
    """How much is measured."""

    records: int = 1_000_000
    seconds: float = 10
    """Of single questions, in each round and load."""
    inscriptions: int = 1_000_000
    rounds: int = 2


def bench(size: Size) -> Report:
    """Measure. Raises BenchFailed when something did not go as it should, or wrk is missing."""
    wrk.need("wrk", "wrk")
    with installation(job_processes=JOB_PROCESSES) as place:
        made, load = people(place, size.inscriptions)
        place.found(load, batched())
        store_employments(place, made)
        asyncio.run(analyze(place))
        place.network.start_members()
        place.network.start_hub()
        return _Rounds(place, made, size).run()


class _Rounds:
    """The rounds, and what they gave: values by the name of the figure."""

    def __init__(self, place: Place, made: Population, size: Size) -> None:
        self._place, self._made, self._size = place, made, size
        self._questions, self._client = Questions(place), BatchClient(place)
        self._values: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        self._files = 0
        self._rate = 100.0
        self._repeated = 0

    def run(self) -> Report:
        self._warm_up()
        tenth = max(self._size.records // _TENTH, 1)
        for number in range(self._size.rounds):
            progress.print(f"Round {number + 1} of {self._size.rounds}.")
            self._single()
            self._batch("tenth", tenth)
            self._batch("batch", self._size.records)
            for _ in range(_TURNS):
                # What a batch left behind to be tidied would be measured as the calm.
                asyncio.run(analyze(self._place))
                self._at_set_times("alone")
                self._beside(tenth)
        progress.print("Deciding alone.")
        self._keep("decided_rate", "1/s", asyncio.run(decided_alone(self._place, self._made, tenth)))
        return self._report()

    def _warm_up(self) -> None:
        """Wait until the hub answers (the store of nonces is new, so at first it refuses all), and ask some."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while wrk.ask(self._place.port, self._ask(1)[0]).status != wrk.OK and time.monotonic() < until:
            time.sleep(0.5)
        began = time.monotonic()
        asyncio.run(_at_rate(self._place.port, self._ask(_FIRST), 10_000))
        self._rate = _FIRST / (time.monotonic() - began)

    def _single(self) -> None:
        """Put the hub under full load with single questions."""
        rates = []
        for connections in CONNECTIONS:
            load, used = outcomes.patiently(partial(self._load, connections), self._failed)
            self._rate = load.rate
            rates.append(load.rate)
            for process, milliseconds in used.items():
                self._keep(f"single_cpu_{process}", "ms", milliseconds / load.answers)
        progress.print(f"  single: {max(rates):,.0f}/s")
        self._keep("single_rate", "1/s", max(rates))

    def _load(self, connections: int) -> tuple[wrk.Load, Mapping[str, float]]:
        path = self._place.folder / "requests"
        wrk.write_requests(path, self._ask(int(self._rate * self._size.seconds * _SPARE) + connections))
        with outcomes.checked(self._place.dsn()) as seen:
            meter = Meter(self._processes())
            load = wrk.run(self._place.port, path, seconds=self._size.seconds, connections=connections)
            used = meter.read()
            seen.expect(load.answers)
        return load, used

    def _failed(self, _: BenchFailed) -> None:
        self._repeated += 1

    def _batch(self, name: str, records: int) -> None:
        """Send a batch and wait until it is answered."""
        file = self._file(records)
        roots = {"job": self._jobs(), "participant": [self._place.network.processes[SOURCE].pid]}
        forget_peaks(pid for pids in roots.values() for pid in pids)
        meter = Meter(self._processes())
        seconds = self._client.answered(file).seconds
        for process, milliseconds in meter.read().items():
            self._keep(f"{name}_cpu_{process}", "ms", milliseconds / records)
        for process, pids in roots.items():
            self._keep(f"{name}_memory_{process}", "MB", peak_megabytes(pids))
        progress.print(f"  {records:,} records: {records / seconds:,.0f}/s")
        self._keep(f"{name}_rate", "1/s", records / seconds)

    def _at_set_times(self, name: str, seconds: float | None = None) -> None:
        """Ask single questions at a rate that leaves time to spare."""
        requests = self._ask(max(int(RATE * (seconds or self._size.seconds)), 2))
        slowest = p99(asyncio.run(_at_rate(self._place.port, requests, RATE)))
        progress.print(f"  p99 at {RATE}/s, {name}: {slowest:.1f} ms")
        self._keep(f"single_p99_at_{RATE}_{name}", "ms", slowest)

    def _beside(self, records: int) -> None:
        """Ask single questions at that rate while a batch runs; it is long enough."""
        file = self._file(records)
        seconds: list[float] = []
        running = Thread(target=lambda: seconds.append(self._client.answered(file).seconds))
        running.start()
        time.sleep(1)
        self._at_set_times("beside_a_batch")
        running.join()
        self._keep("batch_rate_beside_questions", "1/s", records / seconds[0])

    def _file(self, records: int) -> File:
        self._files += 1
        return write_file(self._place.folder / "questions.jsonl", self._made.asked, records, self._files)

    def _ask(self, count: int) -> list[Request]:
        return self._questions.about(self._made.asked, count)

    def _jobs(self) -> list[int]:
        """Give the processes that work on jobs: the hub started them."""
        hub = self._place.network.processes["hub"].pid
        return [pid for pid in descendants([hub]) if b"\0jobs\0run" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def _processes(self) -> dict[str, Callable[[], Sequence[int]]]:
        processes, server = self._place.network.processes, self._place.server
        return {
            "hub_and_job": lambda: [processes["hub"].pid],
            "participant": lambda: [processes[SOURCE].pid],
            "database": lambda: [server.pid] if server.pid else [],
        }

    def _keep(self, name: str, unit: str, value: float) -> None:
        self._values[name, unit].append(value)

    def _report(self) -> Report:
        report = Report(bench="batch")
        for (name, unit), values in self._values.items():
            report.add(name, values, unit)
        report.add("repeated_loads", [self._repeated], "")
        figures = report.figures
        report.add_ratio("batch_to_single", figures["batch_rate"].value, figures["single_rate"].value)
        beside, alone = (figures[f"single_p99_at_{RATE}_{name}"].value for name in ("beside_a_batch", "alone"))
        report.add_ratio("p99_beside_to_alone", beside, alone)
        for process in ("job", "participant"):
            whole, tenth = figures[f"batch_memory_{process}"].value, figures[f"tenth_memory_{process}"].value
            report.add_ratio(f"memory_{process}_to_tenth", whole, tenth)
        return report


async def _at_rate(port: int, requests: Sequence[Request], rate: float) -> list[float]:
    async with Asking(port) as client:
        return await client.at_rate(requests, rate)

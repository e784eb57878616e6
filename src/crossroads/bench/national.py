"""`bench national`: the directory of a nation, and one of a hundredth of it beside it, under the same load by turns."""

import asyncio
import signal
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import NamedTuple

from crossroads.bench import national_disk, wrk
from crossroads.bench.exchange import CONNECTIONS
from crossroads.bench.installation import installation
from crossroads.bench.national_disk import Sample
from crossroads.bench.national_people import People, nation
from crossroads.bench.national_side import Judge, Side
from crossroads.bench.report import Report, progress

NATIONAL, HUNDREDTH = "national", "hundredth"
LOOKUPS = 20_000
"""Of each round."""


class Size(NamedTuple):
    """How much is measured, and where."""

    scale: float = 1
    folder: Path | None = None
    seconds: float = 10
    """Of load, in each round and load."""
    rounds: int = 3
    workers: int = 1


def bench(size: Size) -> Report:
    """Measure. Raises BenchFailed when there is not disk enough, something went wrong, or wrk is missing."""
    folder, people = size.folder or Path(tempfile.gettempdir()), nation(size.scale)
    national_disk.require_folder(folder)
    wrk.need("wrk", "wrk")
    with _stopped_in_order(), installation(within=folder) as small, installation(within=folder) as large:
        progress.print(
            f"Everything is in {small.folder} and {large.folder}, which are removed at the end.", soft_wrap=True
        )
        sides = Side(HUNDREDTH, small, people.hundredth()), Side(NATIONAL, large, people)
        loads = {side.name: side.load(judge) for side, judge in zip(sides, _judges(people, large.folder), strict=True)}
        for side in sides:
            side.start(size.workers)
        return _Rounds(sides, loads, size).run()


def _judges(people: People, folder: Path) -> tuple[Judge, Judge]:
    """Give what judges the first piece of the hundredth, and of the whole."""

    def judge(sample: Sample) -> None:
        needed = national_disk.need(sample, people.inscriptions - sample.lines)
        free = national_disk.free_bytes(folder)
        progress.print(national_disk.tell(sample, needed, free), soft_wrap=True)
        national_disk.require(needed, free, folder)

    return (lambda _: None), judge


@contextmanager
def _stopped_in_order() -> Iterator[None]:
    """Clean up when told to stop, as when interrupted at the terminal."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _Rounds:
    """The rounds, and what they gave: values by the name of the figure."""

    def __init__(self, sides: Sequence[Side], loads: dict[str, Sample], size: Size) -> None:
        self._sides, self._loads, self._size = sides, loads, size
        self._values: defaultdict[tuple[str, str], list[float]] = defaultdict(list)

    def run(self) -> Report:
        for side in self._sides:
            side.forget_peak()
        for number in range(self._size.rounds):
            progress.print(f"Round {number + 1} of {self._size.rounds}.")
            for side in self._sides:
                self._keep(side, "lookup_rate", "1/s", asyncio.run(side.look_up(LOOKUPS)))
            for connections, side in product(CONNECTIONS, self._sides):
                self._exchange(side, connections)
        for side in self._sides:
            self._sizes(side)
        return self._report()

    def _exchange(self, side: Side, connections: int) -> None:
        load = side.exchange(self._size.seconds, connections)
        for name, unit in (("rate", "1/s"), ("p50", "ms"), ("p99", "ms")):
            self._keep(side, f"exchange_{connections}_{name}", unit, getattr(load, name))
        progress.print(f"  {side.name}, {connections} connections: {load.rate:,.0f}/s, p99 {load.p99:.1f} ms")

    def _sizes(self, side: Side) -> None:
        load = self._loads[side.name]
        self._keep(side, "inscriptions", "", load.lines)
        self._keep(side, "load_rate", "lines/s", load.lines / load.seconds)
        self._keep(side, "load_time", "h", load.seconds / 3600)
        self._keep(side, "disk", "GB", load.disk / 10**9)
        self._keep(side, "journal_per_inscription", "bytes", load.journal / load.lines)
        self._keep(side, "bytes_per_inscription", "bytes", asyncio.run(side.bytes_each("inscription")))
        self._keep(side, "bytes_per_person", "bytes", asyncio.run(side.bytes_each("person", "ssin_assignment")))
        self._keep(side, "memory_hub", "MB", side.peak())
        self._keep(side, "repeated_loads", "", side.repeated)

    def _keep(self, side: Side, name: str, unit: str, value: float) -> None:
        self._values[f"{side.name}_{name}", unit].append(value)

    def _report(self) -> Report:
        report = Report(bench="national")
        for (name, unit), values in self._values.items():
            report.add(name, values, unit)
        report.add("memory_bench", [getrusage(RUSAGE_SELF).ru_maxrss / 1024], "MB")
        for side in self._sides:
            rates = [report.figures[f"{side.name}_exchange_{connections}_rate"].value for connections in CONNECTIONS]
            report.add(f"{side.name}_exchange_rate", [max(rates)], "1/s")
        compared = {"rate": "exchange_rate", "lookups": "lookup_rate", "load": "load_rate"}
        for ratio, figure in compared.items():
            whole, part = (report.figures[f"{name}_{figure}"].value for name in (NATIONAL, HUNDREDTH))
            report.add_ratio(f"{ratio}_to_hundredth", whole, part)
        return report

"""What a bench found: figures with their units, ratios, and the machine, as one JSON object."""

import os
import platform
from collections.abc import Iterable
from pathlib import Path
from statistics import median

import msgspec
from rich.console import Console

from crossroads.kernel.errors import CrossroadsError

progress = Console(stderr=True, highlight=False)
"""Where a bench says what it does; standard output is for the report."""

_DIGITS = 3


class BenchFailed(CrossroadsError):
    """The bench could not measure what it is to measure."""


class Figure(msgspec.Struct, frozen=True):
    """A measured value."""

    value: float
    unit: str


def describe() -> dict[str, str | int]:
    """Describe the machine, as far as it matters to the figures."""
    return {
        "processor": _line_of("/proc/cpuinfo", "model name") or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory": _line_of("/proc/meminfo", "MemTotal"),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


class Report(msgspec.Struct, kw_only=True):
    """A whole bench. What is compared was run in the same call, in turn, more than once: each value is a median."""

    bench: str
    machine: dict[str, str | int] = msgspec.field(default_factory=describe)
    figures: dict[str, Figure] = msgspec.field(default_factory=dict)
    ratios: dict[str, float] = msgspec.field(default_factory=dict)

    def add(self, name: str, values: Iterable[float], unit: str) -> float:
        """Add the median of some values as a figure, and give it."""
        value = median(values)
        self.figures[name] = Figure(_short(value), unit)
        return value

    def add_ratio(self, name: str, above: float, below: float) -> None:
        """Add how many times the second value the first is."""
        self.ratios[name] = _short(above / below)

    def json(self) -> str:
        """Give the report as JSON."""
        return msgspec.json.format(msgspec.json.encode(self)).decode()


def _line_of(file: str, name: str) -> str:
    try:
        lines = Path(file).read_text("utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")


def _short(value: float) -> float:
    """Give a value with as many digits as mean something."""
    return round(value, _DIGITS) if abs(value) < 10**_DIGITS else float(round(value))

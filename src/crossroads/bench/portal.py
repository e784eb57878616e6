"""`bench portal`: how long the main pages take over a full log and directory, and how many of the register a second."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from statistics import quantiles
from typing import NamedTuple

from crossroads.bench import nginx, wrk
from crossroads.bench.installation import Place, installation
from crossroads.bench.population import ASKER, GROUP
from crossroads.bench.portal_log import source_times
from crossroads.bench.portal_place import CITIZEN, PORTAL, found, with_pages
from crossroads.bench.portal_visitor import Visitor
from crossroads.bench.report import BenchFailed, Report, progress
from crossroads.network.ports import free_ports
from crossroads.wire.signatures import Request

_DATA = "data"
PAGES: Mapping[str, str] = {
    "start": "/en",
    "institutions": "/fr/institutions?q=centre",
    "institution": f"/nl/institutions/{ASKER}",
    "data_group": f"/de/data-groups/{GROUP}",
    "authorisations": "/en/authorisations?q=social+inquiry",
    "authorisation": "/fr/authorisations/CR-ILL/social-inquiry-1",
    "service_levels": "/nl/service-levels",
    "known": "/en/me/known",
    "usage": "/fr/me/usage",
    _DATA: "/nl/me/data/now",
}
"""The ten main pages, by what they are called in the report."""
_REGISTER = ("/en", "/nl/institutions", f"/fr/institutions/{ASKER}", f"/de/data-groups/{GROUP}", "/en/authorisations")
_STATIC, _SAME = "/static/look.css", "/en/institutions/cbss"
_AIM = 100
"""Milliseconds within which 95 of 100 pages are to be there."""
_CONNECTIONS = 16
_FEWEST = 20
"""Visits of each page in a round, however slow they are."""


class Size(NamedTuple):
    """How much is measured."""

    entries: int = 100_000
    inscriptions: int = 1_000_000
    seconds: float = 10
    rounds: int = 3


def bench(size: Size) -> Report:
    """Measure. Raises BenchFailed when something did not go as it should, or a program is missing."""
    for program, package in (("nginx", "nginx-light"), ("wrk", "wrk")):
        wrk.need(program, package)
    with installation(joining=(PORTAL,)) as bare:
        place, url = with_pages(bare)
        found(place, size.entries, size.inscriptions)
        with Visitor(url) as visitor:
            visitor.log_in(CITIZEN, "/en/me/usage")
            return _Rounds(place, url, visitor, size).run()


class _Rounds:
    """The rounds, and what they gave."""

    def __init__(self, place: Place, url: str, visitor: Visitor, size: Size) -> None:
        self._place, self._url, self._visitor, self._size = place, url, visitor, size
        self._times: defaultdict[str, list[float]] = defaultdict(list)
        self._rates: defaultdict[str, list[float]] = defaultdict(list)

    def run(self) -> Report:
        (port,) = free_ports(1)
        same = wrk.ask(self._port, self._request(_SAME))
        for path in PAGES.values():  # what a process does at its first visit, it does once
            self._visitor.take(path)
        with nginx.canned(self._place.folder / "canned", port, same.headers, same.body):
            for number in range(self._size.rounds):
                progress.print(f"Round {number + 1} of {self._size.rounds}.")
                self._visit()
                self._load("register", _REGISTER)
                self._load("same_page", (_SAME,))
                self._load("static", (_STATIC,))
                self._load("nginx", (_SAME,), port)
        return self._report()

    def _visit(self) -> None:
        """Take each page in turn, as one person does; of the page that asks sources, their time is taken off."""
        times: defaultdict[str, list[float]] = defaultdict(list)
        since, until = datetime.now(UTC), time.monotonic() + self._size.seconds
        while time.monotonic() < until or len(times[_DATA]) < _FEWEST:
            for name, path in PAGES.items():
                times[name].append(self._visitor.take(path))
        waited = asyncio.run(source_times(self._place.dsn(), PORTAL, since))
        times[_DATA] = _without(times[_DATA], waited)
        for name, taken in times.items():
            self._times[name] += taken

    def _load(self, name: str, paths: tuple[str, ...], port: int | None = None) -> None:
        """Ask for pages over some connections, as fast as they come."""
        file = self._place.folder / "requests"
        wrk.write_requests(file, map(self._request, paths))
        seconds = self._size.seconds
        load = wrk.run(port or self._port, file, seconds=seconds, connections=_CONNECTIONS, again=True)
        self._rates[name].append(load.rate)
        progress.print(f"  {name}: {load.rate:,.0f}/s, p50 {load.p50:.1f} ms, p99 {load.p99:.1f} ms")

    def _request(self, path: str) -> Request:
        return Request("GET", self._url + path, {}, None)

    @property
    def _port(self) -> int:
        return int(self._url.rpartition(":")[2])

    def _report(self) -> Report:
        report, slowest = Report(bench="portal"), 0.0
        for name, times in self._times.items():
            cuts = quantiles(times, n=20)
            report.add(f"{name}_p50", [cuts[9]], "ms")
            slowest = max(slowest, report.add(f"{name}_p95", [cuts[18]], "ms"))
        report.add_ratio("slowest_p95_to_aim", slowest, _AIM)
        rates = {name: report.add(f"{name}_rate", each, "1/s") for name, each in self._rates.items()}
        for other in ("static", "nginx"):
            report.add_ratio(f"same_page_to_{other}", rates["same_page"], rates[other])
        return report


def _without(times: list[float], waited: list[float]) -> list[float]:
    """Take off what each page waited for sources; each asked as often. Raises BenchFailed where one did not."""
    each, left = divmod(len(waited), len(times))
    if left or not each:
        raise BenchFailed(f"{len(times)} pages asked sources, and the log has {len(waited)} answers to them.")
    return [whole - sum(waited[at * each : (at + 1) * each]) for at, whole in enumerate(times)]

"""The online part of `bench statuses`: eight statuses of five sources in one question, beside the slowest one alone.

The sources are participants, each with a latency of its own. Both questions go through the whole exchange in turn, and
are timed where a client waits for them, until every block is opened and checked. The slowest source is also timed as
the hub sees it, when it is asked alone: nothing is faster.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import cycle
from statistics import median
from time import perf_counter

from crossroads.bench.installation import Place, installation_of
from crossroads.bench.population import mock_number
from crossroads.bench.report import BenchFailed, Report, progress
from crossroads.bench.statuses_sources import MILLISECONDS
from crossroads.bootstrap.wiring import Services
from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.kernel.errors import CrossroadsError
from crossroads.network.founders import Founders
from crossroads.network.loading import load_directory
from crossroads.participant.client import Client
from crossroads.participant.statuses import Question, Verdict

ASKER, CONTEXT, WHY = "statuses", "25:1", "STATUSES:LOAD"
STATUSES: Mapping[str, tuple[str, str]] = {
    "increased-reimbursement": ("nic", "11:1"),
    "living-wage": ("pcsw-gent", "17:2"),
    "income-guarantee-elderly": ("pension-service", "5:30"),
    "guaranteed-income": ("pension-service", "5:30"),
    "third-party-aid": ("pension-service", "5:30"),
    "income-replacement": ("dgph", "16:1"),
    "integration-allowance": ("dgph", "16:1"),
    "care-budget": ("flemish-social-protection", "40:2"),
}
"""Each status with who holds it, and in which context."""
SLOWEST = ("care-budget",)
ASKED = 60
"""Questions of each kind in a round."""
_PEOPLE = 20
_SINCE = "2020-01-01"
_SOURCE = {"function": "crossroads.bench.statuses_sources:slow"}
_WARM = 10
_PATIENCE_SECONDS = 20


def measure(report: Report, rounds: int) -> None:
    """Add the figures, and how many times the slowest source all of them take. Raises BenchFailed."""
    groups: dict[str, dict[str, Mapping[str, str]]] = defaultdict(dict)
    for status, (source, _) in STATUSES.items():
        groups[source][f"status-{status}@1"] = _SOURCE
    with installation_of({**groups, ASKER: {}}) as place:
        people = [mock_number(days, 1) for days in range(_PEOPLE)]
        _found(place, people)
        place.network.start_members(list(groups))
        place.network.start_hub()
        progress.print(f"Asking for {len(STATUSES)} statuses of {len(groups)} sources.")
        times = asyncio.run(_Asking(place, people).rounds(rounds))
    for name, values in times.items():
        report.add(name, values, "ms")
    report.add("online_slowest_latency", [max(MILLISECONDS.values())], "ms")
    eight = median(times["online_eight"])
    report.add_ratio("eight_to_slowest", eight, median(times["online_slowest"]))
    report.add_ratio("eight_to_slowest_at_hub", eight, median(times["online_slowest_at_hub"]))


def _found(place: Place, people: Sequence[str]) -> None:
    known = {(ASKER, CONTEXT), *STATUSES.values()}
    lines = [
        {"ssin": ssin, "institution": source, "context": context, "startDate": _SINCE, "phase": 0, "reference": "bench"}
        for ssin in people
        for source, context in sorted(known)
    ]

    async def load(services: Services, founders: Founders) -> None:
        await load_directory(services, founders, [{"ssin": ssin} for ssin in people], lines)

    place.found(load)
    for source in {source for source, _ in STATUSES.values()}:
        rows = [(ssin, _SINCE) for ssin in people]
        place.network.member(source).store({"held": (("ssin", "start_date"), rows)})


class _Asking:
    """The questions, one after the other."""

    def __init__(self, place: Place, people: Sequence[str]) -> None:
        self._place, self._people = place, cycle(people)
        self._today = brussels_day(SystemClock().now())
        self._times: defaultdict[str, list[float]] = defaultdict(list)

    async def rounds(self, rounds: int) -> Mapping[str, Sequence[float]]:
        """Ask in so many rounds, both kinds in turn, and give the milliseconds of each."""
        async with Client(
            self._place.network.member(ASKER).client(self._place.network.installation.settings.public_url)
        ) as client:
            await self._warm(client)
            for _ in range(rounds * ASKED):
                await self._ask(client, "online_eight", tuple(STATUSES))
                await self._ask(client, "online_slowest", SLOWEST)
        return self._times

    async def _warm(self, client: Client) -> None:
        """Wait until the hub answers, and make everything warm; that counts for nothing."""
        until = perf_counter() + _PATIENCE_SECONDS
        for _ in range(_WARM):
            while True:
                try:
                    await self._ask(client, "warm", tuple(STATUSES))
                    break
                except CrossroadsError:
                    # The store of nonces is new, so at first the hub refuses all.
                    if perf_counter() > until:
                        raise
                    await asyncio.sleep(0.5)
        self._times.clear()

    async def _ask(self, client: Client, name: str, statuses: Sequence[str]) -> None:
        question = Question(next(self._people), WHY, self._today, "bench")
        began = perf_counter()
        said = await client.statuses.ask(question, statuses)
        self._times[name].append((perf_counter() - began) * 1000)
        if any(one.verdict is not Verdict.YES for one in said.outcomes):
            raise BenchFailed("A source did not say what it has.")
        if statuses == SLOWEST:
            self._times[f"{name}_at_hub"].append(said.reply.answer.sources[0].milliseconds)

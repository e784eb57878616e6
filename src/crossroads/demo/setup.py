"""Everything from nothing: people, databases, keys, the founding of the hub and the first load of its directory."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from crossroads.bootstrap.database import embedded, prepare
from crossroads.bootstrap.postgres import EmbeddedPostgres, Progress
from crossroads.bootstrap.wiring import Services
from crossroads.catalogue.loader import load
from crossroads.catalogue.model import Document
from crossroads.demo import clients
from crossroads.demo import home as homes
from crossroads.demo.home import Cast, Home, Made, Part
from crossroads.demo.institutions import furnished
from crossroads.demo.loading import fill_databases, inscription_lines, person_lines
from crossroads.demo.personas import personas
from crossroads.demo.population import casting, generation, people
from crossroads.demo.population import model as invented
from crossroads.demo.population.chance import add_months
from crossroads.demo.population.records import inscriptions
from crossroads.demo.running import Runner, StopSignals
from crossroads.kernel.clock import brussels_day
from crossroads.kernel.ssin import Ssin
from crossroads.network.founders import Founders
from crossroads.network.loading import load_directory
from crossroads.network.service import Network

_NOBODYS_COUNTER = 995
_MONTHS_SINCE_REPLACED = 3


def set_up(home: Home, runner: Runner, persons: int, fingerprint: str, console: Console) -> Made:
    """Make the demo in its folder. Whatever is there is thrown away; what is interrupted is not noted as made."""
    if home.clear():
        console.print(
            "What is there is from another version, other arguments or an interrupted set-up: it is made anew."
        )
    with _Stages(console, runner.signals) as stages:
        with stages.doing(f"Inventing {persons:,} people"):
            on = brussels_day(datetime.now(UTC))
            population = generation.generate(persons, homes.SEED, on)
            cast = casting.cast(population)
        with stages.doing("Reading the catalogue of Belgium"):
            document = load(homes.catalogue_folder()).document
        network = _furnished(runner.network, document)
        with stages.doing("Giving each institution its keys and its own database", persons) as task:
            network.make_files()
            clients.make(network.members, population, homes.catalogue_folder().parents[1] / "rights" / "belgium")
            home.pages(network.installation.settings.port).make(personas(_cast(cast, on)))
            fill_databases(population, network.members, document, lambda: stages.advance(task))
        with stages.doing("Starting PostgreSQL"):
            runner.signals.run(prepare(_empty_database(network, stages.tell)))
        with stages.doing("Founding the hub, and loading who knows whom"):
            runner.signals.run(network.found(document, _Load(population, cast)))
    made = Made(fingerprint, persons, on, network.installation.settings.port, _cast(cast, on))
    home.keep(made)
    return made


def _empty_database(network: Network, progress: Progress) -> EmbeddedPostgres:
    """Start the database with nothing in it. Its files may lie outside the home and so outlive it."""
    server = embedded(network.installation, progress)
    server.place.prepare()
    server.stop()
    if server.place.data.exists():
        shutil.rmtree(server.place.data)
    server.start()
    return server


class _Load:
    """Loads the directory. One person comes in under the number of before, which is then replaced."""

    def __init__(self, population: invented.Population, cast: invented.Cast) -> None:
        self._population, self._cast = population, cast
        # Beforehand: while the hub's services are open, they are not to wait for seconds.
        self._inscriptions = [*inscriptions(population), *clients.inscriptions(population)]

    async def __call__(self, services: Services, founders: Founders) -> None:
        persons = person_lines(self._population, self._known_as)
        await load_directory(services, founders, persons, inscription_lines(self._inscriptions, self._known_as))
        old, new = self._cast.spare, self._cast.granted.person.ssin
        since = add_months(self._population.on, -_MONTHS_SINCE_REPLACED)
        await services.identity.replace_ssin(str(old), str(new), since, reason="replaced by the register", actor="demo")

    def _known_as(self, ssin: Ssin) -> str:
        return str(self._cast.spare if ssin == self._cast.granted.person.ssin else ssin)


class _Stages:
    """A bar for each stage of the set-up; where there is no terminal, a line."""

    def __init__(self, console: Console, signals: StopSignals) -> None:
        self._signals = signals
        self._terminal = console.is_terminal
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        self._progress = Bars(*columns, console=console, disable=not self._terminal)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    @contextmanager
    def doing(self, what: str, total: int | None = None) -> Iterator[TaskID]:
        """Show a stage; without a total the bar only moves."""
        if not self._terminal:
            self.tell(what)
        task = self._progress.add_task(what, total=total)
        yield task
        self._signals.check()
        self._progress.update(task, total=total or 1, completed=total or 1)

    def advance(self, task: TaskID) -> None:
        """Move a bar by one."""
        self._progress.advance(task)

    def tell(self, what: str) -> None:
        """Say what takes longer."""
        self._progress.console.print(what)


def _furnished(network: Network, document: Document) -> Network:
    return replace(network, members=tuple(furnished(member, document) for member in network.members))


def _cast(cast: invented.Cast, on: date) -> Cast:
    return Cast(
        granted=_part(cast.granted, on),
        recent=_part(cast.recent, on),
        stranger=_part(cast.stranger, on),
        twice=_part(cast.twice, on),
        former=str(cast.spare),
        nobody=str(people.mock_ssin(cast.stranger.person.birth, _NOBODYS_COUNTER)),
        parent=_part(cast.parent, on) if cast.parent else None,
    )


def _part(life: invented.Life, on: date) -> Part:
    person = life.person
    held = [(aid.centre, aid.period) for aid in life.living_wages] + [
        (aid.centre, aid.period) for aid in life.other_aids
    ]
    since = min((period.start_date for centre, period in held if centre == casting.CENTRE), default=on)
    return Part(str(person.ssin), f"{person.first_names} {person.last_name}", since)

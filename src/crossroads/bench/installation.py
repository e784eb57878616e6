"""A real installation for each bench: hub, two institutions and people, in a folder that goes at the end."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg

from crossroads.admission.limits import Limits
from crossroads.bench.population import ASKER, GROUP, SOURCE, Population, population
from crossroads.bench.report import BenchFailed, progress
from crossroads.bootstrap import database
from crossroads.bootstrap.postgres import EmbeddedPostgres
from crossroads.bootstrap.settings import Installation, Settings
from crossroads.bootstrap.wiring import Services
from crossroads.catalogue.loader import load as load_catalogue
from crossroads.catalogue.model import Document
from crossroads.identity.first_load import LoadKind, prepare
from crossroads.network.founders import Founders
from crossroads.network.members import Member
from crossroads.network.ports import free_ports
from crossroads.network.service import Load, Network
from crossroads.wire.registrations import SignedAct

Groups = Mapping[str, Mapping[str, Any]]
"""Data groups that an institution serves, as the settings of a participant have them."""
_CATALOGUE = Path(__file__).parents[3] / "catalogue" / "belgium"
# The bench measures what the hub can do, not what an installation lets one institution do.
_LIMITS = Limits(
    requests_per_second=1_000_000, unverified_per_second=1_000_000, concurrent=10_000, concurrent_each=10_000
)
_QUERY = {
    "sql": (
        'SELECT start_date AS "startDate", employer_number AS "employerNumber", worker_type AS "workerType" '
        "FROM employment_relations WHERE ssin = :ssin"
    ),
    "sqlMany": (
        'SELECT ssin, start_date AS "startDate", employer_number AS "employerNumber", worker_type AS "workerType" '
        "FROM employment_relations WHERE ssin IN :ssins"
    ),
    "list": "relations",
}
_COLUMNS = ("ssin", "start_date", "employer_number", "worker_type")


class Place(NamedTuple):
    """Where the installation of a bench is: its network, its database server and its folder."""

    network: Network
    server: EmbeddedPostgres
    folder: Path

    @property
    def port(self) -> int:
        """The port of the hub."""
        return self.network.installation.settings.port

    def dsn(self, role: str = "crossroads_owner") -> str:
        """Give the URL of the database for a role."""
        return self.server.dsn(role, database.NAME)

    def found(self, load: Load, document: Document | None = None) -> None:
        """Found the installation with the Belgian catalogue, unless another is given, and load the directory."""
        progress.print("Founding an installation with the Belgian catalogue.")
        self.network.make_files()
        asyncio.run(self.network.found(document or catalogue(), load))


@contextmanager
def installation(joining: Sequence[str] = (), *, within: Path | None = None, job_processes: int = 1) -> Iterator[Place]:
    """Give an installation of a source and an asker, as `installation_of` does.

    Institutions that join it have keys, and no participant that runs.
    """
    members = {SOURCE: {GROUP: _QUERY}, ASKER: {}, **{name: {} for name in joining}}
    with installation_of(members, within=within, job_processes=job_processes) as place:
        yield place


@contextmanager
def installation_of(
    members: Mapping[str, Groups], *, within: Path | None = None, job_processes: int = 1
) -> Iterator[Place]:
    """Give an installation of some institutions, each with the data groups that it serves.

    Its database runs and has its schema; nothing of it is left at the end. Its folder is made within another one: that
    of the system for temporary files, unless given.
    """
    folder = Path(tempfile.mkdtemp(prefix="crossroads-bench-", dir=within))
    # The database runs as a user without rights, who must be able to pass.
    folder.chmod(0o755)
    hub, *ports = free_ports(1 + len(members))
    url = f"http://127.0.0.1:{hub}"
    settings = Settings(
        installation="bench.example", hub="cbss", port=hub, public_url=url, limits=_LIMITS, job_workers=job_processes
    )
    made = tuple(
        Member(institution=name, port=port, folder=folder / name, groups=groups)
        for port, (name, groups) in zip(ports, members.items(), strict=True)
    )
    place = Installation(settings, folder / "hub")
    try:
        with database.embedded(place) as server:
            asyncio.run(database.prepare(server))
            network = Network(installation=place, members=made)
            with network.processes:
                yield Place(network, server, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def people(place: Place, inscriptions: int) -> tuple[Population, Load]:
    """Make people, store what the source knows of them, and give what loads them into the directory."""
    made = population(inscriptions)
    progress.print(f"Making {len(made.persons):,} people with {made.inscriptions:,} inscriptions.")
    persons, lines = place.folder / "persons.csv", place.folder / "inscriptions.csv"
    made.write_persons(persons)
    made.write_inscriptions(lines)

    async def load(services: Services, founders: Founders) -> None:
        progress.print("Loading persons and inscriptions, each rule checked.")
        operators = services.catalogue.current.operators
        act = signed_load(services, founders, persons, "persons")
        await services.identity.import_persons(persons, act, operators)
        act = signed_load(services, founders, lines, "inscriptions")
        await services.directory.import_inscriptions(lines, act, operators)

    return made, load


def signed_load(services: Services, founders: Founders, path: Path, kind: LoadKind) -> SignedAct:
    """Give the act of a file for a first load, signed by both operators."""
    return founders.sign(prepare(path, kind, services.installation.settings.installation))


def store_employments(place: Place, made: Population) -> None:
    """Store two employments of each person at the source."""
    rows = (
        (ssin, start, 200_000_000 + number, "OTH")
        for number, ssin in enumerate(made.persons)
        for start in ("2016-01-01", "2019-07-01")
    )
    place.network.member(SOURCE).store({"employment_relations": (_COLUMNS, rows)})


async def analyze(place: Place) -> None:
    """Have the database take its statistics, as it does by itself after a while, and write what is dirty."""
    await _execute(place, "VACUUM (ANALYZE)", "CHECKPOINT")


async def write_dirty(place: Place) -> None:
    """Have the database write what is dirty, so that it does not do so in the middle of what is measured next."""
    await _execute(place, "CHECKPOINT")


async def _execute(place: Place, *statements: str) -> None:
    connection = await asyncpg.connect(place.server.dsn("postgres", database.NAME))
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def catalogue() -> Document:
    """Give the Belgian catalogue. Raises BenchFailed outside a checkout."""
    if not _CATALOGUE.is_dir():
        raise BenchFailed(f"{_CATALOGUE} is missing: the benches run in a checkout of the repository.")
    return load_catalogue(_CATALOGUE).document

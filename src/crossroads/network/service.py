"""A network on this machine: hub, institutions and their processes, from a blueprint."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import yaml

from crossroads.bootstrap.settings import Installation
from crossroads.bootstrap.wiring import Services, services
from crossroads.catalogue.model import Document
from crossroads.network.founders import Founders
from crossroads.network.members import Member
from crossroads.network.processes import Processes

Load = Callable[[Services, Founders], Awaitable[None]]
"""Fills the directory of a network that was just founded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """An installation with its members; its state is all under the home of the installation."""

    installation: Installation
    members: tuple[Member, ...]
    processes: Processes = field(default_factory=Processes)

    @property
    def home(self) -> Path:
        """The folder of the hub; members have theirs beside it."""
        return self.installation.home

    @property
    def environment(self) -> Mapping[str, str]:
        """What every process of the hub is told."""
        return {"CROSSROADS_HOME": str(self.home)}

    @property
    def founders(self) -> Founders:
        """The operators."""
        return Founders(self.installation)

    def member(self, institution: str) -> Member:
        """Give the member by its institution."""
        return next(member for member in self.members if member.institution == institution)

    async def found(self, document: Document, load: Load) -> None:
        """Found the installation, let the members join, and load the directory; the database runs."""
        founders = self.founders
        async with services(self.installation) as found:
            await founders.found(found, document)
            for member in self.members:
                await member.join(founders, found)
            await load(found, founders)

    def make_files(self) -> None:
        """Write settings and keys of hub and members."""
        self.home.mkdir(parents=True, exist_ok=True)
        founders = self.founders
        founders.make_hub_keys()
        _write_settings(self.installation)
        for member in self.members:
            member.folder.mkdir(parents=True)
            member.make(self.installation.settings.public_url, founders.trust())

    def start_hub(self, workers: int = 1) -> None:
        """Start the hub and wait until it answers."""
        self.launch_hub(workers)
        self.await_hub()

    def launch_hub(self, workers: int = 1) -> None:
        """Start the hub; do not wait."""
        arguments = ["serve", "--workers", str(workers)]
        self.processes.start("hub", arguments, self.home / "logs" / "hub.log", self.environment)

    def await_hub(self) -> None:
        """Wait until the hub answers."""
        self.processes["hub"].wait_for(f"http://127.0.0.1:{self.installation.settings.port}/health")

    def start_members(self, institutions: Sequence[str] | None = None) -> None:
        """Start participants, all of them unless named, and wait until each answers."""
        self.launch_members(institutions)
        self.await_members(institutions)

    def launch_members(self, institutions: Sequence[str] | None = None) -> None:
        """Start participants, all of them unless named; do not wait."""
        for member in self._named(institutions):
            arguments = ["participant", "serve", str(member.settings)]
            self.processes.start(member.institution, arguments, self.home / "logs" / f"{member.institution}.log", {})

    def await_members(self, institutions: Sequence[str] | None = None) -> None:
        """Wait until each participant answers, all of them unless named."""
        for member in self._named(institutions):
            self.processes[member.institution].wait_for(f"{member.url}/health")

    def _named(self, institutions: Sequence[str] | None) -> list[Member]:
        return [member for member in self.members if institutions is None or member.institution in institutions]


def _write_settings(installation: Installation) -> None:
    values = msgspec.to_builtins(installation.settings, enc_hook=str)
    given = {name: value for name, value in values.items() if value is not None}
    (installation.home / "crossroads.yaml").write_text(yaml.safe_dump(given, sort_keys=False), "utf-8")

"""Where the demo lives: one folder with the hub and every institution, made whole or thrown away."""

import fcntl
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import TextIO

import msgspec

import crossroads
from crossroads.bootstrap.database import embedded
from crossroads.bootstrap.settings import Installation, Settings
from crossroads.demo import clients
from crossroads.demo.institutions import CONNECTED, HUB, members
from crossroads.demo.pages import PORTS, Pages, pages
from crossroads.kernel.errors import CrossroadsError, Refused
from crossroads.network.service import Network
from crossroads.participant.listening import who_listens

PERSONS = 10_000
SEED = 1
_INSTALLATION = "demo.crossroads.example"
_PORTS = range(18_100, 28_000, 100)
_CODE = Path(crossroads.__file__).parent
_SHAPES = ("demo/**/*.py", "demo/data/*.*", "network/*.py", "bootstrap/migrations/*.sql")
"""The files that decide what a set-up makes."""


class DemoRuns(CrossroadsError):
    """A demo runs in this folder already."""


class Part(msgspec.Struct, frozen=True):
    """One of the people in the tour."""

    ssin: str
    name: str
    since: date
    """The day from which the centre has the person on file; for somebody it has not, the day of the set-up."""


class Cast(msgspec.Struct, frozen=True):
    """The people in the tour; see `population.model.Cast`."""

    granted: Part
    recent: Part
    stranger: Part
    twice: Part
    former: str
    """The number that `granted` had before."""
    nobody: str
    """A number that nobody has."""
    parent: Part | None = None
    """Of a child under age, where there is one."""


class Made(msgspec.Struct, frozen=True):
    """What a set-up made, kept in its folder once it is whole."""

    fingerprint: str
    persons: int
    on: date
    first_port: int
    cast: Cast


class Home:
    """The folder of the demo: `demo` under CROSSROADS_HOME, or under `./var`."""

    def __init__(self, above: Path) -> None:
        """Touch nothing yet."""
        self.above = above
        self.folder = above / "demo"
        self._marker = self.folder / "made.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other demos out of it. Raises DemoRuns, or Refused where it cannot be written."""
        with self._lock() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise DemoRuns(
                    f"A demo runs in {self.folder} already. Stop it with Ctrl-C where it runs, or set CROSSROADS_HOME "
                    "to another folder."
                ) from None
            yield

    def _lock(self) -> TextIO:
        try:
            self.above.mkdir(parents=True, exist_ok=True)
            return (self.above / "demo.lock").open("w")
        except OSError as error:
            raise Refused(
                f"{self.above} cannot be written ({error.strerror}); set CROSSROADS_HOME to another folder."
            ) from error

    def made(self, fingerprint: str, persons: int | None) -> Made | None:
        """Give what is there and can be used as it is: of this code, and of so many people where that was asked."""
        try:
            found = msgspec.json.decode(self._marker.read_bytes(), type=Made)
        except (FileNotFoundError, msgspec.MsgspecError):
            return None
        return found if found.fingerprint == fingerprint and persons in (None, found.persons) else None

    def keep(self, made: Made) -> None:
        """Note that the set-up is whole."""
        self._marker.write_bytes(msgspec.json.encode(made))

    def clear(self) -> bool:
        """Throw away what an earlier set-up made, whole or not; tell whether there was any."""
        if not self.folder.exists():
            return False
        embedded(self.network(_PORTS.start).installation).stop()
        shutil.rmtree(self.folder)
        return True

    def remove(self) -> None:
        """Throw everything away, the database too where a link leads to it."""
        database = embedded(self.network(_PORTS.start).installation).place.folder
        self.clear()
        shutil.rmtree(database, ignore_errors=True)

    def network(self, first_port: int) -> Network:
        """Give the network that lives here."""
        url, with_pages = f"http://127.0.0.1:{first_port}", self.pages(first_port)
        settings = Settings(installation=_INSTALLATION, hub=HUB, public_url=url, port=first_port, **with_pages.settings)
        granting = clients.members(self.folder, first_port + 1 + len(CONNECTED) + PORTS)
        joined = (*members(self.folder, first_port + 1), with_pages.portal, *granting)
        return Network(installation=Installation(settings, self.folder / "hub"), members=joined)

    def pages(self, first_port: int) -> Pages:
        """Give the programs with pages that live here."""
        connected = members(self.folder, first_port + 1)
        return pages(self.folder, connected, first_port + 1 + len(connected))


def home_of(environment: dict[str, str]) -> Home:
    """Give the home that the environment names."""
    return Home(Path(environment.get("CROSSROADS_HOME", "var")).resolve())


def catalogue_folder() -> Path:
    """Find the Belgian catalogue. Raises Refused where it is not."""
    for root in (_CODE.parents[1], Path.cwd()):
        if (root / "catalogue" / "belgium").is_dir():
            return root / "catalogue" / "belgium"
    raise Refused(
        "The demo needs the folder catalogue/belgium, which is in the source of Crossroads and not in the installed "
        "package. Get the source and start the demo in its folder."
    )


def fingerprint(catalogue: Path) -> str:
    """Give what names a set-up of this code: another one is not used as it stands."""
    digest = sha256()
    code = (path for shape in _SHAPES for path in _CODE.glob(shape))
    for path in sorted([*catalogue.rglob("*.yaml"), *catalogue.rglob("*.dmn"), *code]):
        digest.update(sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def free_ports() -> int:
    """Give the first of as many free ports in a row as the demo needs. Raises Refused."""
    for first in _PORTS:
        if not any(taken(port) for port in ports(first)):
            return first
    raise Refused(f"The demo needs {len(ports(0))} free ports in a row between {_PORTS.start} and {_PORTS.stop}.")


def ports(first: int) -> range:
    """Give the ports of the hub, of all institutions and of the programs with pages."""
    return range(first, first + 1 + len(CONNECTED) + PORTS + clients.PORTS)


@contextmanager
def kept_free(first: int) -> Iterator[None]:
    """Listen at the ports, so that nobody takes one before the demo itself uses them. Raises as `require_free` does."""
    with ExitStack() as stack:
        for port in ports(first):
            try:
                stack.enter_context(socket.create_server(("127.0.0.1", port)))
            except OSError:
                raise _taken(port) from None
        yield


def taken(port: int) -> bool:
    """Tell whether another program listens there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def require_free(first: int) -> None:
    """Refuse to start where another program has one of the ports. Raises Refused."""
    for port in ports(first):
        if taken(port):
            raise _taken(port)


def _taken(port: int) -> Refused:
    return Refused(
        f"Port {port}, which the demo uses, is taken by another program, another demo perhaps; {who_listens(port)}. "
        "Stop that. Or begin anew with other ports, since institutions have registered where they are: "
        "`make demo ARGS=--fresh`."
    )


def environment() -> dict[str, str]:
    """Give the environment of this process."""
    return dict(os.environ)

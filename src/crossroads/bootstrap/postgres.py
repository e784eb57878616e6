"""The embedded PostgreSQL: one server for one home, reached only through a private socket.

It is what runs when no database URL is set. Starting and stopping is left to PostgreSQL's own `pg_ctl`, which gives the
server a session of its own: Ctrl-C in a terminal does not reach it, and it outlives the process that started it.
"""

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlencode

import asyncpg

from crossroads.bootstrap.migrations import OWNER
from crossroads.bootstrap.postgres_binaries import EmbeddedPostgresFailed, binaries, server_account
from crossroads.bootstrap.postgres_place import Place, require_owner
from crossroads.bootstrap.postgres_processes import end_orphans, server_processes

ADMIN = "postgres"
"""The administrator of the server; makes databases and roles."""

Progress = Callable[[str], None]
"""Is told, in a sentence, of what takes longer than two seconds."""

_ROLES = Path(__file__).parent / "roles.sql"
_PATIENCE_SECONDS = 2
_STOP_SECONDS = 60
_POLL_SECONDS = 0.05
_STATUS_LINE = 7
_READY = "ready"
# Order by bytes is the same on every machine and never changes with its libraries.
_LOCALE = ("--encoding=UTF8", "--lc-collate=C", "--lc-ctype=C.UTF-8")
_ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}
# Relative to the folder of the server: a home may be moved, and no path meets a shell.
_CONFIG = "-c config_file=config/postgresql.conf -c hba_file=config/pg_hba.conf -c ident_file=config/pg_ident.conf"


class EmbeddedPostgres:
    """A PostgreSQL server whose files live under `home`. Several processes may share one; who started it stops it.

    As a context manager it starts the server if need be, and stops it at the end if it was started here.
    """

    def __init__(self, home: Path, progress: Progress | None = None) -> None:
        """Touch nothing yet."""
        self.place = Place(home.resolve(), server_account())
        self._progress = progress or (lambda _: None)
        self._started_here = False

    def __enter__(self) -> Self:
        """Start the server, or share the one that runs."""
        self._started_here = self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop the server if it was started here."""
        if self._started_here:
            self.stop()

    def start(self) -> bool:
        """Start the server and give True, or give False when it runs already. It then accepts connections.

        Waits for as long as a recovery takes. Raises EmbeddedPostgresFailed with the end of the server's log.
        """
        with self.place.locked():
            if self.is_running() and self._becomes_ready():
                return False
            self.place.prepare()
            self._make_cluster()
            self._launch()
            self._add_roles()
            return True

    def stop(self) -> None:
        """Shut the server down, if it runs: sessions are cut off, nothing committed is lost, no process is left."""
        with self.place.locked():
            if self.is_running() and not self._control("stop", "--mode=fast", seconds=_PATIENCE_SECONDS):
                self._progress("PostgreSQL is writing its data to disk before it stops.")
                self._insist()
            end_orphans(self.place.data)

    def is_running(self) -> bool:
        """Tell whether the server runs, be it still recovering."""
        return self.pid is not None

    @property
    def pid(self) -> int | None:
        """The process of the server, if it runs. Whatever else the file says is left over from a dead one."""
        first = self._pid_file()[:1]
        return next((pid for pid in server_processes(self.place.data) if [str(pid)] == first), None) if first else None

    def dsn(self, role: str, database: str) -> str:
        """Give the URL for asyncpg, psql and other clients of PostgreSQL. Final once the server was started."""
        query = urlencode({"host": str(self.place.socket_folder), "port": 5432})
        return f"postgresql://{quote(role, safe='')}@/{quote(database, safe='')}?{query}"

    def _insist(self) -> None:
        if not self._control("stop", "--mode=fast", seconds=_STOP_SECONDS) and self.is_running():
            raise EmbeddedPostgresFailed(
                f"PostgreSQL (process {self.pid}) did not stop within {_STOP_SECONDS} s. {self.place.log_tail()}"
            )

    def _make_cluster(self) -> None:
        """Make it whole or not at all: one that was interrupted while it was made is thrown away."""
        if not self.place.data.exists():
            fresh = self.place.folder / "data.new"
            shutil.rmtree(fresh, ignore_errors=True)
            self.place.make_private(fresh)
            if not self._run(
                "initdb", *_LOCALE, "--auth=reject", "--data-checksums", f"--username={ADMIN}", f"--pgdata={fresh.name}"
            ):
                raise EmbeddedPostgresFailed(f"The database could not be made. {self.place.log_tail()}")
            fresh.rename(self.place.data)
        require_owner(self.place.data, self.place.account.uid)

    def _launch(self) -> None:
        end_orphans(self.place.data)
        self._forget_dead_server()
        inside = self.place.socket_folder.parent == self.place.folder
        socket = "../socket" if inside else self.place.socket_folder
        started = self._control("start", f"--options={_CONFIG} -k {socket}", seconds=_PATIENCE_SECONDS)
        if not started and not self._becomes_ready():
            raise EmbeddedPostgresFailed(f"PostgreSQL did not start. {self.place.log_tail()}")

    def _forget_dead_server(self) -> None:
        """Remove the numbers that it left; by now they may be those of other programs, at which PostgreSQL refuses.

        Safe because nobody serves the cluster and nobody else can start: see `end_orphans` and `Place.locked`.
        """
        for path in (self.place.data / "postmaster.pid", *self.place.socket_folder.glob(".s.PGSQL.*")):
            path.unlink(missing_ok=True)

    def _becomes_ready(self) -> bool:
        """Wait while the server lives, however long its recovery takes; tell whether it got ready."""
        told_at = time.monotonic()
        while self.is_running():
            lines = self._pid_file()
            if len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == _READY:
                return True
            if time.monotonic() > told_at:
                self._progress("PostgreSQL is starting, or recovering from an interruption.")
                told_at += 10 * _PATIENCE_SECONDS
            time.sleep(_POLL_SECONDS)
        return False

    def _pid_file(self) -> list[str]:
        try:
            return (self.place.data / "postmaster.pid").read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return []

    def _add_roles(self) -> None:
        psql = str(binaries(self.place.account) / "psql")
        command = [psql, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--file={_ROLES}", self.dsn(ADMIN, ADMIN)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=_ENVIRONMENT)
        if done.returncode:
            raise EmbeddedPostgresFailed(f"The roles could not be made. {done.stderr}")

    def _control(self, action: str, *options: str, seconds: int) -> bool:
        """Start or stop, and tell whether that was done within the time."""
        return self._run("pg_ctl", action, "--pgdata=data", "--silent", "--wait", f"--timeout={seconds}", *options)

    def _run(self, program: str, *arguments: str) -> bool:
        """Run a program of PostgreSQL as the server's user, with nothing of our environment and our terminal."""
        self.place.log.touch(mode=0o600)
        with self.place.log.open("ab") as log:
            done = subprocess.run(
                [binaries(self.place.account) / program, *arguments],
                check=False,
                cwd=self.place.folder,
                env=_ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                umask=0o077,
                **self.place.account.run_as,
            )
        return done.returncode == 0


async def create_database(dsn: str, name: str, *, owner: str = OWNER, template: str | None = None) -> None:
    """Make a database, empty or as a copy of one that nobody is connected to; the DSN is that of an administrator."""
    connection = await asyncpg.connect(dsn)
    try:
        # As files: a template is small, and to log each of its blocks takes twice as long.
        copy = f" TEMPLATE {_quoted(template)} STRATEGY file_copy" if template else ""
        await connection.execute(f"CREATE DATABASE {_quoted(name)} OWNER {_quoted(owner)}{copy}")
    finally:
        await connection.close()


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'

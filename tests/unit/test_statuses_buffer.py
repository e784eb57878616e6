"""The buffer of statuses: a load takes the place of the one before as a whole, or not at all."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from crossroads.kernel.errors import Conflict, Unavailable
from crossroads.kernel.period import Period
from crossroads.statuses.buffer import Buffer
from crossroads.statuses.model import Entitlement, Holding, Load

DAY = date(2026, 1, 1)
YEAR = Period(DAY, date(2026, 12, 31))
KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_statuses_buffer import granted, held, people
from crossroads.statuses.buffer import Buffer
from test_statuses_buffer import load_of
buffer = Buffer(Path(sys.argv[1]))
def dying():
    yield from granted("new", 5_000)
    os.kill(os.getpid(), signal.SIGKILL)
with buffer.loading() as (number, folder):
    (folder / "facts").write_text("half")
    buffer.commit(load_of(number), people(5_000), held("new", 5_000), dying())
"""


def load_of(number: int, **sources: date) -> Load:
    return Load(number=number, day=DAY, until=date(2026, 5, 1), sources=sources)


def people(many: int) -> list[str]:
    return [f"person-{number}" for number in range(many)]


def held(status: str, many: int) -> Iterator[Holding]:
    for ssin in people(many):
        yield Holding(ssin=ssin, status=status, source="source", period=YEAR, extracted=DAY)


def granted(right: str, many: int) -> Iterator[Entitlement]:
    for ssin in people(many):
        yield Entitlement(ssin=ssin, right=right, period=YEAR, rule=1, version="table")


@pytest.fixture
def buffer(tmp_path: Path) -> Buffer:
    return Buffer(tmp_path / "buffer")


def put(buffer: Buffer, name: str, many: int) -> Load:
    with buffer.loading() as (number, folder):
        (folder / "facts").write_text(name)
        buffer.commit(load_of(number), people(many), held(name, many), granted(name, many))
        return load_of(number)


def test_a_load_takes_the_place_of_the_one_before_as_a_whole(buffer: Buffer) -> None:
    first = put(buffer, "old", 10)
    second = put(buffer, "new", 5)
    assert buffer.current() == second
    assert (buffer.facts(second) / "facts").read_text() == "new"
    assert not buffer.facts(first).exists()
    assert [one.status for one in buffer.holdings("person-1")] == ["new"]
    assert buffer.opened("old", ["person-1"]) == {"person-1": []}
    assert [one.period for one in buffer.opened("new", ["person-1"])["person-1"]] == [YEAR]


def test_who_is_not_known_here_is_not_answered_about(buffer: Buffer) -> None:
    put(buffer, "right", 5)
    assert list(buffer.opened("right", ["person-4", "person-5"])) == ["person-4"]


def test_a_load_that_is_killed_half_way_leaves_the_old_one_whole(buffer: Buffer, tmp_path: Path) -> None:
    before = put(buffer, "old", 3_000)
    command = [sys.executable, "-c", KILLED, str(tmp_path / "buffer"), str(Path(__file__).parent)]
    assert subprocess.run(command, check=False, capture_output=True).returncode == -signal.SIGKILL
    again = Buffer(tmp_path / "buffer")
    assert again.current() == before
    answered = again.opened("old", people(3_000))
    assert len(answered) == 3_000
    assert all(len(opened) == 1 for opened in answered.values())
    assert again.opened("new", ["person-1"]) == {"person-1": []}
    # The next load finds nothing in its way, and nothing of the dead one stays.
    put(again, "next", 1)
    assert [path.name for path in (tmp_path / "buffer").glob("load-*")] == ["load-000002"]


def test_a_load_that_fails_leaves_the_old_one(buffer: Buffer, tmp_path: Path) -> None:
    before = put(buffer, "old", 1)
    with pytest.raises(Unavailable), buffer.loading():
        raise Unavailable("The register is silent.")
    assert buffer.current() == before
    assert [path.name for path in (tmp_path / "buffer").glob("load-*")] == ["load-000001"]


def test_a_second_load_at_the_same_time_is_refused(buffer: Buffer, tmp_path: Path) -> None:
    second = Buffer(tmp_path / "buffer")
    with buffer.loading(), pytest.raises(Conflict, match="Another load is under way"), second.loading():
        pass


def test_without_a_load_nothing_is_said_rather_than_no(buffer: Buffer) -> None:
    with pytest.raises(Unavailable, match="No statuses are loaded"):
        buffer.opened("right", ["person-1"])
    put(buffer, "right", 1)
    assert not buffer.expire(date(2026, 5, 1))
    assert buffer.expire(date(2026, 5, 2))
    with pytest.raises(Unavailable):
        buffer.opened("right", ["person-0"])


def test_when_its_time_is_over_nothing_of_it_is_left(buffer: Buffer, tmp_path: Path) -> None:
    put(buffer, "a-status-that-is-looked-for", 50)
    buffer.expire(date(2027, 1, 1))
    assert not list((tmp_path / "buffer").glob("load-*"))
    held = b"".join(path.read_bytes() for path in (tmp_path / "buffer").iterdir() if path.is_file())
    assert b"person-1" not in held
    assert b"a-status-that-is-looked-for" not in held


def test_who_wished_to_be_left_out_is_no_candidate(buffer: Buffer) -> None:
    buffer.propose(["person-1", "person-2", "person-1"])
    buffer.withdraw("person-1", DAY)
    assert list(buffer.candidates()) == ["person-2"]


def test_nobody_else_may_read_it(buffer: Buffer, tmp_path: Path) -> None:
    put(buffer, "right", 1)
    assert (tmp_path / "buffer").stat().st_mode & 0o077 == 0
    assert buffer.path.stat().st_mode & 0o077 == 0


def test_a_source_that_said_nothing_is_marked_with_the_day_on_which_it_last_did() -> None:
    before = date(2025, 10, 1)
    assert load_of(1, nic=DAY, dgph=before).stale() == {"dgph": before}

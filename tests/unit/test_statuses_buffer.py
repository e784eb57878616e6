"""The buffer of statuses: a load takes the place of the one before as a whole, or not at all."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from attestations import SetClock
from crossroads.kernel.errors import Conflict, Refused, Unavailable
from crossroads.kernel.period import Period
from crossroads.participant.yamlfile import WrongSetting
from crossroads.statuses.buffer import Buffer
from crossroads.statuses.deciding import Decider
from crossroads.statuses.model import Entitlement, Holding, Home, Load, Resident
from crossroads.statuses.placing import forget, place, withdraw
from crossroads.statuses.rights import read_rights
from crossroads.statuses.staging import Round

DAY = date(2026, 1, 1)
YEAR = Period(DAY, date(2026, 12, 31))
RIGHTS = Path(__file__).parents[2] / "rights" / "belgium"
KILLED = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = [sys.argv[2], sys.argv[2] + "/.."]
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
def clock() -> SetClock:
    return SetClock(datetime(2026, 1, 1, 12, tzinfo=UTC))


@pytest.fixture
def buffer(tmp_path: Path, clock: SetClock) -> Buffer:
    return Buffer(tmp_path / "buffer", clock)


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


def test_a_load_that_is_killed_half_way_leaves_the_old_one_whole(
    buffer: Buffer, tmp_path: Path, clock: SetClock
) -> None:
    before = put(buffer, "old", 3_000)
    command = [sys.executable, "-c", KILLED, str(tmp_path / "buffer"), str(Path(__file__).parent)]
    assert subprocess.run(command, check=False, capture_output=True).returncode == -signal.SIGKILL
    again = Buffer(tmp_path / "buffer", clock)
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


def test_when_its_time_is_over_nothing_of_it_is_told_though_nobody_removed_it(buffer: Buffer, clock: SetClock) -> None:
    put(buffer, "right", 5)
    clock.moment = datetime(2026, 5, 1, 20, tzinfo=UTC)
    assert len(buffer.opened("right", people(5))) == 5
    clock.moment = datetime(2026, 5, 1, 22, tzinfo=UTC)  # past midnight in Brussels
    for told in (buffer.holdings, buffer.entitlements, lambda ssin: buffer.opened("right", [ssin])):
        with pytest.raises(Unavailable, match="is over"):
            told("person-1")


def test_of_who_withdrew_nothing_is_told(buffer: Buffer) -> None:
    put(buffer, "right", 5)
    buffer.withdraw("person-1", DAY)
    assert list(buffer.opened("right", ["person-1", "person-2"])) == ["person-2"]
    assert (buffer.holdings("person-1"), buffer.entitlements("person-1")) == ([], [])
    # Nor is it taken up by a load that asked about it before.
    put(buffer, "right", 5)
    with sqlite3.connect(buffer.path) as database:
        for table in ("holding", "entitlement"):
            query = f"SELECT count(*) FROM {table} WHERE ssin = 'person-1'"  # noqa: S608 - a name of this list
            assert database.execute(query).fetchone() == (0,), table
    database.close()
    # The facts of a load that was under way still hold the person: that they must go is known, also after a restart.
    assert Buffer(buffer.path.parent).unforgotten()


def test_who_lived_with_somebody_who_withdrew_has_the_right_no_more_by_that_person(buffer: Buffer) -> None:
    load, rights = facts(buffer), [one for one in read_rights(RIGHTS) if one.id == "social-tariff"]
    asked = ["helped", "child", "other"]
    assert {one: bool(opened) for one, opened in buffer.opened("social-tariff", asked).items()} == dict.fromkeys(
        asked, True
    )
    withdraw(buffer, "helped", DAY, rights)
    forget(buffer, rights)
    assert not buffer.unforgotten()
    opened = buffer.opened("social-tariff", asked)
    assert {one: bool(days) for one, days in opened.items()} == {"child": False, "other": True}
    # The facts that it had go; that the child lives with it says something of the child.
    now = buffer.current()
    assert now
    assert (now.number, now.day, now.until) == (load.number + 1, load.day, load.until)
    assert not buffer.facts(load).exists()
    with Decider(buffer.facts(now), now.day) as decider:
        assert list(decider.known()) == ["child", "other"]
        assert {one.ssin for one in decider.holdings()} == {"other"}
        assert set(decider.rows("SELECT ssin, member FROM member")) == {
            ("child", "child"), ("child", "helped"), ("other", "other")
        }  # fmt: skip


def test_who_withdraws_brings_no_other_table_into_force_than_that_of_the_load(buffer: Buffer) -> None:
    facts(buffer)
    (tariff,) = (one for one in read_rights(RIGHTS) if one.id == "social-tariff")
    before = {one: buffer.opened("social-tariff", [one])[one] for one in ("child", "other")}
    # Written by the institution alone since, or read by a process that began before the load: nobody compared it.
    altered = msgspec.structs.replace(tariff, xml=tariff.xml.replace(b'"living-wage"', b'"nothing"'))
    assert altered.version != tariff.version
    withdraw(buffer, "helped", DAY, [altered])
    forget(buffer, [altered])
    assert not buffer.unforgotten()
    assert {one: buffer.opened("social-tariff", [one])[one] for one in ("child", "other")} == before
    assert buffer.entitlements("helped") == []
    buffer.withdraw("other", DAY)
    forget(buffer, [tariff])
    assert buffer.opened("social-tariff", ["child", "other"]) == {"child": []}


def test_of_who_came_back_nothing_is_known_again_when_another_withdraws(buffer: Buffer) -> None:
    facts(buffer)
    buffer.withdraw("helped", DAY)
    buffer.come_back("helped")
    buffer.withdraw("other", DAY)
    forget(buffer, [one for one in read_rights(RIGHTS) if one.id == "social-tariff"])
    assert (buffer.holdings("helped"), buffer.entitlements("helped")) == ([], [])
    assert list(buffer.opened("social-tariff", ["helped", "child"])) == ["child"]


def facts(buffer: Buffer) -> Load:
    """Load two who live together, of whom one has a living wage, and one more who has one."""
    with buffer.loading() as (number, folder):
        with Round(folder, 1) as found:
            for ssin, members in (
                ("helped", {"helped", "child"}),
                ("child", {"helped", "child"}),
                ("other", {"other"}),
            ):
                found.reside(Resident(ssin=ssin, birth=date(1980, 1, 1), postcode="9000"))
                found.share(Home(ssin=ssin, members=frozenset(members), collective=False))
                if ssin != "child":
                    found.hold(Holding(ssin=ssin, status="living-wage", source="source", period=YEAR, extracted=DAY))
        place(buffer, load_of(number), folder, read_rights(RIGHTS))
    return load_of(number)


def test_a_folder_that_others_may_read_is_closed_to_them(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    Buffer(tmp_path / "open")
    assert (tmp_path / "open").stat().st_mode & 0o077 == 0


def test_what_sources_failed_about_how_many_people_is_kept(buffer: Buffer) -> None:
    with buffer.loading() as (number, _):
        buffer.commit(msgspec.structs.replace(load_of(number), failed={"nic": 3}), [], [], [])
    loaded = buffer.current()
    assert loaded
    assert loaded.failed == {"nic": 3}


def test_who_wished_to_be_left_out_is_no_candidate(buffer: Buffer) -> None:
    buffer.propose(["person-1", "person-2", "person-1"])
    buffer.withdraw("person-1", DAY)
    assert list(buffer.candidates()) == ["person-2"]


def test_who_comes_back_is_unknown_until_the_next_load_which_asks_about_it(buffer: Buffer) -> None:
    put(buffer, "right", 5)
    assert not buffer.come_back("person-1")
    assert list(buffer.candidates()) == []
    buffer.withdraw("person-1", DAY)
    assert buffer.withdrawn_since("person-1") == DAY
    assert buffer.come_back("person-1")
    assert buffer.withdrawn_since("person-1") is None
    assert list(buffer.candidates()) == ["person-1"]
    # Not "no": nobody decided that.
    assert list(buffer.opened("right", ["person-1", "person-2"])) == ["person-2"]
    # What was held of it until then must go where it changes its mind again.
    assert not buffer.unforgotten()
    buffer.withdraw("person-1", DAY)
    assert buffer.unforgotten()
    buffer.come_back("person-1")
    put(buffer, "right", 5)
    assert not buffer.unforgotten()
    assert len(buffer.opened("right", ["person-1"])["person-1"]) == 1


def test_nobody_withdraws_where_the_law_binds_a_right(buffer: Buffer) -> None:
    facts(buffer)
    (right,) = (one for one in read_rights(RIGHTS) if one.id == "social-tariff")
    bound = msgspec.structs.replace(right, withdrawal=False, withdrawal_reference="illustrative act, article 1")
    with pytest.raises(Refused, match=r"social-tariff: illustrative act, article 1"):
        withdraw(buffer, "helped", DAY, [bound])
    assert buffer.withdrawn_since("helped") is None
    # One that is not in force yet binds nobody.
    withdraw(buffer, "helped", DAY, [msgspec.structs.replace(bound, valid_from=DAY + timedelta(days=1))])
    assert buffer.withdrawn_since("helped") == DAY


def test_a_right_that_binds_people_names_the_law(tmp_path: Path) -> None:
    text = (RIGHTS / "culture-pass.yaml").read_text("utf-8")
    (tmp_path / "culture-pass.yaml").write_text(f"{text}\nwithdrawal: false\n", "utf-8")
    with pytest.raises(WrongSetting, match="withdrawalReference"):
        read_rights(tmp_path)


def test_nobody_else_may_read_it(buffer: Buffer, tmp_path: Path) -> None:
    put(buffer, "right", 1)
    assert (tmp_path / "buffer").stat().st_mode & 0o077 == 0
    assert buffer.path.stat().st_mode & 0o077 == 0


def test_a_source_that_said_nothing_is_marked_with_the_day_on_which_it_last_did() -> None:
    before = date(2025, 10, 1)
    assert load_of(1, nic=DAY, dgph=before).stale() == {"dgph": before}

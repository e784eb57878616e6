"""What was done about people: written by turns, gone when its time is over, and altered by nobody unseen."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from attestations import MARIE, NOW, PAUL, RIGHT, SetClock
from crossroads.kernel.errors import Refused, Unavailable
from crossroads.participant.log import KnownHead, verify
from crossroads.participant.state import State, state_file
from crossroads.statuses.deeds import Deeds, What
from crossroads.statuses.settings import StatusSettings

KEPT = 30


@pytest.fixture
def settings(tmp_path: Path) -> StatusSettings:
    return StatusSettings(
        rights="rights",
        client="client.yaml",
        legal_context="STATUSES:LOAD",
        candidates="25:1",
        members="25:5",
        statuses={},
        identification="identification@1",
        household="household@1",
        kept_days=KEPT,
        folder=tmp_path,
    )


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def deeds(settings: StatusSettings, clock: SetClock) -> Deeds:
    return Deeds(settings, "statuses", clock)


def file(settings: StatusSettings) -> Path:
    return state_file(settings.folder / "buffer" / "deeds")


def refuse() -> None:
    raise Refused("Not this one.")


def altered(settings: StatusSettings, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(file(settings))) as log, log:
        assert log.execute(statement, values).rowcount == 1


async def test_the_pages_and_commands_write_by_turns(settings: StatusSettings, clock: SetClock, deeds: Deeds) -> None:
    other = Deeds(settings, "statuses", clock)
    await asyncio.gather(
        deeds.looked(MARIE),
        asyncio.to_thread(other.do, What.ATTESTED, MARIE, lambda: None, right=RIGHT, by="root", agent="clerk-7"),
        deeds.looked(PAUL),
    )
    assert deeds.verify(None).faults == ()
    assert {(one.what, one.state, one.right, one.by, one.agent) for one in deeds.newest(MARIE, 10)} == {
        (What.LOOKED, "done", None, None, None),
        (What.ATTESTED, "begun", RIGHT, "root", "clerk-7"),
        (What.ATTESTED, "done", RIGHT, "root", "clerk-7"),
    }
    assert [one.what for one in deeds.newest(PAUL, 10)] == [What.LOOKED]


def test_what_is_refused_is_logged_and_what_cannot_be_logged_is_not_done(
    settings: StatusSettings, deeds: Deeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Refused, match="Not this one"):
        deeds.do(What.WITHDREW, MARIE, refuse)
    assert [one.state for one in deeds.newest(MARIE, 10)] == ["refused", "begun"]
    done: list[str] = []
    monkeypatch.setattr("crossroads.participant.state._TRIES", 1)
    held = State(file(settings).parent)
    with pytest.raises(Unavailable, match="try again"):
        deeds.do(What.WITHDREW, MARIE, lambda: done.append("done"))
    asyncio.run(held.close())
    assert done == []


def test_what_an_entry_says_goes_when_its_time_is_over(settings: StatusSettings, clock: SetClock, deeds: Deeds) -> None:
    deeds.do(What.ATTESTED, MARIE, lambda: None, right=RIGHT)
    before = KnownHead.read(deeds.verify(None).head)
    clock.moment = NOW + timedelta(days=KEPT)
    deeds.do(What.WITHDREW, PAUL, lambda: None)
    assert deeds.forget() == 0
    clock.moment += timedelta(seconds=1)
    assert deeds.forget() == 2
    assert deeds.forget() == 0
    assert deeds.newest(MARIE, 10) == []
    assert [(one.what, one.state) for one in deeds.of_all(10)] == [(What.WITHDREW, "done"), (What.WITHDREW, "begun")]
    kept = b"".join(path.read_bytes() for path in file(settings).parent.glob("state.sqlite*"))
    assert (MARIE.encode() in kept, PAUL.encode() in kept) == (False, True)
    # The log is the one that it was.
    assert deeds.verify(before).faults == ()
    deeds.do(What.CAME_BACK, PAUL, lambda: None)
    verified = deeds.verify(before)
    assert (verified.size, verified.faults) == (6, ())


def test_a_clock_that_was_ahead_for_a_moment_keeps_nothing_for_longer(
    settings: StatusSettings, clock: SetClock, deeds: Deeds
) -> None:
    clock.moment = NOW + timedelta(days=3650)
    deeds.do(What.WITHDREW, PAUL, lambda: None)
    clock.moment = NOW
    deeds.do(What.ATTESTED, MARIE, lambda: None, right=RIGHT)
    clock.moment = NOW + timedelta(days=KEPT + 1)
    assert deeds.forget() == 2
    assert MARIE.encode() not in b"".join(path.read_bytes() for path in file(settings).parent.glob("state.sqlite*"))
    assert deeds.verify(None).faults == ()


def test_nothing_is_removed_before_its_time_unseen(settings: StatusSettings, clock: SetClock, deeds: Deeds) -> None:
    for days in range(3):
        clock.moment = NOW + timedelta(days=days)
        deeds.do(What.WITHDREW, MARIE, lambda: None)
    clock.moment = NOW + timedelta(days=KEPT, seconds=1)
    deeds.forget()
    assert deeds.verify(None).faults == ()
    # By a clock that was set forward for a moment.
    clock.moment += timedelta(days=1)
    deeds.forget()
    clock.moment -= timedelta(days=1)
    assert deeds.verify(None).faults == tuple(f"Entry {at} was removed before its time was over." for at in (2, 3))
    with closing(sqlite3.connect(file(settings))) as log:
        ((content,),) = log.execute("select fields from entry where position = 2").fetchall()
    said = msgspec.json.decode(content)
    said["at"]["value"] = NOW.isoformat()
    altered(settings, "update entry set fields = ? where position = 2", msgspec.json.encode(said))
    assert "Entry 2 was altered: its fields cannot be read." in deeds.verify(None).faults
    # With what stays of another that is over.
    altered(settings, "update entry set fields = (select fields from entry where position = 0) where position = 2")
    assert "Entry 2 was altered: its fields are not those it was written with." in deeds.verify(None).faults
    altered(settings, "update entry set fields = x'', salts = x'' where position = 4")
    assert "Entry 4 was altered: its fields cannot be read." in deeds.verify(None).faults


def test_a_log_that_forgets_nothing_has_no_forgotten_entry(
    settings: StatusSettings, clock: SetClock, deeds: Deeds
) -> None:
    deeds.do(What.WITHDREW, MARIE, lambda: None)
    clock.moment += timedelta(days=KEPT + 1)
    deeds.forget()
    assert len(verify(file(settings).parent).faults) == 2

"""What is done about users at a desk is kept in its log, once, whoever does it and from whichever process."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.kernel.errors import Malformed
from crossroads.kernel.period import Period
from crossroads.participant import log as own_log
from crossroads.participant.desk.acts import Acts, new_agent, new_id
from crossroads.participant.desk.model import (
    COMMAND_LINE,
    AnyAct,
    Appoint,
    ChangeEnd,
    Grant,
    Power,
    Revoke,
    Role,
    User,
    roster_of,
)
from crossroads.participant.desk.rules import NotAllowed, Why
from crossroads.participant.state import state_file

INQUIRY = "PCSA:SOCIAL_INQUIRY"
HERE = frozenset({INQUIRY})
TODAY = brussels_day(datetime.now(UTC))


async def acts_in(folder: Path) -> Acts:
    acts = Acts(folder / "acts", "pcsw-gent", SystemClock())
    await acts.open()
    return acts


async def appointed(acts: Acts, name: str, by: str = COMMAND_LINE) -> str:
    user = User(agent=new_agent(), subject=f"sub-{name}", name=name)
    await acts.do(Appoint(user=user), by, HERE)
    return user.agent


async def granted(acts: Acts, agent: str, power: Power, by: str = COMMAND_LINE) -> Role:
    period = Period(TODAY, TODAY + timedelta(days=30))
    role = Role(id=new_id(), agent=agent, power=power, legal_context=INQUIRY, period=period)
    await acts.do(Grant(role=role), by, HERE)
    return role


async def why(acts: Acts, act: AnyAct, by: str) -> Why:
    with pytest.raises(NotAllowed) as refused:
        await acts.do(act, by, HERE)
    return refused.value.why


async def test_what_is_done_is_kept_and_logged_with_who_did_it(tmp_path: Path) -> None:
    acts = await acts_in(tmp_path)
    boss = await appointed(acts, "Anna")
    await granted(acts, boss, Power.MANAGER)
    clerk = await appointed(acts, "Bert", boss)
    role = await granted(acts, clerk, Power.STAFF, boss)
    await acts.do(Revoke(role=role.id, version=1), boss, HERE)
    again = await acts_in(tmp_path)
    assert again.roster == acts.roster == roster_of(acts.done)
    assert [done.by for done in again.done] == [COMMAND_LINE, COMMAND_LINE, boss, boss, boss]
    entries = [entry["fields"] for entry in own_log.export(tmp_path / "acts")]
    assert [entry["event"] for entry in entries] == [
        "desk:user:appointed",
        "desk:role:granted",
        "desk:user:appointed",
        "desk:role:granted",
        "desk:role:revoked",
    ]
    verified = own_log.verify(tmp_path / "acts")
    assert (verified.size, verified.faults) == (5, ())


async def test_what_is_refused_is_not_kept(tmp_path: Path) -> None:
    acts = await acts_in(tmp_path)
    boss = await appointed(acts, "Anna")
    role = await granted(acts, boss, Power.MANAGER)
    assert await why(acts, Revoke(role=role.id, version=1), boss) is Why.LAST_MANAGER
    with pytest.raises(Malformed):
        await appointed(acts, "Anna\nBert", boss)
    assert len(acts.done) == 2


async def test_of_two_who_change_one_role_the_second_is_told(tmp_path: Path) -> None:
    acts = await acts_in(tmp_path)
    boss, clerk = await appointed(acts, "Anna"), await appointed(acts, "Bert")
    await granted(acts, boss, Power.MANAGER)
    role = await granted(acts, clerk, Power.STAFF, boss)
    # Two processes, as the pages and a command are.
    other = await acts_in(tmp_path)
    later = [TODAY + timedelta(days=number) for number in (5, 9)]
    ended = await asyncio.gather(
        *(
            one.do(ChangeEnd(role=role.id, version=1, end_date=day), boss, HERE)
            for one, day in zip((acts, other), later, strict=True)
        ),
        return_exceptions=True,
    )
    (refused,) = [one for one in ended if isinstance(one, NotAllowed)]
    assert refused.why is Why.CHANGED_MEANWHILE
    assert acts.roster == other.roster
    assert acts.roster.roles[role.id].version == 2


async def test_many_at_once_leave_one_log_without_a_gap(tmp_path: Path) -> None:
    desks = [await acts_in(tmp_path) for _ in range(3)]
    await asyncio.gather(*(appointed(desks[number % 3], str(number)) for number in range(12)))
    verified = own_log.verify(tmp_path / "acts")
    assert (verified.size, verified.faults) == (12, ())
    assert {len(desk.roster.users) for desk in desks} == {12}


async def test_an_entry_that_was_altered_is_named(tmp_path: Path) -> None:
    acts = await acts_in(tmp_path)
    await appointed(acts, "Anna")
    with closing(sqlite3.connect(state_file(tmp_path / "acts"))) as connection, connection:
        connection.execute("update entry set fields = cast(replace(cast(fields as text), 'Anna', 'Bert') as blob)")
    assert own_log.verify(tmp_path / "acts").faults

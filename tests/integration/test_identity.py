"""Who people are: the register's confirmation, replaced numbers, links and un-links, and what was believed when."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from crossroads.identity.closure import closure_of
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Conflict, CrossroadsError, InvalidSsin, Malformed, Refused, Tampered
from crossroads.wire.messages import PersonConfirmation
from people import (
    ALICE,
    ALICE_AGAIN,
    GHENT,
    LIEGE,
    OPERATORS,
    OpenPool,
    World,
    link_act,
    signed_act,
    ssin,
    unlink_act,
    world,
)

ANNA, BEA, CARL, DORA = (ssin(number) for number in range(4))


@pytest.fixture
async def hub(pool: OpenPool, tmp_path: Path) -> AsyncIterator[World]:
    async with world(pool) as opened:
        await opened.births(ANNA, BEA, CARL, tmp=tmp_path)
        yield opened


async def persons(hub: World, number: str) -> tuple[int, ...]:
    async with hub.pool.acquire() as connection:
        found = await closure_of(connection, number)
    return found.persons if found else ()


async def events(hub: World) -> list[str]:
    rows = await hub.pool.fetch("SELECT event FROM log_entry ORDER BY at, index")
    return [row["event"] for row in rows]


def confirmation(number: str, name: str = "Peeters", reference: str = "r-1") -> PersonConfirmation:
    return PersonConfirmation(reference=reference, ssin=number, birth_date="1940-01-00", last_name=name)


async def test_a_person_comes_into_being_once_the_register_confirms(hub: World) -> None:
    hub.register.names[DORA] = "Peeters"
    confirmed = await hub.identity.confirm(confirmation(DORA), GHENT)
    assert (confirmed.ssin.value, confirmed.ssin.replaces) == (DORA, None)
    assert len(await persons(hub, DORA)) == 1
    assert "identity:person:created" in await events(hub)


async def test_unknown_and_mismatch_are_one_refusal(hub: World) -> None:
    hub.register.names[DORA] = "Peeters"
    refusals = []
    for request in (confirmation(DORA, "Janssens"), confirmation(ssin(99))):
        with pytest.raises(Refused) as refusal:
            await hub.identity.confirm(request, GHENT)
        refusals.append((refusal.value.code, str(refusal.value)))
    assert refusals[0] == refusals[1]
    assert refusals[0][0] is Code.PERSON_NOT_IDENTIFIED
    assert hub.register.asked == 2
    assert await persons(hub, DORA) == ()


async def matches(hub: World) -> list[tuple[Any, ...]]:
    """Give what the log says of the register: event, asker, reference, and what came of it."""
    rows = await hub.pool.fetch(
        "SELECT event, asker, content->>'reference' AS reference, content->'matched' AS matched, ticket FROM log_entry"
        " WHERE event LIKE 'identity:match:%' ORDER BY at, index"
    )
    assert len({row["ticket"] for row in rows}) == sum(row["event"] == "identity:match:asked" for row in rows)
    return [tuple(row)[:4] for row in rows]


async def test_every_try_is_logged_before_the_register_is_asked(hub: World) -> None:
    hub.register.names |= {ANNA: "Peeters", DORA: "Peeters"}
    with pytest.raises(Refused):
        await hub.identity.confirm(confirmation(DORA, "Janssens"), GHENT)
    await hub.identity.confirm(confirmation(DORA), GHENT)
    await hub.identity.confirm(confirmation(ANNA, reference="r-2"), GHENT)
    assert await matches(hub) == [
        ("identity:match:asked", GHENT, "r-1", None),
        ("identity:match:answered", GHENT, None, "false"),
        ("identity:match:asked", GHENT, "r-1", None),
        ("identity:match:asked", GHENT, "r-2", None),
        ("identity:match:answered", GHENT, None, "true"),
    ]
    for number in (ANNA, DORA):
        assert await hub.pool.fetchval("SELECT count(*) FROM log_entry WHERE content::text LIKE $1", f"%{number}%") == 0


async def test_the_register_is_not_asked_what_cannot_be_logged(hub: World) -> None:
    hub.register.names[DORA] = "Peeters"
    await hub.log.stop()
    with pytest.raises(CrossroadsError):
        await hub.identity.confirm(confirmation(DORA), GHENT)
    assert hub.register.asked == 0


async def test_a_reference_is_not_the_number_of_a_person(hub: World) -> None:
    with pytest.raises(Malformed) as malformed:
        await hub.identity.confirm(confirmation(DORA, reference=f"{DORA[:6]}-{DORA[6:9]}.{DORA[9:]}"), GHENT)
    assert [fault.path for fault in malformed.value.faults] == ["$.reference"]
    assert DORA[9:] not in str(malformed.value)
    assert hub.register.asked == 0


async def test_the_same_reference_gives_the_same_outcome_and_another_body_is_refused(hub: World) -> None:
    hub.register.names[DORA] = "Peeters"
    first = await hub.identity.confirm(confirmation(DORA), GHENT)
    assert await hub.identity.confirm(confirmation(DORA), GHENT) == first
    assert hub.register.asked == 1
    with pytest.raises(Conflict) as conflict:
        await hub.identity.confirm(confirmation(DORA, "Janssens"), GHENT)
    assert conflict.value.code is Code.REFERENCE_REUSED
    assert (await hub.identity.confirm(confirmation(DORA), LIEGE)).ticket != first.ticket


async def test_many_who_confirm_at_once_make_one_person(hub: World) -> None:
    hub.register.names[DORA] = "Peeters"
    requests = [confirmation(DORA, reference=f"r-{number}") for number in range(8)]
    await asyncio.gather(*(hub.identity.confirm(request, GHENT) for request in requests))
    assert await hub.pool.fetchval("SELECT count(*) FROM person WHERE ssin = $1", DORA) == 1
    assert (await events(hub)).count("identity:person:created") == 1


async def test_a_number_that_is_none_is_refused_without_being_repeated(hub: World) -> None:
    with pytest.raises(InvalidSsin) as refusal:
        await hub.identity.confirm(confirmation("40610100100"), GHENT)
    assert "40610100100" not in str(refusal.value)


async def test_a_replaced_number_goes_on_naming_the_person(hub: World) -> None:
    before = datetime.now(UTC)
    await hub.identity.replace_ssin(ANNA, DORA, date(2026, 3, 1), reason="BIS became national", actor="register")
    assert await persons(hub, ANNA) == await persons(hub, DORA)
    old, new = (
        await hub.identity.as_believed_on(ANNA, before),
        await hub.identity.as_believed_on(ANNA, datetime.now(UTC)),
    )
    assert old is not None
    assert new is not None
    assert (old.ssin, len(old.numbers)) == (ANNA, 1)
    assert (new.ssin, [(n.ssin, n.valid_until) for n in new.numbers]) == (
        DORA,
        [(ANNA, date(2026, 2, 28)), (DORA, None)],
    )
    assert await hub.identity.as_believed_on(DORA, before) is None


async def test_to_replace_again_changes_nothing_and_a_number_of_another_is_refused(hub: World) -> None:
    for _ in range(2):
        await hub.identity.replace_ssin(ANNA, DORA, date(2026, 3, 1), reason="changed", actor="register")
    assert (await events(hub)).count("identity:person:replaced") == 1
    with pytest.raises(Conflict):
        await hub.identity.replace_ssin(BEA, CARL, date(2026, 3, 1), reason="changed", actor="register")
    with pytest.raises(Refused):
        await hub.identity.replace_ssin(ANNA, ssin(50), date(2026, 4, 1), reason="changed", actor="register")
    with pytest.raises(Refused):
        await hub.identity.replace_ssin(ssin(51), ssin(52), date(2026, 4, 1), reason="changed", actor="register")


async def test_death_is_recorded_and_taken_back(hub: World) -> None:
    await hub.identity.decease(ANNA, date(2026, 5, 5), reason="notified", actor="register")
    believed = datetime.now(UTC)
    await hub.identity.decease(ANNA, None, reason="was another person", actor="register")
    then, now = (
        await hub.identity.as_believed_on(ANNA, believed),
        await hub.identity.as_believed_on(ANNA, datetime.now(UTC)),
    )
    assert then is not None
    assert now is not None
    assert (then.deceased_on, now.deceased_on) == (date(2026, 5, 5), None)


async def test_links_are_followed_through_and_told_apart_again(hub: World) -> None:
    apart = await persons(hub, ANNA)
    await hub.identity.link(link_act(ANNA, BEA), OPERATORS)
    await hub.identity.link(link_act(BEA, CARL), OPERATORS)
    linked = datetime.now(UTC)
    assert len(await persons(hub, ANNA)) == 3
    assert await persons(hub, ANNA) == await persons(hub, CARL)
    await hub.identity.unlink(unlink_act(ANNA, BEA), OPERATORS)
    assert await persons(hub, ANNA) == apart
    assert len(await persons(hub, BEA)) == 2
    believed = await hub.identity.as_believed_on(ANNA, linked)
    assert believed is not None
    assert (len(believed.persons), believed.ssin) == (3, CARL)
    assert await hub.pool.fetchval("SELECT reason FROM person_link_history") == "twins"
    await hub.identity.link(link_act(ANNA, BEA), OPERATORS)
    assert len(await persons(hub, CARL)) == 3


@pytest.mark.parametrize(("source", "target"), [(ANNA, BEA), (BEA, ANNA), (ANNA, ANNA), (ANNA, CARL)])
async def test_a_link_never_makes_a_circle_nor_two_ways_out(hub: World, source: str, target: str) -> None:
    await hub.identity.link(link_act(ANNA, BEA), OPERATORS)
    with pytest.raises(Conflict):
        await hub.identity.link(link_act(source, target), OPERATORS)
    assert await hub.pool.fetchval("SELECT count(*) FROM person_link") == 1


async def test_opposite_links_at_once_leave_one(hub: World) -> None:
    acts = [link_act(ANNA, BEA), link_act(BEA, ANNA), link_act(ANNA, BEA), link_act(BEA, ANNA)]
    done = await asyncio.gather(*(hub.identity.link(act, OPERATORS) for act in acts), return_exceptions=True)
    assert sum(isinstance(outcome, CrossroadsError) for outcome in done) == 3
    assert await hub.pool.fetchval("SELECT count(*) FROM person_link") == 1


async def test_a_link_needs_two_operators(hub: World) -> None:
    for signers in ((), (ALICE,), (ALICE, ALICE_AGAIN)):
        with pytest.raises(Refused):
            await hub.identity.link(link_act(ANNA, BEA, signers), OPERATORS)
    good, other = link_act(ANNA, BEA), link_act(ANNA, CARL)
    forged = type(good)(kind=good.kind, payload=other.payload, signatures=good.signatures)
    with pytest.raises(Tampered):
        await hub.identity.link(forged, OPERATORS)
    assert len(await persons(hub, ANNA)) == 1


async def test_an_act_is_carried_out_once(hub: World) -> None:
    act = link_act(ANNA, BEA)
    await hub.identity.link(act, OPERATORS)
    await hub.identity.unlink(unlink_act(ANNA, BEA), OPERATORS)
    with pytest.raises(Conflict):
        await hub.identity.link(act, OPERATORS)
    assert len(await persons(hub, ANNA)) == 1


async def test_every_change_is_in_the_log_under_its_ticket(hub: World) -> None:
    ticket = await hub.identity.link(link_act(ANNA, BEA), OPERATORS)
    row = await hub.pool.fetchrow("SELECT event, content->>'actor' AS actor FROM log_entry WHERE ticket = $1", ticket)
    assert tuple(row) == ("identity:person:linked", "alice, bob")
    assert await hub.pool.fetchval("SELECT count(*) FROM person_link WHERE ticket = $1", ticket) == 1


async def test_what_cannot_be_logged_does_not_happen(hub: World) -> None:
    await hub.log.stop()
    with pytest.raises(CrossroadsError):
        await hub.identity.link(link_act(ANNA, BEA), OPERATORS)
    assert len(await persons(hub, ANNA)) == 1


async def test_an_act_for_another_installation_is_worth_nothing_here(hub: World) -> None:
    content = {"installation": "elsewhere.example", "from": ANNA, "into": BEA, "since": "2026-01-01"}
    foreign = signed_act("link-persons", {**content, "reason": "found twice", "at": "2026-01-01T00:00:00Z"})
    with pytest.raises(Refused, match="another installation"):
        await hub.identity.link(foreign, OPERATORS)

"""Finding a person: who may, how much is shown, and that whoever is shown can see it."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from bis import OTHER_PURPOSE, PURPOSE, Hub, by_name, by_number, creation, hub_of, particulars
from crossroads.admission.limits import LimitReached, Limits
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Malformed, Refused
from crossroads.wire.persons import MAXIMUM_CANDIDATES
from people import FUND, GHENT, LIEGE, MANAGED, MANAGER, OpenPool, by, ssin


@pytest.fixture
async def hub(pool: OpenPool) -> AsyncIterator[Hub]:
    async with hub_of(pool) as opened:
        yield opened


async def created(hub: Hub, *shown: Any, **named: Any) -> str:
    return (await hub.bis.create(creation(particulars(*shown, **named)), by(GHENT))).ssin.value


async def entries(hub: Hub) -> list[Any]:
    query = (
        "SELECT event, person, asker, content FROM log_entry WHERE event LIKE 'identity:person:s%' ORDER BY at, index"
    )
    return list(await hub.world.pool.fetch(query))


async def test_a_misspelt_name_finds_the_person_and_shows_what_identification_needs(hub: Hub) -> None:
    number = await created(hub, "Van den Bergh", "Youssef", "1980-03-15", address="Road 1", nationality="ZZ")
    await created(hub, "Peeters", "Jan", "1980-03-15")
    found = await hub.identification.find(by_name("Vandenberg", "1980-03-00", "Yusuf"), by(LIEGE))
    (candidate,) = found.items
    assert msgspec.to_builtins(candidate.known) == (
        {"truth": "shown", "lastName": "Van den Bergh", "firstNames": "Youssef", "birthDate": "1980-03-15"},
    )
    assert (candidate.ssin.value, found.total, found.more) == (number, 1, False)
    assert 0.5 < candidate.score < 1
    assert candidate.reasons
    searched, shown = await entries(hub)
    person = await hub.world.pool.fetchval("SELECT person FROM bis_number WHERE ssin = $1", number)
    assert (searched["event"], searched["person"], searched["asker"]) == ("identity:person:searched", None, LIEGE)
    assert (shown["event"], shown["person"], shown["asker"]) == ("identity:person:shown", person, LIEGE)
    said = msgspec.json.decode(shown["content"])
    assert (said["agent"], said["legalContext"], said["authorisation"]) == ("clerk-7", PURPOSE, "TEST/find")
    for secret in (number, "Bergh", "1980", "Yusuf"):
        assert secret not in shown["content"] + searched["content"]


async def test_a_number_finds_its_person_and_nobody_else(hub: Hub, tmp_path: Any) -> None:
    number, national = await created(hub), ssin(0)
    await hub.world.births(national, tmp=tmp_path)
    (found,) = (await hub.identification.find(by_number(number), by(GHENT))).items
    assert (found.ssin.value, found.ssin.replaces, found.score) == (number, None, 1.0)
    (unrecorded,) = (await hub.identification.find(by_number(national), by(GHENT))).items
    assert (unrecorded.ssin.value, unrecorded.known) == (national, ())
    assert (await hub.identification.find(by_number(ssin(9)), by(GHENT))).items == ()


async def test_nobody_lists_the_register(hub: Hub) -> None:
    firsts = ["Tim", "Eva", "Oleg", "Ruth", "Zoe", "Max", "Lea", "Ugo", "Kim", "Pia", "Bob", "Ans"]
    for month, first in enumerate(firsts, 1):
        await created(hub, "Zandbergen", first, f"1980-{month:02d}-{2 * month:02d}")
    found = await hub.identification.find(by_name("Zandbergen", "1980-00-00"), by(GHENT))
    assert (len(found.items), found.total, found.more) == (MAXIMUM_CANDIDATES, MAXIMUM_CANDIDATES, True)
    assert sum(entry["event"] == "identity:person:shown" for entry in await entries(hub)) == MAXIMUM_CANDIDATES


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        (by_name("Zandbergen", "0000-00-00"), "$.particulars.birthDate"),
        (by_name("Zandbergen", "1980-02-30"), "$.particulars.birthDate"),
        (by_number("12345678901"), "$.ssin"),
        (by_number(ssin(0), agent=ssin(0)), "$.agent"),
        (by_number(ssin(0), agent=f"clerk {ssin(0)}"), "$.agent"),
        (by_number(ssin(0), legal_context=ssin(0)), "$.legalContext"),
        (by_number(ssin(0), institution=ssin(0)), "$.institution"),
        (msgspec.structs.replace(by_number(ssin(0)), particulars=by_name("A", "1980-00-00").particulars), "$"),
        (msgspec.structs.replace(by_number(ssin(0)), ssin=None), "$"),
    ],
)
async def test_what_is_wrong_is_said_with_its_place(hub: Hub, wrong: Any, place: str) -> None:
    with pytest.raises(Malformed) as malformed:
        await hub.identification.find(wrong, by(GHENT))
    assert [fault.path for fault in malformed.value.faults] == [place]
    assert await entries(hub) == []


@pytest.mark.parametrize(
    ("signer", "about", "code"),
    [
        (GHENT, {}, None),
        (MANAGER, {"institution": MANAGED}, None),
        (GHENT, {"institution": MANAGED}, Code.NOT_MANAGED),
        (GHENT, {"institution": "nobody"}, Code.NOT_MANAGED),
        (GHENT, {"legal_context": OTHER_PURPOSE}, Code.NOT_AUTHORISED),
        (GHENT, {"legal_context": "NO:SUCH"}, Code.LEGAL_CONTEXT_NOT_ALLOWED),
        (FUND, {}, Code.LEGAL_CONTEXT_NOT_ALLOWED),
    ],
)
async def test_who_may_find_people(hub: Hub, signer: str, about: dict[str, str], code: Code | None) -> None:
    number = await created(hub)
    for query in (by_number(number, **about), by_name("Zandbergen", "1980-03-15", **about)):
        if code is None:
            assert (await hub.identification.find(query, by(signer))).total == 1
            continue
        with pytest.raises(Refused) as refusal:
            await hub.identification.find(query, by(signer))
        assert refusal.value.code is code
    events = {entry["event"] for entry in await entries(hub)}
    shown = {"identity:person:searched", "identity:person:shown"}
    assert events == (shown if code is None else {"identity:person:search-refused"})


async def test_the_rate_of_searches_holds_over_all_processes(pool: OpenPool) -> None:
    limits = Limits(searches_per_minute=2)
    async with hub_of(pool, limits) as first, hub_of(pool, limits) as second:
        outcomes = []
        for hub in (first, second, first, second, first):
            try:
                await hub.identification.find(by_number(ssin(0)), by(GHENT))
                outcomes.append(True)
            except LimitReached:
                outcomes.append(False)
        # A minute may end in between, and the count begin anew: even then not more than four of the five come through.
        assert outcomes[:2] == [True, True]
        assert not all(outcomes)
        await second.identification.find(by_number(ssin(0)), by(LIEGE))

"""Finding a person: who may, how much is shown, and that whoever is shown can see it."""

from typing import Any

import msgspec
import pytest

from bis import OTHER_PURPOSE, PURPOSE, Hub, by_name, by_number, created, hub_of
from crossroads.admission.limits import LimitReached, Limits
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Malformed, Refused
from crossroads.wire.persons import MAXIMUM_CANDIDATES
from people import FUND, GHENT, LIEGE, MANAGED, MANAGER, OpenPool, by, ssin

pytest_plugins = ["bis_fixtures"]


async def entries(office: Hub) -> list[Any]:
    query = (
        "SELECT event, person, asker, content FROM log_entry WHERE event LIKE 'identity:person:s%' ORDER BY at, index"
    )
    return list(await office.world.pool.fetch(query))


async def test_a_misspelt_name_finds_the_person_and_shows_what_identification_needs(office: Hub) -> None:
    number = await created(office, "Van den Bergh", "Youssef", "1980-03-15", address="Road 1", nationality="ZZ")
    await created(office, "Peeters", "Jan", "1980-03-15")
    found = await office.identification.find(by_name("Vandenberg", "1980-03-00", "Yusuf"), by(LIEGE))
    (candidate,) = found.items
    assert msgspec.to_builtins(candidate.known) == (
        {"truth": "shown", "lastName": "Van den Bergh", "firstNames": "Youssef", "birthDate": "1980-03-15"},
    )
    assert (candidate.ssin.value, found.total, found.more) == (number, 1, False)
    assert 0.5 < candidate.score < 1
    assert candidate.reasons
    searched, shown = await entries(office)
    person = await office.world.pool.fetchval("SELECT person FROM bis_number WHERE ssin = $1", number)
    assert (searched["event"], searched["person"], searched["asker"]) == ("identity:person:searched", None, LIEGE)
    assert (shown["event"], shown["person"], shown["asker"]) == ("identity:person:shown", person, LIEGE)
    said = msgspec.json.decode(shown["content"])
    assert (said["agent"], said["legalContext"], said["authorisation"]) == ("clerk-7", PURPOSE, "TEST/find")
    for secret in (number, "Bergh", "1980", "Yusuf"):
        assert secret not in shown["content"] + searched["content"]


async def test_a_number_finds_its_person_and_nobody_else(office: Hub, tmp_path: Any) -> None:
    number, national = await created(office), ssin(0)
    await office.world.births(national, tmp=tmp_path)
    (found,) = (await office.identification.find(by_number(number), by(GHENT))).items
    assert (found.ssin.value, found.ssin.replaces, found.score) == (number, None, 1.0)
    (unrecorded,) = (await office.identification.find(by_number(national), by(GHENT))).items
    assert (unrecorded.ssin.value, unrecorded.known) == (national, ())
    assert (await office.identification.find(by_number(ssin(9)), by(GHENT))).items == ()


async def test_nobody_lists_the_register(office: Hub) -> None:
    firsts = ["Tim", "Eva", "Oleg", "Ruth", "Zoe", "Max", "Lea", "Ugo", "Kim", "Pia", "Bob", "Ans"]
    for month, first in enumerate(firsts, 1):
        await created(office, "Zandbergen", first, f"1980-{month:02d}-{2 * month:02d}")
    found = await office.identification.find(by_name("Zandbergen", "1980-00-00"), by(GHENT))
    assert (len(found.items), found.total, found.more) == (MAXIMUM_CANDIDATES, MAXIMUM_CANDIDATES, True)
    assert sum(entry["event"] == "identity:person:shown" for entry in await entries(office)) == MAXIMUM_CANDIDATES


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
async def test_what_is_wrong_is_said_with_its_place(office: Hub, wrong: Any, place: str) -> None:
    with pytest.raises(Malformed) as malformed:
        await office.identification.find(wrong, by(GHENT))
    assert [fault.path for fault in malformed.value.faults] == [place]
    assert await entries(office) == []


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
async def test_who_may_find_people(office: Hub, signer: str, about: dict[str, str], code: Code | None) -> None:
    number = await created(office)
    for query in (by_number(number, **about), by_name("Zandbergen", "1980-03-15", **about)):
        if code is None:
            assert (await office.identification.find(query, by(signer))).total == 1
            continue
        with pytest.raises(Refused) as refusal:
            await office.identification.find(query, by(signer))
        assert refusal.value.code is code
    events = {entry["event"] for entry in await entries(office)}
    shown = {"identity:person:searched", "identity:person:shown"}
    assert events == (shown if code is None else {"identity:person:search-refused"})


async def test_the_rate_of_searches_holds_over_all_processes(pool: OpenPool) -> None:
    limits = Limits(searches_per_minute=2)
    async with hub_of(pool, limits) as first, hub_of(pool, limits) as second:
        outcomes = []
        for office in (first, second, first, second, first):
            try:
                await office.identification.find(by_number(ssin(0)), by(GHENT))
                outcomes.append(True)
            except LimitReached:
                outcomes.append(False)
        # A minute may end in between, and the count begin anew: even then not more than four of the five come through.
        assert outcomes[:2] == [True, True]
        assert not all(outcomes)
        await second.identification.find(by_number(ssin(0)), by(LIEGE))

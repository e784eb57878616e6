"""The BIS register: a national number takes the place of a BIS number."""

from pathlib import Path

import pytest

from bis import (
    ACTS,
    NATIONAL,
    Hub,
    by_number,
    created,
    outbox,
    replacement,
)
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Conflict, CrossroadsError, Refused
from crossroads.wire.persons import Truth
from people import (
    GHENT,
    OPERATORS,
    by,
    link_act,
)

pytest_plugins = ["bis_fixtures"]


async def test_a_national_number_takes_the_place_of_the_bis_number_once_the_register_confirms(office: Hub) -> None:
    number = await created(office, "Zandbergen", "Ilse", "1980-03-15")
    request = replacement(number, NATIONAL)
    with pytest.raises(Refused) as refusal:
        await office.bis.replace(request, by(GHENT))
    assert refusal.value.code is Code.PERSON_NOT_IDENTIFIED
    office.world.register.names[NATIONAL] = "Zandbergen"
    outcome = await office.bis.replace(request, by(GHENT))
    assert (outcome.ssin.value, outcome.ssin.replaces) == (NATIONAL, number)
    asked = office.world.register.asked
    assert await office.bis.replace(request, by(GHENT)) == outcome
    assert office.world.register.asked == asked
    (found,) = (await office.identification.find(by_number(number), by(GHENT))).items
    assert (found.ssin.value, found.ssin.replaces) == (NATIONAL, number)
    assert {known.truth: known.last_name for known in found.known} == {
        Truth.REGISTER: "ZANDBERGEN",
        Truth.SHOWN: "Zandbergen",
    }
    for act in ACTS.values():
        with pytest.raises(CrossroadsError) as late:
            await act(office, number, GHENT)
        assert late.value.code is Code.PERSON_NOT_IN_BIS
    assert [kind for kind, *_ in await outbox(office)] == ["created", "number-replaced"]


async def test_the_national_number_of_somebody_else_is_for_operators(office: Hub) -> None:
    number = await created(office, "Zandbergen", "Ilse", "1980-03-15")
    office.world.register.names[NATIONAL] = "Somebodyelse"
    for given in (
        {"last_name": "Somebodyelse", "birth_date": "1951-01-01"},
        {"last_name": "Somebodyelse"},
        {"birth_date": "1951-01-01"},
    ):
        with pytest.raises(Refused) as refusal:
            await office.bis.replace(replacement(number, NATIONAL, **given), by(GHENT))
        assert refusal.value.code is Code.PERSON_DIFFERS
    assert office.world.register.asked == 0
    office.world.register.names[NATIONAL] = "Zandberghen"
    given = {"last_name": "Zandberghen", "birth_date": "1980-03-16"}
    assert (await office.bis.replace(replacement(number, NATIONAL, **given), by(GHENT))).ssin.value == NATIONAL


async def test_what_a_register_says_is_not_how_an_institution_spells_it(office: Hub) -> None:
    number = await created(office, "Zandbergen", "Ilse", "1980-03-15")
    office.world.register.names[NATIONAL] = spelt = "z\u00e0nd-b e r (g) en"
    await office.bis.replace(replacement(number, NATIONAL, last_name=spelt), by(GHENT))
    (found,) = (await office.identification.find(by_number(NATIONAL), by(GHENT))).items
    assert [known.last_name for known in found.known] == ["ZANDBERGEN", "Zandbergen"]


async def test_the_number_of_another_person_is_not_taken(office: Hub, tmp_path: Path) -> None:
    office.world.register.names[NATIONAL] = "Zandbergen"
    number = await created(office, "Zandbergen", "Ilse", "1980-03-15")
    await office.world.births(NATIONAL, tmp=tmp_path)
    with pytest.raises(Conflict) as conflict:
        await office.bis.replace(replacement(number, NATIONAL), by(GHENT))
    assert "link the two persons" in str(conflict.value)
    await office.world.identity.link(link_act(number, NATIONAL), OPERATORS)
    (found,) = (await office.identification.find(by_number(number), by(GHENT))).items
    assert (found.ssin.value, found.ssin.replaces) == (NATIONAL, number)
    with pytest.raises(Refused) as refusal:
        await ACTS["correct"](office, number, GHENT)
    assert refusal.value.code is Code.PERSON_NOT_IN_BIS

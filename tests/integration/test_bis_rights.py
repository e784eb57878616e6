"""The BIS register: who may create a person, and who may change one."""

from pathlib import Path

import pytest

from bis import (
    ACTS,
    NATIONAL,
    REGISTER,
    Hub,
    created,
    creation,
    logged,
    outbox,
    person_of,
)
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Refused
from people import (
    FUND,
    GHENT,
    LIEGE,
    LIVING_WAGE,
    MANAGED,
    MANAGER,
    OTHER_AID,
    by,
    days,
    line,
    ssin,
)

pytest_plugins = ["bis_fixtures"]


@pytest.mark.parametrize(
    ("caller", "may"), [(GHENT, True), (FUND, True), (REGISTER, True), (LIEGE, False), (MANAGER, False)]
)
async def test_who_created_or_inscribed_a_person_may_change_it_and_nobody_else(
    office: Hub, caller: str, may: bool
) -> None:
    office.world.register.names[NATIONAL] = "Duinen"
    number = await created(office, "Zandbergen", "Ilse", "1980-03-15", at=GHENT)
    ended = line(number, days("2020-01-01", "2020-12-31"), LIEGE, context=OTHER_AID)
    await office.world.directory.open(ended, by(LIEGE))
    await office.world.directory.open(line(number, days("2026-01-01"), FUND, context="7:101"), by(FUND))
    for act in ACTS.values():
        if may:
            assert (await act(office, number, caller)).ticket
            continue
        refusals = []
        for asked in (number, ssin(300)):
            with pytest.raises(Refused) as refusal:
                await act(office, asked, caller)
            refusals.append((refusal.value.code, str(refusal.value)))
        assert refusals[0] == refusals[1]
        assert refusals[0][0] is Code.PERSON_NOT_OWN
    person = await person_of(office, number)
    refused = [entry["person"] for entry in await logged(office, "identity:bis:refused")]
    told = [kind for kind, *_ in await outbox(office)]
    assert refused == ([] if may else [person, None] * 3)
    assert told == (["created", "corrected", "deceased", "number-replaced"] if may else ["created"])


@pytest.mark.parametrize(
    ("signer", "institution", "code"),
    [
        (MANAGER, MANAGED, None),
        (MANAGED, MANAGED, None),
        (GHENT, MANAGED, Code.NOT_MANAGED),
        (GHENT, "nobody", Code.NOT_MANAGED),
        (FUND, None, Code.LEGAL_CONTEXT_NOT_ALLOWED),
    ],
)
async def test_who_may_find_people_may_create_one_and_for_whom(
    office: Hub, signer: str, institution: str | None, code: Code | None
) -> None:
    work = office.bis.create(creation(institution=institution), by(signer))
    if code is None:
        await work
        assert await office.world.pool.fetchval("SELECT creator FROM bis_number") == institution
        return
    with pytest.raises(Refused) as refusal:
        await work
    assert refusal.value.code is code
    assert await office.world.pool.fetchval("SELECT count(*) FROM person") == 0


@pytest.mark.parametrize(("context", "phase"), [(LIVING_WAGE, 902), (OTHER_AID, 0)], ids=["provisional", "unproven"])
async def test_an_inscription_that_proves_little_lets_nobody_change_a_person(
    office: Hub, context: str, phase: int
) -> None:
    office.world.register.names[NATIONAL] = "Zandbergen"
    number = await created(office, "Zandbergen", "Ilse", "1980-03-15", at=GHENT)
    await office.world.directory.open(line(number, days("2026-01-01"), LIEGE, context=context, phase=phase), by(LIEGE))
    for act in ACTS.values():
        with pytest.raises(Refused) as refusal:
            await act(office, number, LIEGE)
        assert refusal.value.code is Code.PERSON_NOT_OWN


async def test_who_has_a_national_number_is_not_changed_here(office: Hub, tmp_path: Path) -> None:
    national = ssin(0)
    await office.world.births(national, tmp=tmp_path)
    await office.world.directory.open(line(national, days("2026-01-01")), by(GHENT))
    for act in ACTS.values():
        with pytest.raises(Refused) as refusal:
            await act(office, national, GHENT)
        assert refusal.value.code is Code.PERSON_NOT_IN_BIS
    assert await outbox(office) == []

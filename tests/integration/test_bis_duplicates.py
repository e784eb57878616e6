"""The BIS register: nobody comes into it twice, by creation or by correction, without operators who say so."""

import asyncio
import re
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from bis import (
    Hub,
    correction,
    created,
    creation,
    hub_of,
    logged,
    particulars,
    person_of,
)
from crossroads.admission.limits import LimitReached, Limits
from crossroads.identity.bis_store import compared
from crossroads.identity.model import DISTINGUISH
from crossroads.identity.requests import SuspectedDuplicates
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Malformed, Refused
from crossroads.kernel.names.comparison import DUPLICATE, POSSIBLE, compare
from people import (
    ALICE,
    GHENT,
    INSTALLATION,
    LIEGE,
    OPERATORS,
    OpenPool,
    by,
    signed_act,
)

pytest_plugins = ["bis_fixtures"]


async def test_a_likely_duplicate_is_refused_without_a_trace_of_the_person_known(office: Hub) -> None:
    number = await created(office, "Van den Zandbergen", "Ilse Maria", "1980-03-15")
    again = creation(particulars("Vandenzandbergen", "Ilse", "1980-03-15"))
    with pytest.raises(SuspectedDuplicates) as refusal:
        await office.bis.create(again, by(LIEGE))
    message = str(refusal.value)
    assert refusal.value.code is Code.PERSON_SUSPECTED_DUPLICATE
    assert message.startswith("1 person known here may be the same")
    for trace in (number, "Zandbergen", "Ilse", "Maria", "1980", GHENT):
        assert trace not in message
    (suspected,) = await logged(office, "identity:bis:duplicate-suspected")
    assert (suspected["person"], suspected["asker"]) == (await person_of(office, number), LIEGE)
    assert str(suspected["ticket"]) in message
    assert await office.world.pool.fetchval("SELECT count(*) FROM person") == 1
    with pytest.raises(SuspectedDuplicates):  # whoever agrees so closely cannot be set aside
        await office.bis.create(
            msgspec.structs.replace(again, confirmed=(number,), reason="looks different"), by(LIEGE)
        )


async def test_two_operators_let_a_namesake_of_the_same_day_be_created(office: Hub) -> None:
    number = await created(office, "Zandbergen", "Ilse", "1980-03-15")
    namesake = creation(confirmed=(number,), reason="both were seen together")
    with pytest.raises(SuspectedDuplicates) as refusal:
        await office.bis.create(namesake, by(LIEGE))
    assert "operators" in str(refusal.value)
    content = allowed(namesake.reference, refusal.value)
    with pytest.raises(Refused):
        await office.world.identity.carry_out(signed_act(DISTINGUISH, content, [ALICE]), OPERATORS)
    await office.world.identity.carry_out(signed_act(DISTINGUISH, content), OPERATORS)
    for other in (
        msgspec.structs.replace(namesake, confirmed=(), reason=None),
        msgspec.structs.replace(namesake, reference="another"),
        msgspec.structs.replace(namesake, particulars=particulars("Zandberghen", "Ilse", "1980-03-15")),
    ):
        with pytest.raises(SuspectedDuplicates):
            await office.bis.create(other, by(LIEGE))
    assert (await office.bis.create(namesake, by(LIEGE))).ssin.value != number
    (entry,) = await logged(office, "identity:bis:duplicate-allowed")
    assert namesake.reference in entry["content"]


def allowed(reference: str, refusal: Exception, at: str = LIEGE) -> dict[str, Any]:
    """Give what operators sign so that the refused request may go on."""
    (digest,) = re.findall(r"\b[0-9a-f]{64}\b", str(refusal))
    content = {"installation": INSTALLATION, "institution": at, "reference": reference, "request": digest}
    return content | {"reason": "both were seen", "at": datetime.now(UTC).isoformat()}


async def test_nobody_becomes_somebody_known_by_a_correction(office: Hub) -> None:
    known = await created(office, "Zandbergen", "Ilse", "1980-03-15")
    number = await created(office, "Qqqqx", "Wxv", "1911-01-02", at=LIEGE)
    corrected = correction(number, particulars("Zandbergen", "Ilse", "1980-03-15"))
    for tried in (corrected, msgspec.structs.replace(corrected, confirmed=(known,))):
        with pytest.raises(SuspectedDuplicates) as refusal:
            await office.bis.correct(tried, by(LIEGE))
    about = {entry["person"] for entry in await logged(office, "identity:bis:duplicate-suspected")}
    assert about == {await person_of(office, known)}
    await office.world.identity.carry_out(
        signed_act(DISTINGUISH, allowed(corrected.reference, refusal.value)), OPERATORS
    )
    await office.bis.correct(tried, by(LIEGE))


async def test_a_correction_is_of_somebody_possibly_another_when_the_institution_says_so(office: Hub) -> None:
    known = await created(office, "Zandbergen", "Ilse", "1980-03-15")
    number = await created(office, "Qqqqx", "Wxv", "1911-01-02", at=LIEGE)
    corrected = correction(number, particulars("Zandbergen", "Ilsa", "1983-03-15"))
    with pytest.raises(SuspectedDuplicates):
        await office.bis.correct(corrected, by(LIEGE))
    await office.bis.correct(msgspec.structs.replace(corrected, confirmed=(known,)), by(LIEGE))
    moved = particulars("Zandbergen", "Ilsa", "1983-03-15", address="Road 2")
    await office.bis.correct(correction(number, moved), by(LIEGE))  # who is not made anybody else is not searched


async def test_of_many_who_become_one_person_at_once_one_does(pool: OpenPool) -> None:
    async with hub_of(pool) as first, hub_of(pool) as second:
        shown = [("Aerts", "Tim", "1950-01-02"), ("Duinen", "Eva", "1961-03-04"), ("Haddad", "Oleg", "1972-05-06")]
        numbers = [await created(first, *one) for one in shown]
        hubs = (first, second, first)
        work = [
            office.bis.correct(correction(one, particulars()), by(GHENT))
            for office, one in zip(hubs, numbers, strict=True)
        ]
        done = await asyncio.gather(*work, first.bis.create(creation(), by(GHENT)), return_exceptions=True)
        assert sum(isinstance(outcome, SuspectedDuplicates) for outcome in done) == 3


async def test_corrections_count_as_searches(pool: OpenPool) -> None:
    async with hub_of(pool, Limits(searches_per_minute=1)) as office:
        number = await created(office, at=LIEGE)
        outcomes = []
        for _ in range(3):  # a minute may end in between
            try:
                await office.bis.correct(correction(number, particulars("Zandberg")), by(LIEGE))
                outcomes.append(True)
            except LimitReached:
                outcomes.append(False)
        assert not all(outcomes)


async def test_one_who_may_be_the_same_is_set_aside_by_name_and_with_a_reason(office: Hub) -> None:
    number = await created(office, "Zandbergen", "Ilse", "1980-03-15")
    shown = particulars("Zandbergen", "Ilsa", "1983-03-15")
    assert POSSIBLE <= compare(compared(shown), compared(particulars())).score < DUPLICATE
    other = creation(shown, confirmed=(number,), reason="born three years later")
    with pytest.raises(SuspectedDuplicates):
        await office.bis.create(msgspec.structs.replace(other, confirmed=(), reason=None), by(GHENT))
    with pytest.raises(Malformed) as malformed:
        await office.bis.create(msgspec.structs.replace(other, reason=None), by(GHENT))
    assert [fault.path for fault in malformed.value.faults] == ["$.reason"]
    outcome = await office.bis.create(other, by(GHENT))
    assert outcome.ssin.value != number
    with pytest.raises(Malformed) as wrong:
        await office.bis.create(creation(confirmed=("12345678901",), reason="another"), by(GHENT))
    assert [fault.path for fault in wrong.value.faults] == ["$.confirmed[0]"]


async def test_many_who_create_one_person_at_once_make_one(pool: OpenPool) -> None:
    async with hub_of(pool) as first, hub_of(pool) as second:
        work = [office.bis.create(creation(), by(GHENT)) for office in (first, second) for _ in range(4)]
        done = await asyncio.gather(*work, return_exceptions=True)
        assert sum(isinstance(outcome, SuspectedDuplicates) for outcome in done) == 7
        assert await first.world.pool.fetchval("SELECT count(*) FROM person") == 1

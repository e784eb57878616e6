"""The BIS register: creation after a duplicate check, corrections on two time axes, death, and the national number."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from bis import (
    PASSPORT,
    REGISTER,
    Hub,
    by_number,
    correction,
    creation,
    death,
    hub_of,
    particulars,
    replacement,
)
from crossroads.admission.limits import LimitReached, Limits
from crossroads.identity.bis_numbers import all_series
from crossroads.identity.bis_store import compared
from crossroads.identity.closure import closure_of
from crossroads.identity.model import DISTINGUISH
from crossroads.identity.requests import SuspectedDuplicates
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Conflict, CrossroadsError, Malformed, Refused
from crossroads.kernel.names.comparison import DUPLICATE, POSSIBLE, compare
from crossroads.kernel.names.particulars import Sex
from crossroads.kernel.ssin import Environment, IncompleteDate, Register, parse_ssin
from crossroads.wire.messages import InscriptionQuery
from crossroads.wire.persons import Truth
from database import Database
from people import (
    ALICE,
    FUND,
    GHENT,
    INSTALLATION,
    LIEGE,
    LIVING_WAGE,
    MANAGED,
    MANAGER,
    OPERATORS,
    OTHER_AID,
    OpenPool,
    by,
    days,
    line,
    link_act,
    signed_act,
    ssin,
    unlink_act,
)

NATIONAL = ssin(7)


@pytest.fixture
async def hub(pool: OpenPool) -> AsyncIterator[Hub]:
    async with hub_of(pool) as opened:
        yield opened


async def created(hub: Hub, *shown: Any, at: str = GHENT, **named: Any) -> str:
    return (await hub.bis.create(creation(particulars(*shown, **named)), by(at))).ssin.value


async def outbox(hub: Hub) -> list[tuple[Any, ...]]:
    rows = await hub.world.pool.fetch("SELECT kind, person, related_person FROM identity_event ORDER BY event")
    return [tuple(row) for row in rows]


async def logged(hub: Hub, event: str) -> list[Any]:
    query = "SELECT person, asker, ticket, content FROM log_entry WHERE event = $1 ORDER BY at, index"
    return list(await hub.world.pool.fetch(query, event))


async def person_of(hub: Hub, number: str) -> int:
    async with hub.world.pool.acquire() as connection:
        found = await closure_of(connection, number)
    assert found is not None
    return found.asked


async def test_a_person_gets_a_number_and_can_be_inscribed(hub: Hub) -> None:
    request = creation(particulars(sex=Sex.FEMALE, birth_place="Illustria", nationality="ZZ", address="Road 1"))
    outcome = await hub.bis.create(request, by(GHENT))
    number = outcome.ssin.value
    parsed = parse_ssin(number, Environment.TEST, date(2026, 6, 1))
    assert (parsed.register, parsed.male, parsed.birth.known) == (Register.MOCK, False, date(1980, 3, 15))
    assert await hub.bis.create(request, by(GHENT)) == outcome
    person = await person_of(hub, number)
    assert await outbox(hub) == [("created", person, None)]
    (entry,) = await logged(hub, "identity:bis:created")
    assert (entry["person"], entry["asker"], entry["ticket"]) == (person, GHENT, outcome.ticket)
    for secret in (number, "Zandbergen", "1980-03-15", PASSPORT.number, "Road 1"):
        assert secret not in entry["content"]
    held = await hub.world.directory.query(_lines_of(number), by(GHENT))
    assert held.items == ()
    assert (await hub.world.directory.open(line(number, days("2026-01-01")), by(GHENT))).items


def _lines_of(number: str) -> InscriptionQuery:
    return InscriptionQuery(institution=GHENT, ssin=number, period=days("1950-01-01"))


async def test_the_same_reference_with_another_body_is_refused(hub: Hub) -> None:
    request = creation()
    await hub.bis.create(request, by(GHENT))
    with pytest.raises(Conflict) as conflict:
        await hub.bis.create(msgspec.structs.replace(request, particulars=particulars("Ander")), by(GHENT))
    assert conflict.value.code is Code.REFERENCE_REUSED
    assert len(await outbox(hub)) == 1


async def test_a_likely_duplicate_is_refused_without_a_trace_of_the_person_known(hub: Hub) -> None:
    number = await created(hub, "Van den Zandbergen", "Ilse Maria", "1980-03-15")
    again = creation(particulars("Vandenzandbergen", "Ilse", "1980-03-15"))
    with pytest.raises(SuspectedDuplicates) as refusal:
        await hub.bis.create(again, by(LIEGE))
    message = str(refusal.value)
    assert refusal.value.code is Code.PERSON_SUSPECTED_DUPLICATE
    assert message.startswith("1 person known here may be the same")
    for trace in (number, "Zandbergen", "Ilse", "Maria", "1980", GHENT):
        assert trace not in message
    (suspected,) = await logged(hub, "identity:bis:duplicate-suspected")
    assert (suspected["person"], suspected["asker"]) == (await person_of(hub, number), LIEGE)
    assert str(suspected["ticket"]) in message
    assert await hub.world.pool.fetchval("SELECT count(*) FROM person") == 1
    with pytest.raises(SuspectedDuplicates):  # whoever agrees so closely cannot be set aside
        await hub.bis.create(msgspec.structs.replace(again, confirmed=(number,), reason="looks different"), by(LIEGE))


async def test_two_operators_let_a_namesake_of_the_same_day_be_created(hub: Hub) -> None:
    number = await created(hub, "Zandbergen", "Ilse", "1980-03-15")
    namesake = creation(confirmed=(number,), reason="both were seen together")
    with pytest.raises(SuspectedDuplicates) as refusal:
        await hub.bis.create(namesake, by(LIEGE))
    assert "operators" in str(refusal.value)
    content = allowed(namesake.reference, refusal.value)
    with pytest.raises(Refused):
        await hub.world.identity.carry_out(signed_act(DISTINGUISH, content, [ALICE]), OPERATORS)
    await hub.world.identity.carry_out(signed_act(DISTINGUISH, content), OPERATORS)
    for other in (
        msgspec.structs.replace(namesake, confirmed=(), reason=None),
        msgspec.structs.replace(namesake, reference="another"),
        msgspec.structs.replace(namesake, particulars=particulars("Zandberghen", "Ilse", "1980-03-15")),
    ):
        with pytest.raises(SuspectedDuplicates):
            await hub.bis.create(other, by(LIEGE))
    assert (await hub.bis.create(namesake, by(LIEGE))).ssin.value != number
    (entry,) = await logged(hub, "identity:bis:duplicate-allowed")
    assert namesake.reference in entry["content"]


def allowed(reference: str, refusal: Exception, at: str = LIEGE) -> dict[str, Any]:
    """Give what operators sign so that the refused request may go on."""
    (digest,) = re.findall(r"\b[0-9a-f]{64}\b", str(refusal))
    content = {"installation": INSTALLATION, "institution": at, "reference": reference, "request": digest}
    return content | {"reason": "both were seen", "at": datetime.now(UTC).isoformat()}


async def test_nobody_becomes_somebody_known_by_a_correction(hub: Hub) -> None:
    known = await created(hub, "Zandbergen", "Ilse", "1980-03-15")
    number = await created(hub, "Qqqqx", "Wxv", "1911-01-02", at=LIEGE)
    corrected = correction(number, particulars("Zandbergen", "Ilse", "1980-03-15"))
    for tried in (corrected, msgspec.structs.replace(corrected, confirmed=(known,))):
        with pytest.raises(SuspectedDuplicates) as refusal:
            await hub.bis.correct(tried, by(LIEGE))
    about = {entry["person"] for entry in await logged(hub, "identity:bis:duplicate-suspected")}
    assert about == {await person_of(hub, known)}
    await hub.world.identity.carry_out(signed_act(DISTINGUISH, allowed(corrected.reference, refusal.value)), OPERATORS)
    await hub.bis.correct(tried, by(LIEGE))


async def test_a_correction_is_of_somebody_possibly_another_when_the_institution_says_so(hub: Hub) -> None:
    known = await created(hub, "Zandbergen", "Ilse", "1980-03-15")
    number = await created(hub, "Qqqqx", "Wxv", "1911-01-02", at=LIEGE)
    corrected = correction(number, particulars("Zandbergen", "Ilsa", "1983-03-15"))
    with pytest.raises(SuspectedDuplicates):
        await hub.bis.correct(corrected, by(LIEGE))
    await hub.bis.correct(msgspec.structs.replace(corrected, confirmed=(known,)), by(LIEGE))
    moved = particulars("Zandbergen", "Ilsa", "1983-03-15", address="Road 2")
    await hub.bis.correct(correction(number, moved), by(LIEGE))  # who is not made anybody else is not searched


async def test_of_many_who_become_one_person_at_once_one_does(pool: OpenPool) -> None:
    async with hub_of(pool) as first, hub_of(pool) as second:
        shown = [("Aerts", "Tim", "1950-01-02"), ("Duinen", "Eva", "1961-03-04"), ("Haddad", "Oleg", "1972-05-06")]
        numbers = [await created(first, *one) for one in shown]
        hubs = (first, second, first)
        work = [
            hub.bis.correct(correction(one, particulars()), by(GHENT)) for hub, one in zip(hubs, numbers, strict=True)
        ]
        done = await asyncio.gather(*work, first.bis.create(creation(), by(GHENT)), return_exceptions=True)
        assert sum(isinstance(outcome, SuspectedDuplicates) for outcome in done) == 3


async def test_corrections_count_as_searches(pool: OpenPool) -> None:
    async with hub_of(pool, Limits(searches_per_minute=1)) as hub:
        number = await created(hub, at=LIEGE)
        outcomes = []
        for _ in range(3):  # a minute may end in between
            try:
                await hub.bis.correct(correction(number, particulars("Zandberg")), by(LIEGE))
                outcomes.append(True)
            except LimitReached:
                outcomes.append(False)
        assert not all(outcomes)


async def test_one_who_may_be_the_same_is_set_aside_by_name_and_with_a_reason(hub: Hub) -> None:
    number = await created(hub, "Zandbergen", "Ilse", "1980-03-15")
    shown = particulars("Zandbergen", "Ilsa", "1983-03-15")
    assert POSSIBLE <= compare(compared(shown), compared(particulars())).score < DUPLICATE
    other = creation(shown, confirmed=(number,), reason="born three years later")
    with pytest.raises(SuspectedDuplicates):
        await hub.bis.create(msgspec.structs.replace(other, confirmed=(), reason=None), by(GHENT))
    with pytest.raises(Malformed) as malformed:
        await hub.bis.create(msgspec.structs.replace(other, reason=None), by(GHENT))
    assert [fault.path for fault in malformed.value.faults] == ["$.reason"]
    outcome = await hub.bis.create(other, by(GHENT))
    assert outcome.ssin.value != number
    with pytest.raises(Malformed) as wrong:
        await hub.bis.create(creation(confirmed=("12345678901",), reason="another"), by(GHENT))
    assert [fault.path for fault in wrong.value.faults] == ["$.confirmed[0]"]


async def test_many_who_create_one_person_at_once_make_one(pool: OpenPool) -> None:
    async with hub_of(pool) as first, hub_of(pool) as second:
        work = [hub.bis.create(creation(), by(GHENT)) for hub in (first, second) for _ in range(4)]
        done = await asyncio.gather(*work, return_exceptions=True)
        assert sum(isinstance(outcome, SuspectedDuplicates) for outcome in done) == 7
        assert await first.world.pool.fetchval("SELECT count(*) FROM person") == 1


async def test_many_who_create_others_of_one_birth_date_at_once_get_numbers_of_their_own(pool: OpenPool) -> None:
    names = ["Aerts", "Bogaert", "Ciobanu", "Dewit", "Erdogan", "Fontaine", "Goossens", "Haddad", "Ionescu", "Janssens"]
    firsts = ["Tim", "Eva", "Oleg", "Ruth", "Zoe", "Max", "Lea", "Ugo", "Kim", "Pia"]
    async with hub_of(pool) as first, hub_of(pool) as second:
        work = [
            (first, second)[at % 2].bis.create(creation(particulars(last, firsts[at], "1980-03-15")), by(GHENT))
            for at, last in enumerate(names)
        ]
        numbers = {outcome.ssin.value for outcome in await asyncio.gather(*work)}
        assert len(numbers) == len(names)


async def test_a_number_that_a_first_load_brought_is_passed_over(hub: Hub, tmp_path: Path) -> None:
    taken = next(all_series(IncompleteDate(1980, 3, 15), Sex.MALE, Environment.TEST)).number(1)
    await hub.world.births(taken, tmp=tmp_path)
    number = await created(hub, "Zandbergen", "Ilse", "1980-03-15", sex=Sex.MALE)
    assert (taken[:9], number[:9]) == ("806315997", "806315995")


async def test_when_a_birth_date_is_used_up_the_number_says_the_year_alone(hub: Hub) -> None:
    await hub.world.pool.execute("INSERT INTO bis_counter (series, last) VALUES ('19806315 997/2', 499)")
    number = await created(hub, "Zandbergen", "Ward", "1980-03-15", sex=Sex.MALE)
    assert number[:9] == "806000997"


async def test_a_correction_keeps_what_was_believed(hub: Hub) -> None:
    number = await created(hub, "Zandberghe", "Ilse", "1980-03-15")
    before = datetime.now(UTC)
    await hub.bis.correct(correction(number, particulars("Zandbergen", "Ilse", "1980-03-16")), by(GHENT))
    (then,), (now,) = (
        await hub.bis.as_believed_on(number, before),
        await hub.bis.as_believed_on(number, datetime.now(UTC)),
    )
    assert (then.particulars.last_name, then.particulars.birth_date) == ("Zandberghe", "1980-03-15")
    assert (now.particulars.last_name, now.particulars.birth_date) == ("Zandbergen", "1980-03-16")
    assert (then.start_date, now.start_date, now.end_date) == (date.min, date.min, None)
    row = await hub.world.pool.fetchrow("SELECT reason, actor, replaced_by FROM bis_particulars_history")
    (entry,) = await logged(hub, "identity:bis:corrected")
    assert tuple(row) == ("misread", GHENT, entry["ticket"])
    assert [kind for kind, *_ in await outbox(hub)] == ["created", "corrected"]


async def test_what_changed_on_a_day_leaves_what_held_before(hub: Hub) -> None:
    number = await created(hub, "Zandbergen", "Ilse", "1980-03-15")
    married = correction(number, particulars("Duinen", "Ilse", "1980-03-15"), since=date(2020, 6, 1), reason="married")
    await hub.bis.correct(married, by(GHENT))
    lines = await hub.bis.as_believed_on(number, datetime.now(UTC))
    assert [(known.particulars.last_name, known.start_date, known.end_date) for known in lines] == [
        ("Duinen", date(2020, 6, 1), None),
        ("Zandbergen", date.min, date(2020, 5, 31)),
    ]
    with pytest.raises(Malformed) as malformed:
        await hub.bis.correct(
            correction(number, particulars("Strand", "Ilse", "1980-03-15"), since=date(2020, 6, 1)), by(GHENT)
        )
    assert [fault.path for fault in malformed.value.faults] == ["$.since"]


async def test_what_a_register_says_is_kept_apart_from_what_was_shown(hub: Hub) -> None:
    number = await created(hub, "Zandbergen", "Ilse", "1980-03-15")
    says = correction(number, particulars("Zandberg", "Ilse", "1981-03-15"), truth=Truth.REGISTER)
    with pytest.raises(Refused) as refusal:
        await hub.bis.correct(says, by(GHENT))
    assert refusal.value.code is Code.NOT_AUTHORISED
    await hub.bis.correct(says, by(REGISTER))
    (found,) = (await hub.identification.find(by_number(number), by(GHENT))).items
    assert [(known.truth, known.last_name) for known in found.known] == [
        (Truth.REGISTER, "Zandberg"),
        (Truth.SHOWN, "Zandbergen"),
    ]


Act = Callable[[Hub, str, str], Awaitable[Any]]
ACTS: dict[str, Act] = {
    "correct": lambda hub, number, at: hub.bis.correct(correction(number, particulars("Duinen", "Ilse")), by(at)),
    "decease": lambda hub, number, at: hub.bis.decease(death(number), by(at)),
    "replace": lambda hub, number, at: hub.bis.replace(replacement(number, NATIONAL), by(at)),
}


@pytest.mark.parametrize(
    ("caller", "may"), [(GHENT, True), (FUND, True), (REGISTER, True), (LIEGE, False), (MANAGER, False)]
)
async def test_who_created_or_inscribed_a_person_may_change_it_and_nobody_else(
    hub: Hub, caller: str, may: bool
) -> None:
    hub.world.register.names[NATIONAL] = "Duinen"
    number = await created(hub, "Zandbergen", "Ilse", "1980-03-15", at=GHENT)
    ended = line(number, days("2020-01-01", "2020-12-31"), LIEGE, context=OTHER_AID)
    await hub.world.directory.open(ended, by(LIEGE))
    await hub.world.directory.open(line(number, days("2026-01-01"), FUND, context="7:101"), by(FUND))
    for act in ACTS.values():
        if may:
            assert (await act(hub, number, caller)).ticket
            continue
        refusals = []
        for asked in (number, ssin(300)):
            with pytest.raises(Refused) as refusal:
                await act(hub, asked, caller)
            refusals.append((refusal.value.code, str(refusal.value)))
        assert refusals[0] == refusals[1]
        assert refusals[0][0] is Code.PERSON_NOT_OWN
    person = await person_of(hub, number)
    refused = [entry["person"] for entry in await logged(hub, "identity:bis:refused")]
    told = [kind for kind, *_ in await outbox(hub)]
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
    hub: Hub, signer: str, institution: str | None, code: Code | None
) -> None:
    work = hub.bis.create(creation(institution=institution), by(signer))
    if code is None:
        await work
        assert await hub.world.pool.fetchval("SELECT creator FROM bis_number") == institution
        return
    with pytest.raises(Refused) as refusal:
        await work
    assert refusal.value.code is code
    assert await hub.world.pool.fetchval("SELECT count(*) FROM person") == 0


@pytest.mark.parametrize(("context", "phase"), [(LIVING_WAGE, 902), (OTHER_AID, 0)], ids=["provisional", "unproven"])
async def test_an_inscription_that_proves_little_lets_nobody_change_a_person(
    hub: Hub, context: str, phase: int
) -> None:
    hub.world.register.names[NATIONAL] = "Zandbergen"
    number = await created(hub, "Zandbergen", "Ilse", "1980-03-15", at=GHENT)
    await hub.world.directory.open(line(number, days("2026-01-01"), LIEGE, context=context, phase=phase), by(LIEGE))
    for act in ACTS.values():
        with pytest.raises(Refused) as refusal:
            await act(hub, number, LIEGE)
        assert refusal.value.code is Code.PERSON_NOT_OWN


async def test_the_national_number_of_somebody_else_is_for_operators(hub: Hub) -> None:
    number = await created(hub, "Zandbergen", "Ilse", "1980-03-15")
    hub.world.register.names[NATIONAL] = "Somebodyelse"
    for given in (
        {"last_name": "Somebodyelse", "birth_date": "1951-01-01"},
        {"last_name": "Somebodyelse"},
        {"birth_date": "1951-01-01"},
    ):
        with pytest.raises(Refused) as refusal:
            await hub.bis.replace(replacement(number, NATIONAL, **given), by(GHENT))
        assert refusal.value.code is Code.PERSON_DIFFERS
    assert hub.world.register.asked == 0
    hub.world.register.names[NATIONAL] = "Zandberghen"
    given = {"last_name": "Zandberghen", "birth_date": "1980-03-16"}
    assert (await hub.bis.replace(replacement(number, NATIONAL, **given), by(GHENT))).ssin.value == NATIONAL


async def test_what_a_register_says_is_not_how_an_institution_spells_it(hub: Hub) -> None:
    number = await created(hub, "Zandbergen", "Ilse", "1980-03-15")
    hub.world.register.names[NATIONAL] = spelt = "z\u00e0nd-b e r (g) en"
    await hub.bis.replace(replacement(number, NATIONAL, last_name=spelt), by(GHENT))
    (found,) = (await hub.identification.find(by_number(NATIONAL), by(GHENT))).items
    assert [known.last_name for known in found.known] == ["ZANDBERGEN", "Zandbergen"]


async def test_no_request_brings_the_number_of_a_person_into_the_log(hub: Hub) -> None:
    number = await created(hub, "Zandbergen", "Ilse", "1980-03-15")
    written = f"{number[:2]}.{number[2:4]}.{number[4:6]}-{number[6:9]}.{number[9:]}"
    for other, place in (
        ({"reason": f"see {number} Zandbergen"}, "$.reason"),
        ({"reason": f"see {written}"}, "$.reason"),
        ({"reference": f"x-{number}"}, "$.reference"),
        ({"institution": number}, "$.institution"),
    ):
        with pytest.raises(Malformed) as malformed:
            await hub.bis.correct(correction(number, particulars(), **other), by(GHENT))
        assert [fault.path for fault in malformed.value.faults] == [place]
    entries = await hub.world.pool.fetch("SELECT content FROM log_entry")
    assert not [entry for entry in entries if number in entry["content"] or written in entry["content"]]


async def test_who_has_a_national_number_is_not_changed_here(hub: Hub, tmp_path: Path) -> None:
    national = ssin(0)
    await hub.world.births(national, tmp=tmp_path)
    await hub.world.directory.open(line(national, days("2026-01-01")), by(GHENT))
    for act in ACTS.values():
        with pytest.raises(Refused) as refusal:
            await act(hub, national, GHENT)
        assert refusal.value.code is Code.PERSON_NOT_IN_BIS
    assert await outbox(hub) == []


async def test_death_is_recorded_and_taken_back(hub: Hub) -> None:
    number = await created(hub, "Zandbergen", "Ilse", "1980-03-15")
    await hub.bis.decease(death(number), by(GHENT))
    with pytest.raises(Conflict):
        await hub.bis.decease(death(number), by(GHENT))
    dead = await hub.world.identity.as_believed_on(number, datetime.now(UTC))
    await hub.bis.decease(death(number, None), by(GHENT))
    alive = await hub.world.identity.as_believed_on(number, datetime.now(UTC))
    assert dead is not None
    assert alive is not None
    assert (dead.deceased_on, alive.deceased_on) == (date(2026, 5, 5), None)
    assert [kind for kind, *_ in await outbox(hub)] == ["created", "deceased", "deceased"]


async def test_a_national_number_takes_the_place_of_the_bis_number_once_the_register_confirms(hub: Hub) -> None:
    number = await created(hub, "Zandbergen", "Ilse", "1980-03-15")
    request = replacement(number, NATIONAL)
    with pytest.raises(Refused) as refusal:
        await hub.bis.replace(request, by(GHENT))
    assert refusal.value.code is Code.PERSON_NOT_IDENTIFIED
    hub.world.register.names[NATIONAL] = "Zandbergen"
    outcome = await hub.bis.replace(request, by(GHENT))
    assert (outcome.ssin.value, outcome.ssin.replaces) == (NATIONAL, number)
    asked = hub.world.register.asked
    assert await hub.bis.replace(request, by(GHENT)) == outcome
    assert hub.world.register.asked == asked
    (found,) = (await hub.identification.find(by_number(number), by(GHENT))).items
    assert (found.ssin.value, found.ssin.replaces) == (NATIONAL, number)
    assert {known.truth: known.last_name for known in found.known} == {
        Truth.REGISTER: "ZANDBERGEN",
        Truth.SHOWN: "Zandbergen",
    }
    for act in ACTS.values():
        with pytest.raises(CrossroadsError) as late:
            await act(hub, number, GHENT)
        assert late.value.code is Code.PERSON_NOT_IN_BIS
    assert [kind for kind, *_ in await outbox(hub)] == ["created", "number-replaced"]


async def test_the_number_of_another_person_is_not_taken(hub: Hub, tmp_path: Path) -> None:
    hub.world.register.names[NATIONAL] = "Zandbergen"
    number = await created(hub, "Zandbergen", "Ilse", "1980-03-15")
    await hub.world.births(NATIONAL, tmp=tmp_path)
    with pytest.raises(Conflict) as conflict:
        await hub.bis.replace(replacement(number, NATIONAL), by(GHENT))
    assert "link the two persons" in str(conflict.value)
    await hub.world.identity.link(link_act(number, NATIONAL), OPERATORS)
    (found,) = (await hub.identification.find(by_number(number), by(GHENT))).items
    assert (found.ssin.value, found.ssin.replaces) == (NATIONAL, number)
    with pytest.raises(Refused) as refusal:
        await ACTS["correct"](hub, number, GHENT)
    assert refusal.value.code is Code.PERSON_NOT_IN_BIS


async def test_merged_and_told_apart_again_each_keeps_its_own(hub: Hub) -> None:
    first = await created(hub, "Zandbergen", "Ilse", "1980-03-15")
    second = await created(hub, "Duinen", "Ilse", "1985-07-01", at=LIEGE)
    one, two = await person_of(hub, first), await person_of(hub, second)
    await hub.world.identity.link(link_act(first, second), OPERATORS)
    await hub.bis.correct(correction(first, particulars("Strand", "Ilse", "1985-07-01")), by(GHENT))
    merged = await hub.bis.as_believed_on(first, datetime.now(UTC))
    assert {(known.person, known.particulars.last_name) for known in merged} == {(one, "Zandbergen"), (two, "Strand")}
    await hub.world.identity.unlink(unlink_act(first, second), OPERATORS)
    (apart,) = await hub.bis.as_believed_on(first, datetime.now(UTC))
    assert apart.particulars.last_name == "Zandbergen"
    assert await outbox(hub) == [
        ("created", one, None),
        ("created", two, None),
        ("merged", two, one),
        ("corrected", two, None),
        ("unmerged", two, one),
    ]


async def test_what_cannot_be_logged_does_not_happen(hub: Hub) -> None:
    await hub.world.log.stop()
    with pytest.raises(CrossroadsError):
        await hub.bis.create(creation(), by(GHENT))
    assert await hub.world.pool.fetchval("SELECT count(*) FROM person") == 0
    assert await outbox(hub) == []


async def test_the_hub_may_not_rewrite_what_was_believed(hub: Hub, database: Database) -> None:
    await created(hub)
    connection = await asyncpg.connect(database.url())
    try:
        for statement in (
            "UPDATE bis_particulars SET last_name = 'x'",
            "DELETE FROM bis_particulars_history",
            "UPDATE bis_number SET creator = 'x'",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()

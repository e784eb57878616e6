"""The BIS register: corrections on two time axes, sources of truth kept apart, persons merged and told apart."""

from datetime import UTC, date, datetime

import pytest

from bis import (
    REGISTER,
    Hub,
    by_number,
    correction,
    created,
    logged,
    outbox,
    particulars,
    person_of,
)
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Malformed, Refused
from crossroads.wire.persons import Truth
from people import (
    GHENT,
    LIEGE,
    OPERATORS,
    by,
    link_act,
    unlink_act,
)

pytest_plugins = ["bis_fixtures"]


async def test_a_correction_keeps_what_was_believed(office: Hub) -> None:
    number = await created(office, "Zandberghe", "Ilse", "1980-03-15")
    before = datetime.now(UTC)
    await office.bis.correct(correction(number, particulars("Zandbergen", "Ilse", "1980-03-16")), by(GHENT))
    (then,), (now,) = (
        await office.bis.as_believed_on(number, before),
        await office.bis.as_believed_on(number, datetime.now(UTC)),
    )
    assert (then.particulars.last_name, then.particulars.birth_date) == ("Zandberghe", "1980-03-15")
    assert (now.particulars.last_name, now.particulars.birth_date) == ("Zandbergen", "1980-03-16")
    assert (then.start_date, now.start_date, now.end_date) == (date.min, date.min, None)
    row = await office.world.pool.fetchrow("SELECT reason, actor, replaced_by FROM bis_particulars_history")
    (entry,) = await logged(office, "identity:bis:corrected")
    assert tuple(row) == ("misread", GHENT, entry["ticket"])
    assert [kind for kind, *_ in await outbox(office)] == ["created", "corrected"]


async def test_what_changed_on_a_day_leaves_what_held_before(office: Hub) -> None:
    number = await created(office, "Zandbergen", "Ilse", "1980-03-15")
    married = correction(number, particulars("Duinen", "Ilse", "1980-03-15"), since=date(2020, 6, 1), reason="married")
    await office.bis.correct(married, by(GHENT))
    lines = await office.bis.as_believed_on(number, datetime.now(UTC))
    assert [(known.particulars.last_name, known.start_date, known.end_date) for known in lines] == [
        ("Duinen", date(2020, 6, 1), None),
        ("Zandbergen", date.min, date(2020, 5, 31)),
    ]
    with pytest.raises(Malformed) as malformed:
        await office.bis.correct(
            correction(number, particulars("Strand", "Ilse", "1980-03-15"), since=date(2020, 6, 1)), by(GHENT)
        )
    assert [fault.path for fault in malformed.value.faults] == ["$.since"]


async def test_what_a_register_says_is_kept_apart_from_what_was_shown(office: Hub) -> None:
    number = await created(office, "Zandbergen", "Ilse", "1980-03-15")
    says = correction(number, particulars("Zandberg", "Ilse", "1981-03-15"), truth=Truth.REGISTER)
    with pytest.raises(Refused) as refusal:
        await office.bis.correct(says, by(GHENT))
    assert refusal.value.code is Code.NOT_AUTHORISED
    await office.bis.correct(says, by(REGISTER))
    (found,) = (await office.identification.find(by_number(number), by(GHENT))).items
    assert [(known.truth, known.last_name) for known in found.known] == [
        (Truth.REGISTER, "Zandberg"),
        (Truth.SHOWN, "Zandbergen"),
    ]


async def test_no_request_brings_the_number_of_a_person_into_the_log(office: Hub) -> None:
    number = await created(office, "Zandbergen", "Ilse", "1980-03-15")
    written = f"{number[:2]}.{number[2:4]}.{number[4:6]}-{number[6:9]}.{number[9:]}"
    for other, place in (
        ({"reason": f"see {number} Zandbergen"}, "$.reason"),
        ({"reason": f"see {written}"}, "$.reason"),
        ({"reference": f"x-{number}"}, "$.reference"),
        ({"institution": number}, "$.institution"),
    ):
        with pytest.raises(Malformed) as malformed:
            await office.bis.correct(correction(number, particulars(), **other), by(GHENT))
        assert [fault.path for fault in malformed.value.faults] == [place]
    entries = await office.world.pool.fetch("SELECT content FROM log_entry")
    assert not [entry for entry in entries if number in entry["content"] or written in entry["content"]]


async def test_merged_and_told_apart_again_each_keeps_its_own(office: Hub) -> None:
    first = await created(office, "Zandbergen", "Ilse", "1980-03-15")
    second = await created(office, "Duinen", "Ilse", "1985-07-01", at=LIEGE)
    one, two = await person_of(office, first), await person_of(office, second)
    await office.world.identity.link(link_act(first, second), OPERATORS)
    await office.bis.correct(correction(first, particulars("Strand", "Ilse", "1985-07-01")), by(GHENT))
    merged = await office.bis.as_believed_on(first, datetime.now(UTC))
    assert {(known.person, known.particulars.last_name) for known in merged} == {(one, "Zandbergen"), (two, "Strand")}
    await office.world.identity.unlink(unlink_act(first, second), OPERATORS)
    (apart,) = await office.bis.as_believed_on(first, datetime.now(UTC))
    assert apart.particulars.last_name == "Zandbergen"
    assert await outbox(office) == [
        ("created", one, None),
        ("created", two, None),
        ("merged", two, one),
        ("corrected", two, None),
        ("unmerged", two, one),
    ]

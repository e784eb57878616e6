"""A presumed error goes to the source that gave the data; a correction, to who was given it and may have it still."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.catalogue.institutions import Party
from crossroads.catalogue.kinds import Kind
from crossroads.catalogue.model import Mode
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Conflict, Malformed, Refused
from crossroads.wire.error_reports import (
    ErrorAnswer,
    ErrorOutcome,
    ErrorReport,
    ErrorReported,
    OpenReportsQuery,
    Presumed,
)
from crossroads.wire.mutations import MutationKind, Notice, NoticeKind
from mutating import (
    ADDRESS,
    CHILD,
    CIVIL,
    INQUIRY,
    PCSAS,
    SECOND_SOURCE,
    SOURCE,
    STRANGER,
    TAX,
    Town,
    authorisation,
    change,
    populate,
    snapshot_of,
    town,
)
from people import FUND, GHENT, LIEGE, LIVING_WAGE, MANAGED, MANAGER, OpenPool, by, days, line, ssin

SINCE = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def world(pool: OpenPool) -> AsyncIterator[Town]:
    async with town(pool) as made:
        yield made


@pytest.fixture
async def people(world: Town, tmp_path: Path) -> list[str]:
    return await populate(world, tmp_path)


async def answered(
    world: Town, number: str, asker: str, group: str = ADDRESS, source: str = SOURCE, first: str = "2026-01-01"
) -> UUID:
    """Put what the log has of an answer into the log: see tests/acceptance/test_changes.py for one that is real."""
    person = await world.pool.fetchval("SELECT person FROM ssin_assignment WHERE ssin = $1", number)
    ticket = uuid4()
    permits = [{"holder": source, "dataGroups": {group: {"startDate": first}}}]
    common: dict[str, Any] = {"ticket": ticket, "person": person, "asker": asker}
    await world.log.append(Entry(event=Event.QUESTION_DECIDED, fields={"permits": permits}, **common))
    await world.log.append(Entry(event=Event.ANSWER_SENT, fields={"groupsGiven": [[group, source]]}, **common))
    return ticket


def report(number: str, ticket: UUID, **other: Any) -> ErrorReport:
    given: dict[str, Any] = {"data_group": ADDRESS, "period": days("2026-02-01"), "presumed": Presumed.WRONG_VALUE}
    given |= {"reference": uuid4().hex, "ssin": number, "ticket": ticket, "text": "not there"}
    return ErrorReport(**(given | other))


async def told(world: Town, at: str) -> list[Notice]:
    return [item.notice for item in await world.emptied(at) if item.notice]


async def reported(world: Town, number: str) -> tuple[UUID, ErrorReported]:
    ticket = await answered(world, number, GHENT)
    return ticket, await world.reports.report(report(number, ticket), by(GHENT))


async def test_a_report_comes_to_the_source_and_its_answer_to_who_reported(world: Town, people: list[str]) -> None:
    ticket, done = await reported(world, people[0])
    await world.settled()
    assert await world.recipients() == {SOURCE: 1}
    (notice,) = await told(world, SOURCE)
    error = notice.error
    assert error is not None
    assert (notice.kind, notice.ssin.value, error.report) == (NoticeKind.PRESUMED_ERROR, people[0], done.report)
    assert (error.data_group, error.period, error.seen) == (ADDRESS, days("2026-02-01"), ticket)
    assert (error.presumed, error.text, error.answer_by) == ("wrong-value", "not there", done.answer_by)
    assert error.reference is None
    assert GHENT not in repr(notice)
    rejected = ErrorAnswer(report=done.report, outcome=ErrorOutcome.REJECTED, reason="it is right")
    for _ in range(2):
        assert (await world.reports.answer(rejected, by(SOURCE))).outcome is ErrorOutcome.REJECTED
    await world.settled()
    (notice,) = await told(world, GHENT)
    assert notice.error is not None
    assert (notice.kind, notice.error.outcome, notice.error.reason) == (
        NoticeKind.ERROR_ANSWERED,
        "rejected",
        "it is right",
    )
    assert notice.error.reference is not None
    assert [len(await world.logged(f"mutations:error:{what}")) for what in ("reported", "answered")] == [1, 1]


async def test_a_source_sees_which_reports_wait_for_it_and_where_each_says_about_whom(
    world: Town, people: list[str]
) -> None:
    _, done = await reported(world, people[0])
    waiting = await world.reports.waiting(OpenReportsQuery(), by(SOURCE))
    assert [(one.report, one.answer_by, one.item) for one in waiting.items] == [(done.report, done.answer_by, None)]
    await world.settled()
    (item,) = await world.emptied(SOURCE)
    waiting = await world.reports.waiting(OpenReportsQuery(), by(SOURCE))
    assert [one.item for one in waiting.items] == [item.number]
    assert people[0] not in repr(waiting)
    assert (await world.reports.waiting(OpenReportsQuery(), by(GHENT))).items == ()
    with pytest.raises(Refused):
        await world.reports.waiting(OpenReportsQuery(on_behalf_of=SOURCE), by(GHENT))
    (refused,) = await world.logged("mutations:error:refused")
    assert (refused["asker"], refused["person"]) == (GHENT, None)
    rejected = ErrorAnswer(report=done.report, outcome=ErrorOutcome.REJECTED, reason="it is right")
    await world.reports.answer(rejected, by(SOURCE))
    waiting = await world.reports.waiting(OpenReportsQuery(), by(SOURCE))
    assert (waiting.items, waiting.total) == ((), 0)


async def test_reports_that_wait_come_in_pages_and_the_log_has_who_saw_them(world: Town, people: list[str]) -> None:
    made = [(await reported(world, people[number % 3]))[1].report for number in range(5)]
    seen: list[UUID] = []
    after, more = None, True
    while more:
        page = await world.reports.waiting(OpenReportsQuery(count=2, after=after), by(SOURCE))
        assert page.total == 5
        seen += [one.report for one in page.items]
        after, more = seen[-1], page.more
    assert seen == made
    assert (await world.reports.waiting(OpenReportsQuery(after=made[-1]), by(SOURCE))).items == ()
    entries = await world.logged("mutations:error:listed")
    assert [(one["asker"], one["person"], one["shown"]) for one in entries] == [
        (SOURCE, None, shown) for shown in (2, 2, 1, 0)
    ]


async def test_a_page_goes_on_behind_a_report_that_was_answered_meanwhile(world: Town, people: list[str]) -> None:
    made = [(await reported(world, people[0]))[1].report for _ in range(3)]
    rejected = ErrorAnswer(report=made[0], outcome=ErrorOutcome.REJECTED, reason="it is right")
    await world.reports.answer(rejected, by(SOURCE))
    page = await world.reports.waiting(OpenReportsQuery(after=made[0]), by(SOURCE))
    assert ([one.report for one in page.items], page.total) == (made[1:], 2)


async def test_one_report_that_waits_is_shown_alone_and_to_its_source(world: Town, people: list[str]) -> None:
    made = [(await reported(world, people[number % 3]))[1].report for number in range(3)]
    rejected = ErrorAnswer(report=made[2], outcome=ErrorOutcome.REJECTED, reason="it is right")
    await world.reports.answer(rejected, by(SOURCE))
    every = {one.report: one for one in (await world.reports.waiting(OpenReportsQuery(), by(SOURCE))).items}
    for one in made[:2]:
        found = await world.reports.waiting(OpenReportsQuery(report=one), by(SOURCE))
        assert (found.items, found.more, found.total) == ((every[one],), False, 2)
    for nobody, at in ((made[2], SOURCE), (made[0], SECOND_SOURCE), (uuid4(), SOURCE), (UUID(int=0), SOURCE)):
        assert (await world.reports.waiting(OpenReportsQuery(report=nobody), by(at))).items == ()
    entries = await world.logged("mutations:error:listed")
    assert [one["shown"] for one in entries] == [2, 1, 1, 0, 0, 0, 0]


def test_a_query_is_for_a_page_or_for_one_report() -> None:
    with pytest.raises(ValueError, match="or for one report"):
        OpenReportsQuery(after=uuid4(), report=uuid4())


async def test_a_page_behind_what_is_no_report_to_the_source_is_refused(world: Town, people: list[str]) -> None:
    _, done = await reported(world, people[0])
    for at, after in ((SOURCE, uuid4()), (SECOND_SOURCE, done.report)):
        with pytest.raises(Malformed, match=r"\$.after"):
            await world.reports.waiting(OpenReportsQuery(after=after), by(at))


async def test_open_reports_are_read_by_their_source_and_no_others(world: Town, people: list[str]) -> None:
    """However many wait for others: the index of the source is what is read."""
    await reported(world, people[0])
    sql = """
        EXPLAIN SELECT report FROM error_report WHERE outcome IS NULL AND source = 'a'
          AND (answer_by, reported_at, report) > ('2026-01-01', '2026-01-01', '00000000-0000-0000-0000-000000000000')
        ORDER BY answer_by, reported_at, report LIMIT 10
    """
    async with world.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL enable_seqscan = off")
        plan = "\n".join(row[0] for row in await connection.fetch(sql))
    assert "error_report_waiting" in plan
    assert "Sort" not in plan


async def test_a_report_is_made_once(world: Town, people: list[str]) -> None:
    ticket = await answered(world, people[0], GHENT)
    same = report(people[0], ticket)
    done = await asyncio.gather(*(world.reports.report(same, by(GHENT)) for _ in range(5)))
    assert len({one.report for one in done}) == 1
    assert len({one.receipt and one.receipt.leaf for one in done}) == 1
    with pytest.raises(Conflict) as conflict:
        await world.reports.report(report(people[0], ticket, reference=same.reference, text="other"), by(GHENT))
    assert conflict.value.code is Code.REFERENCE_REUSED
    await world.settled()
    assert await world.recipients() == {SOURCE: 1}


async def test_who_was_not_given_it_is_refused_as_for_nobody(world: Town, people: list[str]) -> None:
    anna, bea, _ = people
    ticket = await answered(world, anna, GHENT)
    await answered(world, bea, GHENT)
    wrong = {
        "nobody": (report(ssin(999), ticket), GHENT),
        "another person": (report(bea, ticket), GHENT),
        "another institution": (report(anna, ticket), LIEGE),
        "another ticket": (report(anna, uuid4()), GHENT),
        "another group": (report(anna, ticket, data_group=CIVIL), GHENT),
        "other days": (report(anna, ticket, period=days("2025-01-01", "2025-12-31")), GHENT),
        "another source": (report(anna, ticket, source=SECOND_SOURCE), GHENT),
    }
    refusals = set()
    for said, at in wrong.values():
        with pytest.raises(Refused) as refused:
            await world.reports.report(said, by(at))
        refusals.add((refused.value.code, str(refused.value)))
    assert len(refusals) == 1
    entries = await world.logged("mutations:error:refused")
    assert [(entry["person"], entry["code"]) for entry in entries] == [(None, "CR-ERROR-NOT-GIVEN")] * len(wrong)
    assert await world.pool.fetchval("SELECT count(*) FROM error_report") == 0
    await world.settled()
    assert await world.recipients() == {}


@pytest.mark.parametrize("text", ["40610100172", "see 40.61.01-001.72 please", "niss 40610100172."])
async def test_no_number_of_a_person_goes_along_in_words(world: Town, people: list[str], text: str) -> None:
    ticket = await answered(world, people[0], GHENT)
    for other in ({"text": text}, {"reference": people[0]}):
        with pytest.raises(Malformed):
            await world.reports.report(report(people[0], ticket, **other), by(GHENT))


async def test_what_was_told_as_a_change_can_be_reported_too_and_by_a_manager(world: Town, people: list[str]) -> None:
    await world.inscribe(people[0], (MANAGED, LIVING_WAGE))
    (outcome,) = await world.told(change(people[0]))
    assert outcome.ticket is not None
    said = report(people[0], outcome.ticket, on_behalf_of=MANAGED)
    with pytest.raises(Refused):
        await world.reports.report(said, by(MANAGER))  # not delivered yet
    await world.emptied(MANAGER)
    done = await world.reports.report(said, by(MANAGER))
    await world.settled()
    await world.reports.answer(
        ErrorAnswer(report=done.report, outcome=ErrorOutcome.REJECTED, reason="it is right"), by(SOURCE)
    )
    await world.settled()
    (item,) = await world.emptied(MANAGER)
    assert item.concerning == MANAGED
    assert item.notice is not None


async def test_only_its_source_answers_and_only_once(world: Town, people: list[str]) -> None:
    _, done = await reported(world, people[0])
    rejected = ErrorAnswer(report=done.report, outcome=ErrorOutcome.REJECTED, reason="it is right")
    for at, said in ((SECOND_SOURCE, rejected), (GHENT, rejected), (SOURCE, ErrorAnswer(
        report=uuid4(), outcome=ErrorOutcome.REJECTED, reason="it is right"))):  # fmt: skip
        with pytest.raises(Refused) as refused:
            await world.reports.answer(said, by(at))
        assert refused.value.code is Code.ERROR_UNKNOWN
    await world.reports.answer(rejected, by(SOURCE))
    (correction,) = await world.told(change(people[0], kind=MutationKind.CORRECTED, wrong_since=SINCE))
    corrected = ErrorAnswer(
        report=done.report, outcome=ErrorOutcome.CORRECTED, reason="mended", correction=correction.ticket
    )
    with pytest.raises(Conflict) as conflict:
        await world.reports.answer(corrected, by(SOURCE))
    assert conflict.value.code is Code.ERROR_ANSWERED


async def test_what_is_said_to_be_corrected_was_corrected(world: Town, people: list[str]) -> None:
    _, done = await reported(world, people[0])
    mended: dict[str, Any] = {"kind": MutationKind.CORRECTED, "wrong_since": SINCE}
    in_vain = await world.told(
        change(people[1], **mended),
        change(people[0], CIVIL, **mended),
        change(people[0], **(mended | {"period": days("2025-01-01", "2025-12-31")})),
        change(people[0], kind=MutationKind.CORRECTED),
        change(people[0]),
    )
    right = (await world.told(change(people[0], **mended)))[0].ticket
    for ticket in (*(outcome.ticket for outcome in in_vain), uuid4()):
        said = ErrorAnswer(report=done.report, outcome=ErrorOutcome.CORRECTED, reason="mended", correction=ticket)
        with pytest.raises(Refused) as refused:
            await world.reports.answer(said, by(SOURCE))
        assert refused.value.code is Code.ERROR_NOT_CORRECTED
    said = ErrorAnswer(report=done.report, outcome=ErrorOutcome.CORRECTED, reason="mended", correction=right)
    await world.reports.answer(said, by(SOURCE))


async def test_a_correction_reaches_those_who_were_given_it_and_may_have_it_still(
    world: Town, people: list[str]
) -> None:
    anna = people[0]
    await world.inscribe(anna, (GHENT, LIVING_WAGE), (LIEGE, LIVING_WAGE), (FUND, CHILD), (STRANGER, TAX))
    await world.inscribe(anna, ("pcsa-1", LIVING_WAGE), ("pcsa-2", LIVING_WAGE))
    world.catalogue.withdraw("welfare")  # they did not subscribe, but may ask
    world.catalogue.change(PCSAS, modes=(Mode.ONLINE,))
    for at in (GHENT, STRANGER, "pcsa-1", FUND):
        await answered(world, anna, at)
    await answered(world, anna, LIEGE, first="2030-01-01")  # not of the days that were wrong
    await answered(world, anna, "pcsa-2", source=SECOND_SOURCE)  # by another
    await answered(world, people[1], MANAGER)
    await world.directory.cancel(line(anna, days("2020-01-01"), "pcsa-1"), by("pcsa-1"))
    wrong = days("2026-01-01", "2026-12-31")
    (outcome,) = await world.told(change(anna, kind=MutationKind.CORRECTED, wrong_since=SINCE, period=wrong))
    assert outcome.ticket is not None
    assert await world.recipients() == {GHENT: 1, FUND: 1, SOURCE: 1}
    (item,) = await world.emptied(GHENT)
    assert item.change is not None
    assert (item.change.kind, item.change.authorisation) == (MutationKind.CORRECTED, PCSAS)
    (count,) = await told(world, SOURCE)
    assert count.told is not None
    assert (count.kind, count.told.correction, count.told.told) == (NoticeKind.CORRECTION_TOLD, outcome.ticket, 2)
    assert count.told.not_told == {"MSG00015": 1, "CR-NOT-INSCRIBED": 1}
    asked = [GHENT, FUND, "pcsa-1", "pcsa-2", STRANGER]
    reasons = await world.mutations.why_not(outcome.ticket, asked)
    codes = [None, None, "CR-NOT-INSCRIBED", "CR-NOT-SUBSCRIBED", "MSG00015"]
    assert reasons == dict(zip(asked, codes, strict=True))


async def test_since_when_it_was_wrong_is_told_of_days_that_may_be_known_alone(world: Town, people: list[str]) -> None:
    """Of a moment before those days nothing is said; to find who was given what was wrong, it counts."""
    anna = people[0]
    await world.inscribe(anna, (GHENT, LIVING_WAGE), period=days("2026-01-01"))
    await world.inscribe(anna, (FUND, CHILD))
    world.catalogue.withdraw("welfare")
    for at in (GHENT, FUND):
        await answered(world, anna, at)
    early, wrong = datetime(2025, 3, 10, tzinfo=UTC), days("2025-02-01")
    await world.told(change(anna, kind=MutationKind.CORRECTED, wrong_since=early, period=wrong))
    for at, first, since in ((GHENT, "2026-01-01", None), (FUND, "2025-02-01", early)):
        (item,) = await world.emptied(at)
        assert item.change is not None
        assert (item.change.period, item.change.wrong_since) == (days(first), since)


async def test_the_source_learns_in_which_months_nobody_looked(world: Town, people: list[str]) -> None:
    for month in ("2025-12", "2026-03", "2026-04"):
        await world.log.append(
            Entry(event=Event.MONTH_ARCHIVED, ticket=None, person=None, asker=None, fields={"month": month})
        )
    await world.inscribe(people[0], (GHENT, LIVING_WAGE))
    await world.told(change(people[0], kind=MutationKind.CORRECTED, wrong_since=SINCE))
    (count,) = await told(world, SOURCE)
    assert count.told is not None
    assert count.told.unread == ("2026-03", "2026-04")


async def test_who_was_given_it_before_it_was_wrong_is_not_told(world: Town, people: list[str]) -> None:
    await world.inscribe(people[0], (GHENT, LIVING_WAGE))
    world.catalogue.withdraw("welfare")
    await answered(world, people[0], GHENT)
    later = datetime.now(UTC)
    await world.told(change(people[0], kind=MutationKind.CORRECTED, wrong_since=later))
    assert await world.recipients() == {SOURCE: 1}


async def test_who_may_no_longer_have_it_when_it_is_pulled_finds_it_void(world: Town, people: list[str]) -> None:
    await world.inscribe(people[0], (GHENT, LIVING_WAGE))
    world.catalogue.withdraw("welfare")
    await answered(world, people[0], GHENT)
    await world.told(change(people[0], kind=MutationKind.CORRECTED, wrong_since=SINCE))
    world.catalogue.withdraw(PCSAS)
    (item,) = await world.emptied(GHENT)
    assert item.void is not None
    assert item.void.code == "MSG00015"


async def test_who_needs_no_inscription_for_it_is_told_without_one(world: Town, people: list[str]) -> None:
    free = authorisation(
        "CR-ILL/free", Party(sector=17), INQUIRY, [], modes=(Mode.ONLINE,), no_inscription_because="in a test"
    )
    world.catalogue.entries.append((Kind.AUTHORISATION, free))
    world.catalogue.current = snapshot_of(world.catalogue.entries, 9)
    await answered(world, people[0], GHENT)
    await world.told(change(people[0], kind=MutationKind.CORRECTED, wrong_since=SINCE))
    (item,) = await world.emptied(GHENT)
    assert item.change is not None
    assert item.change.authorisation == "CR-ILL/free"


async def test_a_supervisor_sees_what_is_open_and_overdue(world: Town, people: list[str]) -> None:
    _, first = await reported(world, people[0])
    _, second = await reported(world, people[1])
    await world.settled()
    assert [(one.report, one.delivered_at) for one in await world.reports.listed()] == [
        (first.report, None),
        (second.report, None),
    ]
    assert await world.reports.listed(overdue=True) == []
    await told(world, SOURCE)
    assert all(one.delivered_at for one in await world.reports.listed())
    later = world.at(timedelta(days=32))
    assert [one.report for one in await later.reports.listed(overdue=True)] == [first.report, second.report]
    await world.reports.answer(
        ErrorAnswer(report=first.report, outcome=ErrorOutcome.REJECTED, reason="it is right"), by(SOURCE)
    )
    assert [one.report for one in await later.reports.listed(overdue=True)] == [second.report]
    every = await later.reports.listed(answered=True)
    assert [(one.outcome, one.overdue(date.max)) for one in every] == [("rejected", False), (None, True)]


async def test_the_words_of_a_report_go_after_its_answer(world: Town, people: list[str]) -> None:
    _, done = await reported(world, people[0])
    far = world.at(timedelta(days=200))
    await far.mutations.expire_content()
    assert await world.pool.fetchval("SELECT text FROM error_report") == "not there"
    await world.reports.answer(
        ErrorAnswer(report=done.report, outcome=ErrorOutcome.REJECTED, reason="it is right"), by(SOURCE)
    )
    await world.mutations.expire_content()
    assert await world.pool.fetchval("SELECT text FROM error_report") == "not there"
    await far.mutations.expire_content()
    assert tuple(await world.pool.fetchrow("SELECT text, reason, outcome FROM error_report")) == (
        None,
        None,
        "rejected",
    )

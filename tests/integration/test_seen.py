"""What of the log a person sees: all of it, in order, less what an embargo keeps back, and nothing of anybody else."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest

from audit_log import OpenPool, open_log
from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.seen_store import Place, Seen, SeenStore, Veil, View
from crossroads.transparency.model import events_of

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
ANNA, ANNA_AGAIN, BERT = 7, 8, 9
OPEN, SECRET, CASE = "OPEN", "SECRET", "CASE"
VEILS = (
    # Thirty days, of what was done in the first fifty days; and until the ninetieth day, for another purpose.
    Veil(SECRET, BEGAN, BEGAN + 50 * DAY, 30, None),
    Veil(CASE, BEGAN, BEGAN + 1000 * DAY, None, BEGAN + 90 * DAY),
)


class SetClock:
    """A clock that stands where it was set."""

    def __init__(self) -> None:
        self.moment = BEGAN

    def now(self) -> datetime:
        return self.moment


class Written:
    """Entries of a hundred days, and what should be seen of them."""

    def __init__(self, log: Any, clock: SetClock) -> None:
        self.log, self.clock = log, clock
        self.tickets: list[tuple[datetime, str | None, UUID]] = []

    async def add(self, day: float, event: Event, purpose: str | None, **more: Any) -> UUID:
        """Write an entry about the person; `purpose` is what decides when it is seen."""
        self.clock.moment = BEGAN + day * DAY
        ticket: UUID = more.pop("ticket", None) or uuid4()
        person, asker, counts = more.pop("person", ANNA), more.pop("asker", "centre"), more.pop("counts", True)
        await self.log.append(Entry(event=event, ticket=ticket, person=person, asker=asker, fields=more))
        if counts and person != BERT:
            self.tickets.append((self.clock.moment, purpose, ticket))
        return ticket

    def visible(self, now: datetime) -> list[UUID]:
        """Give what should be seen at a moment, newest first."""
        seen = [ticket for at, purpose, ticket in self.tickets if at < now and not _hidden(at, purpose, now)]
        return seen[::-1]


def _hidden(at: datetime, purpose: str | None, now: datetime) -> bool:
    return any(
        veil.context == purpose and veil.since <= at < veil.before and now < (veil.opens or at + (veil.days or 0) * DAY)
        for veil in VEILS
    )


def view(now: datetime, veils: Sequence[Veil] = VEILS) -> View:
    return View((ANNA, ANNA_AGAIN), events_of(()), BEGAN - DAY, now, now, veils)


async def every(store: SeenStore, asked: View, step: int) -> list[Seen]:
    """Read all pages."""
    found: list[Seen] = []
    after: Place | None = None
    while True:
        page = await store.page(asked, step, after=after)
        if not page.entries:
            assert page.total == len(found)
            return found
        found += page.entries
        after = found[-1].place


@pytest.mark.parametrize("seed", range(3))
async def test_a_person_sees_each_entry_when_its_time_has_come(pool: OpenPool, seed: int) -> None:
    chance, clock = Random(seed), SetClock()
    async with open_log(pool, clock=clock) as log:
        written = Written(log, clock)
        for number in range(60):
            purpose = chance.choice([OPEN, SECRET, CASE, None])
            event = chance.choice([Event.QUESTION_REFUSED, Event.BATCH_RECORD_DECIDED, Event.ITEM_DELIVERED])
            person = chance.choice([ANNA, ANNA, ANNA_AGAIN, BERT])
            await written.add(number * 1.7 + chance.random(), event, purpose, legalContext=purpose, person=person)
        store = SeenStore(await pool("crossroads_hub"))
        for day in (1, 29, 30, 31, 55, 80, 89.9, 90.1, 130):
            now = BEGAN + day * DAY
            found = await every(store, view(now), chance.randint(1, 20))
            assert [one.ticket for one in found] == written.visible(now)
            skipped = await store.page(view(now), 100, skip=len(found) // 2)
            assert skipped == (found[len(found) // 2 :], len(found), ())
        last = BEGAN + 130 * DAY
        assert len(await every(store, view(last, ()), 50)) == len(written.tickets)


async def test_what_follows_from_a_question_is_hidden_with_it(pool: OpenPool) -> None:
    clock = SetClock()
    async with open_log(pool, clock=clock) as log:
        written = Written(log, clock)
        asked = await written.add(1, Event.QUESTION_DECIDED, SECRET, legalContext=SECRET, asker="inspection")
        await written.add(1.1, Event.ANSWER_SENT, SECRET, ticket=asked, asker="inspection", counts=False)
        report = await written.add(2, Event.ERROR_REPORTED, SECRET, seen=str(asked), asker="inspection")
        await written.add(3, Event.ERROR_ANSWERED, SECRET, ticket=report, asker="nsso")
        # The source is told of the report, and who reported of the answer: under tickets of their own, for no purpose.
        await written.add(3.1, Event.ITEM_DELIVERED, SECRET, report=str(report), legalContext="", asker="nsso")
        await written.add(3.2, Event.ITEM_DELIVERED, SECRET, report=str(report), legalContext="", asker="inspection")
        # Two were told of one change, for two purposes; each reports an error in it.
        change = uuid4()
        await written.add(4, Event.ITEM_DELIVERED, SECRET, ticket=change, legalContext=SECRET, asker="inspection")
        await written.add(4.1, Event.ITEM_DELIVERED, OPEN, ticket=change, legalContext=OPEN, asker="centre")
        await written.add(5, Event.ERROR_REPORTED, SECRET, seen=str(change), asker="inspection")
        await written.add(5.1, Event.ERROR_REPORTED, OPEN, seen=str(change), asker="centre")
        store, pause, over = SeenStore(await pool("crossroads_hub")), BEGAN + 10 * DAY, BEGAN + 100 * DAY
        assert [one.asker for one in await every(store, view(pause), 10)] == ["centre", "centre"]
        assert [one.ticket for one in await every(store, view(over), 3)] == written.visible(over)
        with_answers = view(pause)._replace(events=[*events_of(()), Event.ANSWER_SENT])
        places = [(one.place.stream, one.place.number) for one in await every(store, view(over, ()), 10)]
        stream = places[0][0]
        everywhere = [(stream, number) for number in range(10)]
        assert {one.asker for one in await store.at(with_answers, everywhere)} == {"centre"}
        assert len(await store.at(with_answers._replace(now=over, until=over), everywhere)) == 10
        assert (await store.page(view(pause), 1)).total == 2


async def test_what_is_told_later_of_a_hidden_question_is_seen_with_it(pool: OpenPool) -> None:
    clock = SetClock()
    async with open_log(pool, clock=clock) as log:
        written = Written(log, clock)
        # Asked on the last day of the embargo, so hidden until the eightieth day; what follows comes after its end.
        asked = await written.add(49.9, Event.QUESTION_DECIDED, SECRET, legalContext=SECRET, asker="inspection")
        answer = await written.add(50.1, Event.ANSWER_SENT, SECRET, ticket=asked, asker="inspection", counts=False)
        report = await written.add(51, Event.ERROR_REPORTED, SECRET, seen=str(asked), asker="inspection")
        await written.add(52, Event.ITEM_DELIVERED, SECRET, report=str(report), legalContext="", asker="nsso")
        await written.add(60, Event.ERROR_ANSWERED, SECRET, ticket=report, asker="nsso")
        store, events = SeenStore(await pool("crossroads_hub")), [*events_of(()), Event.ANSWER_SENT]
        for day, seen in ((70, 0), (79.8, 0), (79.95, 5)):
            now = BEGAN + day * DAY
            found = await every(store, view(now)._replace(events=events), 2)
            assert len(found) == seen
        assert answer == asked == found[-1].ticket


async def test_a_correction_for_another_purpose_does_not_tell_of_what_is_hidden(pool: OpenPool) -> None:
    clock, told = SetClock(), {"legalContext": OPEN, "kind": "corrected", "dataGroup": "a@1"}
    async with open_log(pool, clock=clock) as log:
        written = Written(log, clock)
        await written.add(
            1, Event.QUESTION_DECIDED, SECRET, legalContext=SECRET, groupsAsked=["b@1", "a@1"], asker="inspection"
        )
        await written.add(1.2, Event.QUESTION_DECIDED, OPEN, legalContext=OPEN, groupsAsked=["a@1"], asker="centre")
        corrected = await written.add(2, Event.ITEM_DELIVERED, None, **told, asker="inspection")
        for_all = await written.add(2, Event.ITEM_DELIVERED, None, ticket=corrected, **told, asker="centre")
        assert corrected == for_all
        # What it asked of other data, of somebody else, or later, does not bear on a correction; nor is a change one.
        await written.add(3, Event.ITEM_DELIVERED, None, **told | {"dataGroup": "c@1"}, asker="inspection")
        await written.add(3.1, Event.ITEM_DELIVERED, None, **told | {"kind": "changed"}, asker="inspection")
        await written.add(4, Event.ITEM_DELIVERED, None, **told, asker="fund")
        await written.add(4.1, Event.QUESTION_REFUSED, SECRET, legalContext=SECRET, groupsAsked=["a@1"], asker="fund")
        await written.add(
            4.2, Event.QUESTION_DECIDED, SECRET, legalContext=SECRET, groupsAsked=["a@1"], asker="fund", person=BERT
        )
        store = SeenStore(await pool("crossroads_hub"))
        during = await every(store, view(BEGAN + 30.9 * DAY), 3)
        assert [one.asker for one in during] == ["fund", "inspection", "inspection", "centre", "centre"]
        after = await every(store, view(BEGAN + 31.1 * DAY), 3)
        assert len(after) == len(during) + 2
        assert [one.asker for one in after[-3:]] == ["inspection", "centre", "inspection"]


async def test_an_embargo_that_ended_still_holds_for_what_was_done_under_it(pool: OpenPool) -> None:
    clock = SetClock()
    async with open_log(pool, clock=clock) as log:
        written = Written(log, clock)
        under = await written.add(49.9, Event.QUESTION_REFUSED, SECRET, legalContext=SECRET)
        after = await written.add(50.1, Event.QUESTION_REFUSED, SECRET, legalContext=SECRET)
        store = SeenStore(await pool("crossroads_hub"))
        assert [one.ticket for one in await every(store, view(BEGAN + 60 * DAY), 5)] == [after]
        assert [one.ticket for one in await every(store, view(BEGAN + 80 * DAY), 5)] == [after, under]


async def test_filters_are_of_the_database(pool: OpenPool) -> None:
    clock = SetClock()
    async with open_log(pool, clock=clock) as log:
        written = Written(log, clock)
        asked = await written.add(1, Event.QUESTION_REFUSED, OPEN, groupsAsked=["a@1", "b@1"], asker="one")
        changed = await written.add(2, Event.ITEM_DELIVERED, OPEN, dataGroup="a@1", asker="two")
        await written.add(3, Event.INSCRIPTION_OPENED, None, asker="two")
        store, now = SeenStore(await pool("crossroads_hub")), view(BEGAN + 9 * DAY)

        async def tickets(**narrowed: Any) -> list[UUID | None]:
            return [one.ticket for one in await every(store, now._replace(**narrowed), 1)]

        assert await tickets(data_group="a@1") == [changed, asked]
        assert await tickets(data_group="b@1") == [asked]
        assert await tickets(institution="two", data_group="a@1") == [changed]
        assert await tickets(data_group="' OR true --") == []
        assert await tickets(first=BEGAN + DAY, until=BEGAN + 2 * DAY) == [asked]


async def test_what_a_batch_gave_is_told_of_each_of_its_records(pool: OpenPool) -> None:
    async with open_log(pool) as log:
        batch, silent = uuid4(), uuid4()
        given = [["a@1", "nsso", "{[3,5),[9,10)}"], ["b@1", "fund", "{[3,4)}"]]
        pages = [{"page": 0, "groupsGiven": given}, {"page": 1, "groupsGiven": [["a@1", "nsso", "{[10003,10004)}"]]}]
        for page in pages:
            await log.append(Entry(event=Event.BATCH_PAGE_ANSWERED, ticket=batch, fields=page))
        store = SeenStore(await pool("crossroads_hub"))
        found = await store.given_records([(batch, 3), (batch, 5), (batch, 9), (batch, 10_003), (silent, 3)])
    assert {key: sorted(groups) for key, groups in found.items()} == {
        (batch, 3): [("a@1", "nsso"), ("b@1", "fund")],
        (batch, 5): [],
        (batch, 9): [("a@1", "nsso")],
        (batch, 10_003): [("a@1", "nsso")],
    }


async def test_an_answer_stands_with_its_question_also_where_its_outcome_was_not_known_first(pool: OpenPool) -> None:
    async with open_log(pool) as log:
        ticket, lost = uuid4(), uuid4()
        for event, of in ((Event.OUTCOME_UNKNOWN, ticket), (Event.ANSWER_SENT, ticket), (Event.OUTCOME_UNKNOWN, lost)):
            await log.append(Entry(event=event, ticket=of, fields={"status": {}}))
        found = await SeenStore(await pool("crossroads_hub")).endings([ticket, lost, uuid4()])
    assert {of: ending.event for of, ending in found.items()} == {
        ticket: Event.ANSWER_SENT,
        lost: Event.OUTCOME_UNKNOWN,
    }

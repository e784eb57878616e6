"""What supervisors look for is found in months that left the database too, where their files are named."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest

from audit_log import SIGNER, Clock, OpenPool, entry, open_log
from crossroads.audit import given, patterns, reconciliation
from crossroads.audit.archive import Archiver
from crossroads.audit.archived import Archive
from crossroads.audit.events import Event
from crossroads.audit.given import Given
from crossroads.audit.service import Rhythm
from crossroads.audit.whole_log import WholeLog
from crossroads.kernel.errors import Refused, Tampered
from crossroads.kernel.period import Period

MARCH, APRIL = datetime(2026, 3, 15, 12, tzinfo=UTC), datetime(2026, 4, 15, 12, tzinfo=UTC)
YEAR = datetime(2026, 1, 1, tzinfo=UTC)
GROUP = "address@1"
ASKER, HOLDER = "pcsa-ghent", "register"


class Place(NamedTuple):
    """A log of which March left, and where it is."""

    pool: Any
    folder: Path
    tickets: list[UUID]

    def log(self, events: Any, folder: Path | None, since: datetime | None = None) -> WholeLog:
        """Read it with the files of a folder."""
        return WholeLog(self.pool, [SIGNER.verifier], Archive(folder) if folder else None, events, since)

    async def patterns(self, folder: Path | None, since: datetime = YEAR) -> list[Any]:
        """Give what is to be looked at."""
        log = self.log(patterns.EVENTS, folder, since)
        return [one async for one in patterns.patterns(log, 14, since, datetime.now(UTC))]

    async def reconciled(self, folder: Path | None) -> Any:
        """Compare with the log of a participant that was asked all questions."""
        lines = [
            {"ticket": str(ticket), "fields": {"event": "participant:data:asked", "holder": HOLDER, **_ASKED}}
            for ticket in self.tickets
        ]
        return await reconciliation.reconcile(self.log(reconciliation.EVENTS, folder), lines)


_ASKED = {"dataGroups": [GROUP], "statement": "as it was"}
_PERMITS = [{"holder": HOLDER, "dataGroups": {GROUP: {"startDate": "2026-01-01"}}}]
_DAYS = {"startDate": "2026-01-01", "endDate": "2026-03-01"}
_INSCRIBED: dict[str, Any] = {"institution": ASKER, "context": "17:1", "period": _DAYS}


@pytest.fixture
async def place(pool: OpenPool, tmp_path: Path) -> AsyncIterator[Place]:
    """Give one of which, in March and in April, somebody was inscribed, asked about, given, and closed."""
    clock, tickets, hub = Clock(MARCH), [uuid4(), uuid4()], await pool("crossroads_hub")
    async with open_log(pool, rhythm=Rhythm(pulse=timedelta(hours=1)), clock=clock) as log:
        for month, ticket in zip((MARCH, APRIL), tickets, strict=True):
            said: list[tuple[Event, dict[str, Any]]] = [
                (Event.INSCRIPTION_OPENED, {**_INSCRIBED, "period": {"startDate": "2026-01-01"}}),
                (Event.QUESTION_DECIDED, {"permits": _PERMITS, "statement": "as it was"}),
                (Event.ANSWER_SENT, {"groupsGiven": [[GROUP, HOLDER]], "sources": []}),
                (Event.INSCRIPTION_CLOSED, _INSCRIBED),
            ]
            for minute, (event, fields) in enumerate(said):
                clock.moment = month + timedelta(minutes=minute)
                await log.append(entry(event, ticket, **fields))
        await log.sign_checkpoint()
        clock.moment = datetime.now(UTC)
        archiver = Archiver(await pool("crossroads_retention"), log, SIGNER, tmp_path / "archive")
        (march,) = await archiver.months(APRIL)
        await archiver.archive(march, lambda *_: None)
        yield Place(hub, tmp_path / "archive", tickets)


async def test_patterns_are_found_in_files_too(place: Place) -> None:
    found = await place.patterns(place.folder)
    assert [(one.opened, one.questions, one.tickets) for one in found] == [
        (ticket, 1, (ticket,)) for ticket in place.tickets
    ]
    assert len(await place.patterns(None, APRIL)) == 1, "March is not looked at, and not needed"


async def test_the_log_of_a_participant_is_compared_with_files_too(place: Place) -> None:
    outcome = await place.reconciled(place.folder)
    assert (outcome.agreed, outcome.discrepancies) == (2, [])


async def test_who_was_given_something_is_found_in_files_too(place: Place) -> None:
    async with place.log(given.EVENTS, place.folder).snapshot() as snapshot:
        found = await snapshot.given([7], GROUP, None)
        assert found == [Given(ASKER, HOLDER, Period(date(2026, 1, 1)))]
        assert await snapshot.given([8], GROUP, None) == []
    async with place.log(given.EVENTS, None, APRIL).snapshot() as snapshot:
        assert await snapshot.given([7], GROUP, APRIL) == found


async def test_what_is_missing_is_named(place: Place) -> None:
    for looked in (place.patterns, place.reconciled):
        with pytest.raises(Refused, match=r"2026-03 left the database: name the folder of the files with --archive"):
            await looked(None)
    (place.folder / "log-2026-03.parquet").unlink()
    with pytest.raises(Tampered, match=r"log-2026-03\.parquet cannot be read"):
        await place.patterns(place.folder)


async def test_nothing_stays_of_what_was_read(place: Place) -> None:
    """The next who reads with these connections sees the table again."""
    await place.patterns(place.folder)
    for _ in range(20):
        assert await place.pool.fetchval("SELECT count(*) FROM log_entry WHERE event = $1", Event.ANSWER_SENT) == 1

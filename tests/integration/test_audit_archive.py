"""Months of the log that leave the database: each is in a file that is whole, and every proof can still be made."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest

from audit_log import SIGNER, Clock, OpenPool, entry, open_log
from crossroads.audit.archive import Archiver, archived_before
from crossroads.audit.archive_expiry import ArchiveExpiry
from crossroads.audit.archive_proof import check_against_tree
from crossroads.audit.archived import Archive
from crossroads.audit.archived_reading import OpenArchive, prove_everywhere
from crossroads.audit.errors import EntryArchived
from crossroads.audit.events import Event
from crossroads.audit.findings import Kind, Verification
from crossroads.audit.manifests import Manifest
from crossroads.audit.parquet import EntryWriter, entries
from crossroads.audit.reading import Reading
from crossroads.audit.service import Log, Rhythm
from crossroads.audit.verification import verify
from crossroads.kernel.errors import Refused, Tampered, Unavailable
from crossroads.wire.proofs import verify_entry_proof
from database import Database, execute

KEYS = [SIGNER.verifier]
ASLEEP = Rhythm(pulse=timedelta(hours=1))
MARCH, APRIL, MAY = (datetime(2026, month, 15, 12, tzinfo=UTC) for month in (3, 4, 5))
MONTHS = "SELECT add_month('log_entry', m) FROM unnest(ARRAY['2026-03-01', '2026-04-01']::timestamptz[]) AS m"
pytestmark = pytest.mark.timeout(90)


class Place(NamedTuple):
    """A log over three months, of which two have a partition, and where it is archived."""

    log: Log
    clock: Clock
    archiver: Archiver
    reader: Any
    folder: Path
    database: Database
    tickets: dict[str, UUID]

    async def archive(self, before: datetime) -> list[Manifest]:
        """Archive what is from before a moment."""
        return [await self.archiver.archive(month, lambda *_: None) for month in await self.archiver.months(before)]

    async def verify(self, *, files: bool) -> Verification:
        """Verify, with the files or without."""
        return await verify(self.reader, KEYS, archive=Archive(self.folder) if files else None)

    async def rows(self) -> int:
        """Count the entries in the database."""
        return int(await self.reader.fetchval("SELECT count(*) FROM log_entry"))


@pytest.fixture
async def place(pool: OpenPool, database: Database, tmp_path: Path) -> AsyncIterator[Place]:
    """Give 300 entries of March, of April and of May in one stream, and some that are kept for ever."""
    await execute(database.url("crossroads_owner"), f"SET timezone = 'UTC'; {MONTHS}")
    clock, folder, tickets = Clock(MARCH), tmp_path / "archive", {}
    async with open_log(pool, rhythm=ASLEEP, clock=clock) as log:
        archiver = Archiver(await pool("crossroads_retention"), log, SIGNER, folder)
        for month in (MARCH, APRIL, MAY):
            clock.moment = month
            tickets[f"{month:%m}"] = uuid4()
            await log.append(entry(ticket=tickets[f"{month:%m}"], month=month.month))
            await log.append(entry(Event.KEY_REGISTERED, key="kept"))
            await log.append_many(entry(n=n) for n in range(298))
            await log.sign_checkpoint()
        clock.moment = datetime.now(UTC)
        yield Place(log, clock, archiver, await pool("crossroads_reader"), folder, database, tickets)


async def test_what_leaves_is_verified_with_the_files_and_told_without(place: Place) -> None:
    note = place.log.checkpoint
    (march, april) = await place.archive(MAY)
    assert (march.month, march.entries, april.month, april.entries) == ("2026-03", 299, "2026-04", 299)
    # What is kept for ever stays, and the two entries that tell of the months came.
    assert await place.rows() == 300 + 2 + 2
    await place.log.sign_checkpoint()
    alone, whole = await place.verify(files=False), await place.verify(files=True)
    assert (alone.findings, alone.archived, alone.entries) == ([], 598, 902)
    assert (whole.findings, whole.archived, whole.entries) == ([], 598, 902)
    assert [(one.month, one.digest, one.looked) for one in alone.archives] == [
        ("2026-03", march.digest, False),
        ("2026-04", april.digest, False),
    ]
    assert all(one.looked for one in whole.archives)
    assert note != place.log.checkpoint


async def test_nobody_else_may_read_the_files(place: Place) -> None:
    await place.archive(MAY)
    assert stat.S_IMODE(place.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in place.folder.iterdir()} == {0o600}
    assert len(list(place.folder.iterdir())) == 4
    place.folder.chmod(0o750)
    with pytest.raises(Refused, match="chmod 700"):
        await place.archiver.archive(
            (await place.archiver.months(datetime(2026, 7, 1, tzinfo=UTC)))[0], lambda *_: None
        )


async def test_every_proof_can_still_be_made(place: Place) -> None:
    """The neighbours of what stays are in the archive, and the sizes of old checkpoints end among them."""
    await place.archive(MAY)
    await place.log.sign_checkpoint()
    for index in (1, 301, 600, 601, 899):
        proof = await place.log.prove_entry(0, index)
        assert verify_entry_proof(proof, KEYS)
    newest = len(await place.reader.fetch("SELECT FROM log_top"))
    for first in range(1, newest):
        await place.log.consistency(first, newest)
    with pytest.raises(EntryArchived):
        await place.log.prove_entry(0, 0)


async def test_an_archived_entry_is_proven_and_read_from_its_file(place: Place) -> None:
    await place.archive(MAY)
    reading = Reading(place.reader)
    opened = await OpenArchive.open(reading, Archive(place.folder), KEYS)
    (proof,) = await prove_everywhere(place.log, opened, place.tickets["04"], ["month"])
    assert verify_entry_proof(proof, KEYS) == {"month": 4}
    (proof,) = await prove_everywhere(place.log, opened, place.tickets["05"], ["month"])
    assert verify_entry_proof(proof, KEYS) == {"month": 5}
    assert len([line async for line in opened.usage([7])]) == 598
    assert [line async for line in opened.usage([8])] == []


ALTERED: dict[str, Callable[[Path], object]] = {
    "cut": lambda path: os.truncate(path, path.stat().st_size - 100),
    "changed": lambda path: path.write_bytes(path.read_bytes()[:500] + b"\x00" + path.read_bytes()[501:]),
    "removed": lambda path: path.unlink(),
}


@pytest.mark.parametrize("how", ALTERED)
async def test_a_file_that_is_not_what_was_archived_is_named(place: Place, how: str) -> None:
    (march, april) = await place.archive(MAY)
    ALTERED[how](place.folder / march.file)
    found = await place.verify(files=True)
    assert {finding.kind for finding in found.findings} == {Kind.ARCHIVE}
    assert all(march.file in finding.reason for finding in found.findings)
    assert sum(finding.last - finding.first + 1 for finding in found.findings) == march.entries
    assert [one.looked for one in found.archives] == [False, True]
    assert (await place.verify(files=False)).findings == []
    assert april.file not in str(found.findings)


def _less(path: Path, *, spoken: bool) -> None:
    """Write a file anew without its last entry, or without what that entry says."""
    every = list(entries(path))
    last = every.pop()
    if spoken:
        every.append(last._replace(record=last.record._replace(content=None, salts=None, person=None)))
    with path.open("wb") as file:
        writer = EntryWriter(file)
        writer.write(every)
        writer.end()


async def test_a_file_that_hides_an_entry_is_not_read(place: Place) -> None:
    (march, _) = await place.archive(MAY)
    _less(place.folder / march.file, spoken=True)
    with pytest.raises(Tampered, match=r"log-2026-03\.parquet is not the file"):
        await OpenArchive.open(Reading(place.reader), Archive(place.folder), KEYS)


@pytest.mark.parametrize("spoken", [False, True])
async def test_a_file_that_lacks_something_is_not_the_month(place: Place, *, spoken: bool) -> None:
    """The leaf of what it lacks is in the database, so the roots hold."""
    (march, _) = await place.archive(MAY)
    _less(place.folder / march.file, spoken=spoken)
    with pytest.raises(Tampered, match="not all"):
        await check_against_tree(Reading(place.reader), place.folder / march.file, march)


async def test_a_file_that_was_swapped_since_it_was_looked_at_is_not_renewed(place: Place) -> None:
    await place.archive(MAY)
    expiry, before = ArchiveExpiry(Reading(place.reader), place.log, SIGNER, place.folder), {"directory": APRIL}
    ((manifest, ranges),) = await expiry.due(before)
    _less(place.folder / manifest.file, spoken=False)
    with pytest.raises(Tampered, match="is not the file that was archived"):
        await expiry.expire(manifest, ranges, before)
    assert len(list(place.folder.glob("log-2026-03*.note"))) == 1


async def test_leaves_that_no_entry_of_the_log_explains_are_missed_entries(place: Place) -> None:
    await place.archive(MAY)
    own = "UPDATE log_entry SET content = jsonb_set(content, '{note}', '\"forged\"') WHERE event = 'log:month:archived'"
    await execute(place.database.url("postgres"), own)
    found = await place.verify(files=False)
    assert Kind.MISSING in {finding.kind for finding in found.findings}
    assert sum(one.last - one.first + 1 for one in found.findings if one.kind is Kind.MISSING) == 598


async def test_a_leaf_that_was_altered_is_found_without_the_file(place: Place) -> None:
    await place.archive(MAY)
    await execute(
        place.database.url("postgres"),
        "UPDATE log_leaf SET leaves = set_byte(leaves, 40, (get_byte(leaves, 40) + 1) % 256) WHERE first = 256",
    )
    assert (await place.verify(files=False)).findings


async def test_what_was_altered_in_the_database_is_not_archived(place: Place) -> None:
    await execute(place.database.url("postgres"), "UPDATE log_entry SET asker = 'pcsw-gent' WHERE index = 120")
    (march, april) = await place.archiver.months(MAY)
    with pytest.raises(Tampered, match="entry 120 of stream 0"):
        await place.archiver.archive(march, lambda *_: None)
    await execute(
        place.database.url("postgres"), "UPDATE log_entry SET leaf = sha256(leaf), content = NULL WHERE index = 420"
    )
    with pytest.raises(Tampered, match=r"log-2026-04\.parquet"):
        await place.archiver.archive(april, lambda *_: None)
    assert await place.rows() == 900


async def test_a_second_run_finds_nothing_to_do(place: Place) -> None:
    first = await place.archive(MAY)
    assert await place.archive(MAY) == []
    assert len(first) == 2


async def test_entries_that_a_wrong_clock_put_into_an_archived_month_leave_to_a_second_file(place: Place) -> None:
    await place.archive(APRIL)
    place.clock.moment = MARCH + timedelta(days=1)
    await place.log.append_many(entry(late=n) for n in range(5))
    place.clock.moment = datetime.now(UTC)
    await place.log.sign_checkpoint()
    (late,) = await place.archive(APRIL)
    assert (late.file, late.entries) == ("log-2026-03-2.parquet", 5)
    assert (await place.verify(files=True)).findings == []
    assert (await place.verify(files=True)).archived == 304


async def test_two_that_archive_the_same_month_do_not_lose_it(place: Place, pool: OpenPool, tmp_path: Path) -> None:
    (month, _) = await place.archiver.months(MAY)
    other = Archiver(await pool("crossroads_retention"), place.log, SIGNER, tmp_path / "other")
    done = await asyncio.gather(
        *(one.archive(month, lambda *_: None) for one in (place.archiver, place.archiver, other)),
        return_exceptions=True,
    )
    assert sorted(isinstance(one, Manifest) for one in done) == [False, False, True]
    assert all(isinstance(one, Manifest | Refused | Unavailable) for one in done), done
    await place.log.sign_checkpoint()
    found = await place.verify(files=False)
    assert (found.findings, found.archived) == ([], 299)


async def test_a_month_stays_while_somebody_reads_the_whole_log(place: Place) -> None:
    (month, _) = await place.archiver.months(MAY)
    async with Reading(place.reader).snapshot() as snapshot:
        await snapshot.decided([uuid4()], ["x"])
        with pytest.raises(Unavailable, match="somebody reads the whole log"):
            await place.archiver.archive(month, lambda *_: None)
        await place.log.append(entry())
    assert (await place.archiver.archive(month, lambda *_: None)).entries == 299
    assert len(list(place.folder.glob("*.parquet"))) == 1


async def test_what_expires_in_the_files_is_gone_and_the_log_stays_sound(place: Place, database: Database) -> None:
    await place.archive(MAY)
    await execute(database.url("crossroads_owner"), "UPDATE log_term SET days = 10")
    expiry = ArchiveExpiry(Reading(place.reader), place.log, SIGNER, place.folder)
    before = {"directory": APRIL, "exchange": MAY}
    (due,) = await expiry.due(before)
    renewed = await expiry.expire(*due, before)
    assert (due[0].file, renewed.file, renewed.speaking) == ("log-2026-03.parquet", "log-2026-03-2.parquet", 0)
    await expiry.tidy()
    names = ["log-2026-03-2.note", "log-2026-03-2.parquet", "log-2026-04.note", "log-2026-04.parquet"]
    assert sorted(path.name for path in place.folder.iterdir()) == names
    assert await expiry.due(before) == []
    found = await place.verify(files=True)
    assert (found.findings, found.archived, found.expired) == ([], 598, 299)
    opened = await OpenArchive.open(Reading(place.reader), Archive(place.folder), KEYS)
    assert len([line async for line in opened.usage([7])]) == 299
    assert await opened.of_ticket(place.tickets["03"]) == []


async def test_a_renewal_that_was_broken_off_leaves_nothing_that_expired(place: Place) -> None:
    """Killed after the new file was logged, before the old one went."""
    await place.archive(MAY)
    kept = {path: path.read_bytes() for path in place.folder.glob("log-2026-03.*")}
    expiry = ArchiveExpiry(Reading(place.reader), place.log, SIGNER, place.folder)
    before = {"directory": APRIL}
    await expiry.expire(*(await expiry.due(before))[0], before)
    for path, content in kept.items():
        path.write_bytes(content)
    await expiry.tidy()
    assert not any(path.exists() for path in kept)
    assert (await place.verify(files=True)).findings == []


async def test_content_that_went_from_a_file_without_a_signed_entry_is_noticed(
    place: Place, database: Database
) -> None:
    await place.archive(MAY)
    expiry = ArchiveExpiry(Reading(place.reader), place.log, SIGNER, place.folder)
    before = {"directory": APRIL}
    await expiry.expire(*(await expiry.due(before))[0], before)
    await execute(
        database.url("postgres"), "UPDATE log_entry SET content = content - 'note' WHERE event = 'log:range:expired'"
    )
    gone = [
        one
        for one in (await place.verify(files=True)).findings
        if "no signed entry tells that it expired" in one.reason
    ]
    assert sum(one.last - one.first + 1 for one in gone) == 299


def test_a_month_that_is_not_old_enough_is_refused() -> None:
    now = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    assert archived_before(datetime(2026, 6, 1, tzinfo=UTC).date(), now, 30) == datetime(2026, 6, 1, tzinfo=UTC)
    with pytest.raises(Refused, match="log_online_days"):
        archived_before(datetime(2026, 6, 2, tzinfo=UTC).date(), now, 30)

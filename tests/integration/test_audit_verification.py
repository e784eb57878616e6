"""Verification of the whole log names what was altered, removed or added, and what merely expired."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from audit_log import LONG_AGO, SIGNER, Clock, OpenPool, entry, open_log
from crossroads.audit.errors import EntryExpired
from crossroads.audit.events import Event
from crossroads.audit.findings import Finding, Kind
from crossroads.audit.model import Expirable
from crossroads.audit.retention import Retention
from crossroads.audit.service import Log, Rhythm
from crossroads.audit.verification import verify
from crossroads.kernel.errors import InvalidValue
from crossroads.wire.notes import Checkpoint, NoteSigner, verify_checkpoint
from database import Database, execute

KEYS = [SIGNER.verifier]
ASLEEP = Rhythm(pulse=timedelta(hours=1))
pytestmark = pytest.mark.timeout(60)


@pytest.fixture
async def filled(pool: OpenPool) -> AsyncIterator[Log]:
    """Give a log of long ago that its processes still hold."""
    old = Clock(LONG_AGO)
    async with open_log(pool, rhythm=ASLEEP, clock=old) as log, open_log(pool, rhythm=ASLEEP, clock=old) as other:
        await fill(log, other)
        yield log


async def fill(*logs: Log) -> None:
    """Write 300 entries to each stream, signed at 100 and 300, and one that is not signed."""
    for count in (100, 200):
        for log in logs:
            await log.append_many(entry(n=n) for n in range(count))
        await logs[0].sign_checkpoint()
    for log in logs:
        await log.append(entry(signed=False))


TABLES = ("log_stream", "log_entry", "log_subtree", "log_top", "log_checkpoint")


@pytest.fixture(scope="module")
def kept(module_database: Database) -> Database:
    """Give a database with a filled log and a copy of each of its tables."""

    async def fill_and_copy() -> None:
        async with asyncpg.create_pool(module_database.url()) as pool:
            logs = [Log(pool, SIGNER, rhythm=ASLEEP) for _ in range(2)]
            for log in logs:
                await log.start()
            await fill(*logs)
            for log in logs:
                await log.stop()
        for table in TABLES:
            await execute(module_database.url("postgres"), f"CREATE TABLE kept_{table} AS TABLE {table}")

    asyncio.run(fill_and_copy())
    return module_database


@pytest.fixture
def restored(kept: Database) -> Database:
    """Give the filled log as it was written, whatever was done to it before."""
    acts = [f"TRUNCATE {table}; INSERT INTO {table} TABLE kept_{table}" for table in TABLES]
    asyncio.run(execute(kept.url("postgres"), "; ".join(acts)))
    return kept


def due(stream: int, first: int, last: int) -> Expirable:
    """Give a range of entries about inscriptions, as `entry` makes them."""
    return Expirable("directory", stream, first, last, last - first + 1)


async def findings(pool: OpenPool) -> list[Finding]:
    outcome = await verify(await pool("crossroads_reader"), KEYS)
    assert outcome.sound == (not outcome.findings)
    return outcome.findings


async def test_a_log_as_it_was_written_is_sound(filled: Log, pool: OpenPool) -> None:
    told: list[tuple[int, int]] = []
    known = [verify_checkpoint(filled.checkpoint, KEYS)]
    outcome = await verify(
        await pool("crossroads_reader"), KEYS, known=known, progress=lambda done, total: told.append((done, total))
    )
    assert (outcome.findings, outcome.entries, outcome.checkpoints, outcome.expired) == ([], 602, 2, 0)
    assert told[-1] == (604, 604)


ALTERED, MISSING, ADDED = Kind.ALTERED, Kind.MISSING, Kind.ADDED
ADD_ENTRY = (
    "INSERT INTO log_entry SELECT stream, 301, epoch, event, ticket, person, asker, at, content, salts, leaf"
    " FROM log_entry WHERE stream = 0 AND index = 0"
)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("UPDATE log_entry SET content = '{\"n\": 6}' WHERE stream = 1 AND index = 5", [(ALTERED, 1, 5, 5)]),
        ("UPDATE log_entry SET asker = 'pcsa-liege' WHERE stream = 0 AND index = 120", [(ALTERED, 0, 120, 120)]),
        ("UPDATE log_entry SET person = 8 WHERE stream = 1 AND index = 300", [(ALTERED, 1, 300, 300)]),
        ("UPDATE log_entry SET ticket = NULL WHERE stream = 0 AND index = 0", [(ALTERED, 0, 0, 0)]),
        ("UPDATE log_entry SET at = at + interval '1 us' WHERE stream = 1 AND index = 7", [(ALTERED, 1, 7, 7)]),
        ("UPDATE log_entry SET event = 'x' WHERE index = 4", [(ALTERED, 0, 4, 4), (ALTERED, 1, 4, 4)]),
        ("UPDATE log_entry SET salts = ''::bytea WHERE stream = 1 AND index = 3", [(ALTERED, 1, 3, 3)]),
        ("UPDATE log_entry SET content = '[1.5]' WHERE stream = 1 AND index = 3", [(ALTERED, 1, 3, 3)]),
        ("UPDATE log_entry SET content = NULL, salts = NULL WHERE stream = 1 AND index < 3", [(ALTERED, 1, 0, 2)]),
        ("DELETE FROM log_entry WHERE stream = 1 AND index = 42", [(MISSING, 1, 42, 42)]),
        ("DELETE FROM log_entry WHERE stream = 0 AND index BETWEEN 0 AND 9", [(MISSING, 0, 0, 9)]),
        ("DELETE FROM log_entry WHERE stream = 0 AND index = 300", [(MISSING, 0, 300, 300)]),
        ("DELETE FROM log_entry WHERE stream = 0", [(MISSING, 0, 0, 300)]),
        (ADD_ENTRY, [(ADDED, 0, 301, 301)]),
        ("DELETE FROM log_subtree WHERE stream = 1", [(ALTERED, 1, 0, 255)]),
        ("UPDATE log_subtree SET level = 16 WHERE stream = 1", [(ALTERED, 1, 0, 255), (Kind.HEAD, 1, 0, 65535)]),
        (
            "UPDATE log_top SET leaf = sha256(leaf) WHERE index = 0",
            [(Kind.LIST, -1, 0, 0), (Kind.CHECKPOINT, -1, 0, 0)],
        ),
        ("UPDATE log_top SET heads = '[]' WHERE index = 0", [(Kind.LIST, -1, 0, 0)]),
        ("UPDATE log_top SET heads = '[{\"stream\": 0}, 1]' WHERE index = 1", [(Kind.LIST, -1, 1, 1)]),
        ("DELETE FROM log_top WHERE index = 1", [(MISSING, -1, 1, 1)]),
        ("DELETE FROM log_checkpoint WHERE size = 2", [(Kind.CHECKPOINT, -1, 1, 1)]),
        (
            "UPDATE log_checkpoint SET note = (SELECT note FROM log_checkpoint WHERE size = 1) WHERE size = 2",
            [(Kind.CHECKPOINT, -1, 1, 1)],
        ),
        (
            "UPDATE log_stream SET frontier = sha256('x') || substr(frontier, 33) WHERE stream = 1",
            [(Kind.HEAD, 1, 0, 300)],
        ),
    ],
    ids=str,
)
async def test_what_was_done_to_the_log_is_named(
    restored: Database, sql: str, expected: list[tuple[Kind, int, int, int]]
) -> None:
    await execute(restored.url("postgres"), sql)
    async with asyncpg.create_pool(restored.url("crossroads_reader"), min_size=1) as reader:
        outcome = await verify(reader, KEYS)
    assert [(finding.kind, finding.stream, finding.first, finding.last) for finding in outcome.findings] == expected


@pytest.mark.usefixtures("filled")
async def test_an_entry_exchanged_with_its_leaf_is_narrowed_down(pool: OpenPool, database: Database) -> None:
    """Whoever computes the leaf anew is betrayed by the roots: those stored, and those signed."""
    copy = (
        "UPDATE log_entry e SET (event, ticket, person, asker, at, content, salts, leaf) = (SELECT o.event, o.ticket,"
    )
    copy += (
        " o.person, o.asker, o.at, o.content, o.salts, o.leaf FROM log_entry o WHERE o.stream = 1 AND o.index = 150)"
    )
    await execute(database.url("postgres"), f"{copy} WHERE e.stream = 0 AND e.index = 160")
    assert [str(finding) for finding in await findings(pool)] == [
        "Entries 0 to 255 of stream 0: They do not give the root stored over them."
    ]


@pytest.mark.usefixtures("filled")
async def test_a_log_cut_off_at_an_older_head_is_found_short(pool: OpenPool, database: Database) -> None:
    await execute(
        database.url("postgres"),
        "DELETE FROM log_entry WHERE stream = 0 AND index >= 256;"
        "UPDATE log_stream SET size = 256, frontier = (SELECT root FROM log_subtree WHERE stream = 0) WHERE stream = 0",
    )
    assert [str(finding) for finding in await findings(pool)] == [
        "Entries 256 to 299 of stream 0: Missing from the log."
    ]


@pytest.mark.usefixtures("filled")
async def test_a_stream_removed_whole_is_missed(pool: OpenPool, database: Database) -> None:
    await execute(
        database.url("postgres"),
        "DELETE FROM log_entry WHERE stream = 0; DELETE FROM log_stream WHERE stream = 0;"
        "DELETE FROM log_subtree WHERE stream = 0",
    )
    assert [str(finding) for finding in await findings(pool)] == ["Entries 0 to 299 of stream 0: Missing from the log."]


async def test_a_checkpoint_that_somebody_kept_is_compared(filled: Log, pool: OpenPool) -> None:
    seen = verify_checkpoint(filled.checkpoint, KEYS)
    reader = await pool("crossroads_reader")
    for known, kind in ((Checkpoint(seen.origin, 1, bytes(32)), Kind.CHECKPOINT), (seen._replace(size=9), MISSING)):
        outcome = await verify(reader, KEYS, known=[known])
        assert [finding.kind for finding in outcome.findings] == [kind]


@pytest.mark.usefixtures("filled")
async def test_a_log_signed_with_another_key_is_not_believed(pool: OpenPool) -> None:
    outcome = await verify(await pool("crossroads_reader"), [NoteSigner.generate(SIGNER.name).verifier])
    assert [(finding.kind, finding.first) for finding in outcome.findings] == [(Kind.CHECKPOINT, 0)]
    assert outcome.findings[0].last == 1


async def test_expired_entries_say_expired_and_nothing_else(filled: Log, pool: OpenPool) -> None:
    reader = await pool("crossroads_reader")
    await filled.append(entry(Event.KEY_REGISTERED, key="kept"))
    retention = Retention(await pool("crossroads_hub"), filled, SIGNER)
    receipt = await retention.expire(due(0, 10, 301))
    left = (
        "SELECT count(*) FROM log_entry WHERE stream = 0 AND coalesce(content::text, ticket::text, asker) IS NOT NULL"
    )
    assert await reader.fetchval(left) == 12
    outcome = await verify(reader, KEYS)
    assert (outcome.expired, outcome.findings) == (291, [])
    await filled.sign_checkpoint()
    with pytest.raises(EntryExpired):
        await filled.prove_entry(0, 10)
    assert (await filled.prove_entry(receipt.stream, receipt.index)).opened["last"].value == 301
    again = await retention.expire(due(0, 10, 301))
    assert again.index == receipt.index + 1


async def test_ranges_that_expire_one_after_the_other_are_all_known(filled: Log, pool: OpenPool) -> None:
    retention = Retention(await pool("crossroads_hub"), filled, SIGNER)
    for first, last in ((50, 99), (0, 49), (90, 120)):
        await retention.expire(due(1, first, last))
    outcome = await verify(await pool("crossroads_reader"), KEYS)
    assert (outcome.expired, outcome.findings) == (121, [])


async def test_content_removed_outside_the_range_that_expired_is_noticed(
    filled: Log, pool: OpenPool, database: Database
) -> None:
    await Retention(await pool("crossroads_hub"), filled, SIGNER).expire(due(0, 10, 20))
    await execute(database.url("postgres"), "UPDATE log_entry SET content = NULL WHERE stream = 0 AND index = 21")
    assert [str(finding) for finding in await findings(pool)] == [
        "Entry 21 of stream 0: What it says is gone, and no signed entry tells that it expired."
    ]


async def test_an_expiry_that_the_log_did_not_sign_excuses_nothing(filled: Log, pool: OpenPool) -> None:
    forger = NoteSigner.generate(SIGNER.name)
    await Retention(await pool("crossroads_hub"), filled, forger).expire(due(1, 0, 4))
    assert [(finding.kind, finding.first, finding.last) for finding in await findings(pool)] == [(ALTERED, 0, 4)]


async def test_the_leaf_of_an_expired_entry_is_still_held_by_the_roots(
    filled: Log, pool: OpenPool, database: Database
) -> None:
    await Retention(await pool("crossroads_hub"), filled, SIGNER).expire(due(0, 0, 299))
    await execute(database.url("postgres"), "UPDATE log_entry SET leaf = sha256('x') WHERE stream = 0 AND index = 99")
    assert [(finding.kind, finding.first, finding.last) for finding in await findings(pool)] == [(ALTERED, 0, 99)]


@pytest.mark.parametrize("bounds", [(5, 4), (-1, 3)])
async def test_a_range_that_is_none_does_not_expire(filled: Log, pool: OpenPool, bounds: tuple[int, int]) -> None:
    with pytest.raises(InvalidValue):
        await Retention(await pool("crossroads_hub"), filled, SIGNER).expire(due(0, *bounds))
    assert await findings(pool) == []

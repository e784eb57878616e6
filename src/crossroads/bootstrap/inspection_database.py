"""What is right and what is wrong with the database of an installation, and with what is recorded in it."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from crossroads.audit.months import FEWEST, Months
from crossroads.audit.reading import Reading
from crossroads.audit.retention_store import RetentionStore
from crossroads.audit.store import Store as LogStore
from crossroads.audit.terms import days_by_event
from crossroads.bootstrap.database import NAME, embedded
from crossroads.bootstrap.inspection import Row, ok, warn, wrong
from crossroads.bootstrap.inspection_archive import inspect_archive
from crossroads.bootstrap.keys import log_key, message_key, permit_key
from crossroads.bootstrap.migrations import OWNER, pending
from crossroads.bootstrap.settings import Installation
from crossroads.catalogue.snapshot import Snapshot
from crossroads.catalogue.store import Store as CatalogueStore
from crossroads.identity.database import Pool
from crossroads.kernel.clock import SystemClock, in_brussels
from crossroads.kernel.errors import CrossroadsError
from crossroads.wire.keys import SigningKey
from crossroads.wire.notes import NoteVerifier
from crossroads.wire.registrations import KeyUse
from crossroads.wire.signatures import MAXIMUM_AHEAD

OWNER_URL = "CROSSROADS_OWNER_URL"
_PATIENCE_SECONDS = 5
_OLDEST_VERSION = 15
_CLOCK_SECONDS = 1
_EXPIRES_SOON = timedelta(days=30)
_CHECKPOINT_LATE = timedelta(seconds=10)

# Who connects, and what it may do that the hub must not.
_ROLE = """
SELECT current_user AS role, rolsuper AS superuser, current_setting('server_version_num')::int / 10000 AS version,
       current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on' AS durable,
       EXISTS (SELECT FROM pg_roles o WHERE o.rolname = 'crossroads_owner' AND pg_has_role(o.oid, 'MEMBER')) AS owner,
       ARRAY(
           SELECT name
           FROM unnest(
               '{log_entry,log_leaf,log_subtree,log_term,log_top,log_checkpoint,bis_term,bis_served}'::text[]
           ) AS t (name)
           WHERE has_any_column_privilege(to_regclass(name), 'UPDATE')
              OR has_table_privilege(to_regclass(name), 'DELETE, TRUNCATE')
       ) AS changeable
FROM pg_roles WHERE rolname = current_user
"""
# Whether a program with the rights of the portal could take all connections, or pile up what no table shows.
_PILING = """
SELECT r.rolconnlimit = -1 OR has_function_privilege(r.oid, 'lo_from_bytea(oid, bytea)', 'EXECUTE')
    OR has_database_privilege(r.oid, current_database(), 'TEMPORARY')
FROM pg_roles AS r WHERE r.rolname = 'crossroads_portal'
"""
_BIS_DAYS = "SELECT max(days) FROM bis_term"
_RUNNING = "SELECT count(*) FROM log_stream WHERE stream >= 0 AND lease_until > now()"


async def inspect_database(installation: Installation, url: str) -> AsyncIterator[Row]:
    """Look at the database and at what it holds; a row that cannot be had ends the look."""
    try:
        async with asyncpg.create_pool(url, min_size=1, max_size=2, timeout=_PATIENCE_SECONDS) as pool:
            yield ok("database", "It can be reached.")
            async for row in _inspected(installation, pool):
                yield row
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError, CrossroadsError) as error:
        # The words of the driver may hold the URL, and with it a password.
        text = str(error) if isinstance(error, CrossroadsError) else f"It does not work ({type(error).__name__})."
        yield wrong(
            "database", text, "Look whether it runs, whether database_url is right, and at `crossroads migrate`."
        )


async def _inspected(installation: Installation, pool: Pool) -> AsyncIterator[Row]:
    for row in _role(await pool.fetchrow(_ROLE)):
        yield row
    yield _piling(found=bool(await pool.fetchval(_PILING)))
    yield _clock(*await _times(pool))
    yield await _schema(installation)
    yield await _months(pool)
    yield await _terms(installation, pool)
    snapshot = Snapshot(await CatalogueStore(pool).facts())
    if not snapshot.founded:
        yield wrong("founding", "The installation is not founded.", "Found it: docs/how-to/keys.md")
        return
    for row in _founding(installation, snapshot):
        yield row
    yield await _checkpoint(pool)
    terms, verifier = await RetentionStore(pool).terms(), NoteVerifier.parse(snapshot.genesis.log_key)
    for row in await inspect_archive(installation, pool, terms, verifier):
        yield row


def _role(found: Any) -> Iterator[Row]:
    if found["version"] < _OLDEST_VERSION:
        yield wrong("version", f"It is PostgreSQL {found['version']}.", f"Take {_OLDEST_VERSION} or newer.")
    if not found["durable"]:
        yield wrong(
            "durability", "fsync or full_page_writes is off.", "Turn both on: a crash would lose what was acknowledged."
        )
    role, remedy = found["role"], "Connect as crossroads_hub, with the rights that the migrations give and no more."
    if found["superuser"] or found["owner"]:
        yield wrong("role", f"{role} is an administrator, or may become the owner of the tables.", remedy)
    elif found["changeable"]:
        yield wrong("role", f"{role} may change or remove rows of {', '.join(found['changeable'])}.", remedy)
    else:
        yield ok("role", f"{role} can add to the log, and cannot change or remove in it.")


def _piling(*, found: bool) -> Row:
    if found:
        return warn(
            "limits",
            "crossroads_portal may take all connections, or make temporary tables or large objects.",
            "An administrator runs roles.sql, and rights.sql in the database: docs/how-to/install.md, 2.",
        )
    return ok("limits", "crossroads_portal cannot take all connections, nor pile up what no table shows.")


async def _times(pool: Pool) -> tuple[datetime, datetime, datetime]:
    before = SystemClock().now()
    there = await pool.fetchval("SELECT clock_timestamp()")
    return before, there, SystemClock().now()


def _clock(before: datetime, there: datetime, after: datetime) -> Row:
    """Compare the clocks; the time that the question took is not held against them."""
    seconds = max((before - there).total_seconds(), (there - after).total_seconds(), 0.0)
    found = f"It differs by {seconds:.1f} s from that of the database."
    remedy = "Keep both machines on network time (chrony or systemd-timesyncd)."
    if seconds > MAXIMUM_AHEAD:
        return wrong("clock", found, remedy)
    return warn("clock", found, remedy) if seconds > _CLOCK_SECONDS else ok("clock", found)


async def _schema(installation: Installation) -> Row:
    """Look with the owner's rights: the hub cannot see what was applied."""
    own = installation.settings.database_url is not None
    url = os.environ.get(OWNER_URL) if own else embedded(installation).dsn(OWNER, NAME)
    if url is None:
        return warn("schema", "Not looked at.", f"Give the URL of crossroads_owner in {OWNER_URL}.")
    try:
        lacking = await asyncio.wait_for(pending(url), _PATIENCE_SECONDS)
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return wrong("schema", f"The owner cannot connect ({type(error).__name__}).", f"Mend {OWNER_URL}.")
    if lacking:
        return wrong("schema", f"It lacks {', '.join(lacking)}.", "Run `crossroads migrate`.")
    return ok("schema", "It is up to date.")


async def _months(pool: Pool) -> Row:
    ahead = await Months(pool).ahead()
    found = f"The log has a partition for each of the next {ahead} months."
    if ahead < FEWEST:
        return warn("months", found, "Run `crossroads migrate`, and look at the job log-months.")
    return ok("months", found)


async def _terms(installation: Installation, pool: Pool) -> Row:
    settings = installation.settings
    here = {days for _, days in days_by_event(settings.log_kept_days, settings.log_class_days).items()}
    there = {(term.log_class, term.days) for term in await RetentionStore(pool).terms()}
    if here != there or await pool.fetchval(_BIS_DAYS) != settings.bis_kept_days:
        return warn(
            "retention",
            "How long the log, or what the BIS register holds, is kept is not what the settings say.",
            "Settle it: run `crossroads migrate`.",
        )
    return ok("retention", f"What the log says is kept for {min(days for _, days in here)} days or more.")


def _founding(installation: Installation, snapshot: Snapshot) -> Iterator[Row]:
    genesis, settings = snapshot.genesis, installation.settings
    for name in ("installation", "environment", "hub"):
        here, there = getattr(settings, name), getattr(genesis, name)
        if here != there:
            yield wrong(
                "founding", f"It was founded with {name} {there}, and the settings say {here}.", "Mend the settings."
            )
    yield ok("founding", f"{genesis.installation}, version {snapshot.version}.")
    remaining = len({operator.split("#")[0] for operator in snapshot.operators})
    if remaining < 3:  # noqa: PLR2004 - two must be left when one is lost
        yield warn(
            "operators", f"{remaining} operators have a key that counts.", "Admit more: with two, to lose one is final."
        )
    yield from _keys(installation, snapshot)


def _keys(installation: Installation, snapshot: Snapshot) -> Iterator[Row]:
    readers = (("message key", message_key, KeyUse.SIGN), ("permit key", permit_key, KeyUse.PERMIT))
    for what, read, use in readers:
        if key := _readable(lambda read=read: read(installation)):  # type: ignore[misc] # bound at once
            yield _registered(what, key, use, snapshot)
    if own := _readable(lambda: log_key(installation)):
        if str(own.verifier) == snapshot.genesis.log_key:
            yield ok("log key", "It is the one that the first entry of the log names.")
        else:
            yield wrong("log key", "It is not the one that the first entry of the log names.", "Put back keys/log.pem.")


def _readable(read: Callable[[], Any]) -> Any:
    """Give a key, or None where that was told already."""
    try:
        return read()
    except (CrossroadsError, OSError, ValueError):
        return None


def _registered(what: str, key: SigningKey, use: KeyUse, snapshot: Snapshot) -> Row:
    known, now = snapshot.key(key.key_id), SystemClock().now()
    if known is None or known.registration.use is not use:
        return wrong(what, f"{key.key_id} is not registered for {use}.", "Register it: docs/how-to/keys.md")
    if known.thumbprint != key.jwk.thumbprint:
        return wrong(what, f"The file is not the key that is registered as {key.key_id}.", "Put back the right file.")
    if not known.in_force(now):
        return wrong(what, f"{key.key_id} is revoked, or not in its period.", "Register another, and set its name.")
    until = known.registration.valid_until
    found = f"{key.key_id} counts until {until:%Y-%m-%d}."
    if until - now < _EXPIRES_SOON:
        return warn(what, found, "Register the next one now, then set its name: docs/how-to/keys.md")
    return ok(what, found)


async def _checkpoint(pool: Pool) -> Row:
    """Tell since when an entry waits for a checkpoint. An idle hub signs nothing, and that is right."""
    running, newest = await pool.fetchval(_RUNNING), await Reading(pool).newest_checkpoint()
    signed = {head.stream: head.size for head in newest.heads} if newest else {}
    waiting = [head.stream for head in await LogStore(pool).heads() if head.size > signed.get(head.stream, 0)]
    found = f"{running} streams are held by processes. "
    if not waiting:
        return ok("checkpoint", found + f"All entries are under checkpoint {newest.size if newest else 0}.")
    oldest = min([(await Reading(pool).entry(stream, signed.get(stream, 0))).at for stream in waiting])
    if SystemClock().now() - oldest < _CHECKPOINT_LATE:
        return ok("checkpoint", found + "The newest entries are about to be signed.")
    found += f"An entry of {in_brussels(oldest):%Y-%m-%d %H:%M:%S} (Brussels) is under no checkpoint."
    if not running:
        return warn("checkpoint", found, "It is signed when the hub is started.")
    return wrong("checkpoint", found, "Restart the hub, and look in its output for `log pulse`.")

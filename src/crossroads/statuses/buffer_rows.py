"""The tables of the buffer, what is asked of them, and how their rows are read."""

import sqlite3
from datetime import date

import msgspec

from crossroads.kernel.period import Period
from crossroads.statuses.model import Entitlement, Holding, Load

SCHEMA = """
CREATE TABLE IF NOT EXISTS load (
  number INTEGER PRIMARY KEY, day TEXT NOT NULL, until TEXT NOT NULL, sources TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS failure (source TEXT PRIMARY KEY, people INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS known (ssin TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS holding (
  ssin TEXT NOT NULL, status TEXT NOT NULL, source TEXT NOT NULL,
  start_date TEXT NOT NULL, end_date TEXT, extracted TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS holding_ssin ON holding (ssin);
CREATE TABLE IF NOT EXISTS entitlement (
  ssin TEXT NOT NULL, "right" TEXT NOT NULL, start_date TEXT NOT NULL, end_date TEXT, rule INTEGER NOT NULL,
  version TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS entitlement_ssin ON entitlement (ssin, "right");
CREATE TABLE IF NOT EXISTS candidate (ssin TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS inscribed (ssin TEXT, context TEXT, PRIMARY KEY (ssin, context)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS former (ssin TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS withdrawal (ssin TEXT PRIMARY KEY, since TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notice (
  ssin TEXT NOT NULL, data_group TEXT NOT NULL, stamp INTEGER NOT NULL, corrected INTEGER NOT NULL, wrong_since TEXT,
  waits INTEGER NOT NULL DEFAULT 1, covered INTEGER NOT NULL DEFAULT 0, compares INTEGER NOT NULL DEFAULT 1,
  due INTEGER NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0, source TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (ssin, data_group)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS notice_stamp ON notice (stamp);
"""
_SOURCE = "SELECT 1 FROM pragma_table_info('notice') WHERE name = 'source'"
_ADD_SOURCE = "ALTER TABLE notice ADD COLUMN source TEXT NOT NULL DEFAULT ''"
EMPTY = (
    "DELETE FROM load",
    "DELETE FROM failure",
    "DELETE FROM known",
    "DELETE FROM former",
    "DELETE FROM holding",
    "DELETE FROM entitlement",
)
LEAVE = (
    "DELETE FROM holding WHERE ssin IN (SELECT ssin FROM withdrawal)",
    "DELETE FROM entitlement WHERE ssin IN (SELECT ssin FROM withdrawal)",
)
"""Nothing is told of who withdrew while the load was under way; that it is known says that its facts are there."""
COVER = "UPDATE notice SET covered = CASE WHEN ? THEN 1 ELSE 1 + waits END"
TAKE_OVER = (
    "DELETE FROM notice WHERE covered AND NOT waits",
    "UPDATE notice SET compares = 0 WHERE waits AND covered < 2",
    "UPDATE notice SET waits = 1, due = 0, tries = 0 WHERE NOT covered",
)
"""What sources told before a load began is in it; what they told since is asked about again, see `notices`."""
KNOW = "INSERT INTO known VALUES (?)"
HOLD = "INSERT INTO holding VALUES (?, ?, ?, ?, ?, ?)"
"""A row as `held` gives it."""
GRANT = "INSERT INTO entitlement VALUES (?, ?, ?, ?, ?, ?)"
"""A row as `granted` gives it."""
HOLDINGS = """
SELECT * FROM holding WHERE ssin = ? AND ssin NOT IN (SELECT ssin FROM withdrawal) ORDER BY status, start_date
"""
ENTITLEMENTS = """
SELECT * FROM entitlement WHERE ssin = ? AND ssin NOT IN (SELECT ssin FROM withdrawal) ORDER BY "right", start_date
"""
"""Rows as `entitlement` reads them, of a person who did not withdraw."""
DECIDED = 'SELECT DISTINCT "right", version FROM entitlement'
STANDING = """
SELECT * FROM entitlement WHERE "right" NOT IN (SELECT value FROM json_each(?)) ORDER BY ssin, "right", start_date
"""
"""Rows as `entitlement` reads them, of all rights but some."""
CANDIDATES = "SELECT ssin FROM candidate WHERE ssin NOT IN (SELECT ssin FROM withdrawal) ORDER BY ssin"
NOT_INSCRIBED = """
SELECT asked.value FROM json_each(?) AS asked
WHERE NOT EXISTS (SELECT 1 FROM inscribed WHERE inscribed.ssin = asked.value AND inscribed.context = ?)
"""
NEEDLESS = """
SELECT ssin FROM inscribed AS own WHERE context = :context AND ssin > :after AND CASE WHEN context = :candidates
  THEN ssin NOT IN (SELECT ssin FROM candidate)
  ELSE ssin NOT IN (SELECT ssin FROM known)
    OR EXISTS (SELECT 1 FROM inscribed WHERE inscribed.ssin = own.ssin AND inscribed.context = :candidates)
  END ORDER BY ssin LIMIT :most
"""
WITHDRAWN = "SELECT ssin FROM withdrawal JOIN json_each(?) AS asked ON asked.value = withdrawal.ssin"
ASKED = """
SELECT ssin FROM known JOIN json_each(?) AS asked ON asked.value = known.ssin
WHERE ssin NOT IN (SELECT ssin FROM withdrawal)
"""
PROPOSED = "SELECT EXISTS (SELECT 1 FROM candidate WHERE ssin = ? AND ssin NOT IN (SELECT ssin FROM withdrawal))"
SINCE = "SELECT since FROM withdrawal WHERE ssin = ?"
UNFORGOTTEN = """
SELECT EXISTS (SELECT 1 FROM withdrawal WHERE ssin IN (SELECT ssin FROM known UNION ALL SELECT ssin FROM former))
"""
WITHDRAWALS = "SELECT ssin FROM withdrawal ORDER BY ssin"
GRANTED = """
SELECT entitlement.* FROM json_each(?) AS asked JOIN entitlement ON entitlement.ssin = asked.value
WHERE entitlement."right" = ? AND entitlement.ssin NOT IN (SELECT ssin FROM withdrawal)
ORDER BY entitlement.ssin, entitlement.start_date
"""


def add_source(database: sqlite3.Connection) -> None:
    """Let a buffer of an earlier version note which source told; of several processes that open it, one does so."""
    if database.execute(_SOURCE).fetchone():
        return
    with database:
        database.execute("BEGIN IMMEDIATE")
        if not database.execute(_SOURCE).fetchone():
            database.execute(_ADD_SOURCE)


def read_load(database: sqlite3.Connection) -> Load | None:
    """Read which load there is; None where there is none."""
    row = database.execute("SELECT number, day, until, sources FROM load").fetchone()
    if row is None:
        return None
    number, day, until, sources = row
    return Load(
        number=number,
        day=date.fromisoformat(day),
        until=date.fromisoformat(until),
        sources=msgspec.json.decode(sources, type=dict[str, date | None]),
        failed=dict(database.execute("SELECT source, people FROM failure ORDER BY source")),
    )


def held(one: Holding) -> tuple[str | None, ...]:
    """Give the row of a status."""
    return (one.ssin, one.status, one.source, *_days(one.period), one.extracted.isoformat())


def granted(one: Entitlement) -> tuple[str | int | None, ...]:
    """Give the row of a right."""
    return (one.ssin, one.right, *_days(one.period), one.rule, one.version)


def _days(period: Period) -> tuple[str, str | None]:
    return period.start_date.isoformat(), period.end_date.isoformat() if period.end_date else None


def _period(start: str, end: str | None) -> Period:
    return Period(date.fromisoformat(start), date.fromisoformat(end) if end else None)


def holding(row: tuple[str, str, str, str, str | None, str]) -> Holding:
    """Read the row of a status."""
    ssin, status, source, start, end, extracted = row
    return Holding(
        ssin=ssin, status=status, source=source, period=_period(start, end), extracted=date.fromisoformat(extracted)
    )


def entitlement(row: tuple[str, str, str, str | None, int, str]) -> Entitlement:
    """Read the row of a right."""
    ssin, right, start, end, rule, version = row
    return Entitlement(ssin=ssin, right=right, period=_period(start, end), rule=rule, version=version)

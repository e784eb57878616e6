"""What tests of supervision and of the committee share: what an officer and two members say to the hub."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, time
from typing import Any

import asyncpg

from crossroads.kernel.clock import BRUSSELS
from crossroads.network.service import Network
from crossroads.wire.committee import DraftShown
from database import Database
from looking import OVERSIGHT, PORTAL, posted, read
from raw import Reply

DECISION = "COMMITTEE:DECISION"
ANN, BEN = ("holder-ann", "Ann Maes"), ("holder-ben", "Ben Smet")
"""Two invented members of a committee."""


_FLOOD = """
INSERT INTO log_entry (stream, index, epoch, event, ticket, person, asker, at, content, leaf)
SELECT 30000, n, 1, 'exchange:question:decided', gen_random_uuid(), n, 'pcsw-gent', $1,
       jsonb_build_object('agent', 'robot-' || n / 21, 'legalContext', 'PCSA:SOCIAL_INQUIRY'), '\\x00'
FROM generate_series(0, 149 * 21 + 20) AS n
"""


async def flood(url: str, day: date) -> None:
    """Put more patterns on a day than one look shows: 150 agents, each with 21 people in one minute of the night."""
    night = datetime.combine(day, time(2), BRUSSELS)
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SELECT add_month('log_entry', $1)", night)
        await connection.execute(_FLOOD, night)
    finally:
        await connection.close()


@asynccontextmanager
async def holding(database: Database, table: str) -> AsyncIterator[None]:
    """Let nobody read a table meanwhile, as one that takes too long to be read."""
    connection = await asyncpg.connect(database.url("crossroads_owner"))
    try:
        async with connection.transaction():
            await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


def oversees(**said: Any) -> dict[str, Any]:
    """Give what an officer says, with a reason."""
    return {"legalContext": OVERSIGHT, "agent": "holder-olga", "name": "Olga Martens", "reason": "A complaint.", **said}


def decides(member: tuple[str, str], **said: Any) -> dict[str, Any]:
    """Give what a member of the committee says."""
    return {"legalContext": DECISION, "agent": member[0], "name": member[1], **said}


def supervised(built: Network, path: str, caller: str = PORTAL, **said: Any) -> Reply:
    """Do what an officer does."""
    return posted(built, f"/v1/supervision/{path}", oversees(**said), caller)


def decided(built: Network, path: str, member: tuple[str, str] = ANN, **said: Any) -> Reply:
    """Do what a member of the committee does; `path` is empty to save."""
    return posted(built, "/v1/committee/drafts" + (f"/{path}" if path else ""), decides(member, **said))


def suspension(reference: str, first: date, last: date | None = None) -> dict[str, Any]:
    """Give the text of a decision that suspends an authorisation."""
    days = {"firstDay": first.isoformat(), **({"lastDay": last.isoformat()} if last else {})}
    return {"kind": "suspend", "reference": reference, "reason": "Data leaked there.", **days}


def saved(built: Network, decision: dict[str, Any], member: tuple[str, str] = ANN, **more: Any) -> DraftShown:
    """Save a text."""
    return read(decided(built, "", member, decision=decision, **more), DraftShown)

"""What tests of the archive share: entries of long ago, the command, and killing it again and again."""

import asyncio
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import asyncpg

from audit_log import Clock, entry
from commands import Ended, typed
from crossroads.audit.service import Log
from crossroads.bootstrap.keys import log_key
from crossroads.network.service import Network
from database import Database, execute, value
from warm import Warm

BEFORE = "2011-01-01"
KILLS = 3
"""In a round, before it is let come to its end."""
_LONG = 1.2
"""Seconds in which it comes to its end, more or less: it starts warm."""
_LEFT = "SELECT count(*) FROM log_entry WHERE event = 'directory:inscription:opened'"


async def log_at(made: Network, database: Database, moment: datetime, count: int, ticket: UUID | None = None) -> None:
    """Log entries about a person, as a process of the hub did at that moment; the first under a ticket."""
    async with (
        asyncpg.create_pool(database.url()) as pool,
        Log(pool, log_key(made.installation), clock=Clock(moment)) as log,
    ):
        await log.append(entry(ticket=ticket))
        await log.append_many(entry(n=n, text="x" * 500) for n in range(count - 1))


def environment(made: Network, database: Database, role: str = "crossroads_retention") -> dict[str, str]:
    """Give what the command is told besides its arguments."""
    return {**made.environment, "CROSSROADS_RETENTION_URL": database.url(role)}


def archive(made: Network, database: Database, folder: Path) -> Ended:
    """Archive all that is from before 2011."""
    command = ("audit", "archive", "--before", BEFORE, "--to", str(folder), "--yes", "--json")
    return typed(*command, environment=environment(made, database))


def verified(made: Network, *arguments: str) -> dict[str, Any]:
    """Verify the log, which must be sound, and give what was found."""
    ended = typed("audit", "verify", "--json", *arguments, environment=made.environment)
    found: dict[str, Any] = json.loads(ended.stdout)
    assert (ended.code, found["findings"]) == (0, []), ended
    return found


def left(database: Database) -> object:
    """Count the entries about a person in the database."""
    return asyncio.run(value(database.url("crossroads_reader"), _LEFT))


def kill(made: Network, database: Database, folder: Path, chance: Random, rounds: int, entries: int) -> None:
    """Archive a month in each round, killed at some moments first: it is in the database, in a file, or in both.

    Every other month has a partition of its own.
    """
    for number in range(rounds):
        month = datetime(2000 + number // 12, number % 12 + 1, 9, tzinfo=UTC)
        if number % 2 == 0:
            add = f"SET timezone = 'UTC'; SELECT add_month('log_entry', '{month:%Y-%m}-01')"
            asyncio.run(execute(database.url("crossroads_owner"), add))
        asyncio.run(log_at(made, database, month, entries))
        for _ in range(KILLS):
            _killed(made, database, folder, chance.uniform(0, _LONG))
            noted = list(folder.glob(f"log-{month:%Y-%m}*.note"))
            assert left(database) in ({entries, 0} if noted else {entries})
        ended = archive(made, database, folder)
        assert (ended.code, left(database)) == (0, 0), ended
        assert len(list(folder.iterdir())) == 2 * (number + 1)
    found = verified(made, "--archive", str(folder))
    assert (found["archived"], {one["looked"] for one in found["archives"]}) == (rounds * entries, {True})


def _killed(made: Network, database: Database, folder: Path, seconds: float) -> None:
    command = ["audit", "archive", "--before", BEFORE, "--to", str(folder), "--yes"]
    process = Warm(command, Path(os.devnull), {**os.environ, **environment(made, database)})
    time.sleep(seconds)
    process.kill()
    process.wait()

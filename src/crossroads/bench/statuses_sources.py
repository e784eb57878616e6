"""Sources of statuses that take their time: the institution's own data in SQLite, and a delay of each institution."""

import asyncio
import sqlite3
from collections.abc import Mapping

import msgspec

from crossroads.participant.config import Config
from crossroads.participant.datagroups import JSON
from crossroads.participant.datasources import Found, Wanted, WantedMany

MILLISECONDS: Mapping[str, int] = {
    "nic": 20,
    "pcsw-gent": 25,
    "pension-service": 30,
    "dgph": 40,
    "flemish-social-protection": 60,
}
"""How long each takes to look somebody up."""
_HELD = "SELECT start_date FROM held WHERE ssin = ?"


class Slow:
    """One status of people at one institution."""

    media_type = JSON

    def __init__(self, config: Config) -> None:
        """Read the institution's own data."""
        self._seconds = MILLISECONDS[config.institution] / 1000
        self._database = sqlite3.connect(config.folder / "data.sqlite", check_same_thread=False)

    async def read(self, wanted: Wanted) -> bytes | None:
        """Give since when a person has it."""
        await asyncio.sleep(self._seconds)
        rows = self._database.execute(_HELD, (wanted.ssin,)).fetchall()
        return msgspec.json.encode({"periods": [{"startDate": start} for (start,) in rows]}) if rows else None

    async def read_many(self, wanted: WantedMany) -> Found:
        """Give nothing: the bench asks about one person."""
        del wanted
        return {}

    async def close(self) -> None:
        """Close the data."""
        self._database.close()


def slow(config: Config, _group: str) -> Slow:
    """Make the source of a status."""
    return Slow(config)

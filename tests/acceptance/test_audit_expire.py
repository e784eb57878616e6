"""`crossroads audit expire`: what is old enough goes, with a signed entry that says so; nothing else does."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from audit_log import entry
from commands import Ended, crossroads, typed
from crossroads.audit.events import Event
from crossroads.audit.service import Log
from crossroads.bootstrap.keys import log_key
from crossroads.network.service import Network
from database import Database, empty_database, value
from networks import network

LONG_AGO = datetime(2010, 5, 1, 12, tzinfo=UTC)
OLD = 7
SPEAKING = "SELECT count(*) FROM log_entry WHERE content IS NOT NULL AND event = 'directory:inscription:opened'"
EXPIRIES = "SELECT count(*) FROM log_entry WHERE event = 'log:range:expired'"


class Clock:
    """A clock that stands still."""

    def __init__(self, moment: datetime) -> None:
        """Stand at a moment."""
        self._moment = moment

    def now(self) -> datetime:
        """Give it."""
        return self._moment


@pytest.fixture(scope="module")
def aged(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    """Give an installation whose log has entries of 2010 between those of today."""
    with network(tmp_path_factory.mktemp("expire") / "net", module_database, {}, start=False) as made:
        asyncio.run(log_at(made, module_database, LONG_AGO, OLD))
        asyncio.run(log_at(made, module_database, datetime.now(UTC) - timedelta(days=1), 2))
        yield made


async def log_at(made: Network, database: Database, moment: datetime, count: int) -> None:
    """Log entries about a person, and one that is kept for ever, as a process of the hub did at that moment."""
    async with (
        asyncpg.create_pool(database.url()) as pool,
        Log(pool, log_key(made.installation), clock=Clock(moment)) as log,
    ):
        await log.append_many(entry(n=n) for n in range(count))
        await log.append(entry(Event.KEY_REVOKED))


def audit(made: Network, *arguments: str, text: str = "", **environment: str) -> Ended:
    return typed("audit", *arguments, environment={**made.environment, **environment}, text=text)


def expire(made: Network, database: Database, before: date, *arguments: str, text: str = "") -> Ended:
    url = database.url("crossroads_retention")
    return audit(made, "expire", "--before", str(before), *arguments, text=text, CROSSROADS_RETENTION_URL=url)


def expire_for_real(made: Network, database: Database, before: date) -> Ended:
    """Do it in a process of its own, and say yes when asked."""
    environment = {**made.environment, "CROSSROADS_RETENTION_URL": database.url("crossroads_retention")}
    return crossroads("audit", "expire", "--before", str(before), environment=environment, text="y\n")


def speaking(database: Database) -> object:
    return asyncio.run(value(database.url("crossroads_reader"), SPEAKING))


def test_what_is_too_young_is_refused_and_the_setting_is_named(aged: Network, module_database: Database) -> None:
    refused = expire(aged, module_database, datetime.now(UTC).date() - timedelta(days=3600), "--yes")
    assert (refused.code, "log_kept_days" in refused.sentence) == (1, True), refused
    assert speaking(module_database) == OLD + 2


def test_nothing_happens_without_the_role_or_without_consent(aged: Network, module_database: Database) -> None:
    roleless = audit(aged, "expire", "--before", "2011-01-01", "--yes")
    assert (roleless.code, "CROSSROADS_RETENTION_URL" in roleless.sentence) == (1, True), roleless
    declined = expire(aged, module_database, date(2011, 1, 1), text="n\n")
    assert (declined.code, f"what {OLD} entries" in declined.sentence) == (1, True), declined
    assert speaking(module_database) == OLD + 2


@pytest.mark.parametrize("role", ["crossroads_hub", "crossroads_reader"])
def test_another_role_removes_nothing_and_nothing_is_logged(
    aged: Network, module_database: Database, role: str
) -> None:
    refused_with(aged, module_database, module_database.url(role))


def test_another_database_is_not_touched(aged: Network, module_database: Database, database: Database) -> None:
    refused_with(aged, module_database, database.url("crossroads_retention"))
    with empty_database(database.server) as bare:
        refused_with(aged, module_database, bare.url("crossroads_retention"))


def refused_with(made: Network, database: Database, url: str) -> None:
    ended = audit(made, "expire", "--before", "2011-01-01", "--yes", CROSSROADS_RETENTION_URL=url)
    assert (ended.code, "must be of the role crossroads_retention" in ended.sentence) == (1, True), ended
    assert speaking(database) == OLD + 2
    assert asyncio.run(value(database.url("crossroads_reader"), EXPIRIES)) == 0


def test_what_is_old_expires_and_the_log_stays_sound(aged: Network, module_database: Database) -> None:
    early = expire(aged, module_database, LONG_AGO.date(), "--yes", "--json")
    assert json.loads(early.stdout) == {"expired": 0, "ranges": [], "receipts": []}

    expired = expire_for_real(aged, module_database, LONG_AGO.date() + timedelta(days=1))
    assert (expired.code, expired.stdout.split()[0]) == (0, str(OLD)), expired
    assert speaking(module_database) == 2

    verified = audit(aged, "verify", "--json")
    found = json.loads(verified.stdout)
    assert (verified.code, found["expired"], found["findings"]) == (0, OLD, []), verified

    again = expire(aged, module_database, LONG_AGO.date() + timedelta(days=1), "--yes", "--json")
    assert json.loads(again.stdout)["expired"] == 0

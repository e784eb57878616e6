"""`crossroads audit expire`: what is old enough goes, with a signed entry that says so; nothing else does."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from audit_log import LONG_AGO, Clock, entry
from commands import Ended, crossroads, typed
from crossroads.audit.events import Event
from crossroads.audit.months import AHEAD
from crossroads.audit.service import Log
from crossroads.bootstrap.keys import log_key
from crossroads.bootstrap.wiring import services
from crossroads.network.service import Network
from database import Database, execute, value
from networks import network

OLD = 7
SPEAKING = "SELECT count(*) FROM log_entry WHERE content IS NOT NULL AND event = 'directory:inscription:opened'"
EXPIRIES = "SELECT count(*) FROM log_entry WHERE event = 'log:range:expired'"


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


def expire(made: Network, before: date, *arguments: str, text: str = "") -> Ended:
    return audit(made, "expire", "--before", str(before), *arguments, text=text)


def speaking(database: Database) -> object:
    return asyncio.run(value(database.url("crossroads_reader"), SPEAKING))


def test_what_is_too_young_is_refused_and_the_setting_is_named(aged: Network, module_database: Database) -> None:
    refused = expire(aged, datetime.now(UTC).date() - timedelta(days=3600), "--yes")
    assert (refused.code, "log_kept_days" in refused.sentence) == (1, True), refused
    assert speaking(module_database) == OLD + 2


def test_nothing_happens_without_consent(aged: Network, module_database: Database) -> None:
    declined = expire(aged, date(2011, 1, 1), text="n\n")
    assert (declined.code, f"content of {OLD} entries" in declined.sentence) == (1, True), declined
    assert speaking(module_database) == OLD + 2
    assert asyncio.run(value(module_database.url("crossroads_reader"), EXPIRIES)) == 0


def test_what_is_old_expires_and_the_log_stays_sound(aged: Network, module_database: Database) -> None:
    early = expire(aged, LONG_AGO.date(), "--yes", "--json")
    assert json.loads(early.stdout) == {"expired": 0, "ranges": [], "receipts": []}

    after = str(LONG_AGO.date() + timedelta(days=1))
    expired = crossroads("audit", "expire", "--before", after, environment=aged.environment, text="y\n")
    assert (expired.code, expired.stdout.split()[0]) == (0, str(OLD)), expired
    assert speaking(module_database) == 2

    verified = audit(aged, "verify", "--json")
    found = json.loads(verified.stdout)
    assert (verified.code, found["expired"], found["findings"]) == (0, OLD, []), verified

    again = expire(aged, LONG_AGO.date() + timedelta(days=1), "--yes", "--json")
    assert json.loads(again.stdout)["expired"] == 0


def test_the_hub_does_so_by_itself_as_a_job(database: Database, tmp_path: Path) -> None:
    with network(tmp_path / "net", database, {}, start=False) as made:
        asyncio.run(log_at(made, database, LONG_AGO, OLD))
        assert speaking(database) == OLD
        asyncio.run(work_once(made))
        assert speaking(database) == 0
        jobs = json.loads(typed("jobs", "list", "--json", environment=made.environment).stdout)["jobs"]
    assert [job["state"] for job in jobs if job["kind"] == "log-retention"] == ["QUEUED"]


def test_the_doctor_tells_of_terms_that_are_not_settled_and_of_months_that_run_out(
    database: Database, tmp_path: Path
) -> None:
    with network(tmp_path / "net", database, {}, start=False) as made:
        assert doctor(made) == ("ok", "ok")
        assert doctor(made, CROSSROADS_LOG_KEPT_DAYS="400") == ("ok", "warn")
        assert doctor(made, CROSSROADS_LOG_CLASS_DAYS__BATCH="400") == ("ok", "warn")
        last = "SELECT max(relname) FROM pg_class WHERE relname ~ '^log_entry_[0-9]+$' AND relispartition"
        for _ in range(AHEAD - 1):
            name = asyncio.run(value(database.url("crossroads_owner"), last))
            asyncio.run(execute(database.url("crossroads_owner"), f"DROP TABLE {name}"))
        assert doctor(made) == ("warn", "ok")


def doctor(made: Network, **environment: str) -> tuple[str, str]:
    """Give what it says of the months to come, and of the terms."""
    ended = typed("doctor", "--json", environment={**made.environment, **environment})
    found = {row["what"]: row["state"] for row in json.loads(ended.stdout)}
    return found["months"], found["retention"]


async def work_once(made: Network) -> None:
    """Have the process that works on jobs do what is due of the log."""
    async with services(made.installation) as hub:
        kinds = {kind.name: kind for kind in hub.worker.kinds}
        assert await hub.worker.work(kinds["log-retention"])
        assert await hub.worker.work(kinds["log-months"])

"""Thousands of jobs wait: an index leads to the next one, few others are read, and who waits longest is first."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from crossroads.identity.database import transaction
from crossroads.jobs import store
from crossroads.jobs.claims import LEASE, Claim
from crossroads.jobs.model import MAXIMUM_WAIT, Done, NewJob, Step
from crossroads.jobs.worker import Kind, Worker
from database import OpenPool

KIND, WAITING, READ = "count", 5_000, 1_000
"""Of so many that wait so many may be read to find one: those in front, each with what else is about the same."""

_MANY = """
INSERT INTO job (job, kind, institution, subject, priority, state, finished_at)
SELECT gen_random_uuid(), $1, 'centre-' || number % 7, md5($3 || number / 2)::uuid, 1, $3,
    CASE WHEN $3 = 'DONE' THEN now() END
FROM generate_series(0, $2 - 1) AS number
"""
"""Two about each thing, as those that share a batch."""


@pytest.fixture
async def queue(pool: OpenPool) -> Any:
    """Give connections to a queue in which many wait, and as many are over."""
    owner = await pool("crossroads_owner")
    for state in ("DONE", "QUEUED"):
        await owner.execute(_MANY, KIND, WAITING, state)
    await owner.execute("ANALYZE job")
    return await pool("crossroads_hub")


def steps_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the steps of a plan."""
    yield plan
    for one in plan.get("Plans", ()):
        yield from steps_of(one)


def rows_read(step: dict[str, Any]) -> float:
    """Give how many rows of the table a step read."""
    removed = sum(many for name, many in step.items() if name.startswith("Rows Removed by"))
    return float((step["Actual Rows"] + removed) * step["Actual Loops"]) if step.get("Relation Name") == "job" else 0


async def test_a_job_is_claimed_without_reading_all_that_wait_or_are_over(queue: Any) -> None:
    claim = store.queries.claim.sql
    told = {"kind": KIND, "owner": uuid4(), "lease": LEASE, "longest_wait": MAXIMUM_WAIT}
    given = store.queries.driver_adapter.maybe_order_params("claim", told)
    ((explained,),) = await queue.fetch(f"EXPLAIN (ANALYZE, FORMAT JSON) {claim}", *given)
    (found,) = msgspec.json.decode(explained)
    steps = list(steps_of(found["Plan"]))
    assert "job_next" in {step.get("Index Name") for step in steps}
    assert sum(map(rows_read, steps)) < READ


async def test_the_oldest_of_the_most_urgent_comes_first_whosever_it_is(queue: Any) -> None:
    first = await queue.fetchval("SELECT job FROM job WHERE state = 'QUEUED' ORDER BY turn LIMIT 1")
    urgent, taken = [uuid4() for _ in range(3)], list[UUID]()
    async with transaction(queue) as connection:
        for job, institution in zip(urgent, ("centre-9", "centre-0", "centre-8"), strict=True):
            await store.add(connection, job, NewJob(kind=KIND, institution=institution, subject=uuid4()))

    async def take(claim: Claim) -> Step:
        taken.append(claim.job)
        return Done()

    for _ in range(4):
        assert await Worker(queue).work(Kind(name=KIND, slice=take))
    assert taken == [*urgent, first]

"""What an institution is told of the jobs that share a batch: one line, that holds whatever each of them is at."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from crossroads.jobs.model import Job
from crossroads.jobs.own import told
from crossroads.kernel.ssin import Environment
from crossroads.wire.jobs import JobState

TICKET, TOTAL = UUID(int=7), 100
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
OPEN = [JobState.PAUSED, JobState.RUNNING, JobState.QUEUED]
MOMENTS = st.integers(0, 100).map(lambda hours: BEGUN + timedelta(hours=hours))


@st.composite
def jobs(draw: st.DrawFn, state: JobState | None = None) -> Job:
    now = state or draw(st.sampled_from(JobState))
    over = now not in OPEN
    return Job(
        job=draw(st.uuids()),
        kind=draw(st.sampled_from(["batch-check", "batch-answer"])),
        institution="centre",
        subject=TICKET,
        state=now,
        due_at=draw(st.none() | MOMENTS) if now is JobState.PAUSED else draw(MOMENTS),
        deadline=None,
        done=TOTAL if now is JobState.DONE else draw(st.integers(0, TOTAL - 1)),
        total=TOTAL,
        attempts=draw(st.integers(0, 5)),
        problem=draw(st.sampled_from([None, "It failed."])),
        created_at=draw(MOMENTS),
        finished_at=draw(MOMENTS) if over else None,
    )


@given(st.lists(jobs(), min_size=1))
def test_a_line_holds_for_all_jobs_that_share_a_batch(shared: list[Job]) -> None:
    line = told(TICKET, shared, Environment.TEST)
    states = {job.state for job in shared}
    assert (line.state in states, line.ticket, line.total) == (True, TICKET, TOTAL)
    assert (line.finished_at is None) == (not states.isdisjoint(OPEN))
    assert (line.done == TOTAL) == (states == {JobState.DONE})
    assert all(line.created_at <= job.created_at for job in shared)
    assert line.problem is None or line.state in {JobState.PAUSED, JobState.FAILED}
    assert line.next_run_at is None or line.state in {JobState.PAUSED, JobState.QUEUED}


@given(st.lists(jobs(), min_size=1), st.data())
def test_what_may_need_somebody_is_not_hidden_by_what_goes_on(shared: list[Job], data: st.DataObject) -> None:
    paused = data.draw(jobs(JobState.PAUSED))
    line = told(TICKET, data.draw(st.permutations([*shared, paused])), Environment.TEST)
    assert line.state is JobState.PAUSED
    held = [job for job in [*shared, paused] if job.state is JobState.PAUSED and job.due_at is None]
    assert line.next_run_at is not None or held

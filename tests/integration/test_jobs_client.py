"""The client of jobs: it believes nothing that the hub did not sign, or that is about something else."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from crossroads.kernel.errors import Tampered
from crossroads.kernel.ssin import Environment
from crossroads.participant.client import Client, ClientConfig, SyncClient
from crossroads.wire.jobs import JobList, JobState, JobStatus
from crossroads.wire.keys import SigningKey
from crossroads.wire.signatures import Request, sign_answer
from fakehub import JSON, FakeHub, now

pytest_plugins = ["participant_fixtures", "client_fixtures"]

TICKET, OLDER = UUID(int=9), UUID(int=8)
LINE = JobStatus(
    ticket=TICKET,
    environment=Environment.TEST,
    kind="batch-answer",
    state=JobState.RUNNING,
    done=1,
    total=3,
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
)
replace = msgspec.structs.replace


def answer(hub: FakeHub, path: str, content: Any, key: SigningKey | None = None) -> None:
    """Let the hub answer a GET of a path with this."""
    body = msgspec.json.encode(content)

    def door(headers: dict[str, str], _: bytes) -> tuple[int, dict[str, str], bytes]:
        request = Request("GET", f"{hub.url}{path}", headers, None)
        return 200, {"content-type": JSON, **sign_answer(key or hub.sign, request, 200, JSON, body, now())}, body

    hub.doors[path.partition("?")[0]] = door


async def test_what_holds_is_given(hub: FakeHub, config: ClientConfig) -> None:
    answer(hub, "/v1/jobs", JobList(jobs=(LINE,), next=TICKET))
    answer(hub, f"/v1/jobs/{TICKET}", LINE)
    with SyncClient(config) as client:
        assert client.jobs.status(TICKET) == LINE
        first = client.jobs.listed()
        assert first.jobs == (LINE,)
        answer(hub, f"/v1/jobs?before={TICKET}", JobList(jobs=(replace(LINE, ticket=OLDER),)))
        older = client.jobs.listed(first.next)
        assert older.jobs[0].ticket == OLDER
    async with Client(config) as other:
        assert (await other.jobs.listed(first.next), await other.jobs.status(TICKET)) == (older, LINE)


OF_ANOTHER = replace(LINE, environment=Environment.PRODUCTION)


@pytest.mark.parametrize(
    ("path", "content", "ask"),
    [
        (f"/{TICKET}", replace(LINE, ticket=OLDER), lambda client: client.jobs.status(TICKET)),
        (f"/{TICKET}", OF_ANOTHER, lambda client: client.jobs.status(TICKET)),
        (f"/{TICKET}", {"ticket": str(TICKET)}, lambda client: client.jobs.status(TICKET)),
        ("", JobList(jobs=(OF_ANOTHER,)), lambda client: client.jobs.listed()),
        (f"?before={TICKET}", JobList(jobs=(LINE,), next=TICKET), lambda client: client.jobs.listed(TICKET)),
    ],
    ids=["another batch", "another environment", "no form", "another environment in a list", "the same page again"],
)
def test_what_does_not_hold_is_not_believed(
    hub: FakeHub, client: SyncClient, path: str, content: Any, ask: Callable[[SyncClient], object]
) -> None:
    answer(hub, f"/v1/jobs{path}", content)
    with pytest.raises(Tampered):
        ask(client)


def test_an_answer_that_another_signed_is_not_believed(hub: FakeHub, client: SyncClient) -> None:
    answer(hub, "/v1/jobs", JobList(jobs=(LINE,)), SigningKey.generate("crossroads#sign-1"))
    with pytest.raises(Tampered):
        client.jobs.listed()

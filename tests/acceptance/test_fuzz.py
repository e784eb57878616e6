"""Whatever anyone sends, signed or not, the hub answers with something of the contract, and never with a failure."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from crossroads.admission.limits import Limits
from crossroads.network.service import Network
from crossroads.wire.signatures import Request, sign_request
from database import Database
from networks import line, network
from raw import Asker, Reply, person, send
from reference import openapi

KNOWN = person(1)
BODILESS = ("GET", "HEAD")
OPERATIONS = {
    f"{operation.method.upper()} {operation.path}": operation
    for result in schemathesis.openapi.from_dict(json.loads(openapi())).get_all_operations()
    for operation in [result.ok()]  # type: ignore[union-attr] # our own description has no errors
}
FEW = settings(
    max_examples=settings().max_examples // 5,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    database=None,
    derandomize=True,
)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Asker]:
    inscriptions = [line(KNOWN, "pcsw-gent", "17:2", "2020-01-01")]
    with network(
        tmp_path_factory.mktemp("fuzz"),
        module_database,
        {"pcsw-gent": {}},
        persons=[KNOWN],
        inscriptions=inscriptions,
        settings={"limits": Limits(requests_per_second=100_000, unverified_per_second=100_000)},
    ) as built:
        yield Asker(built, "pcsw-gent")


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_input_makes_the_hub_fail(hub: Asker, name: str) -> None:
    """Nor is a signed request refused for its form without saying where."""

    @FEW
    @given(case=OPERATIONS[name].as_strategy())
    def answered(case: Any) -> None:
        sent = requests.Request(**case.as_transport_kwargs(base_url=hub.hub)).prepare()
        told(send(plain(sent)))
        reply = told(send(signed(sent, hub)))
        if reply.status == 400:
            assert reply.problem.issues
            assert all(issue.detail and issue.name for issue in reply.problem.issues)

    answered()
    assert_nothing_unforeseen(hub.network)


def told(reply: Reply) -> Reply:
    """Give an answer, checked to be one of the contract and no failure."""
    assert reply.status < 500, (reply.status, reply.body)
    if reply.status >= 400:
        assert reply.problem.status == reply.status
    return reply


def plain(sent: requests.PreparedRequest) -> Request:
    body = sent.body.encode() if isinstance(sent.body, str) else sent.body
    headers = {"content-type": "application/json"} if body is not None else {}
    return Request(str(sent.method), str(sent.url), headers, body)  # type: ignore[arg-type] # bytes by now


def signed(sent: requests.PreparedRequest, hub: Asker) -> Request:
    request = plain(sent)
    if request.method not in BODILESS and request.body is None:
        request = request._replace(body=b"", headers={"content-type": "application/json"})
    headers = {**request.headers, **sign_request(hub.key, request, datetime.now(UTC))}
    return request._replace(headers=headers)


def assert_nothing_unforeseen(built: Network) -> None:
    output = (built.home / "logs" / "hub.log").read_text("utf-8")
    assert "unforeseen" not in output, output[-2000:]

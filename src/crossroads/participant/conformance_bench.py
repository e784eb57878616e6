"""With what a conformance run is made: the participant under test, who asks, and what every attempt has in common."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from crossroads.kernel.errors import CrossroadsError, Tampered, Unavailable
from crossroads.kernel.period import Period
from crossroads.participant import questions, replies
from crossroads.participant.check import Wrong
from crossroads.participant.datagroups import DataGroups, Group
from crossroads.participant.provenkeys import KeyRing
from crossroads.participant.questions import Asking
from crossroads.participant.steps import Call, Got, Http, Steps
from crossroads.wire.keys import SigningKey
from crossroads.wire.messages import ProvenKey
from crossroads.wire.signatures import Request, find_signature, sign_request, verify_answer

LIFE = timedelta(seconds=30)
"""Of a permit."""
_REFUSALS = range(400, 500)


class Target(NamedTuple):
    """The participant under test, and a question that it has an answer to."""

    url: str
    institution: str
    holder: str
    ssin: str
    legal_context: str
    data_group: str
    period: Period


class Bench(NamedTuple):
    """With what the attempts are made."""

    target: Target
    asking: Asking
    permit_key: SigningKey
    keys: tuple[ProvenKey, ...]
    checkpoint: str
    ring: KeyRing
    holder_ring: KeyRing
    groups: DataGroups

    @property
    def address(self) -> str:
        """Where data requests go."""
        return f"{self.target.url}/v1/data-requests"

    @property
    def pages(self) -> str:
        """Where requests about pages of batches go."""
        return f"{self.address}/bulk"

    def signed(
        self, body: bytes, key: SigningKey | None = None, age: timedelta = timedelta(), address: str = ""
    ) -> Request:
        """Sign a body as the hub would, for a data request unless another address is given."""
        headers = {"content-type": questions.JSON}
        request = Request("POST", address or self.address, headers, body)
        signature = sign_request(key or self.permit_key, request, datetime.now(UTC) - age)
        return request._replace(headers=headers | signature)


Attempt = Callable[[Bench], Request]
"""What makes a request."""


def check_content(group: Group, content: bytes) -> None:
    """Check content against its schema. Raises Wrong."""
    faults = list(group.faults(content))
    if faults:
        raise Wrong(f"The content is out of schema: {'; '.join(faults)}")


async def refused_by(http: Http, request: Request) -> str:
    """Send what must be refused, and tell how it was. Raises Wrong when it was not."""
    return await http.run(_refused(request))


def send(request: Request) -> Steps[Got]:
    """Send a request."""
    return (yield Call(request.method, request.target_uri, request.body, request.headers))


def _refused(request: Request) -> Steps[str]:
    got = yield from send(request)
    if got.status not in _REFUSALS:
        raise Wrong(f"It answered with {got.status}; a refusal is a problem with status 4xx.")
    if not got.headers.get("content-type", "").startswith("application/problem+json"):
        raise Wrong("Its refusal is not application/problem+json.")
    try:
        replies.check_status(got)
    except CrossroadsError as error:
        return f"{got.status} {error.code or ''}".strip()
    raise Unavailable


def verify_envelope(bench: Bench, request: Request, got: Got) -> Steps[None]:
    """Check that the participant signed the answer to this request. Raises Tampered."""
    key_id = find_signature(got.headers).key_id
    proven = yield from bench.ring.get(key_id, datetime.now(UTC))
    if proven is None or proven.key is None:
        raise Tampered(f"The answer is signed with {key_id}, which is no registered key of the participant.")
    verify_answer(proven.key, request, got.status, got.headers, got.body)

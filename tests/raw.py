"""Questions by hand: signed as the contract says, and then made wrong in one place."""

import dataclasses
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from crossroads.bootstrap.keys import message_key
from crossroads.demo.population.people import mock_ssin
from crossroads.kernel.period import Period
from crossroads.network.service import Network
from crossroads.participant.questions import Asking, Wish, build, signed
from crossroads.participant.trust import read_trust
from crossroads.wire.keys import SigningKey, VerifyKey
from crossroads.wire.messages import Answer, Problem
from crossroads.wire.signatures import Request, sign_request, verify_answer

QUARTER = Period(date(2026, 1, 1), date(2026, 3, 31))
DAY = date(2026, 3, 1)
INQUIRY = "PCSA:SOCIAL_INQUIRY"


def person(number: int) -> str:
    """Give the mock number of an invented person."""
    return str(mock_ssin(date(1980, 3, 15), number))


class Reply(NamedTuple):
    """What came back, as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def answer(self) -> Answer:
        """The answer; fails on anything else."""
        assert self.status == 200, self.body
        return msgspec.json.decode(self.body, type=Answer)

    @property
    def problem(self) -> Problem:
        """The problem; fails on anything else."""
        assert self.headers["content-type"] == "application/problem+json", self.body
        return msgspec.json.decode(self.body, type=Problem)

    @property
    def outcome(self) -> tuple[str, str, str | None]:
        """Value, code and detail of the answer."""
        status = self.answer.status
        return status.value.value, status.code, status.detail


def send(request: Request) -> Reply:
    """Send a request as it stands."""
    sent = urllib.request.Request(  # noqa: S310 - our own address
        request.target_uri, request.body, dict(request.headers), method=request.method
    )
    try:
        with urllib.request.urlopen(sent, timeout=20) as answer:  # noqa: S310 - as above
            return Reply(answer.status, {n.lower(): v for n, v in answer.headers.items()}, answer.read())
    except urllib.error.HTTPError as answer:
        with answer:
            return Reply(answer.code, {n.lower(): v for n, v in answer.headers.items()}, answer.read())


@dataclasses.dataclass(frozen=True, slots=True)
class Asker:
    """An institution that asks by hand."""

    network: Network
    institution: str

    @property
    def hub(self) -> str:
        """The address of the hub."""
        return self.network.installation.settings.public_url

    @property
    def key(self) -> SigningKey:
        """Its signing key."""
        return self.network.member(self.institution).signing_key()

    def wish(self, ssin: str, *groups: str, **about: Any) -> Wish:
        """Say what is wanted; a social inquiry about the first quarter unless said otherwise."""
        given: dict[str, Any] = {
            "legal_context": INQUIRY,
            "agent": "test",
            "period": QUARTER,
            "reference_date": DAY,
        } | about
        return Wish(ssin=ssin, data_groups=groups, **given)

    def request(self, wish: Wish, now: datetime | None = None) -> Request:
        """Give the signed request."""
        member = self.network.member(self.institution)
        asking = Asking(self.institution, self.key, member.sealing_key(), read_trust(member.folder / "trust.json"))
        return build(wish, asking, self.hub, "", now or datetime.now(UTC)).request

    def ask(self, ssin: str, *groups: str, **about: Any) -> Reply:
        """Ask and give what came back."""
        return send(self.request(self.wish(ssin, *groups, **about)))

    def altered(self, request: Request, change: Callable[[dict[str, Any]], None]) -> Request:
        """Change the body of a request and sign it anew, so that only what was changed is wrong."""
        content = msgspec.json.decode(request.body or b"")
        change(content)
        return self.signed_post("/v1/exchanges", content)

    def signed_post(self, path: str, content: Any, age: timedelta = timedelta()) -> Request:
        """Give a signed POST of any content."""
        body = content if isinstance(content, bytes) else msgspec.json.encode(content)
        return signed(f"{self.hub}{path}", body, self.key, datetime.now(UTC) - age)

    def signed(self, method: str, path: str, body: bytes, media_type: str = "application/json") -> Request:
        """Give a signed request of any method and content."""
        request = Request(method, f"{self.hub}{path}", {"content-type": media_type}, body)
        return request._replace(headers={**request.headers, **sign_request(self.key, request, datetime.now(UTC))})

    def signed_get(self, path: str) -> Request:
        """Give a signed GET."""
        request = Request("GET", f"{self.hub}{path}", {}, None)
        return request._replace(headers=sign_request(self.key, request, datetime.now(UTC)))

    def verify(self, request: Request, reply: Reply) -> None:
        """Check that the hub signed this answer to this request."""
        key = VerifyKey(message_key(self.network.installation).jwk)
        verify_answer(key, request, reply.status, reply.headers, reply.body)

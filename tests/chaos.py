"""What the tests of faults share: questions to any process of the hub, more processes, and the log afterwards."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import httpx
import msgspec

from crossroads.audit.findings import Finding
from crossroads.audit.verification import verify
from crossroads.bootstrap.keys import log_key, message_key
from crossroads.bootstrap.wiring import Services
from crossroads.catalogue.acts import REVOKE_KEY
from crossroads.catalogue.keys import Revocation
from crossroads.demo.population.people import mock_ssin
from crossroads.kernel.period import Period
from crossroads.network.processes import Process
from crossroads.network.service import Network
from crossroads.participant.questions import Asked, Asking, Wish, build
from crossroads.participant.replies import check_signature, read_answer
from crossroads.participant.steps import Got
from crossroads.participant.trust import read_trust
from crossroads.wire.keys import SealingKey, SigningKey, VerifyKey
from crossroads.wire.messages import Answer, Problem
from crossroads.wire.registrations import act
from crossroads.wire.signatures import Request, sign_request
from plain import NO_TLS

QUARTER = Period(date(2026, 1, 1), date(2026, 3, 31))
INQUIRY = "PCSA:SOCIAL_INQUIRY"
HANG_SECONDS = 20
"""Whoever waits longer hangs. No answer of the hub takes half of it, on a machine however busy."""


def person(number: int) -> str:
    """Give the mock number of an invented person."""
    return str(mock_ssin(date(1980, 3, 15), number))


def client() -> httpx.AsyncClient:
    """Give an HTTP client with as many connections as a test wants."""
    return httpx.AsyncClient(
        verify=NO_TLS, timeout=HANG_SECONDS, limits=httpx.Limits(max_connections=None), trust_env=False
    )


class Asker:
    """An institution that asks any process of the hub, and checks what comes back."""

    def __init__(self, built: Network, institution: str) -> None:
        """Read its keys."""
        member = built.member(institution)
        trust = read_trust(member.folder / "trust.json")
        self.asking = Asking(institution, member.signing_key(), member.sealing_key(), trust)
        self.hub = built.installation.settings.public_url
        self.port = built.installation.settings.port
        self._hub_key = VerifyKey(message_key(built.installation).jwk)

    def question(self, ssin: str, *groups: str, key: SigningKey | None = None, seal: SealingKey | None = None) -> Asked:
        """Give a signed question, not yet sent; signed, or to be sealed to, with the keys that are given."""
        asking = self.asking._replace(sign=key or self.asking.sign, seal=seal or self.asking.seal)
        wish = Wish(ssin=ssin, legal_context=INQUIRY, data_groups=groups, agent="test", period=QUARTER)
        return build(wish, asking, self.hub, "", datetime.now(UTC))

    async def send(self, http: httpx.AsyncClient, asked: Asked, port: int | None = None) -> httpx.Response:
        """Send a question to the process that listens on the port; the hub's first one unless named."""
        request = asked.request
        url = request.target_uri.replace(f":{self.port}", f":{port or self.port}")
        return await http.post(url, content=request.body, headers=dict(request.headers))

    async def post(
        self, http: httpx.AsyncClient, path: str, content: Any, key: SigningKey, port: int
    ) -> httpx.Response:
        """Send any content, signed with a key of the institution, to the process that listens on the port."""
        body, kind = msgspec.json.encode(content), {"content-type": "application/json"}
        request = Request("POST", f"{self.hub}{path}", kind, body)
        headers = kind | sign_request(key, request, datetime.now(UTC))
        return await http.post(request.target_uri.replace(f":{self.port}", f":{port}"), content=body, headers=headers)

    def read(self, response: httpx.Response, asked: Asked) -> Answer:
        """Give the answer, checked to be the hub's to this question. Fails on anything but 200."""
        assert response.status_code == 200, response.text
        got = Got(200, {name.lower(): value for name, value in response.headers.items()}, response.content)
        check_signature(got, asked.request, self._hub_key)
        return read_answer(got, asked, self.asking.trust)


def problem(response: httpx.Response) -> Problem:
    """Give the problem; fails on anything else."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    return msgspec.json.decode(response.content, type=Problem)


def start_another_hub(built: Network, port: int, settings: Mapping[str, str] | None = None) -> Process:
    """Start one more process of the hub, as on another machine: same keys, settings and database, its own home."""
    home = built.home.with_name(f"hub-{port}")
    if not home.exists():
        shutil.copytree(built.home / "keys", home / "keys")
        shutil.copy(built.home / "crossroads.yaml", home)
    told = {"CROSSROADS_HOME": str(home), "CROSSROADS_PORT": str(port), **(settings or {})}
    process = built.processes.start(f"hub-{port}", ["serve"], home / "logs" / "hub.log", told)
    process.wait_for(f"http://127.0.0.1:{port}/health")
    return process


async def until(condition: Callable[[], Awaitable[object]], seconds: float = 60) -> None:
    """Wait for something that tells nobody when it happens."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.1)


async def rows(url: str, query: str, *values: Any) -> list[Any]:
    """Give the rows of a query, on a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        return list(await connection.fetch(query, *values))
    finally:
        await connection.close()


async def findings(built: Network, url: str) -> list[Finding]:
    """Verify the whole log, and give what is wrong."""
    async with asyncpg.create_pool(url, min_size=1) as pool:
        return (await verify(pool, [log_key(built.installation).verifier])).findings


async def revoke(built: Network, found: Services, key: SigningKey | SealingKey) -> None:
    """Make a key count no longer."""
    revocation = Revocation(installation=built.installation.settings.installation, key_id=key.key_id, reason="lost")
    await found.catalogue.revoke_key(built.founders.sign(act(REVOKE_KEY, revocation)))

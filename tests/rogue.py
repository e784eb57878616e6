"""A participant that misbehaves: real HTTP with the registered keys of its institution, doing what a test says."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import msgspec

from crossroads.kernel.codes import Code, StatusValue
from crossroads.network.members import Member
from crossroads.wire.blocks import Claims, open_block, sealed_block
from crossroads.wire.keys import Jwk, SigningKey
from crossroads.wire.messages import Block, DataAnswer, DataRequest, Status
from crossroads.wire.registrations import Registration
from crossroads.wire.signatures import Request, sign_answer
from crossroads.wire.statements import Statement, read_statement

JSON = "application/json"
_PATIENCE_SECONDS = 60


class Call:
    """One data request of the hub, and all that a participant could do with it."""

    def __init__(self, handler: BaseHTTPRequestHandler, member: Member, content: Mapping[str, Any]) -> None:
        """Read what the hub asks."""
        body = handler.rfile.read(int(handler.headers["content-length"]))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.request = Request("POST", f"{member.url}{handler.path}", headers, body)
        self.asked = msgspec.json.decode(body, type=DataRequest)
        self.statement: Statement = read_statement(self.asked.statement)[1]
        self.key = member.signing_key()
        self.handler = handler
        self._content = content

    @property
    def recipient(self) -> Jwk:
        """The key to seal to, as the asker stated it."""
        registered = [msgspec.json.decode(key.registration.content, type=Registration) for key in self.asked.asker_keys]
        return next(one.jwk for one in registered if one.jwk.thumbprint == self.statement.encryption_key)

    def claims(self, group: str, **changed: Any) -> Claims:
        """Give what a block is to say of itself."""
        permit = self.asked.permit
        right = Claims(
            ticket=self.asked.ticket,
            nonce=self.statement.nonce,
            data_group=group,
            source=permit.holder,
            period=permit.data_groups.get(group) or next(iter(permit.data_groups.values())),
            subject=self.statement.subject(permit.ssin),
            media_type=JSON,
        )
        return right._replace(**changed)

    def block(
        self, group: str, content: Any = None, *, key: SigningKey | None = None, to: Jwk | None = None, **changed: Any
    ) -> Block:
        """Give a sealed block, right but for what is changed."""
        encoded = msgspec.json.encode(self._content.get(group) if content is None else content)
        return sealed_block(encoded, self.claims(group, **changed), key or self.key, to or self.recipient)

    def bare_block(self, group: str) -> Block:
        """Give a block that is signed and not sealed."""
        return open_block(msgspec.json.encode(self._content[group]), self.claims(group), self.key)

    def blocks(self) -> tuple[Block, ...]:
        """Give all that was asked for."""
        return tuple(self.block(group) for group in self.asked.permit.data_groups)

    def answer(
        self, *blocks: Block, ticket: UUID | None = None, value: StatusValue = StatusValue.DATA_FOUND
    ) -> DataAnswer:
        """Give an answer with these blocks."""
        return DataAnswer(
            ticket=ticket or self.asked.ticket, status=Status(value=value, code=Code.OK.value), blocks=blocks
        )

    def send(
        self,
        answer: Any,
        status: int = 200,
        *,
        key: SigningKey | None = None,
        headers: Mapping[str, str] | None = None,
        ahead: timedelta = timedelta(),
    ) -> None:
        """Send an answer, or any bytes, signed by the institution unless another key is given."""
        body = answer if isinstance(answer, bytes) else msgspec.json.encode(answer)
        signed = sign_answer(key or self.key, self.request, status, JSON, body, datetime.now(UTC) + ahead)
        self.send_unsigned(body, status, {**signed, **(headers or {})})

    def send_unsigned(self, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Send bytes as they are."""
        self.start(status, {"content-length": str(len(body)), **(headers or {})})
        self.handler.wfile.write(body)

    def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Send the head of an answer."""
        self.handler.send_response(status)
        for name, value in {"content-type": JSON, **headers}.items():
            self.handler.send_header(name, value)
        self.handler.end_headers()


Behaviour = Callable[[Call], None]


def honest(call: Call) -> None:
    """Answer as one should."""
    call.send(call.answer(*call.blocks()))


class Hanging:
    """Takes questions and does not answer, until it is freed."""

    def __init__(self) -> None:
        """Hold nobody yet."""
        self.tickets: list[UUID] = []
        self.arrived = threading.Semaphore(0)
        self.freed = threading.Event()

    def __call__(self, call: Call) -> None:
        """Hold the question."""
        self.tickets.append(call.asked.ticket)
        self.arrived.release()
        self.freed.wait(_PATIENCE_SECONDS)

    def holds(self, count: int) -> bool:
        """Wait until it took so many more questions."""
        return all(self.arrived.acquire(timeout=_PATIENCE_SECONDS) for _ in range(count))


class Rogue:
    """The server. What it does with a question is `behaviour`; how many questions came is `questions`."""

    def __init__(self, member: Member, content: Mapping[str, Any]) -> None:
        """Answer honestly, with this content of each data group."""
        self.member = member
        self.behaviour: Behaviour = honest
        self.questions = 0
        self._content = content
        self._server: _Server | None = None

    def start(self) -> None:
        """Listen."""
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        """Listen no longer: connections are refused."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        """Do with a question as the test says."""
        self.questions += 1
        with suppress(OSError):  # the hub may have hung up
            self.behaviour(Call(handler, self.member, self._content))

    @contextmanager
    def doing(self, behaviour: Behaviour) -> Iterator[None]:
        """Behave so for a while."""
        self.behaviour = behaviour
        try:
            yield
        finally:
            self.behaviour = honest


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, rogue: Rogue) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                rogue.take(self)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        super().__init__(("127.0.0.1", rogue.member.port), Handler)


@contextmanager
def running(member: Member, content: Mapping[str, Any]) -> Iterator[Rogue]:
    """Give the server, listening; it listens no longer at the end."""
    rogue = Rogue(member, content)
    rogue.start()
    try:
        yield rogue
    finally:
        rogue.stop()

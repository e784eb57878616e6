"""A hub for the tests of a participant and its client: real keys, log and HTTP. It lies when it is told to."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from uuid6 import uuid7

from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Environment
from crossroads.wire import merkle
from crossroads.wire.commitments import commit, commitments_of, open_field
from crossroads.wire.keys import Jwk, SealingKey, SigningKey
from crossroads.wire.messages import DataRequest, PermitClaims, ProvenKey
from crossroads.wire.notes import Checkpoint, NoteSigner, sign_checkpoint
from crossroads.wire.proofs import ConsistencyProof, EntryProof, Extensions, LeafProof, StreamHead, heads_leaf
from crossroads.wire.registrations import KeyUse, Registration, act
from crossroads.wire.signatures import Request, sign_request
from crossroads.wire.statements import Statement, group_digests, new_salts, sign_statement

INSTALLATION = "test-network"
ALICE, BOB = SigningKey.generate("operator:alice#1"), SigningKey.generate("operator:bob#1")
JSON = "application/json"


def now() -> datetime:
    return datetime.now(UTC)


Door = Callable[[dict[str, str], bytes], tuple[int, dict[str, str], bytes]]
"""What answers at a path: headers and body of the request to status, headers and body of the answer."""


class FakeLog:
    """One stream and its top tree."""

    def __init__(self, signer: NoteSigner) -> None:
        """Begin an empty log under a key."""
        self.signer = signer
        self._entries: list[tuple[dict[str, Any], bytes, bytes]] = []
        self._lists: list[tuple[StreamHead, ...]] = []

    @property
    def _leaves(self) -> list[bytes]:
        return [leaf for _, _, leaf in self._entries]

    @property
    def _top(self) -> list[bytes]:
        return [heads_leaf(heads) for heads in self._lists]

    def append(self, event: str, **fields: Any) -> int:
        """Write an entry and give its index."""
        entry = {"event": event, **fields}
        leaf, salts = commit(entry)
        self._entries.append((entry, salts, leaf))
        return len(self._entries) - 1

    def leaf(self, index: int) -> bytes:
        """Give the leaf of an entry."""
        return self._leaves[index]

    def checkpoint(self) -> str:
        """Give the newest checkpoint; what was written before is under it."""
        if not self._lists or self._lists[-1][0].size != len(self._entries):
            self._lists.append((StreamHead(stream=0, size=len(self._entries), root=merkle.root_of(self._leaves)),))
        return self.note(len(self._lists))

    def note(self, size: int) -> str:
        """Give the checkpoint of a size."""
        return sign_checkpoint(Checkpoint(self.signer.name, size, merkle.root_of(self._top[:size])), self.signer)

    def prove(self, index: int, *names: str) -> EntryProof:
        """Prove an entry, opening some fields, those of them that it has."""
        fields, salts, _ = self._entries[index]
        opened = {name: open_field(fields, salts, name) for name in names if name in fields}
        return EntryProof(opened=opened, commitments=commitments_of(fields, salts), inclusion=self.inclusion(index))

    def inclusion(self, index: int) -> LeafProof:
        """Prove that an entry is under the newest checkpoint."""
        note = self.checkpoint()
        size = self._lists[-1][0].size
        return LeafProof(
            stream=0,
            index=index,
            stream_path=_path(merkle.inclusion_spans(index, size), self._leaves),
            heads=self._lists[-1],
            top_path=_path(merkle.inclusion_spans(len(self._lists) - 1, len(self._lists)), self._top),
            checkpoint=note,
        )

    def consistency(self, first: int, second: int) -> ConsistencyProof:
        """Prove that the log at one checkpoint extends it at another."""
        older, newer = self._lists[first - 1], self._lists[second - 1]
        grown = merkle.consistency_spans(older[0].size, newer[0].size)
        return ConsistencyProof(
            first=first,
            second=second,
            path=_path(merkle.consistency_spans(first, second), self._top),
            first_heads=older,
            first_path=_path(merkle.inclusion_spans(first - 1, first), self._top),
            second_heads=newer,
            second_path=_path(merkle.inclusion_spans(second - 1, second), self._top),
            stream_paths={0: _path(grown, self._leaves)},
        )

    def extensions(self, sizes: list[int]) -> Extensions:
        """Prove that the log at each checkpoint extends that at the one before."""
        return Extensions(proofs=tuple(self.consistency(*pair) for pair in pairwise(sizes)))


def _path(spans: list[range], leaves: list[bytes]) -> tuple[bytes, ...]:
    return tuple(merkle.path(spans, merkle.reader_of(leaves)))


class FakeHub:
    """Serves what a participant and a client ask of a hub, and signs what a hub signs."""

    def __init__(self) -> None:
        """Begin an installation and listen."""
        self.signer = NoteSigner.generate("crossroads.example/log")
        self.log = FakeLog(self.signer)
        self.log.append("installation:founded")
        self.sign = SigningKey.generate("crossroads#sign-1")
        self.permit = SigningKey.generate("crossroads#permit-1")
        self.keys: dict[str, list[ProvenKey]] = {}
        self.groups: list[dict[str, Any]] = []
        self.doors: dict[str, Door] = {}
        self.answers: dict[str, Any] = {}
        self.asked: list[str] = []
        self._keep(self.sign, KeyUse.SIGN, self.sign)
        self._keep(self.permit, KeyUse.PERMIT, self.permit)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def trust(self) -> dict[str, Any]:
        """Give what participants pin."""
        operators = [{"keyId": key.key_id, "jwk": msgspec.to_builtins(key.jwk)} for key in (ALICE, BOB)]
        return {
            "installation": INSTALLATION,
            "environment": "test",
            "hub": "crossroads",
            "operators": operators,
            "logKey": str(self.signer.verifier),
        }

    def write_trust(self, folder: Path) -> Path:
        """Write what participants pin."""
        file = folder / "trust.json"
        file.write_bytes(msgspec.json.encode(self.trust()))
        return file

    def register(
        self,
        key: SigningKey | SealingKey,
        use: KeyUse,
        signer: SigningKey,
        *,
        operators: tuple[SigningKey, ...] = (ALICE, BOB),
        installation: str = INSTALLATION,
        valid_for: timedelta = timedelta(days=1),
        event: str = "catalogue:key:registered",
    ) -> ProvenKey:
        """Register a key: sign it, log it, prove it."""
        registration = Registration(
            installation=installation,
            institution=key.key_id.split("#")[0],
            key_id=key.key_id,
            use=use,
            jwk=key.jwk,
            valid_from=now() - timedelta(days=1),
            valid_until=now() + valid_for,
        )
        signed = act("register-key", registration)
        for one in (*operators, signer):
            signed = signed.signed_by(one)
        index = self.log.append(event, registration=signed.digest)
        return ProvenKey(registration=signed, inclusion=self.log.prove(index, "event", "registration"))

    def _keep(self, key: SigningKey | SealingKey, use: KeyUse, signer: SigningKey) -> None:
        self.keys.setdefault(key.key_id.split("#")[0], []).append(self.register(key, use, signer))

    def keep(self, *keys: SigningKey | SealingKey) -> None:
        """Register keys of one institution, its signing key first."""
        for key in keys:
            use = KeyUse.SEAL if isinstance(key, SealingKey) else KeyUse.SIGN
            self._keep(key, use, keys[0])  # type: ignore[arg-type]  # the first is one that signs

    def respond(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """Answer a request."""
        self.asked.append(path)
        if path in self.doors:
            return self.doors[path](headers, body)
        if path == "/v1/log/checkpoint":
            return 200, {"content-type": "text/plain"}, self.log.checkpoint().encode()
        content = self.answers.get(path)
        if content is None:
            content = self._content(method, path, body)
        if content is None:
            return 404, {}, b"{}"
        return 200, {"content-type": JSON}, msgspec.json.encode(content)

    def _content(self, method: str, path: str, body: bytes) -> Any:
        if path == "/.well-known/crossroads-keys":
            return {**self.trust(), "keys": self.keys["crossroads"]}
        if path == "/v1/data-groups":
            return {"items": self.groups}
        if path.startswith("/v1/log/") and method == "POST":
            return self._proof(path.removeprefix("/v1/log/"), msgspec.json.decode(body))
        if path.startswith("/v1/institutions/"):
            return {"items": self.keys.get(path.split("/")[3], [])}
        return None

    def _proof(self, kind: str, asked: dict[str, Any]) -> Any:
        if kind == "extensions":
            return self.log.extensions(asked["sizes"])
        if kind == "consistency":
            return self.log.consistency(asked["first"], asked["second"])
        return self.log.prove(asked["index"], "event", "ticket", "answerDigest")


def owing_proofs(hub: FakeHub, state: Path) -> None:
    """Leave the state of somebody to whom the hub has given no proof for ten rounds."""
    verified = hub.log.checkpoint()
    hub.log.append("exchange:question:decided")
    pending = hub.log.checkpoint()
    kept = {
        "verified": verified,
        "pending": {pending.split("\n")[1]: pending},
        "failures": 10,
        "checkedAt": now() - timedelta(minutes=2),
    }
    state.mkdir(parents=True, exist_ok=True)
    (state / "checkpoints.json").write_bytes(msgspec.json.encode(kept))


class FakeAsker:
    """An institution that asks, with its keys."""

    def __init__(self, hub: FakeHub, name: str = "pcsa-gent") -> None:
        """Make an institution and register its keys."""
        self.hub = hub
        self.name = name
        self.sign = SigningKey.generate(f"{name}#sign-1")
        self.seal = SealingKey.generate(f"{name}#seal-1")
        self.hub.keep(self.sign, self.seal)

    @property
    def keys(self) -> tuple[ProvenKey, ...]:
        """Give the proven keys."""
        return tuple(self.hub.keys[self.name])

    def statement(self, ssin: str, salts: dict[str, str], **changes: Any) -> Statement:
        """Give a statement, with changes."""
        facts: dict[str, Any] = {
            "asker": self.name,
            "agent": "clerk-7",
            "legal_context": "PCSA:SOCIAL_INQUIRY",
            "ssin": ssin,
            "data_groups": group_digests(salts),
            "period": Period(datetime(2026, 1, 1, tzinfo=UTC).date(), datetime(2026, 3, 31, tzinfo=UTC).date()),
            "encryption_key": self.seal.jwk.thumbprint,
            "nonce": f"nonce-{uuid7()}",
            "issued_at": now(),
            "expires_at": now() + timedelta(seconds=120),
            "installation": INSTALLATION,
            "environment": Environment.TEST,
            "checkpoint": self.hub.log.checkpoint(),
        }
        return Statement(**facts | changes)


class Question:
    """A data request in the making: each part can be changed before it is sent."""

    def __init__(self, asker: FakeAsker, audience: str, ssin: str, *groups: str, holder: str | None = None) -> None:
        """Begin with a question that is right in everything."""
        self.asker = asker
        self.salts = new_salts(groups)
        self.statement: dict[str, Any] = {}
        self.statement_key = asker.sign
        self.ssin = ssin
        period = Period(datetime(2026, 1, 1, tzinfo=UTC).date(), datetime(2026, 3, 31, tzinfo=UTC).date())
        self.permit: dict[str, Any] = {
            "audience": audience,
            "holder": holder or audience,
            "issued_at": now(),
            "expires_at": now() + timedelta(seconds=30),
            "asker": asker.name,
            "ssin": ssin,
            "data_groups": dict.fromkeys(groups, period),
            "legal_context": "PCSA:SOCIAL_INQUIRY",
            "catalogue_version": 1,
            "authorisations": dict.fromkeys(groups, "illustrative-1"),
            "rule": "authorised-and-inscribed",
            "encryption_key": asker.seal.jwk.thumbprint,
        }
        self.request: dict[str, Any] = {
            "ticket": uuid7(),
            "asker_keys": asker.keys,
            "deadline": now() + timedelta(seconds=20),
        }

    @property
    def ticket(self) -> UUID:
        """Give the ticket."""
        return UUID(str(self.request["ticket"]))

    def build(self) -> DataRequest:
        """Give the data request."""
        self.signed = self.asker.statement(self.ssin, self.salts, **self.statement)
        defaults: dict[str, Any] = {
            "permit": PermitClaims(**self.permit),
            "statement": sign_statement(self.signed, self.statement_key),
            "openings": self.salts,
            "checkpoint": self.asker.hub.log.checkpoint(),
        }
        return DataRequest(**defaults | self.request)

    def body(self) -> bytes:
        """Give the body of the data request."""
        return msgspec.json.encode(self.build())


def signed_headers(
    key: SigningKey, url: str, body: bytes, *, created: datetime | None = None, nonce: str | None = None
) -> dict[str, str]:
    """Give the headers of a signed POST."""
    headers = {"content-type": JSON}
    return headers | sign_request(key, Request("POST", url, headers, body), created or now(), nonce)


def recipient_of(asker: FakeAsker) -> Jwk:
    return asker.seal.jwk


def _handler(hub: FakeHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, answered, content = hub.respond(self.command, self.path.split("?")[0], headers, body)
            self.send_response(status)
            for name, value in answered.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = _respond  # noqa: N815 - the names that http.server calls

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
            """Say nothing."""

    return Handler

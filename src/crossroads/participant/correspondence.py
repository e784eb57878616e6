"""Signed messages to the hub, and its answers: believed only when the hub signed them. See `steps`."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from crossroads.kernel.clock import Clock
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import CrossroadsError, Tampered
from crossroads.kernel.ssin import Environment
from crossroads.participant import replies
from crossroads.participant.checkpoints import Witness
from crossroads.participant.provenkeys import KeyRing, NotProven, Proven, ProvenKeys, hub_ring
from crossroads.participant.questions import JSON
from crossroads.participant.steps import Call, Got, Steps
from crossroads.participant.trust import Trust
from crossroads.wire.decoding import UNREADABLE, decode
from crossroads.wire.keys import SigningKey
from crossroads.wire.registrations import KeyUse
from crossroads.wire.signatures import Request, find_signature, sign_request

T = TypeVar("T")


class Correspondence:
    """What one institution writes to one hub: its key, what it pins, and what it has seen of the hub."""

    def __init__(self, sign: SigningKey, trust: Trust, hub: str, folder: Path, clock: Clock) -> None:
        """Take up what is kept in `folder`."""
        self.sign = sign
        self.trust = trust
        self.hub = hub
        self.folder = folder
        self.clock = clock
        self.witness = Witness(trust.log, folder / "checkpoints.json", hub)
        self.proven = ProvenKeys(trust, self.witness)
        self._hub_keys = hub_ring(hub, trust, self.proven, folder)

    def send(self, path: str, message: msgspec.Struct, decoder: "msgspec.json.Decoder[T]") -> Steps[T]:
        """Post a message and give its answer. Raises Malformed, Refused, Unavailable or Tampered."""
        body = msgspec.json.encode(message)
        # Through the message's own rules: what the hub would refuse as malformed is told here, with its place.
        decode(body, msgspec.json.Decoder(type(message)))
        return decoded((yield from self.call("POST", path, body, JSON)), decoder)

    def call(
        self, method: str, path: str, body: bytes | None = None, media_type: str = "", *, large: bool = False
    ) -> Steps[Got]:
        """Sign a request, make it and give the hub's answer. Raises Refused, Unavailable or Tampered."""
        yield from self.witness.regain_trust(self.clock.now())
        url, headers = f"{self.hub}{path}", {"content-type": media_type} if media_type else {}
        headers |= sign_request(self.sign, Request(method, url, headers, body), self.clock.now())
        return (yield from self.post(Request(method, url, headers, body), large=large))

    def post(self, request: Request, *, large: bool = False) -> Steps[Got]:
        """Make a signed request and give an answer that the hub signed. Raises Refused, Unavailable or Tampered."""
        got = yield Call(request.method, request.target_uri, request.body, request.headers, large)
        replies.check_status(got)
        key = yield from self._hub_key(got.headers)
        if not self.may_sign(key) or key.key is None:
            raise Tampered("The answer is not signed with a message key of the hub.", code=Code.ANSWER_UNSIGNED)
        replies.check_signature(got, request, key.key)
        return got

    def watch(self, checkpoint: str) -> Steps[None]:
        """Take note of a checkpoint, and once a minute have the hub prove those that came. Raises LogForked."""
        self.witness.observe(checkpoint)
        if self.witness.due(self.clock.now()):
            yield from self.witness.check(self.clock.now())
            self.witness.check_trusted()

    def heard(self, environment: Environment, checkpoint: str | None) -> Steps[None]:
        """Refuse an answer of another environment, and take note of its checkpoint. Raises Tampered, LogForked."""
        if environment is not self.trust.environment:
            raise Tampered("The answer is of another environment.")
        if checkpoint:
            yield from self.watch(checkpoint)

    def key(self, ring: KeyRing, key_id: str) -> Steps[Proven]:
        """Give a proven key of a ring. Raises NotProven."""
        found = yield from ring.get(key_id, self.clock.now())
        if found is None:
            raise NotProven(f"The key is {key_id}.")
        return found

    def may_sign(self, key: Proven) -> bool:
        """Tell whether it is a signing key in force."""
        return key.key is not None and key.registration.use is KeyUse.SIGN and key.in_force(self.clock.now())

    def _hub_key(self, headers: Mapping[str, str]) -> Steps[Proven]:
        try:
            key_id = find_signature(headers).key_id
        except CrossroadsError as error:
            raise Tampered(code=Code.ANSWER_UNSIGNED) from error
        return (yield from self.key(self._hub_keys, key_id))


def decoded(got: Got, decoder: "msgspec.json.Decoder[T]") -> T:
    """Read an answer of the hub. Raises Tampered."""
    try:
        return decoder.decode(got.body)
    except UNREADABLE as error:
        raise Tampered("The answer of the hub has not the form that it should have.") from error

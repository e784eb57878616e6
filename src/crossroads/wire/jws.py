"""Compact JSON Web Signatures (RFC 7515) with ES256: statements, blocks, registrations.

A thin layer over `cryptography`; the general library costs several times as much an operation and is the oracle in the
tests.
"""

from typing import Any, NamedTuple

import msgspec

from crossroads.kernel.errors import Tampered
from crossroads.kernel.sentences import Sentence
from crossroads.wire.canonical import b64url, from_b64url
from crossroads.wire.decoding import UNREADABLE, refuse_repeated_members
from crossroads.wire.keys import SigningKey, VerifyKey

_MAXIMUM_HEADER = 4096
"""Characters in base64url; a longer one is not even decoded."""

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Jws(NamedTuple):
    """A JWS taken apart and not yet verified."""

    header: dict[str, Any]
    payload: bytes
    signature: bytes
    signing_input: bytes

    @property
    def key_id(self) -> str:
        """The key that is said to have signed it; empty when none is named."""
        key_id = self.header.get("kid")
        return key_id if isinstance(key_id, str) else ""

    @property
    def compact(self) -> str:
        """The whole as it was signed, for others to verify."""
        return f"{self.signing_input.decode('ascii')}.{b64url(self.signature)}"

    def verify(self, key: VerifyKey, kind: str) -> None:
        """Check signature, algorithm and type. Raises Tampered."""
        if self.header.get("alg") != "ES256" or self.header.get("typ") != kind or "crit" in self.header:
            raise Tampered(Sentence("This is not a %(kind)s signed with ES256.", kind=kind))
        key.verify(self.signature, self.signing_input)


def sign(payload: bytes, header: dict[str, Any], kind: str, key: SigningKey) -> str:
    """Give the compact JWS over the payload; `kind` is its `typ`."""
    protected = b64url(msgspec.json.encode({"alg": "ES256", "kid": key.key_id, "typ": kind, **header}))
    signing_input = f"{protected}.{b64url(payload)}"
    return f"{signing_input}.{b64url(key.sign(signing_input.encode('ascii')))}"


def detach(compact: str) -> str:
    """Leave the payload out: it travels beside the signature (RFC 7515, appendix F)."""
    protected, _, signature = compact.split(".")
    return f"{protected}..{signature}"


def parse(compact: str, detached: bytes | None = None) -> Jws:
    """Take a compact JWS apart. `detached` is the payload that travelled beside it. Raises Tampered."""
    try:
        protected, payload, signature = compact.split(".")
        if detached is not None:
            if payload:
                raise Tampered("The signature was to be detached from its payload.")
            payload = b64url(detached)
        if len(protected) > _MAXIMUM_HEADER:
            raise Tampered("This is not a compact JWS.")
        raw = from_b64url(protected)
        header = _decode(raw)
        refuse_repeated_members(raw, header)
        return Jws(header, from_b64url(payload), from_b64url(signature), f"{protected}.{payload}".encode("ascii"))
    except (ValueError, *UNREADABLE) as error:
        raise Tampered("This is not a compact JWS.") from error

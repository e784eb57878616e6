"""Blocks: one data group of one person, signed by its source and sealed to the asker.

Only where the catalogue says why is a block not sealed.

The signature is a JWS over the content itself with the claims in its header. Sealed, the whole JWS is the plaintext of
a JWE (ECDH-ES on X25519, A256GCM) whose header repeats the claims, so that the hub can tell a block that was not asked
for without reading it. Open, the content travels beside the detached JWS.
"""

import os
from base64 import b64encode
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from crossroads.kernel.errors import InvalidValue, Tampered
from crossroads.kernel.period import Period
from crossroads.wire import jws
from crossroads.wire.canonical import b64url, canonical, from_b64, from_b64url
from crossroads.wire.keys import Jwk, SealingKey, SigningKey, VerifyKey
from crossroads.wire.messages import MAXIMUM_SOURCE_ANSWER, Block

KIND = "crossroads-block+jws"
SEALED = "application/jose"
_JSON = "application/json"
_REGISTRY = jwe.JWERegistry(algorithms=["ECDH-ES", "A256GCM"], strict_check_header=False)
_REGISTRY.max_ciphertext_length = MAXIMUM_SOURCE_ANSWER
_REGISTRY.max_protected_header_length = 4096
_KEY_BYTES, _NONCE_BYTES, _TAG_BYTES = 32, 12, 16
# RFC 7518, 4.6.2: the algorithm, no party information, the length of the key in bits; each after its own length.
_KEY_INFO = b"\0\0\0\7A256GCM" + b"\0\0\0\0" * 2 + b"\0\0\1\0"
_CLAIMS = ("ticket", "nonce", "dataGroup", "source", "period", "subject", "cty")


class Claims(NamedTuple):
    """What a block says it is: the answer to one question for one data group from one source."""

    ticket: UUID
    nonce: str
    data_group: str
    source: str
    period: Period
    subject: str
    """HMAC-SHA256(statement nonce, SSIN), base64url."""
    media_type: str

    def header(self) -> dict[str, Any]:
        """Give the claims as header members."""
        return {
            "ticket": str(self.ticket),
            "nonce": self.nonce,
            "dataGroup": self.data_group,
            "source": self.source,
            "period": msgspec.to_builtins(self.period),
            "subject": self.subject,
            "cty": self.media_type,
        }


class Opened(NamedTuple):
    """A block that was opened and whose signature holds."""

    content: bytes
    key_id: str
    claims: dict[str, Any]


def sealed_block(content: bytes, claims: Claims, key: SigningKey, recipient: Jwk) -> Block:
    """Sign the content and seal it to the recipient's X25519 key."""
    header = claims.header()
    signed = jws.sign(content, header, KIND, key)
    protected = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": recipient.thumbprint, "typ": SEALED, **header}
    sealed = _seal(protected, signed.encode("ascii"), recipient)
    return Block(
        data_group=claims.data_group, source=claims.source, period=claims.period, media_type=SEALED, sealed=sealed
    )


def open_block(content: bytes, claims: Claims, key: SigningKey) -> Block:
    """Sign content that the catalogue leaves unsealed. JSON is put in canonical form first."""
    json = claims.media_type == _JSON
    payload = canonical(msgspec.json.decode(content)) if json else content
    return Block(
        data_group=claims.data_group,
        source=claims.source,
        period=claims.period,
        media_type=claims.media_type,
        content=msgspec.Raw(payload) if json else msgspec.UNSET,
        content_bytes=None if json else b64encode(content).decode("ascii"),
        signature=jws.detach(jws.sign(payload, claims.header(), KIND, key)),
    )


def envelope(block: Block) -> dict[str, Any]:
    """Give the header of a block that anyone who carries it can read. Raises Tampered."""
    _check_one_content(block)
    if block.sealed is not None:
        return _protected(block.sealed)
    if block.signature is None:
        raise Tampered("The block is neither sealed nor signed.")
    return jws.parse(block.signature, _content(block)).header


def _seal(header: dict[str, Any], plaintext: bytes, recipient: Jwk) -> str:
    """Give the compact JWE. Written out, for the library takes three times as long; it opens what is sealed here."""
    own = X25519PrivateKey.generate()
    epk = {"kty": "OKP", "crv": "X25519", "x": b64url(own.public_key().public_bytes_raw())}
    protected = b64url(msgspec.json.encode({**header, "epk": epk}))
    key = ConcatKDFHash(SHA256(), _KEY_BYTES, _KEY_INFO).derive(own.exchange(_public(recipient)))
    nonce = os.urandom(_NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, plaintext, protected.encode("ascii"))
    ciphertext, tag = sealed[:-_TAG_BYTES], sealed[-_TAG_BYTES:]
    return f"{protected}..{b64url(nonce)}.{b64url(ciphertext)}.{b64url(tag)}"


def unseal(block: Block, key: SealingKey) -> str:
    """Open the seal and give the signed content as compact JWS. Raises Tampered."""
    if block.sealed is None:
        raise Tampered("The block is not sealed.")
    try:
        opened = jwe.decrypt_compact(block.sealed, _private(key), registry=_REGISTRY)
        return (opened.plaintext or b"").decode("ascii")
    except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise Tampered("The seal does not open with this key.") from error


def read_block(block: Block, key: SealingKey | None) -> jws.Jws:
    """Give the signed content of a block, its signature not yet verified. Raises Tampered."""
    _check_one_content(block)
    if block.sealed is None:
        return jws.parse(block.signature or "", _content(block))
    if key is None:
        raise Tampered("The block is sealed and no key to open it is at hand.")
    signed = jws.parse(unseal(block, key))
    outside = _protected(block.sealed)
    if any(outside.get(name) != signed.header.get(name) for name in _CLAIMS):
        raise Tampered("What stands on the seal is not what was sealed.")
    return signed


def verify_block(signed: jws.Jws, expected: Claims, key: VerifyKey) -> Opened:
    """Check that the source signed exactly this answer to exactly this question. Raises Tampered."""
    signed.verify(key, KIND)
    wanted = expected.header()
    for name in _CLAIMS:
        if signed.header.get(name) != wanted[name]:
            raise Tampered(f"The block answers another question: its {name} differs.")
    if signed.key_id.split("#")[0] != expected.source:
        raise Tampered("The block is not signed with a key of its source.")
    return Opened(signed.payload, signed.key_id, signed.header)


def _check_one_content(block: Block) -> None:
    # Were there two, one would be checked and the other perhaps read.
    if [block.sealed, block.content_bytes].count(None) + (block.content is msgspec.UNSET) != 2:  # noqa: PLR2004
        raise Tampered("A block has either sealed, content or contentBytes.")


def _content(block: Block) -> bytes:
    if block.content is not msgspec.UNSET:
        return bytes(block.content)
    try:
        return from_b64(block.content_bytes or "")
    except InvalidValue as error:
        raise Tampered("The content of the block is not base64.") from error


def _protected(compact: str) -> dict[str, Any]:
    # Five parts; only the first is read. The rest is what the hub cannot read.
    return jws.parse(f"{compact.split('.', 1)[0]}..", b"").header


@lru_cache(maxsize=1024)
def _public(jwk: Jwk) -> X25519PublicKey:
    return X25519PublicKey.from_public_bytes(from_b64url(jwk.x))


def _private(key: SealingKey) -> OKPKey:
    secret = b64url(key.private.private_bytes_raw())
    return OKPKey.import_key({"kty": "OKP", "crv": "X25519", "x": key.jwk.x, "d": secret})

"""Chunks: all that one source gives to one page of a batch, sealed block by block and signed once.

One ephemeral X25519 key serves a chunk; each block has an AES-256-GCM key of its own, derived from it and from all that
the block says of itself, so that it opens only there. The signature is over the root of a Merkle tree of the blocks,
and each leaf says whether its block is sealed.
"""

import hmac
from base64 import b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from crossroads.kernel.errors import InvalidValue, Tampered
from crossroads.kernel.period import Period
from crossroads.wire import jws
from crossroads.wire.batches import SourceBlock
from crossroads.wire.bulk import CHUNK_KIND, BulkBlock, ChunkClaims
from crossroads.wire.canonical import b64url, canonical, from_b64, from_b64url
from crossroads.wire.decoding import UNREADABLE, refuse_repeated_members
from crossroads.wire.keys import Jwk, SealingKey, SigningKey, VerifyKey
from crossroads.wire.merkle import leaf_hash, root_of

_JSON = "application/json"
_INFO = b"crossroads-chunk"
_KEY_BYTES = 32
_NONCE = bytes(12)
"""Each key seals one block, so its nonce may be the same for all."""
_NO_CONTENT = b"null"

_RANDOM_BITS = 62
_VERSION_AND_VARIANT = 7 << 76 | 2 << 62
_encode = msgspec.json.encode
_claims_decoder = msgspec.json.Decoder(ChunkClaims)


class ChunkName(NamedTuple):
    """Which chunk: the answer of one source to one page of one batch, for one key of the asker."""

    ticket: UUID
    """Of the batch."""
    nonce: str
    """Of the statement."""
    page: int
    source: str
    encryption_key: str
    """Thumbprint of the key that is sealed to."""


class Piece(msgspec.Struct, frozen=True):
    """What a source has: one data group of one record."""

    index: int
    """Of the record in its page."""
    ssin: str
    """The person's number now."""
    data_group: str
    period: Period
    media_type: str
    content: bytes
    sealed: bool = True
    """False only where the catalogue says why."""


class SignedChunk(NamedTuple):
    """The signature of a chunk, taken apart and not yet verified."""

    signed: jws.Jws
    claims: ChunkClaims

    @property
    def key_id(self) -> str:
        """The key that is said to have signed it."""
        return self.signed.key_id


def record_ticket(batch: UUID, number: int) -> UUID:
    """Give the ticket of a record, by its number in the file from 0: it follows from that of its batch."""
    digest = int.from_bytes(sha256(batch.bytes + number.to_bytes(8)).digest()[:10])
    high, low = digest >> 68, digest & (1 << _RANDOM_BITS) - 1
    return UUID(int=batch.int >> 80 << 80 | _VERSION_AND_VARIANT | high << 64 | low)


class ChunkSealer:
    """Seals and signs the blocks of one chunk, which come in order of record and data group."""

    def __init__(self, key: SigningKey, recipient: Jwk, name: ChunkName) -> None:
        """Begin a chunk. `key` is a signing key of the source, `recipient` the X25519 key that the asker stated."""
        if recipient.thumbprint != name.encryption_key:
            raise InvalidValue("The key to seal to is not the one that the statement names.")
        own = X25519PrivateKey.generate()
        self._epk = b64url(own.public_key().public_bytes_raw())
        self._chunk_key = _chunk_key(own, recipient.x, name, self._epk)
        self._key, self._name, self._subjects = key, name, _Subjects(name.nonce)
        self._blocks: list[BulkBlock] = []
        self._leaves: list[bytes] = []
        self._last = (-1, "")

    def add(self, piece: Piece) -> None:
        """Add a block. Raises InvalidValue when it does not come in order, each once: a key must never serve twice."""
        if (piece.index, piece.data_group) <= self._last:
            raise InvalidValue("The blocks of a chunk come in order of record and data group, each once.")
        self._last = (piece.index, piece.data_group)
        subject = self._subjects.of(piece.index, piece.ssin)
        block = _sealed(piece, subject, self._chunk_key) if piece.sealed else _open(piece)
        self._blocks.append(block)
        self._leaves.append(_block_leaf(block, subject))

    def finish(self) -> tuple[tuple[BulkBlock, ...], str]:
        """Give the blocks and the signature over them, as compact JWS."""
        claims = ChunkClaims(
            **self._name._asdict(), epk=self._epk, blocks=len(self._blocks), root=b64url(root_of(self._leaves))
        )
        return tuple(self._blocks), jws.sign(_encode(claims), {}, CHUNK_KIND, self._key)


def read_chunk(compact: str) -> SignedChunk:
    """Take the signature of a chunk apart without verifying it. Raises Tampered."""
    parsed = jws.parse(compact)
    try:
        claims = _claims_decoder.decode(parsed.payload)
        refuse_repeated_members(parsed.payload, claims)
    except (ValueError, *UNREADABLE):
        raise Tampered("The chunk has not the form of a chunk.") from None
    return SignedChunk(parsed, claims)


def verify_chunk(
    chunk: SignedChunk, key: VerifyKey, expected: ChunkName, blocks: Iterable[BulkBlock], ssins: Mapping[int, str]
) -> ChunkClaims:
    """Check that the source signed exactly these blocks, for this page.

    `ssins` gives the number now of each person that the source was asked about, by index in the page. Raises Tampered.
    """
    for name, wanted in expected._asdict().items():
        if getattr(chunk.claims, name) != wanted:
            raise Tampered(f"The chunk is of another question: its {name} differs.")
    if chunk.key_id.split("#")[0] != expected.source:
        raise Tampered("The chunk is not signed with a key of its source.")
    chunk.signed.verify(key, CHUNK_KIND)
    leaves = _leaves(blocks, ssins, expected.nonce)
    if (chunk.claims.blocks, chunk.claims.root) != (len(leaves), b64url(root_of(leaves))):
        raise Tampered("The blocks of the chunk are not those that its source signed.")
    return chunk.claims


class ChunkOpener:
    """Opens the blocks of a chunk that was verified."""

    def __init__(self, key: SealingKey, claims: ChunkClaims) -> None:
        """Agree on the key of the chunk. Raises Tampered when it was not sealed to this key."""
        if key.jwk.thumbprint != claims.encryption_key:
            raise Tampered("The chunk is sealed to another key.")
        name = ChunkName(claims.ticket, claims.nonce, claims.page, claims.source, claims.encryption_key)
        try:
            self._chunk_key = _chunk_key(key.private, claims.epk, name, claims.epk)
        except ValueError:
            raise Tampered("The chunk names no key to open it with.") from None
        self._subjects = _Subjects(claims.nonce)

    def open(self, block: BulkBlock, ssin: str) -> bytes:
        """Give the content of a block, sealed or not; `ssin` is the person's number now. Raises Tampered."""
        if block.sealed is None:
            return _carried(block)
        label = _label(block, self._subjects.of(block.index, ssin))
        try:
            return AESGCM(_block_key(self._chunk_key, label)).decrypt(_NONCE, from_b64url(block.sealed), label)
        except (InvalidTag, ValueError):
            raise Tampered("The seal of the block does not open with this key.") from None


def bulk_block(index: int, block: SourceBlock) -> BulkBlock:
    """Give a block of a result as its source sent it; `index` is that of its record in the page."""
    content = msgspec.Raw(_NO_CONTENT) if block.content is msgspec.UNSET else block.content
    return BulkBlock(
        index, block.data_group, block.period, block.media_type, block.sealed, content, block.content_bytes
    )


def source_block(chunk: int, source: str, block: BulkBlock) -> SourceBlock:
    """Give a block of a source as it stands in a result."""
    return SourceBlock(
        chunk=chunk,
        data_group=block.data_group,
        source=source,
        period=block.period,
        media_type=block.media_type,
        sealed=block.sealed,
        content=msgspec.UNSET if bytes(block.content) == _NO_CONTENT else block.content,
        content_bytes=block.content_bytes,
    )


class _Subjects:
    """Numbers as they stand in labels: HMAC-SHA256(statement nonce, SSIN). Blocks of one record follow each other."""

    def __init__(self, nonce: str) -> None:
        self._nonce = nonce.encode()
        self._index, self._ssin, self._subject = -1, "", ""

    def of(self, index: int, ssin: str) -> str:
        """Give the subject of a record."""
        if (index, ssin) != (self._index, self._ssin):
            self._index, self._ssin = index, ssin
            self._subject = b64url(hmac.digest(self._nonce, ssin.encode(), "sha256"))
        return self._subject


def _chunk_key(private: X25519PrivateKey, public: str, name: ChunkName, epk: str) -> bytes:
    # The ephemeral key is in it too: the keys of two chunks differ even where all else is the same.
    info = _INFO + canonical([str(name.ticket), name.page, name.source, name.encryption_key, epk])
    shared = private.exchange(X25519PublicKey.from_public_bytes(from_b64url(public)))
    return HKDF(SHA256(), _KEY_BYTES, None, info).derive(shared)


def _block_key(chunk_key: bytes, label: bytes) -> bytes:
    return hmac.digest(chunk_key, label, "sha256")


def _label(block: BulkBlock | Piece, subject: str) -> bytes:
    # The form of RFC 8785 as well, which a test proves: an array of texts, numbers and nulls.
    start, end = block.period.start_date, block.period.end_date
    return _encode((block.index, block.data_group, start, end, block.media_type, subject))


def _block_leaf(block: BulkBlock, subject: str) -> bytes:
    sealed, start, end = block.sealed is not None, block.period.start_date, block.period.end_date
    digest = b64url(sha256(block.sealed.encode() if block.sealed is not None else _carried(block)).digest())
    return leaf_hash(_encode((block.index, block.data_group, start, end, block.media_type, subject, sealed, digest)))


def _sealed(piece: Piece, subject: str, chunk_key: bytes) -> BulkBlock:
    label = _label(piece, subject)
    sealed = AESGCM(_block_key(chunk_key, label)).encrypt(_NONCE, piece.content, label)
    return BulkBlock(piece.index, piece.data_group, piece.period, piece.media_type, b64url(sealed))


def _open(piece: Piece) -> BulkBlock:
    block = BulkBlock(piece.index, piece.data_group, piece.period, piece.media_type)
    if piece.media_type != _JSON:
        return msgspec.structs.replace(block, content_bytes=b64encode(piece.content).decode("ascii"))
    content = canonical(msgspec.json.decode(piece.content))
    if content == _NO_CONTENT:
        raise InvalidValue("A block without content is none.")
    return msgspec.structs.replace(block, content=msgspec.Raw(content))


def _leaves(blocks: Iterable[BulkBlock], ssins: Mapping[int, str], nonce: str) -> list[bytes]:
    subjects, leaves, last = _Subjects(nonce), [], (-1, "")
    for block in blocks:
        ssin = ssins.get(block.index)
        if ssin is None:
            raise Tampered("A block is about a record that was not asked about.")
        if (block.index, block.data_group) <= last:
            raise Tampered("The blocks are not in order of record and data group, each once.")
        last = (block.index, block.data_group)
        _check_one_content(block)
        leaves.append(_block_leaf(block, subjects.of(block.index, ssin)))
    return leaves


def _check_one_content(block: BulkBlock) -> None:
    # Were there two, one would be checked and the other perhaps read.
    contents = (block.sealed is not None, bytes(block.content) != _NO_CONTENT, block.content_bytes is not None)
    if sum(contents) != 1:
        raise Tampered("A block has either sealed, content or contentBytes.")
    if block.sealed is None and contents[1] != (block.media_type == _JSON):
        raise Tampered("Open JSON stands in content, all else in contentBytes.")
    if contents[1] and not _is_canonical(bytes(block.content)):
        # As it stands here it is passed on: what others cannot read, or read as several lines, stays with its source.
        raise Tampered("Open JSON is in canonical form.")


def _is_canonical(content: bytes) -> bool:
    try:
        return canonical(msgspec.json.decode(content)) == content
    except (InvalidValue, *UNREADABLE):
        return False


def _carried(block: BulkBlock) -> bytes:
    if block.content_bytes is None:
        return bytes(block.content)
    try:
        return from_b64(block.content_bytes)
    except InvalidValue:
        raise Tampered("The content of the block is not base64.") from None

"""What a source gives to a page: signed as a whole, and each block opens only for the asker, only in its place."""

import hashlib
import hmac
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from crossroads.kernel.errors import InvalidValue, Tampered
from crossroads.kernel.period import Period
from crossroads.wire import jws
from crossroads.wire.bulk import CHUNK_KIND, BulkAnswer, BulkBlock, ChunkClaims
from crossroads.wire.canonical import b64url, canonical
from crossroads.wire.chunks import (
    ChunkName,
    ChunkOpener,
    ChunkSealer,
    Piece,
    bulk_block,
    read_chunk,
    record_ticket,
    source_block,
    verify_chunk,
)
from crossroads.wire.keys import SealingKey, SigningKey, VerifyKey
from crossroads.wire.merkle import leaf_hash, root_of

BATCH = UUID("019ca95f-9e00-7000-8000-000000000001")
KEY, SEAL = SigningKey.generate("pps-si#sign-1"), SealingKey.generate("pcsa-ghent#seal-1")
NAME = ChunkName(BATCH, "a-nonce-of-the-statement", 3, "pps-si", SEAL.jwk.thumbprint)
PERIOD = Period(date(2026, 1, 1), date(2026, 2, 28))
SSINS = {index: f"8063151{index:04}" for index in range(12)}
JSON = "application/json"

pieces = st.builds(
    lambda place, period, form, sealed: Piece(place[0], SSINS[place[0]], place[1], period, form[0], form[1], sealed),
    st.tuples(st.sampled_from(sorted(SSINS)), st.sampled_from(["living-wage@1", "handicap-file@1"]) | st.text()),
    st.sampled_from([PERIOD, Period(date(2026, 1, 1))]),
    st.one_of(
        st.tuples(st.just(JSON), st.dictionaries(st.text(max_size=3), st.integers(0, 9), max_size=3).map(canonical)),
        st.tuples(st.text().filter(JSON.__ne__), st.binary(max_size=40)),
    ),
    st.booleans(),
)
chunks = st.lists(pieces, min_size=1, max_size=12, unique_by=lambda one: (one.index, one.data_group)).map(
    lambda several: sorted(several, key=lambda one: (one.index, one.data_group))
)

Chunk = tuple[tuple[BulkBlock, ...], str]


def sealed(given_pieces: list[Piece], name: ChunkName = NAME, key: SigningKey = KEY) -> Chunk:
    sealer = ChunkSealer(key, SEAL.jwk, name)
    for piece in given_pieces:
        sealer.add(piece)
    return sealer.finish()


def travelled(blocks: tuple[BulkBlock, ...], chunk: str) -> tuple[BulkBlock, ...]:
    """Give the blocks as they come out of the answer of a source, by way of the lines of a result."""
    sent = msgspec.json.encode(BulkAnswer(ticket=BATCH, page=3, answered=1, blocks=blocks, chunk=chunk))
    came = msgspec.json.decode(sent, type=BulkAnswer).blocks
    lines = [msgspec.json.encode(source_block(0, "pps-si", block)) for block in came]
    return tuple(
        bulk_block(block.index, msgspec.json.decode(line, type=type(source_block(0, "", block))))
        for block, line in zip(came, lines, strict=True)
    )


def verified(blocks: tuple[BulkBlock, ...], chunk: str, **changes: Any) -> ChunkClaims:
    said: dict[str, Any] = {"expected": NAME, "ssins": SSINS, "key": VerifyKey(KEY.jwk), **changes}
    return verify_chunk(read_chunk(chunk), said["key"], said["expected"], blocks, said["ssins"])


@given(chunks)
def test_what_a_source_gives_is_what_the_asker_opens(given_pieces: list[Piece]) -> None:
    blocks, chunk = sealed(given_pieces)
    came = travelled(blocks, chunk)
    assert came == blocks
    opener = ChunkOpener(SEAL, verified(came, chunk))
    assert [opener.open(block, SSINS[block.index]) for block in came] == [piece.content for piece in given_pieces]
    assert [block.sealed is not None for block in came] == [piece.sealed for piece in given_pieces]


@given(chunks)
def test_a_stranger_finds_the_same_by_the_text_of_the_rules(given_pieces: list[Piece]) -> None:
    blocks, chunk = sealed(given_pieces)
    claims = read_chunk(chunk).claims
    leaves = []
    for block, piece in zip(blocks, given_pieces, strict=True):
        subject = base64url(hmac.digest(NAME.nonce.encode(), piece.ssin.encode(), "sha256"))
        days = msgspec.to_builtins((block.period.start_date, block.period.end_date))
        label = [block.index, block.data_group, *days, block.media_type, subject]
        carried = block.sealed.encode() if block.sealed is not None else piece.content
        leaves.append(leaf_hash(canonical([*label, piece.sealed, base64url(hashlib.sha256(carried).digest())])))
        if block.sealed is not None:
            key = hmac.digest(chunk_key(claims), canonical(label), "sha256")
            raw = urlsafe_b64decode(block.sealed + "=" * (-len(block.sealed) % 4))
            assert AESGCM(key).decrypt(bytes(12), raw, canonical(label)) == piece.content
    assert claims.root == base64url(root_of(leaves))
    assert claims.blocks == len(blocks)


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def chunk_key(claims: ChunkClaims) -> bytes:
    """HKDF-SHA256 (RFC 5869) written out: without salt, one block of output."""
    shared = SEAL.private.exchange(X25519PublicKey.from_public_bytes(urlsafe_b64decode(claims.epk + "=")))
    said = [str(claims.ticket), claims.page, claims.source, claims.encryption_key, claims.epk]
    extracted = hmac.digest(bytes(32), shared, "sha256")
    return hmac.digest(extracted, b"crossroads-chunk" + canonical(said) + b"\x01", "sha256")


PIECES = [
    Piece(0, SSINS[0], "living-wage@1", PERIOD, JSON, b'{"a":1}'),
    Piece(2, SSINS[2], "handicap-file@1", PERIOD, JSON, b'{"b":2}', sealed=False),
    Piece(2, SSINS[2], "living-wage@1", PERIOD, JSON, b'{"a":2}'),
    Piece(5, SSINS[5], "letter@1", PERIOD, "application/xml", b"<a/>", sealed=False),
]
BLOCKS, CHUNK = sealed(PIECES)
CLAIMS = verified(BLOCKS, CHUNK)


@given(st.data())
def test_an_altered_block_is_noticed(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(BLOCKS) - 1))
    change: dict[str, Any] = data.draw(
        st.fixed_dictionaries({"data_group": st.just("other@1")})
        | st.fixed_dictionaries({"index": st.sampled_from([1, 3, 4, 6, 12])})
        | st.fixed_dictionaries({"period": st.just(Period(date(2026, 1, 1), date(2026, 2, 27)))})
        | st.fixed_dictionaries({"media_type": st.sampled_from(["text/plain", "application/jsonl"])})
        | st.fixed_dictionaries({"sealed": st.just("AAAA")})
        | st.fixed_dictionaries({"content": st.just(msgspec.Raw(b'{"c":3}'))})
        | st.fixed_dictionaries({"content_bytes": st.just("AAAA")})
    )
    changed = [msgspec.structs.replace(block, **change) if n == at else block for n, block in enumerate(BLOCKS)]
    with pytest.raises(Tampered):
        verified(tuple(changed), CHUNK)


@pytest.mark.parametrize(
    "blocks",
    [BLOCKS[:-1], BLOCKS[1:], (*BLOCKS, BLOCKS[-1]), BLOCKS[::-1], (BLOCKS[0], BLOCKS[2], BLOCKS[1], BLOCKS[3]), ()],
)
def test_a_missing_repeated_or_moved_block_is_noticed(blocks: tuple[BulkBlock, ...]) -> None:
    with pytest.raises(Tampered):
        verified(blocks, CHUNK)


def test_a_sealed_block_is_not_passed_off_as_an_open_one() -> None:
    text, chunk = sealed([Piece(0, SSINS[0], "letter@1", PERIOD, "text/plain", b"secret")])
    (block,) = text
    assert block.sealed is not None
    carried = msgspec.json.decode(msgspec.json.encode(block.sealed.encode()))
    shown = msgspec.structs.replace(block, sealed=None, content_bytes=carried)
    with pytest.raises(Tampered):
        verified((shown,), chunk)


@pytest.mark.parametrize(
    "changes",
    [
        {"ssins": {**SSINS, 2: SSINS[3]}},
        {"ssins": {0: SSINS[0], 2: SSINS[2]}},
        {"key": VerifyKey(SigningKey.generate(KEY.key_id).jwk)},
        *(
            {"expected": NAME._replace(**one)}
            for one in (
                {"ticket": UUID(int=1)},
                {"nonce": "another-nonce-entirely"},
                {"page": 4},
                {"source": "dg-disability"},
                {"encryption_key": "k" * 43},
            )
        ),
    ],
)
def test_a_chunk_for_another_question_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Tampered):
        verified(BLOCKS, CHUNK, **changes)


def test_a_chunk_signed_by_another_institution_is_refused() -> None:
    other = SigningKey.generate("dg-disability#sign-1")
    blocks, chunk = sealed(PIECES, key=other)
    with pytest.raises(Tampered, match="key of its source"):
        verified(blocks, chunk, key=VerifyKey(other.jwk))


def test_only_a_chunk_is_a_chunk() -> None:
    another = jws.sign(msgspec.json.encode(CLAIMS), {}, "crossroads-block+jws", KEY)
    with pytest.raises(Tampered, match=CHUNK_KIND.replace("+", r"\+")):
        verified(BLOCKS, another)
    for payload in (b"[]", b"no JSON", msgspec.json.encode(CLAIMS)[:-1] + b',"page":3}'):
        with pytest.raises(Tampered, match="form of a chunk"):
            read_chunk(jws.sign(payload, {}, CHUNK_KIND, KEY))


def test_a_seal_opens_only_for_its_recipient() -> None:
    stranger = SealingKey.generate(SEAL.key_id)
    with pytest.raises(Tampered, match="another key"):
        ChunkOpener(stranger, CLAIMS)
    claimed = msgspec.structs.replace(CLAIMS, encryption_key=stranger.jwk.thumbprint)
    with pytest.raises(Tampered, match="does not open"):
        ChunkOpener(stranger, claimed).open(BLOCKS[0], SSINS[0])
    with pytest.raises(InvalidValue, match="not the one"):
        ChunkSealer(KEY, stranger.jwk, NAME)


@pytest.mark.parametrize("change", [{"page": 4}, {"source": "other"}, {"ticket": UUID(int=1)}, {"nonce": "x" * 16}])
def test_a_seal_opens_only_in_its_chunk(change: dict[str, Any]) -> None:
    opener = ChunkOpener(SEAL, msgspec.structs.replace(CLAIMS, **change))
    with pytest.raises(Tampered, match="does not open"):
        opener.open(BLOCKS[0], SSINS[0])


@pytest.mark.parametrize(
    "change",
    [
        {"index": 1},
        {"data_group": "living-wage@2"},
        {"period": Period(date(2026, 1, 1))},
        {"media_type": "text/plain"},
        {"sealed": BLOCKS[2].sealed},
        {"sealed": "AAAA"},
        {"sealed": "no base64!"},
        {"sealed": f"{BLOCKS[0].sealed}A"},
    ],
)
def test_a_seal_opens_only_in_its_place(change: dict[str, Any]) -> None:
    opener = ChunkOpener(SEAL, CLAIMS)
    assert opener.open(BLOCKS[0], SSINS[0]) == PIECES[0].content
    with pytest.raises(Tampered, match="does not open"):
        opener.open(msgspec.structs.replace(BLOCKS[0], **change), SSINS[0])
    with pytest.raises(Tampered, match="does not open"):
        opener.open(BLOCKS[0], SSINS[1])


@pytest.mark.parametrize("epk", ["", "A" * 43, "no base64!", "AAAA"])
def test_a_chunk_without_a_key_to_agree_on_is_refused(epk: str) -> None:
    with pytest.raises(Tampered, match="no key to open it"):
        ChunkOpener(SEAL, msgspec.structs.replace(CLAIMS, epk=epk))


@pytest.mark.parametrize("second", [PIECES[0], PIECES[2], PIECES[1]])
def test_blocks_come_in_order_so_that_no_key_serves_twice(second: Piece) -> None:
    sealer = ChunkSealer(KEY, SEAL.jwk, NAME)
    sealer.add(PIECES[2])
    with pytest.raises(InvalidValue, match="in order"):
        sealer.add(second)


def test_no_two_chunks_are_sealed_alike() -> None:
    assert {block.sealed for block in sealed(PIECES)[0] if block.sealed}.isdisjoint(block.sealed for block in BLOCKS)


def test_open_content_is_written_in_canonical_form() -> None:
    (block,), chunk = sealed([Piece(0, SSINS[0], "a@1", PERIOD, JSON, b'{ "b": 1, "a": 2 }', sealed=False)])
    assert bytes(block.content) == b'{"a":2,"b":1}'
    verified((block,), chunk)
    with pytest.raises(InvalidValue, match="without content"):
        sealed([Piece(0, SSINS[0], "a@1", PERIOD, JSON, b"null", sealed=False)])


@pytest.mark.parametrize(
    "content", [b'{"a":2,\n"b":1}', b'{"b":1,"a":2}', b'{"a":2,"a":2}', b'{"a":"\xff"}', b"[" * 4000 + b"]" * 4000]
)
def test_open_content_in_another_form_is_refused_though_its_source_signed_it(content: bytes) -> None:
    (block,), _ = sealed([Piece(0, SSINS[0], "a@1", PERIOD, JSON, b'{"a":2}', sealed=False)])
    changed = msgspec.structs.replace(block, content=msgspec.Raw(content))
    subject = b64url(hmac.digest(NAME.nonce.encode(), SSINS[0].encode(), "sha256"))
    days = [PERIOD.start_date, PERIOD.end_date]
    leaf = leaf_hash(
        msgspec.json.encode([0, "a@1", *days, JSON, subject, False, b64url(hashlib.sha256(content).digest())])
    )
    claims = ChunkClaims(**NAME._asdict(), epk=SEAL.jwk.x, blocks=1, root=b64url(root_of([leaf])))
    signed = jws.sign(msgspec.json.encode(claims), {}, CHUNK_KIND, KEY)
    with pytest.raises(Tampered, match="canonical"):
        verified((changed,), signed)


def test_a_source_that_has_nothing_says_so() -> None:
    blocks, chunk = sealed([])
    assert blocks == ()
    assert verified((), chunk).blocks == 0


# Tickets


@given(st.uuids(version=4), st.integers(0, 10**7), st.integers(0, 10**7))
def test_the_ticket_of_a_record_follows_from_its_batch(other: UUID, number: int, another: int) -> None:
    now = time.time_ns() // 10**6
    batch = UUID(int=now << 80 | 7 << 76 | other.int & ((1 << 76) - 1) & ~(3 << 62) | 2 << 62)
    ticket = record_ticket(batch, number)
    assert (ticket.version, ticket.variant) == (batch.version, batch.variant) == (7, "specified in RFC 4122")
    assert ticket.bytes[:6] == batch.bytes[:6]
    assert (record_ticket(batch, another) == ticket) == (another == number)
    assert ticket != batch


def test_a_ticket_is_made_as_it_is_written() -> None:
    digest = hashlib.sha256(BATCH.bytes + (7).to_bytes(8, "big")).digest()
    bits = "".join(f"{byte:08b}" for byte in digest[:10])
    wanted = "".join(f"{byte:08b}" for byte in BATCH.bytes[:6]) + "0111" + bits[:12] + "10" + bits[-62:]
    assert record_ticket(BATCH, 7) == UUID(int=int(wanted, 2))

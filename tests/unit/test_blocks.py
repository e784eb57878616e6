"""Blocks: only the asker reads one, only its source made it, and only for this question."""

import json
from base64 import b64encode, urlsafe_b64decode
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from hypothesis import assume, given
from hypothesis import strategies as st
from joserfc import jwe as oracle
from joserfc import jws as signed_oracle
from joserfc.jwk import ECKey, OKPKey

from crossroads.kernel.errors import Tampered
from crossroads.kernel.period import Period
from crossroads.wire import jws
from crossroads.wire.blocks import (
    KIND,
    SEALED,
    Claims,
    envelope,
    open_block,
    read_block,
    sealed_block,
    unseal,
    verify_block,
)
from crossroads.wire.canonical import b64url
from crossroads.wire.keys import SealingKey, SigningKey, VerifyKey
from crossroads.wire.messages import Block

SOURCE = SigningKey.generate("pps-si#sign-1")
PUBLIC = VerifyKey(SOURCE.jwk)
ASKER = SealingKey.generate("pcsa-ghent#seal-1")
STRANGER = SealingKey.generate("crossroads#seal-1")
JSON, XML = "application/json", "application/xml"
CLAIMS = Claims(
    ticket=UUID("01957f2e-0000-7000-8000-000000000001"),
    nonce="0123456789abcdef",
    data_group="living-wage@1",
    source="pps-si",
    period=Period(date(2026, 1, 1), date(2026, 3, 31)),
    subject=b64url(bytes(32)),
    media_type=JSON,
)
CONTENT = b'{"amounts":[{"eurocents":128809,"month":"2026-01-01"}]}'


def opened(block: Block, claims: Claims = CLAIMS, key: SealingKey = ASKER) -> bytes:
    travelled = msgspec.json.decode(msgspec.json.encode(block), type=Block)
    return verify_block(read_block(travelled, key), claims, PUBLIC).content


def sealed(content: bytes = CONTENT, claims: Claims = CLAIMS) -> Block:
    return sealed_block(content, claims, SOURCE, ASKER.jwk)


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def independently_opened(compact: str) -> bytes:
    """Open ECDH-ES on X25519 with A256GCM as RFC 7518 and RFC 8037 say, from primitives alone."""
    protected, encrypted_key, nonce, ciphertext, tag = compact.split(".")
    header = json.loads(decoded(protected))
    assert (header["alg"], header["enc"], encrypted_key) == ("ECDH-ES", "A256GCM", "")
    shared = ASKER.private.exchange(X25519PublicKey.from_public_bytes(decoded(header["epk"]["x"])))
    lengths = [(len(part).to_bytes(4) + part) for part in (b"A256GCM", b"", b"")]
    info = b"".join(lengths) + (256).to_bytes(4)
    key = ConcatKDFHash(hashes.SHA256(), 32, info).derive(shared)
    return AESGCM(key).decrypt(decoded(nonce), decoded(ciphertext) + decoded(tag), protected.encode())


@given(st.binary(max_size=300), st.sampled_from([XML, "application/pdf", JSON]))
def test_any_content_is_sealed_and_opened_byte_for_byte(content: bytes, media_type: str) -> None:
    claims = CLAIMS._replace(media_type=media_type)
    block = sealed(content, claims)
    assert opened(block, claims) == content
    assert (block.content, block.content_bytes, block.media_type) == (msgspec.UNSET, None, SEALED)


def test_a_sealed_block_is_opened_by_others_too() -> None:
    block = sealed()
    assert block.sealed is not None
    key = OKPKey.import_key(
        {"kty": "OKP", "crv": "X25519", "x": ASKER.jwk.x, "d": b64url(ASKER.private.private_bytes_raw())}
    )
    registry = oracle.JWERegistry(algorithms=["ECDH-ES", "A256GCM"], strict_check_header=False)
    by_library = oracle.decrypt_compact(block.sealed, key, registry=registry).plaintext
    inner = independently_opened(block.sealed)
    assert inner == by_library == unseal(block, ASKER).encode()
    lenient = signed_oracle.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
    read = signed_oracle.deserialize_compact(inner, ECKey.import_key(SOURCE._private), registry=lenient)
    assert read.payload == CONTENT
    assert read.headers() == {"alg": "ES256", "kid": SOURCE.key_id, "typ": KIND} | CLAIMS.header()


@pytest.mark.parametrize(
    "content", [CONTENT, b'{ "b" : 1.0, "a": [ null, true, "\\u00e9" ] }', b'"text"', b"[]", b"null", b"0"]
)
def test_open_json_travels_in_canonical_form(content: bytes) -> None:
    block = open_block(content, CLAIMS, SOURCE)
    read = opened(block)
    assert isinstance(block.content, msgspec.Raw)
    assert read == bytes(block.content)
    assert json.loads(read) == json.loads(content)
    assert (
        read
        == json.dumps(json.loads(content), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        .replace("1.0", "1")
        .encode()
    )


@given(st.binary(max_size=100))
def test_other_content_travels_in_base64_byte_for_byte(content: bytes) -> None:
    claims = CLAIMS._replace(media_type=XML)
    block = open_block(content, claims, SOURCE)
    assert block.content_bytes == b64encode(content).decode()
    assert opened(block, claims) == content


@pytest.mark.parametrize("media_type", [JSON, XML])
def test_a_document_of_four_megabytes_is_carried(media_type: str) -> None:
    claims = CLAIMS._replace(media_type=media_type)
    content = b'"' + b"0123456789abcdef" * (4 * 1024 * 1024 // 16) + b'"'
    assert opened(sealed(content, claims), claims) == content
    assert opened(open_block(content, claims, SOURCE), claims) == content


def test_only_the_recipient_opens_a_seal() -> None:
    for key in (STRANGER, SealingKey.generate(ASKER.key_id)):
        with pytest.raises(Tampered, match="does not open"):
            opened(sealed(), key=key)
    with pytest.raises(Tampered, match="no key"):
        read_block(sealed(), None)
    with pytest.raises(Tampered, match="not sealed"):
        unseal(open_block(CONTENT, CLAIMS, SOURCE), ASKER)


def test_the_hub_sees_what_it_is_for_and_not_what_it_says() -> None:
    block = sealed()
    header = envelope(block)
    assert header == header | CLAIMS.header() | {"kid": ASKER.jwk.thumbprint}
    assert b"eurocents" not in msgspec.json.encode(block) + msgspec.json.encode(header)
    assert {name: envelope(open_block(CONTENT, CLAIMS, SOURCE))[name] for name in CLAIMS.header()} == CLAIMS.header()


SEALED_ONCE = sealed().sealed or ""


@given(st.integers(0, len(SEALED_ONCE) - 1), st.characters())
def test_no_character_of_a_seal_can_change(place: int, char: str) -> None:
    assume(SEALED_ONCE[place] != char)
    changed = msgspec.structs.replace(sealed(), sealed=SEALED_ONCE[:place] + char + SEALED_ONCE[place + 1 :])
    with pytest.raises(Tampered):
        verify_block(read_block(changed, ASKER), CLAIMS, PUBLIC)


@given(st.text(max_size=40) | st.text("ab.-_=", max_size=40))
def test_garbage_for_a_seal_raises_nothing_else(text: str) -> None:
    for attempt in (text, f"{text}....", SEALED_ONCE + text + ".", f"{b64url(text.encode(errors='replace'))}.a.a.a.a"):
        block = msgspec.structs.replace(sealed(), sealed=attempt)
        with pytest.raises(Tampered):
            verify_block(read_block(block, ASKER), CLAIMS, PUBLIC)


def resealed(**changes: Any) -> Block:
    """Seal as a source could that puts anything in the header of the seal."""
    members = {"alg": "ECDH-ES", "enc": "A256GCM", "typ": SEALED} | CLAIMS.header() | changes
    inner = jws.sign(CONTENT, CLAIMS.header(), KIND, SOURCE)
    key = OKPKey.import_key({"kty": "OKP", "crv": "X25519", "x": ASKER.jwk.x})
    every = ["ECDH-ES", "ECDH-ES+A256KW", "A256GCM", "A128GCM", "DEF"]
    registry = oracle.JWERegistry(algorithms=every, strict_check_header=False)
    compact = oracle.encrypt_compact(members, inner.encode(), key, registry=registry)
    return msgspec.structs.replace(sealed(), sealed=compact)


OTHERS: dict[str, Any] = {
    "ticket": "01957f2e-0000-7000-8000-000000000002",
    "nonce": "0123456789abcdeF",
    "dataGroup": "living-wage@2",
    "source": "pps-sl",
    "period": {"startDate": "2026-01-01"},
    "subject": b64url(bytes(31) + b"\x01"),
    "cty": XML,
}


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_what_stands_on_the_seal_is_what_was_sealed(name: str) -> None:
    assert opened(resealed()) == CONTENT
    for other in (OTHERS[name], ""):
        with pytest.raises(Tampered, match="not what was sealed"):
            opened(resealed(**{name: other}))


@pytest.mark.parametrize("changes", [{"enc": "A128GCM"}, {"alg": "ECDH-ES+A256KW"}, {"zip": "DEF"}], ids="-".join)
def test_another_way_to_seal_or_a_packed_content_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Tampered, match="does not open"):
        opened(resealed(**changes))


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "dir", "enc": "A256GCM"},
        {"alg": "none"},
        {"alg": ["ECDH-ES"], "enc": {}},
        {"alg": "ECDH-ES", "enc": "A256GCM"},
        {"alg": "ECDH-ES", "enc": "A256GCM", "epk": "x"},
        {"alg": "ECDH-ES", "enc": "A256GCM", "epk": {}},
        {"alg": "ECDH-ES", "enc": "A256GCM", "epk": {"kty": "OKP", "crv": "X25519", "x": b64url(bytes(32))}},
        {"alg": "ECDH-ES", "enc": "A256GCM", "epk": {"kty": "OKP", "crv": "X25519", "x": 1}},
        {
            "alg": "ECDH-ES",
            "enc": "A256GCM",
            "epk": {"kty": "EC", "crv": "P-256", "x": SOURCE.jwk.x, "y": SOURCE.jwk.y},
        },
        {"alg": "ECDH-ES", "enc": "A256GCM", "epk": {"kty": "oct", "k": "AA"}},
        {"alg": "ECDH-ES", "enc": "A256GCM", "epk": {"kty": "OKP", "crv": "X25519", "x": ASKER.jwk.x}, "apu": 1},
        {"alg": "ECDH-ES", "enc": "A256GCM", "epk": {"kty": "OKP", "crv": "X25519", "x": ASKER.jwk.x}, "crit": ["x"]},
    ],
    ids="-".join,
)
def test_an_odd_seal_raises_nothing_else(header: dict[str, Any]) -> None:
    compact = f"{b64url(json.dumps(header | CLAIMS.header()).encode())}..{b64url(bytes(12))}.AAAA.{b64url(bytes(16))}"
    with pytest.raises(Tampered):
        opened(msgspec.structs.replace(sealed(), sealed=compact))


def test_a_seal_with_a_header_nested_without_end_or_too_long_is_refused() -> None:
    for header in (b"[" * 2000, b'{"a":' * 600, b'{"a":"' + b"x" * 8000 + b'"}', b'{"alg":"dir","alg":"ECDH-ES"}'):
        block = msgspec.structs.replace(sealed(), sealed=f"{b64url(header)}..AAAA.AAAA.AAAA")
        with pytest.raises(Tampered):
            opened(block)


def test_a_seal_around_something_else_than_signed_content_is_refused() -> None:
    key = OKPKey.import_key({"kty": "OKP", "crv": "X25519", "x": ASKER.jwk.x})
    registry = oracle.JWERegistry(algorithms=["ECDH-ES", "A256GCM"], strict_check_header=False)
    members = {"alg": "ECDH-ES", "enc": "A256GCM", **CLAIMS.header()}
    for inner in (
        CONTENT,
        b"",
        b"\xff",
        b"..",
        SEALED_ONCE.encode(),
        jws.detach(jws.sign(CONTENT, {}, KIND, SOURCE)).encode(),
    ):
        compact = oracle.encrypt_compact(members, inner, key, registry=registry)
        with pytest.raises(Tampered):
            opened(msgspec.structs.replace(sealed(), sealed=compact))


@pytest.mark.parametrize(
    "other",
    [
        CLAIMS._replace(ticket=UUID("01957f2e-0000-7000-8000-000000000002")),
        CLAIMS._replace(nonce="0123456789abcdeF"),
        CLAIMS._replace(data_group="living-wage@2"),
        CLAIMS._replace(source="pps-sl"),
        CLAIMS._replace(period=Period(date(2026, 1, 1))),
        CLAIMS._replace(subject=b64url(bytes(31) + b"\x01")),
        CLAIMS._replace(media_type=XML),
    ],
)
def test_a_block_for_another_question_is_refused(other: Claims) -> None:
    for block in (sealed(), open_block(CONTENT, CLAIMS, SOURCE)):
        assert opened(block) == CONTENT
        with pytest.raises(Tampered, match="another question"):
            opened(block, other)


def test_a_block_that_another_institution_signed_is_refused() -> None:
    for key_id in ("crossroads#sign-1", "pps-si-2#sign-1", "operator:pps-si#1", "#pps-si"):
        other = SigningKey.generate(key_id)
        for block in (sealed_block(CONTENT, CLAIMS, other, ASKER.jwk), open_block(CONTENT, CLAIMS, other)):
            with pytest.raises(Tampered, match="key of its source"):
                verify_block(read_block(block, ASKER), CLAIMS, VerifyKey(other.jwk))
            with pytest.raises(Tampered, match="does not hold"):
                opened(block)


def test_a_statement_is_no_block() -> None:
    inner = jws.sign(CONTENT, CLAIMS.header(), "crossroads-statement+jws", SOURCE)
    block = msgspec.structs.replace(open_block(CONTENT, CLAIMS, SOURCE), signature=jws.detach(inner))
    with pytest.raises(Tampered, match=r"crossroads-block\+jws"):
        opened(block)


@pytest.mark.parametrize(
    "changes",
    [
        {"content": msgspec.Raw(CONTENT.replace(b"128809", b"128808"))},
        {"content": msgspec.Raw(CONTENT + b" ")},
        {"signature": None},
        {"signature": ""},
        {"signature": "a..b"},
        {"signature": jws.sign(CONTENT, CLAIMS.header(), KIND, SOURCE)},
        {"content_bytes": b64encode(CONTENT).decode()},
        {"content": msgspec.UNSET},
        {"sealed": SEALED_ONCE},
        {"sealed": ""},
    ],
    ids="-".join,
)
def test_an_open_block_that_was_altered_is_refused(changes: dict[str, Any]) -> None:
    block = msgspec.structs.replace(open_block(CONTENT, CLAIMS, SOURCE), **changes)
    with pytest.raises(Tampered):
        verify_block(read_block(block, ASKER), CLAIMS, PUBLIC)


def test_an_empty_block_has_no_envelope() -> None:
    bare = Block(data_group="living-wage@1", source="pps-si", period=CLAIMS.period, media_type=JSON)
    for block in (
        bare,
        msgspec.structs.replace(bare, content=msgspec.Raw(b"1")),
        msgspec.structs.replace(sealed(), content_bytes=""),
    ):
        with pytest.raises(Tampered):
            envelope(block)


def test_base64_of_a_document_has_one_form() -> None:
    claims = CLAIMS._replace(media_type=XML)
    block = open_block(b"<a/>", claims, SOURCE)
    assert block.content_bytes == "PGEvPg=="
    for other in ("PGEvPh==", "PGEvPg", "PGEvPg==\n", "PGEv Pg==", "PGEvPg===", ""):
        with pytest.raises(Tampered):
            opened(msgspec.structs.replace(block, content_bytes=other), claims)


def test_two_seals_of_the_same_content_share_no_key() -> None:
    first, second = (json.loads(decoded((sealed().sealed or "").split(".")[0]))["epk"] for _ in range(2))
    assert first != second

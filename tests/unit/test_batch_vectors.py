"""The published vectors of a batch hold, by our own code and by the text of the rules, and a change is noticed."""

import hashlib
import hmac
import json
import sys
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import http_sf
import msgspec
import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from batch_vectors import (
    ASKED,
    BULK_URL,
    NAME,
    NOW_KNOWN_AS,
    PIECES,
    RECORDS,
    RECORDS_KEY,
    make,
    page_json,
)
from crossroads.kernel.ssin import Environment, parse_ssin
from crossroads.wire import pages
from crossroads.wire.batches import BatchStatement
from crossroads.wire.bulk import BulkAnswer, BulkRequest
from crossroads.wire.chunks import ChunkOpener, read_chunk, verify_chunk
from crossroads.wire.keys import VerifyKey
from crossroads.wire.registrations import verify_registration
from crossroads.wire.signatures import Request, check_fresh, find_signature, verify_request
from crossroads.wire.statements import group_digests
from vectors import (
    ALICE,
    ASKER,
    BOB,
    FOLDER,
    INSTALLATION,
    NOW,
    PERMIT,
    SEAL,
    SOURCE,
    SSIN,
    check_that_changes_are_noticed,
    pretty,
)

PRIVATE = {one["keyId"]: one["privateJwk"] for one in json.loads((FOLDER / "keys.json").read_text())["keys"]}
OPERATORS = {key.key_id: VerifyKey(key.jwk) for key in (ALICE, BOB)}
HEADERS = {"content-type", "content-digest", "signature-input", "signature"}


def file(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def document(raw: bytes) -> Any:
    plain = json.loads(raw)
    assert pretty(plain) == raw
    return plain


def check_page(raw: bytes) -> None:
    assert raw == pretty(page_json())


def statement_in(raw: bytes) -> BatchStatement:
    assert raw.endswith(b"\n")
    parsed, statement = pages.read_batch_statement(raw[:-1].decode())
    pages.verify_batch_statement(parsed, statement, VerifyKey(ASKER.jwk))
    statement.check_valid(NOW, INSTALLATION, Environment.TEST)
    return statement


def check_statement_json(raw: bytes) -> None:
    said = document(raw)
    statement = statement_in(file("batch-statement.jws"))
    assert raw == pretty({"payload": statement, "openings": said["openings"]})
    assert statement.data_groups == group_digests(said["openings"])
    assert statement.root == page_json()["alone"]["root"]


def check_request(raw: bytes) -> None:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("ascii").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert (first, headers.pop("host")) == ("POST /crossroads/v1/data-requests/bulk HTTP/1.1", "pps-si.example")
    assert headers.pop("content-length") == str(len(body))
    assert set(headers) == HEADERS
    for name in ("signature-input", "signature"):  # a structured field may be written with more blanks
        field: Any = http_sf.parse(headers[name].encode(), tltype="dictionary")
        assert (http_sf.ser(field), list(field)) == (headers[name], ["crossroads"])
    signature = find_signature(headers)
    check_fresh(signature, NOW)
    assert signature.key_id == PERMIT.key_id
    verify_request(signature, VerifyKey(PERMIT.jwk), Request("POST", BULK_URL, headers, body))
    check_asked(msgspec.json.decode(body, type=BulkRequest))


def check_asked(asked: BulkRequest) -> None:
    statement = statement_in(f"{asked.statement}\n".encode())
    pages.verify_asked(asked, statement)
    assert set(asked.permit.scopes[0].data_groups) == set(asked.openings)
    assert all(statement.covers(group, salt) for group, salt in asked.openings.items())
    registered = [
        verify_registration(one.registration, OPERATORS, {ASKER.key_id: VerifyKey(ASKER.jwk)}.get)
        for one in asked.asker_keys
    ]
    assert [one.key_id for one in registered] == [ASKER.key_id, SEAL.key_id]


def check_chunk(raw: bytes) -> None:
    said = document(raw)
    answer = msgspec.json.decode(msgspec.json.encode(said["answer"]), type=BulkAnswer)
    ssins = {int(index): ssin for index, ssin in said["ssins"].items()}
    claims = verify_chunk(read_chunk(answer.chunk), VerifyKey(SOURCE.jwk), NAME, answer.blocks, ssins)
    opener = ChunkOpener(SEAL, claims)
    opened = [opener.open(block, ssins[block.index]).decode() for block in answer.blocks]
    assert opened == said["contents"] == [piece.content.decode() for piece in PIECES]
    assert ssins == {ASKED[0]: SSIN, ASKED[1]: NOW_KNOWN_AS}
    assert (answer.ticket, answer.page, answer.answered) == (NAME.ticket, NAME.page, len(ASKED))
    assert answer.failed == {str(ASKED[1]): {"handicap-file@1": "CR-SOURCE-FAILED"}}
    assert raw == pretty({"answer": answer, "ssins": said["ssins"], "contents": opened})


CHECKS: dict[str, Callable[[bytes], Any]] = {
    "batch-page.json": check_page,
    "batch-statement.jws": statement_in,
    "batch-statement.json": check_statement_json,
    "batch-data-request.http": check_request,
    "batch-chunk.json": check_chunk,
}


@pytest.mark.parametrize("name", CHECKS)
def test_a_vector_of_a_batch_holds(name: str) -> None:
    CHECKS[name](file(name))


@pytest.mark.parametrize("name", CHECKS)
@given(data=st.data())
def test_a_change_in_a_vector_of_a_batch_is_noticed(name: str, data: st.DataObject) -> None:
    check_that_changes_are_noticed(file(name), CHECKS[name], data)


def test_vectors_of_a_batch_made_anew_hold_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in make().items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.setattr(sys.modules[__name__], "FOLDER", tmp_path)
    assert set(make()) == set(CHECKS)
    for name, check in CHECKS.items():
        check(file(name))


def test_the_persons_of_the_vectors_are_mocks() -> None:
    for ssin in (*(record.ssin for record in RECORDS), NOW_KNOWN_AS):
        assert parse_ssin(ssin, Environment.TEST, NOW.date()).register == "mock"


# From here on nothing of ours: what a stranger computes by the text of `docs/reference/batches.md`.


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def leaf(value: Any) -> bytes:
    return hashlib.sha256(b"\x00" + (value if isinstance(value, bytes) else rfc8785.dumps(value))).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def test_the_page_is_as_the_rules_say() -> None:
    said = json.loads(file("batch-page.json"))
    leaves = []
    for number, record in enumerate(said["records"]):
        salt = hmac.digest(RECORDS_KEY.encode(), str(number).encode(), "sha256")[:16]
        own = record.get("period", {})
        fields = [record["ssin"], own.get("startDate"), own.get("endDate"), record.get("referenceDate")]
        leaves.append(leaf([base64url(salt), *fields]))
        assert said["salts"][number] == base64url(salt)
    assert [b64decode(one) for one in said["leaves"]] == leaves
    a, b, c, d, e = leaves
    root = node(node(node(a, b), node(c, d)), e)
    assert b64decode(said["root"]) == root
    assert b64decode(said["opened"]["siblings"]) == a + c + e
    assert said["alone"]["root"] == base64url(leaf(root))
    x, y, z = (leaf(b64decode(one)) for one in said["second"]["roots"])
    assert [b64decode(one) for one in said["second"]["path"]] == [x, z]
    assert (leaf(root), said["second"]["root"]) == (y, base64url(node(node(x, y), z)))


def test_the_chunk_is_as_the_rules_say() -> None:
    said = json.loads(file("batch-chunk.json"))
    answer = said["answer"]
    claims = json.loads(from_base64url(answer["chunk"].split(".")[1]))
    own = X25519PrivateKey.from_private_bytes(from_base64url(PRIVATE[SEAL.key_id]["d"]))
    shared = own.exchange(X25519PublicKey.from_public_bytes(from_base64url(claims["epk"])))
    info = [claims[name] for name in ("ticket", "page", "source", "encryptionKey", "epk")]
    pseudorandom = hmac.digest(bytes(32), shared, "sha256")
    chunk_key = hmac.digest(pseudorandom, b"crossroads-chunk" + rfc8785.dumps(info) + b"\x01", "sha256")
    leaves = []
    for (index, group, period, media_type, sealed, content, _), plain in zip(
        answer["blocks"], said["contents"], strict=True
    ):
        subject = base64url(hmac.digest(claims["nonce"].encode(), said["ssins"][str(index)].encode(), "sha256"))
        label = [index, group, period["startDate"], period.get("endDate"), media_type, subject]
        carried = sealed.encode() if sealed else rfc8785.dumps(content)
        leaves.append(leaf([*label, sealed is not None, base64url(hashlib.sha256(carried).digest())]))
        if sealed:
            key = AESGCM(hmac.digest(chunk_key, rfc8785.dumps(label), "sha256"))
            carried = key.decrypt(bytes(12), from_base64url(sealed), rfc8785.dumps(label))
        assert carried.decode() == plain
    a, b, c = leaves
    assert (claims["root"], claims["blocks"]) == (base64url(node(node(a, b), c)), 3)

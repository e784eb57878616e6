"""The published vectors hold, by our own code and by others', and a change in any of them is noticed."""

import hashlib
import hmac
import json
import sys
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import http_message_signatures as library
import http_sf
import msgspec
import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures.algorithms import ECDSA_P256_SHA256
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwe, jws
from joserfc.jwk import ECKey, OKPKey

import batch_vectors
from crossroads.kernel.errors import Tampered
from crossroads.kernel.ssin import Environment
from crossroads.wire.blocks import Claims, read_block, verify_block
from crossroads.wire.keys import SealingKey, SigningKey, VerifyKey
from crossroads.wire.messages import Answer, Block, DataRequest, Question
from crossroads.wire.notes import NoteVerifier, verify_checkpoint
from crossroads.wire.proofs import EntryProof, verify_entry_proof
from crossroads.wire.registrations import SignedAct, verify_registration
from crossroads.wire.signatures import Request, check_fresh, find_signature, verify_answer, verify_request
from crossroads.wire.statements import Statement, group_digests, read_statement, verify_statement
from vectors import (
    ALICE,
    ASKER,
    BOB,
    CONTENT,
    FILE,
    FOLDER,
    HUB,
    HUB_URL,
    INSTALLATION,
    NOW,
    OPEN_CONTENT,
    OTHER_SOURCE,
    PERMIT,
    SEAL,
    SOURCE,
    SOURCE_URL,
    SSIN,
    TICKET,
    WAGE,
    check_that_changes_are_noticed,
    claims_of,
    keys,
    make,
    pretty,
    statement_json,
)

KEYS: dict[str, Any] = {one["keyId"]: one for one in json.loads((FOLDER / "keys.json").read_text())["keys"]}
LOG = NoteVerifier.parse(json.loads((FOLDER / "keys.json").read_text())["log"]["verifier"])
OPERATORS = {key.key_id: VerifyKey(key.jwk) for key in (ALICE, BOB)}
ANY_HEADER = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)


def file(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def document(raw: bytes, kind: Any = None) -> Any:
    """Read a JSON file, which is written in one form only, and whose base64 is too."""
    plain = json.loads(raw)
    assert pretty(plain) == raw
    if kind is None:
        return plain
    read = msgspec.json.decode(raw, type=kind)
    assert json.loads(msgspec.json.encode(read)) == plain
    return read


def public(key_id: str) -> VerifyKey:
    return VerifyKey({key.key_id: key for key in (ASKER, SOURCE, OTHER_SOURCE, HUB, PERMIT, ALICE, BOB)}[key_id].jwk)


def message(raw: bytes) -> tuple[str, dict[str, str], bytes]:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("ascii").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert headers.pop("content-length") == str(len(body))
    for name in ("signature-input", "signature"):  # a structured field may be written with more blanks
        field: Any = http_sf.parse(headers[name].encode(), tltype="dictionary")
        assert (http_sf.ser(field), list(field)) == (headers[name], ["crossroads"])
    return first, headers, body


def request(raw: bytes, url: str) -> Request:
    first, headers, body = message(raw)
    host, _, path = url.removeprefix("https://").partition("/")
    assert (first, headers.pop("host")) == (f"POST /{path} HTTP/1.1", host)
    assert set(headers) == {"content-type", "content-digest", "signature-input", "signature"}
    return Request("POST", url, headers, body)


def authentic(raw: bytes, url: str, key: SigningKey) -> bytes:
    read = request(raw, url)
    signature = find_signature(read.headers)
    check_fresh(signature, NOW)
    assert signature.key_id == key.key_id
    verify_request(signature, VerifyKey(key.jwk), read)
    return read.body or b""


def check_keys(raw: bytes) -> None:
    assert raw == pretty(keys())


def check_request(raw: bytes) -> None:
    body = authentic(raw, HUB_URL, ASKER)
    question = msgspec.json.decode(body, type=Question)
    assert question.statement == file("statement.jws").decode().rstrip("\n")
    assert question.openings == document(file("statement.json"))["openings"]


def statement_in(raw: bytes) -> Statement:
    assert raw.endswith(b"\n")
    parsed, statement = read_statement(raw[:-1].decode())
    verify_statement(parsed, statement, public(parsed.key_id))
    statement.check_valid(NOW, INSTALLATION, Environment.TEST)
    return statement


def check_statement_json(raw: bytes) -> None:
    said = document(raw)
    assert said == statement_json(file("statement.jws").decode().rstrip("\n"), said["openings"])
    assert tuple(said["payload"]["dataGroups"]) == group_digests(said["openings"])


def check_data_request(raw: bytes) -> None:
    asked = msgspec.json.decode(authentic(raw, SOURCE_URL, PERMIT), type=DataRequest)
    statement = statement_in(f"{asked.statement}\n".encode())
    assert statement == statement_in(file("statement.jws"))
    assert (asked.ticket, asked.permit.ssin, asked.permit.encryption_key) == (TICKET, SSIN, SEAL.jwk.thumbprint)
    assert set(asked.permit.data_groups) == set(asked.openings) == {WAGE}
    assert statement.covers(WAGE, asked.openings[WAGE])
    assert not statement.covers(FILE, asked.openings[WAGE])
    assert [registered(one.registration, one.inclusion) for one in asked.asker_keys] == [ASKER.key_id, SEAL.key_id]


def registered(one: SignedAct, proof: EntryProof) -> str:
    registration = verify_registration(one, OPERATORS, {ASKER.key_id: VerifyKey(ASKER.jwk)}.get)
    logged = verify_entry_proof(proof, [LOG])
    assert logged == {"event": "catalogue:key:registered", "registration": one.digest}
    return registration.key_id


def check_blocks(raw: bytes) -> None:
    said = document(raw)
    statement = statement_in(file("statement.jws"))
    for name, group, key, content in (("sealed", WAGE, SOURCE, CONTENT), ("open", FILE, OTHER_SOURCE, OPEN_CONTENT)):
        claims = claims_of(statement, group, key.key_id.split("#")[0])
        block = msgspec.json.decode(msgspec.json.encode(said[name]), type=Block)
        assert opened(block, claims, key) == content
        assert (block.data_group, block.source, block.period) == (group, claims.source, claims.period)
    assert said["sealed"]["mediaType"] == "application/jose"
    assert said["open"]["mediaType"] == "application/json"
    assert said["unsealed"] == unsealed(said["sealed"]["sealed"]).decode()
    assert said["content"].encode() == CONTENT


def opened(block: Block, claims: Claims, key: SigningKey) -> bytes:
    return verify_block(read_block(block, SEAL), claims, VerifyKey(key.jwk)).content


def check_answer(raw: bytes) -> None:
    first, headers, body = message(raw)
    assert first == "HTTP/1.1 200 OK"
    assert set(headers) == {"content-type", "content-digest", "signature-input", "signature"}
    asked = request(file("request.http"), HUB_URL)
    signature = verify_answer(VerifyKey(HUB.jwk), asked, 200, headers, body)
    assert signature.key_id == HUB.key_id
    answer = msgspec.json.decode(body, type=Answer)
    leaf = document(file("leaf.json"))
    assert answer.receipt is not None
    assert answer.receipt.leaf == b64decode(leaf["leaf"])
    assert [json.loads(msgspec.json.encode(block)) for block in answer.blocks] == [
        document(file("block.json"))[name] for name in ("sealed", "open")
    ]
    bare = {name: value for name, value in json.loads(body).items() if name not in {"receipt", "checkpoint"}}
    assert hashlib.sha256(rfc8785.dumps(bare)).hexdigest() == leaf["fields"]["answerDigest"]


def check_leaf(raw: bytes) -> None:
    said = document(raw)
    assert set(said) == {"fields", "salts", "commitments", "leaf"}
    assert set(said["fields"]) == set(said["salts"]) == set(said["commitments"])
    for name, value in said["fields"].items():
        salt = b64decode(said["salts"][name], validate=True)
        digest = hmac.digest(salt, name.encode() + b"\x00" + rfc8785.dumps(value), "sha256")
        assert said["commitments"][name] == base64url(digest)
    leaf = hashlib.sha256(b"\x00" + rfc8785.dumps(said["commitments"])).digest()
    assert b64decode(said["leaf"], validate=True) == leaf
    for text in (*said["salts"].values(), said["leaf"]):
        assert b64encode(b64decode(text)).decode() == text


def check_proof(raw: bytes) -> None:
    proof: EntryProof = document(raw, EntryProof)
    shown = verify_entry_proof(proof, [LOG])
    leaf = document(file("leaf.json"))
    assert shown == {name: leaf["fields"][name] for name in ("answerDigest", "event", "ticket")}
    assert proof.commitments == leaf["commitments"]
    assert proof.inclusion.checkpoint.encode() == file("checkpoint.txt")


def check_checkpoint(raw: bytes) -> None:
    assert verify_checkpoint(raw.decode(), [LOG]).origin == LOG.name


def check_registration(raw: bytes) -> None:
    said = document(raw)
    assert set(said) == {"act", "content", "digest"}
    one = msgspec.convert(said["act"], SignedAct)
    assert json.loads(msgspec.json.encode(one)) == said["act"]
    assert len(one.signatures) == len(one.verified({**OPERATORS, ASKER.key_id: VerifyKey(ASKER.jwk)}.get)) == 3
    assert verify_registration(one, OPERATORS, lambda _: None).jwk == ASKER.jwk
    assert rfc8785.dumps(said["content"]) == one.content
    assert said["digest"] == base64url(hashlib.sha256(b"register-key\x00" + one.content).digest())


CHECKS: dict[str, Callable[[bytes], Any]] = {
    "keys.json": check_keys,
    "request.http": check_request,
    "statement.jws": statement_in,
    "statement.json": check_statement_json,
    "data-request.http": check_data_request,
    "block.json": check_blocks,
    "answer.http": check_answer,
    "leaf.json": check_leaf,
    "proof.json": check_proof,
    "checkpoint.txt": check_checkpoint,
    "registration.json": check_registration,
}


@pytest.mark.parametrize("name", CHECKS)
def test_a_vector_holds(name: str) -> None:
    CHECKS[name](file(name))


@pytest.mark.parametrize("name", CHECKS)
@given(data=st.data())
def test_a_change_in_a_vector_is_noticed(name: str, data: st.DataObject) -> None:
    check_that_changes_are_noticed(file(name), CHECKS[name], data)


def test_every_file_is_checked_and_explained() -> None:
    names = {one.name for one in FOLDER.iterdir()} - {"README.md", ".gitattributes"}
    assert names == {*CHECKS, *batch_vectors.make()}
    assert set(CHECKS) == set(make())
    explained = file("README.md").decode()
    assert all(f"`{name}`" in explained for name in names)


def test_vectors_made_anew_hold_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in make().items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.setattr(sys.modules[__name__], "FOLDER", tmp_path)
    for name, check in CHECKS.items():
        check(file(name))


# From here on nothing of ours: what a stranger finds with other libraries.


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def stranger(key_id: str) -> ECKey:
    return ECKey.import_key(KEYS[key_id]["jwk"])


class Keys(library.HTTPSignatureKeyResolver):
    def resolve_public_key(self, key_id: str) -> EllipticCurvePublicKey:
        return stranger(key_id).public_key


VERIFIER = library.HTTPMessageVerifier(signature_algorithm=ECDSA_P256_SHA256, key_resolver=Keys())


def test_the_messages_hold_by_the_general_library() -> None:
    asked = SimpleNamespace()
    for name, url in (("data-request.http", SOURCE_URL), ("request.http", HUB_URL)):
        _, headers, body = message(file(name))
        asked = SimpleNamespace(method="POST", url=url, headers=headers)
        (result,) = VERIFIER.verify(asked, expect_tag="crossroads", max_age=None, body=body)
        assert result.body == body
    _, headers, body = message(file("answer.http"))
    answer = SimpleNamespace(status_code=200, url=HUB_URL, headers=headers, request=asked)
    (result,) = VERIFIER.verify(answer, expect_tag="crossroads", max_age=None, body=body)
    assert result.parameters["keyid"] == "crossroads#sign-1"


def test_the_keys_are_what_they_say() -> None:
    for one in KEYS.values():
        kind = OKPKey if one["use"] == "seal" else ECKey
        assert (
            kind.import_key(one["privateJwk"]).as_dict(private=False) | one["jwk"]
            == kind.import_key(one["jwk"]).as_dict()
        )
        assert kind.import_key(one["jwk"]).thumbprint() == one["thumbprint"]


def test_statement_and_registration_hold_by_the_general_library() -> None:
    statement = file("statement.jws").rstrip(b"\n")
    read = jws.deserialize_compact(statement, stranger("pcsa-ghent#sign-1"), ["ES256"])
    assert json.loads(read.payload) == json.loads(file("statement.json"))["payload"]
    said = json.loads(file("registration.json"))
    for signature, key_id in zip(
        said["act"]["signatures"], ("operator:alice#1", "operator:bob#1", "pcsa-ghent#sign-1"), strict=True
    ):
        whole = signature.replace("..", f".{said['act']['payload']}.")
        read = jws.deserialize_compact(whole, stranger(key_id), registry=ANY_HEADER)
        assert json.loads(read.payload) == said["content"]
        assert read.headers()["kid"] == key_id


def unsealed(compact: str) -> bytes:
    registry = jwe.JWERegistry(algorithms=["ECDH-ES", "A256GCM"], strict_check_header=False)
    plain = jwe.decrypt_compact(
        compact, OKPKey.import_key(KEYS[SEAL.key_id]["privateJwk"]), registry=registry
    ).plaintext
    assert plain is not None
    return plain


def test_the_blocks_hold_by_the_general_library() -> None:
    said = json.loads(file("block.json"))
    read = jws.deserialize_compact(unsealed(said["sealed"]["sealed"]), stranger("pps-si#sign-1"), registry=ANY_HEADER)
    assert read.payload == said["content"].encode()
    whole = said["open"]["signature"].replace("..", f".{base64url(rfc8785.dumps(said['open']['content']))}.")
    read = jws.deserialize_compact(whole, stranger("dg-disability#sign-1"), registry=ANY_HEADER)
    assert json.loads(read.payload) == said["open"]["content"]


def root(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """Compute a root as RFC 9162, 2.1.3.2 says."""
    last = size - 1
    for sibling in path:
        if index % 2 or index == last:
            leaf = hashlib.sha256(b"\x01" + sibling + leaf).digest()
            while index % 2 == 0 and index:
                index, last = index >> 1, last >> 1
        else:
            leaf = hashlib.sha256(b"\x01" + leaf + sibling).digest()
        index, last = index >> 1, last >> 1
    assert last == 0
    return leaf


def test_the_proof_holds_by_hand() -> None:
    proof = json.loads(file("proof.json"))
    inclusion = proof["inclusion"]
    leaf = hashlib.sha256(b"\x00" + rfc8785.dumps(proof["commitments"])).digest()
    (head,) = inclusion["heads"]
    stream = root(leaf, inclusion["index"], head["size"], [b64decode(one) for one in inclusion["streamPath"]])
    assert stream == b64decode(head["root"])
    heads = hashlib.sha256(b"\x00" + rfc8785.dumps([{**head, "root": base64url(stream)}])).digest()
    text, _, signature = file("checkpoint.txt").decode().rpartition("\n\n")
    origin, size, top = text.split("\n")
    assert root(heads, int(size) - 1, int(size), [b64decode(one) for one in inclusion["topPath"]]) == b64decode(top)
    seed = bytes.fromhex(json.loads(file("keys.json"))["log"]["privateSeed"])
    _, name, encoded = signature.split()
    Ed25519PrivateKey.from_private_bytes(seed).public_key().verify(b64decode(encoded)[4:], f"{text}\n".encode())
    assert name == origin


def test_the_seal_is_for_the_asker_only() -> None:
    block = msgspec.json.decode(msgspec.json.encode(json.loads(file("block.json"))["sealed"]), type=Block)
    with pytest.raises(Tampered, match="does not open"):
        read_block(block, SealingKey.generate(SEAL.key_id))

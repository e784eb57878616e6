"""Makes `docs/reference/vectors/`: one whole exchange as files, for who builds a participant or client in any language.

The keys follow from their names. ECDSA, salts and seals are random, so the files are made once and kept; run
`python tests/vectors.py` again only when the form of a message changes. `test_vectors.py` checks them.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import assume
from hypothesis import strategies as st

from crossroads.kernel.codes import Code, StatusValue
from crossroads.kernel.errors import CrossroadsError
from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Environment
from crossroads.wire.blocks import Claims, open_block, sealed_block, unseal
from crossroads.wire.canonical import b64url, canonical, from_b64url, sha256
from crossroads.wire.commitments import commitments_of, open_field
from crossroads.wire.keys import SealingKey, SigningKey
from crossroads.wire.messages import (
    Answer,
    AnsweredSsin,
    Asker,
    Block,
    DataRequest,
    PermitClaims,
    ProvenKey,
    Question,
    Receipt,
    SourceOutcome,
    Status,
)
from crossroads.wire.notes import NoteSigner
from crossroads.wire.registrations import KeyUse, Registration, SignedAct, act
from crossroads.wire.signatures import Request, sign_answer, sign_request
from crossroads.wire.statements import Statement, group_digests, new_salts, sign_statement
from fakehub import FakeLog

FOLDER = Path(__file__).parent.parent / "docs" / "reference" / "vectors"
JSON = "application/json"
WARNING = "FOR TESTS ONLY. These private keys are published. Nothing may ever trust them."

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
INSTALLATION = "vectors"
TICKET = UUID("019ca95f-9e00-7000-8000-000000000001")
SSIN = "80631512393"
WAGE, FILE = "living-wage@1", "handicap-file@1"
PERIOD = Period(date(2026, 1, 1), date(2026, 2, 28))
HUB_URL = "https://hub.example/v1/exchanges"
SOURCE_URL = "https://pps-si.example/crossroads/v1/data-requests"
CONTENT = b'{"amounts":[{"month":"2026-01-01","eurocents":100001},{"month":"2026-02-01","eurocents":100002}]}'
OPEN_CONTENT = b'{"recognised":true,"since":"2019-05-01"}'


def _seed(name: str) -> bytes:
    return sha256(f"crossroads vectors, never to be trusted: {name}".encode())


def signing(key_id: str) -> SigningKey:
    """Give the signing key that follows from its name."""
    return SigningKey(key_id, derive_private_key(int.from_bytes(_seed(key_id)), SECP256R1()))


ASKER, SOURCE, OTHER_SOURCE = signing("pcsa-ghent#sign-1"), signing("pps-si#sign-1"), signing("dg-disability#sign-1")
HUB, PERMIT = signing("crossroads#sign-1"), signing("crossroads#permit-1")
ALICE, BOB = signing("operator:alice#1"), signing("operator:bob#1")
SEAL = SealingKey("pcsa-ghent#seal-1", X25519PrivateKey.from_private_bytes(_seed("pcsa-ghent#seal-1")))
LOG_NAME = "hub.example/log"
LOG = NoteSigner(LOG_NAME, Ed25519PrivateKey.from_private_bytes(_seed(LOG_NAME)))


def keys() -> dict[str, Any]:
    """Give all keys, private ones included: `keys.json`."""
    uses: list[tuple[SigningKey | SealingKey, str]] = [
        *((key, "sign") for key in (ASKER, SOURCE, OTHER_SOURCE, HUB, ALICE, BOB)),
        (SEAL, "seal"),
        (PERMIT, "permit"),
    ]
    ours = [
        {
            "keyId": key.key_id,
            "use": use,
            "thumbprint": key.jwk.thumbprint,
            "jwk": msgspec.to_builtins(key.jwk),
            "privateJwk": {**msgspec.to_builtins(key.jwk), "d": b64url(_seed(key.key_id))},
        }
        for key, use in uses
    ]
    return {
        "warning": WARNING,
        "keys": ours,
        "log": {"verifier": str(LOG.verifier), "privateSeed": _seed(LOG_NAME).hex()},
    }


def registration_of(key: SigningKey | SealingKey, use: KeyUse, signer: SigningKey) -> SignedAct:
    """Register a key: signed by two operators and by a key of the institution."""
    registration = Registration(
        installation=INSTALLATION,
        institution=key.key_id.split("#", maxsplit=1)[0],
        key_id=key.key_id,
        use=use,
        jwk=key.jwk,
        valid_from=NOW - timedelta(days=1),
        valid_until=NOW + timedelta(days=365),
    )
    return act("register-key", registration).signed_by(ALICE).signed_by(BOB).signed_by(signer)


def statement_of(salts: dict[str, str], checkpoint: str) -> Statement:
    """Give what the asker signs."""
    return Statement(
        asker="pcsa-ghent",
        agent="clerk-7",
        legal_context="PCSA:SOCIAL_INQUIRY",
        ssin=SSIN,
        data_groups=group_digests(salts),
        period=PERIOD,
        encryption_key=SEAL.jwk.thumbprint,
        nonce="vectors-statement-nonce",
        issued_at=NOW,
        expires_at=NOW + timedelta(seconds=120),
        installation=INSTALLATION,
        environment=Environment.TEST,
        checkpoint=checkpoint,
    )


def question_of(statement: str, salts: dict[str, str]) -> Question:
    """Give the body of the request."""
    return Question(
        customer_ticket="vectors-1",
        asker=Asker(institution="pcsa-ghent", agent="clerk-7", encryption_key=SEAL.jwk.thumbprint),
        legal_context="PCSA:SOCIAL_INQUIRY",
        ssin=SSIN,
        data_groups=(WAGE, FILE),
        period=PERIOD,
        statement=statement,
        openings=salts,
    )


def data_request_of(statement: str, salt: str, asker_keys: tuple[ProvenKey, ...], checkpoint: str) -> DataRequest:
    """Give what the hub asks of one source: one of the two groups, and only its opening."""
    permit = PermitClaims(
        audience="pps-si",
        holder="pps-si",
        issued_at=NOW,
        expires_at=NOW + timedelta(seconds=30),
        asker="pcsa-ghent",
        ssin=SSIN,
        data_groups={WAGE: PERIOD},
        legal_context="PCSA:SOCIAL_INQUIRY",
        catalogue_version=1,
        authorisations={WAGE: "illustrative-1"},
        rule="authorised-and-inscribed",
        encryption_key=SEAL.jwk.thumbprint,
    )
    return DataRequest(
        ticket=TICKET,
        permit=permit,
        statement=statement,
        openings={WAGE: salt},
        asker_keys=asker_keys,
        deadline=NOW + timedelta(seconds=4),
        checkpoint=checkpoint,
    )


def claims_of(statement: Statement, group: str, source: str) -> Claims:
    """Give what a block of the exchange claims."""
    return Claims(
        ticket=TICKET,
        nonce=statement.nonce,
        data_group=group,
        source=source,
        period=PERIOD,
        subject=statement.subject(SSIN),
        media_type=JSON,
    )


def answer_of(blocks: tuple[Block, ...], receipt: Receipt | None, checkpoint: str | None) -> Answer:
    """Give the answer, without receipt and checkpoint for its digest."""
    found = StatusValue.DATA_FOUND
    return Answer(
        ticket=TICKET,
        customer_ticket="vectors-1",
        environment=Environment.TEST,
        received_at=NOW + timedelta(milliseconds=20),
        replied_at=NOW + timedelta(milliseconds=80),
        status=Status(value=found, code=Code.OK, description=Code.OK.description),
        ssin=AnsweredSsin(value=SSIN),
        blocks=blocks,
        sources=tuple(SourceOutcome(institution=b.source, status=found, code=Code.OK, milliseconds=12) for b in blocks),
        receipt=receipt,
        checkpoint=checkpoint,
    )


def http(first_line: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """Give a message as it travels over HTTP/1.1."""
    lines = [first_line, *(f"{name}: {value}" for name, value in headers.items()), f"content-length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


def pretty(value: Any) -> bytes:
    """Give JSON for a reader; its form is not what is signed."""
    return (json.dumps(msgspec.json.decode(msgspec.json.encode(value)), indent=2, ensure_ascii=False) + "\n").encode()


def signed_request(key: SigningKey, url: str, message: Any) -> tuple[Request, bytes]:
    """Give a signed POST, and as it travels."""
    body = msgspec.json.encode(message)
    request = Request("POST", url, {"content-type": JSON}, body)
    request = request._replace(headers={**request.headers, **sign_request(key, request, NOW)})
    host, _, path = url.removeprefix("https://").partition("/")
    return request, http(f"POST /{path} HTTP/1.1", {"host": host, **request.headers}, body)


def make() -> dict[str, bytes]:
    """Play one exchange and give its files."""
    log, salts = FakeLog(LOG), new_salts([WAGE, FILE])
    log.append("installation:log:founded", operators=[ALICE.key_id, BOB.key_id])
    acts = [registration_of(ASKER, KeyUse.SIGN, ASKER), registration_of(SEAL, KeyUse.SEAL, ASKER)]
    registered = [log.append("catalogue:key:registered", registration=one.digest) for one in acts]
    note = log.checkpoint()
    proven = tuple(
        ProvenKey(registration=one, inclusion=log.prove(index, "event", "registration"))
        for one, index in zip(acts, registered, strict=True)
    )

    statement = statement_of(salts, note)
    compact = sign_statement(statement, ASKER)
    request, request_http = signed_request(ASKER, HUB_URL, question_of(compact, salts))
    log.append("exchange:question:decided", ticket=str(TICKET), requestSignature=request.headers["signature"])
    _, data_request_http = signed_request(
        PERMIT, SOURCE_URL, data_request_of(compact, salts[WAGE], proven, log.checkpoint())
    )

    sealed = sealed_block(CONTENT, claims_of(statement, WAGE, "pps-si"), SOURCE, SEAL.jwk)
    plain = open_block(OPEN_CONTENT, claims_of(statement, FILE, "dg-disability"), OTHER_SOURCE)
    bare = msgspec.json.decode(msgspec.json.encode(answer_of((sealed, plain), None, None)))
    digest = sha256(canonical(bare)).hex()
    groups = [[block.data_group, block.source] for block in (sealed, plain)]
    index = log.append("exchange:answer:sent", ticket=str(TICKET), groupsGiven=groups, answerDigest=digest)
    receipt = Receipt(stream=0, index=index, leaf=log.leaf(index))
    body = msgspec.json.encode(answer_of((sealed, plain), receipt, note))
    signed = {"content-type": JSON, **sign_answer(HUB, request, 200, JSON, body, NOW + timedelta(seconds=1))}

    log.append("catalogue:version:applied", version=2)
    checkpoint = log.checkpoint()
    return {
        "keys.json": pretty(keys()),
        "request.http": request_http,
        "statement.jws": f"{compact}\n".encode(),
        "statement.json": pretty(statement_json(compact, salts)),
        "data-request.http": data_request_http,
        "block.json": pretty(
            {"sealed": sealed, "open": plain, "unsealed": unseal(sealed, SEAL), "content": CONTENT.decode()}
        ),
        "answer.http": http("HTTP/1.1 200 OK", signed, body),
        "leaf.json": pretty(leaf_json(log, index)),
        "proof.json": pretty(log.prove(index, "event", "ticket", "answerDigest")),
        "checkpoint.txt": checkpoint.encode(),
        "registration.json": pretty({"act": acts[0], "content": json.loads(acts[0].content), "digest": acts[0].digest}),
    }


def statement_json(compact: str, salts: dict[str, str]) -> dict[str, Any]:
    """Give a statement taken apart, with the disclosure that each of its digests is of."""
    header, payload = (json.loads(from_b64url(part)) for part in compact.split(".")[:2])
    disclosures = {group: b64url(msgspec.json.encode([salt, "dataGroup", group])) for group, salt in salts.items()}
    return {"header": header, "payload": payload, "openings": salts, "disclosures": disclosures}


def leaf_json(log: FakeLog, index: int) -> dict[str, Any]:
    """Give an entry of the log with the salt and commitment of each field."""
    fields, salts, leaf = log._entries[index]
    return {
        "fields": fields,
        "salts": {name: open_field(fields, salts, name).salt for name in sorted(fields)},
        "commitments": commitments_of(fields, salts),
        "leaf": leaf,
    }


if __name__ == "__main__":
    for name, content in make().items():
        (FOLDER / name).write_bytes(content)


def check_that_changes_are_noticed(raw: bytes, check: Callable[[bytes], Any], data: st.DataObject) -> None:
    """Change, remove and repeat a byte of a file, and see that its check notices."""
    place = data.draw(st.integers(0, len(raw) - 1))
    byte = data.draw(st.binary(min_size=1, max_size=1))
    assume(raw[place : place + 1] != byte)
    for changed in (
        raw[:place] + byte + raw[place + 1 :],
        raw[:place] + raw[place + 1 :],
        raw[: place + 1] + raw[place:],
    ):
        assert _noticed(check, changed), changed[max(0, place - 20) : place + 20]


def _noticed(check: Callable[[bytes], Any], changed: bytes) -> bool:
    try:
        check(changed)
    except (CrossroadsError, AssertionError, ValueError, KeyError):
        return True
    return False

"""Makes the vectors of a batch in `docs/reference/vectors/`: a page, its statement, a request to a source, its chunk.

Keys and persons are those of `vectors.py`, and like those files these are made once and kept.
"""

from datetime import date, timedelta
from typing import Any

from crossroads.kernel.ssin import Environment
from crossroads.wire.batches import BatchStatement, Record
from crossroads.wire.bulk import BulkAnswer, BulkBlock, BulkPermit, BulkRecord, BulkRequest, Scope
from crossroads.wire.canonical import b64url, sha256
from crossroads.wire.chunks import ChunkName, ChunkSealer, Piece, record_ticket
from crossroads.wire.merkle import leaf_hash
from crossroads.wire.messages import ProvenKey
from crossroads.wire.pages import (
    file_root,
    page_path,
    page_root,
    record_leaf,
    salt_of,
    siblings,
    sign_batch_statement,
)
from crossroads.wire.registrations import KeyUse
from crossroads.wire.statements import group_digests, new_salts
from fakehub import FakeLog
from vectors import (
    ALICE,
    ASKER,
    BOB,
    CONTENT,
    FILE,
    FOLDER,
    INSTALLATION,
    JSON,
    LOG,
    NOW,
    OPEN_CONTENT,
    PERIOD,
    PERMIT,
    SEAL,
    SOURCE,
    SSIN,
    TICKET,
    WAGE,
    pretty,
    registration_of,
    signed_request,
)

BULK_URL = "https://pps-si.example/crossroads/v1/data-requests/bulk"
RECORDS_KEY = "dmVjdG9ycy1yZWNvcmRzLWtleQ"
NONCE = "vectors-batch-nonce"
REPLACED, NOW_KNOWN_AS = "80631500121", "80631500220"
"""Two mock numbers of one illustrative person: the one in the file, and the one that came in its place."""
DAY = date(2026, 2, 1)
RECORDS = (
    Record(ssin="80631500022"),
    Record(ssin=SSIN, customer_ticket="vectors-2", period=PERIOD),
    Record(ssin="80631500319", reference_date=DAY),
    Record(ssin=REPLACED, period=PERIOD),
    Record(ssin="80631500418"),
)
ASKED = (1, 3)
"""Places of the records that the source is asked about."""
OTHER_ROOTS = tuple(sha256(f"an illustrative page, {n}".encode()) for n in range(2))


def page_json() -> dict[str, Any]:
    """Give a page with all that is computed of it, and how it would stand second in a file of three pages."""
    salts = [salt_of(RECORDS_KEY, number) for number in range(len(RECORDS))]
    leaves = [record_leaf(salt, record) for salt, record in zip(salts, RECORDS, strict=True)]
    roots = [OTHER_ROOTS[0], page_root(leaves), OTHER_ROOTS[1]]
    return {
        "recordsKey": RECORDS_KEY,
        "records": RECORDS,
        "salts": salts,
        "leaves": leaves,
        "root": page_root(leaves),
        "opened": {"indices": ASKED, "siblings": siblings(leaves, ASKED)},
        "alone": {"leaf": leaf_hash(roots[1]), "root": b64url(file_root(roots[1:2])), "path": []},
        "second": {"roots": roots, "root": b64url(file_root(roots)), "path": page_path(roots, 1)},
        "batch": TICKET,
        "tickets": [record_ticket(TICKET, number) for number in range(len(RECORDS))],
    }


def statement_of(salts: dict[str, str], checkpoint: str) -> BatchStatement:
    """Give what the asker signs of a file that has this page alone."""
    return BatchStatement(
        asker="pcsa-ghent",
        agent="clerk-7",
        legal_context="PCSA:SOCIAL_INQUIRY",
        data_groups=group_digests(salts),
        period=PERIOD,
        reference_date=DAY,
        records=len(RECORDS),
        root=page_json()["alone"]["root"],
        encryption_key=SEAL.jwk.thumbprint,
        nonce=NONCE,
        issued_at=NOW,
        expires_at=NOW + timedelta(days=4),
        installation=INSTALLATION,
        environment=Environment.TEST,
        checkpoint=checkpoint,
    )


def request_of(
    statement: str, salts: dict[str, str], asker_keys: tuple[ProvenKey, ...], checkpoint: str
) -> BulkRequest:
    """Give what the hub asks of a source: two of the records, both groups."""
    groups = {WAGE: PERIOD, FILE: PERIOD}
    scope = Scope(data_groups=groups, authorisations=dict.fromkeys(groups, "illustrative-1"), rule="illustrative")
    permit = BulkPermit(
        audience="pps-si",
        holder="pps-si",
        issued_at=NOW,
        expires_at=NOW + timedelta(seconds=30),
        asker="pcsa-ghent",
        legal_context="PCSA:SOCIAL_INQUIRY",
        catalogue_version=1,
        encryption_key=SEAL.jwk.thumbprint,
        scopes=(scope,),
    )
    page = page_json()
    first, second = ASKED
    return BulkRequest(
        ticket=TICKET,
        page=0,
        permit=permit,
        statement=statement,
        openings=salts,
        records=(
            BulkRecord(first, SSIN, 0, page["salts"][first], None, PERIOD),
            BulkRecord(second, NOW_KNOWN_AS, 0, page["salts"][second], REPLACED, PERIOD),
        ),
        size=len(RECORDS),
        siblings=page["opened"]["siblings"],
        path=(),
        asker_keys=asker_keys,
        deadline=NOW + timedelta(seconds=30),
        checkpoint=checkpoint,
    )


PIECES = (
    Piece(ASKED[0], SSIN, FILE, PERIOD, JSON, OPEN_CONTENT, sealed=False),
    Piece(ASKED[0], SSIN, WAGE, PERIOD, JSON, CONTENT),
    Piece(ASKED[1], NOW_KNOWN_AS, WAGE, PERIOD, JSON, CONTENT),
)
NAME = ChunkName(TICKET, NONCE, 0, "pps-si", SEAL.jwk.thumbprint)


def answer_of(blocks: tuple[BulkBlock, ...], chunk: str) -> BulkAnswer:
    """Give what the source answers."""
    failed = {str(ASKED[1]): {FILE: "CR-SOURCE-FAILED"}}
    return BulkAnswer(ticket=TICKET, page=0, answered=len(ASKED), blocks=blocks, failed=failed, chunk=chunk)


def make() -> dict[str, bytes]:
    """Play one page of a batch and give its files."""
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
    compact = sign_batch_statement(statement, ASKER)
    _, asked = signed_request(PERMIT, BULK_URL, request_of(compact, salts, proven, note))
    sealer = ChunkSealer(SOURCE, SEAL.jwk, NAME)
    for piece in PIECES:
        sealer.add(piece)
    blocks, chunk = sealer.finish()
    return {
        "batch-page.json": pretty(page_json()),
        "batch-statement.jws": f"{compact}\n".encode(),
        "batch-statement.json": pretty({"payload": statement, "openings": salts}),
        "batch-data-request.http": asked,
        "batch-chunk.json": pretty(
            {
                "answer": answer_of(blocks, chunk),
                "ssins": {str(piece.index): piece.ssin for piece in PIECES},
                "contents": [piece.content.decode() for piece in PIECES],
            }
        ),
    }


if __name__ == "__main__":
    for name, content in make().items():
        (FOLDER / name).write_bytes(content)

"""A hub's request about a page of a batch in the making: each part can be changed before it is sent."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

import httpx
import msgspec
from uuid6 import uuid7

from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Environment
from crossroads.wire.batches import BatchStatement, Record
from crossroads.wire.bulk import BulkAnswer, BulkPermit, BulkRecord, BulkRequest, Scope
from crossroads.wire.canonical import b64url
from crossroads.wire.chunks import ChunkName, ChunkOpener, read_chunk, verify_chunk
from crossroads.wire.keys import VerifyKey
from crossroads.wire.pages import file_root, page_root, record_leaf, salt_of, siblings, sign_batch_statement
from crossroads.wire.signatures import Request, verify_answer
from crossroads.wire.statements import group_digests, new_salts
from fakehub import INSTALLATION, FakeAsker, now, signed_headers
from participants import NAME, URL, Running

PATH = "/v1/data-requests/bulk"
QUARTER = Period(date(2026, 1, 1), date(2026, 3, 31))
RECORDS_KEY = "a" * 22


class PageQuestion:
    """Begins with a request that is right in everything: a file of one page, of which all is asked."""

    def __init__(self, asker: FakeAsker, ssins: Sequence[str], *groups: str, holder: str = NAME) -> None:
        """Take the people of the file, in its order."""
        self.asker = asker
        self.file = [Record(ssin=ssin) for ssin in ssins]
        self.asked: Sequence[int] = range(len(ssins))
        self.salts = new_salts(groups)
        self.ticket = uuid7()
        self.statement: dict[str, Any] = {}
        self.statement_key = asker.sign
        self.scopes: list[Mapping[str, Period]] = [dict.fromkeys(groups, QUARTER)]
        self.permit: dict[str, Any] = {"holder": holder}
        self.record: dict[int, dict[str, Any]] = {}
        self.request: dict[str, Any] = {}

    @property
    def leaves(self) -> list[bytes]:
        """The leaves of the page."""
        return [record_leaf(salt_of(RECORDS_KEY, number), record) for number, record in enumerate(self.file)]

    @cached_property
    def signed(self) -> BatchStatement:
        """The statement, as it was when it was first asked for."""
        facts: dict[str, Any] = {
            "asker": self.asker.name,
            "agent": "night-run",
            "legal_context": "PCSA:SOCIAL_INQUIRY",
            "data_groups": group_digests(self.salts),
            "period": QUARTER,
            "records": len(self.file),
            "root": b64url(file_root([page_root(self.leaves)])),
            "encryption_key": self.asker.seal.jwk.thumbprint,
            "nonce": f"nonce-{uuid7()}",
            "issued_at": now(),
            "expires_at": now() + timedelta(days=4),
            "installation": INSTALLATION,
            "environment": Environment.TEST,
            "checkpoint": self.asker.hub.log.checkpoint(),
        }
        return BatchStatement(**facts | self.statement)

    @cached_property
    def compact(self) -> str:
        """The signed statement: the hub passes on the one that it was given."""
        return sign_batch_statement(self.signed, self.statement_key)

    def build(self) -> BulkRequest:
        """Give the request; `asked` says which records of the file it is about."""
        facts: dict[str, Any] = {
            "ticket": self.ticket,
            "page": 0,
            "permit": BulkPermit(**self._permit() | self.permit),
            "statement": self.compact,
            "openings": self.salts,
            "records": tuple(self._records()),
            "size": len(self.file),
            "siblings": siblings(self.leaves, list(self.asked)),
            "path": (),
            "asker_keys": self.asker.keys,
            "deadline": now() + timedelta(seconds=60),
            "checkpoint": self.asker.hub.log.checkpoint(),
        }
        return BulkRequest(**facts | self.request)

    def body(self) -> bytes:
        """Give the body."""
        return msgspec.json.encode(self.build())

    def _permit(self) -> dict[str, Any]:
        return {
            "audience": NAME,
            "issued_at": now(),
            "expires_at": now() + timedelta(seconds=30),
            "asker": self.asker.name,
            "legal_context": "PCSA:SOCIAL_INQUIRY",
            "catalogue_version": 1,
            "encryption_key": self.asker.seal.jwk.thumbprint,
            "scopes": tuple(
                Scope(data_groups=dict(groups), authorisations=dict.fromkeys(groups, "law-1"), rule="illustrative")
                for groups in self.scopes
            ),
        }

    def _records(self) -> list[BulkRecord]:
        records = []
        for index in self.asked:
            record = self.file[index]
            facts: dict[str, Any] = {
                "index": index,
                "ssin": record.ssin,
                "scope": 0,
                "salt": salt_of(RECORDS_KEY, index),
                "period": record.period,
                "reference_date": record.reference_date,
            }
            records.append(BulkRecord(**facts | self.record.get(index, {})))
        return records

    def opened(self, answer: BulkAnswer, key: VerifyKey, holder: str = NAME) -> dict[tuple[int, str], Any]:
        """Verify an answer as hub and client do, and give what is in it by record and data group."""
        request, statement = self.build(), self.signed
        name = ChunkName(self.ticket, statement.nonce, request.page, holder, statement.encryption_key)
        ssins = {record.index: record.ssin for record in request.records[: answer.answered]}
        claims = verify_chunk(read_chunk(answer.chunk), key, name, answer.blocks, ssins)
        opener = ChunkOpener(self.asker.seal, claims)
        return {(block.index, block.data_group): opener.open(block, ssins[block.index]) for block in answer.blocks}


def post(one: Running, body: bytes, **signing: Any) -> httpx.Response:
    """Sign a body as the hub does, and post it."""
    return one.post(body, signed_headers(one.hub.permit, f"{URL}{PATH}", body, **signing), PATH)


def answered(one: Running, body: bytes) -> BulkAnswer:
    """Ask, and check that the answer is signed."""
    headers = signed_headers(one.hub.permit, f"{URL}{PATH}", body)
    got = one.post(body, headers, PATH)
    assert got.status_code == 200, got.text
    request = Request("POST", f"{URL}{PATH}", headers, body)
    verify_answer(one.key, request, 200, {name.lower(): value for name, value in got.headers.items()}, got.content)
    return msgspec.json.decode(got.content, type=BulkAnswer)


def entries(log: Sequence[Mapping[str, Any]], ticket: UUID) -> list[Mapping[str, Any]]:
    """Give the entries of a participant's log about a batch."""
    return [entry["fields"] for entry in log if entry["fields"].get("batch") == str(ticket)]

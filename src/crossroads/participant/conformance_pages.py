"""The part of a conformance run that asks about a page of a batch: several people in one request."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from uuid6 import uuid7

from crossroads.kernel.errors import Tampered
from crossroads.kernel.period import Period
from crossroads.participant.check import SAMPLE, Wrong, tried
from crossroads.participant.conformance import contents, good_parts
from crossroads.participant.conformance_bench import (
    LIFE,
    Attempt,
    Bench,
    check_content,
    refused_by,
    send,
    verify_envelope,
)
from crossroads.participant.datagroups import same
from crossroads.participant.findings import Finding
from crossroads.participant.steps import OK, Got, Http, Steps
from crossroads.participant.typed import counted
from crossroads.wire.batches import BatchStatement, Record
from crossroads.wire.bulk import BulkAnswer, BulkPermit, BulkRecord, BulkRequest, Scope
from crossroads.wire.canonical import b64url
from crossroads.wire.chunks import ChunkName, ChunkOpener, read_chunk, verify_chunk
from crossroads.wire.decoding import decode
from crossroads.wire.pages import file_root, page_root, record_leaf, salt_of, siblings, sign_batch_statement
from crossroads.wire.signatures import Request, new_nonce
from crossroads.wire.statements import group_digests, new_salts

_KEY = "conformance-run-of-one-page"
_ASKED = (0, 2)
"""Of a page of three: twice the person of whom there are data; between them is somebody whom the hub may not ask of."""
_DAY = timedelta(days=1)

_answer_decoder = msgspec.json.Decoder(BulkAnswer)


class _Parts(NamedTuple):
    """A request about a page in the making; each attempt changes a part of a good one."""

    ticket: UUID
    statement: BatchStatement
    compact: str
    salts: dict[str, str]
    scope: Scope
    records: tuple[BulkRecord, ...]
    rest: bytes
    permit: dict[str, Any]

    def request(self, bench: Bench) -> Request:
        """Give the request, permitted and signed now."""
        now = datetime.now(UTC)
        facts: dict[str, Any] = {
            "audience": bench.target.institution,
            "holder": bench.target.holder,
            "issued_at": now,
            "expires_at": now + LIFE,
            "asker": bench.asking.institution,
            "legal_context": bench.target.legal_context,
            "catalogue_version": 0,
            "encryption_key": bench.asking.seal.jwk.thumbprint,
            "scopes": (self.scope,),
        }
        body = BulkRequest(
            ticket=self.ticket,
            page=0,
            permit=BulkPermit(**facts | self.permit),
            statement=self.compact,
            openings=self.salts,
            records=self.records,
            size=self.statement.records,
            siblings=self.rest,
            path=(),
            asker_keys=bench.keys,
            deadline=now + LIFE,
            checkpoint=bench.checkpoint,
        )
        return bench.signed(msgspec.json.encode(body), address=bench.pages)


async def run(http: Http, bench: Bench) -> list[Finding]:
    """Make every attempt: what must be refused, a good page, that one again, and a part of it in another request."""
    findings = [
        await tried(f"refuses a page {what}", partial(refused_by, http, attempt(bench)))
        for what, attempt in _to_refuse()
    ]
    parts = _good(bench)
    findings.append(await tried("answers a page", lambda: http.run(_answered(bench, parts))))
    findings.append(await tried("answers the same page alike", lambda: http.run(_alike(bench, parts))))
    findings.append(await tried("says of one person what it says on a page", lambda: http.run(_agrees(bench))))
    findings.append(await tried("refuses a page sent twice", partial(_twice, http, bench)))
    # The rest of the page alone: its record was answered above.
    part = parts._replace(records=parts.records[1:], rest=siblings(_page(bench), _ASKED[1:]))
    findings.append(
        await tried("refuses a record of a page asked again", partial(refused_by, http, part.request(bench)))
    )
    return findings


def _to_refuse() -> Iterator[tuple[str, Attempt]]:
    yield "for another participant", _changed(permit={"audience": "conformance-other"})
    yield "for a holder it does not answer for", _changed(permit={"holder": "conformance-other"})
    yield "for another asker than stated", _changed(permit={"asker": "conformance-other"})
    yield "by an expired permit", _expired
    yield "with a person who is not in the file", _other_person
    yield "with other records of the file than there are", _changed(rest=bytes(32))
    yield "for a period that was not stated", _wider
    yield "of a batch that is over", _over


def _good(bench: Bench, **changes: Any) -> _Parts:
    """Give the parts of a good request, the statement with changes."""
    now, asking, group = datetime.now(UTC), bench.asking, bench.target.data_group
    salts = new_salts([group])
    facts: dict[str, Any] = {
        "asker": asking.institution,
        "agent": "conformance",
        "legal_context": bench.target.legal_context,
        "data_groups": group_digests(salts),
        "period": bench.target.period,
        "records": 3,
        "root": b64url(file_root([page_root(_page(bench))])),
        "encryption_key": asking.seal.jwk.thumbprint,
        "nonce": new_nonce(),
        "issued_at": now,
        "expires_at": now + 4 * LIFE,
        "installation": asking.trust.installation,
        "environment": asking.trust.environment,
        "checkpoint": bench.checkpoint,
    }
    statement = BatchStatement(**facts | changes)
    records = tuple(BulkRecord(index, bench.target.ssin, 0, salt_of(_KEY, index)) for index in _ASKED)
    scope = Scope(data_groups={group: bench.target.period}, authorisations={group: "conformance"}, rule="conformance")
    compact, rest = sign_batch_statement(statement, asking.sign), siblings(_page(bench), _ASKED)
    return _Parts(uuid7(), statement, compact, salts, scope, records, rest, {})


def _page(bench: Bench) -> list[bytes]:
    people = (bench.target.ssin, SAMPLE, bench.target.ssin)
    return [record_leaf(salt_of(_KEY, number), Record(ssin=ssin)) for number, ssin in enumerate(people)]


def _changed(**changes: Any) -> Attempt:
    return lambda bench: _good(bench)._replace(**changes).request(bench)


def _expired(bench: Bench) -> Request:
    now = datetime.now(UTC)
    permit = {"issued_at": now - LIFE, "expires_at": now - timedelta(seconds=1)}
    return _good(bench)._replace(permit=permit).request(bench)


def _other_person(bench: Bench) -> Request:
    parts = _good(bench)
    first, second = parts.records
    return parts._replace(records=(first, msgspec.structs.replace(second, ssin=SAMPLE))).request(bench)


def _wider(bench: Bench) -> Request:
    parts, stated = _good(bench), bench.target.period
    wider = {bench.target.data_group: Period(stated.start_date - _DAY, stated.end_date)}
    return parts._replace(scope=msgspec.structs.replace(parts.scope, data_groups=wider)).request(bench)


def _over(bench: Bench) -> Request:
    now = datetime.now(UTC)
    return _good(bench, issued_at=now - 4 * LIFE, expires_at=now - LIFE).request(bench)


async def _twice(http: Http, bench: Bench) -> str:
    request = _good(bench).request(bench)
    await http.run(send(request))
    return await refused_by(http, request)


def _answered(bench: Bench, parts: _Parts) -> Steps[str]:
    found = yield from _contents(bench, parts)
    return f"signed; {counted(len(found), 'block', 'blocks')} signed by their source, within their schema"


def _alike(bench: Bench, parts: _Parts) -> Steps[str]:
    first = yield from _asked(bench, parts)
    second = yield from _asked(bench, parts)
    if first.body != second.body:
        raise Wrong("It answers the same request in two ways; it is to keep its answer until the batch is over.")
    return "byte for byte"


def _agrees(bench: Bench) -> Steps[str]:
    alone = yield from contents(bench, bench.signed(good_parts(bench).body()))
    found = yield from _contents(bench, _good(bench))
    group = bench.groups.find(bench.target.data_group)
    media_type = group.media_type if group else ""
    if len(found) != 2 * len(alone) or not all(map(partial(same, media_type), found, [*alone, *alone])):
        raise Wrong("It gives other content on a page than to a single question: do sql and sqlMany say the same?")
    return f"{len(alone)} block alike"


def _asked(bench: Bench, parts: _Parts) -> Steps[Got]:
    request = parts.request(bench)
    got = yield from send(request)
    if got.status != OK:
        raise Wrong(f"It answered with {got.status}: {got.body[:300].decode(errors='replace')}")
    yield from verify_envelope(bench, request, got)
    return got


def _contents(bench: Bench, parts: _Parts) -> Steps[list[bytes]]:
    got = yield from _asked(bench, parts)
    answer = decode(got.body, _answer_decoder)
    if (answer.ticket, answer.page, answer.answered) != (parts.ticket, 0, len(_ASKED)) or not answer.blocks:
        raise Wrong("Its answer is of another page, or has no block: name a person for whom it has data.")
    return (yield from _opened(bench, parts, answer))


def _opened(bench: Bench, parts: _Parts, answer: BulkAnswer) -> Steps[list[bytes]]:
    chunk = read_chunk(answer.chunk)
    proven = yield from bench.holder_ring.get(chunk.key_id, datetime.now(UTC))
    if proven is None or proven.key is None:
        raise Tampered(f"The chunk is signed with {chunk.key_id}, which is not registered.")
    name = ChunkName(parts.ticket, parts.statement.nonce, 0, bench.target.holder, bench.asking.seal.jwk.thumbprint)
    claims = verify_chunk(chunk, proven.key, name, answer.blocks, dict.fromkeys(_ASKED, bench.target.ssin))
    opener = ChunkOpener(bench.asking.seal, claims)
    group = bench.groups.find(bench.target.data_group)
    found = []
    for block in answer.blocks:
        if group is None or group.sealed == (block.sealed is None):
            raise Tampered("A block is not sealed as the catalogue says.")
        found.append(opener.open(block, bench.target.ssin))
        check_content(group, found[-1])
    return found

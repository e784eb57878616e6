"""A conformance run against a running participant, also one that is not ours: it plays the hub and one who asks.

It needs a test installation in which the runner holds a permit key of the hub and the keys of an asker. What must be
refused is sent first, then one good question, then that one again.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import msgspec
from uuid6 import uuid7

from crossroads.kernel.errors import Tampered
from crossroads.kernel.period import Period
from crossroads.participant import questions
from crossroads.participant.check import Wrong, tried
from crossroads.participant.conformance_bench import (
    LIFE,
    Attempt,
    Bench,
    check_content,
    refused_by,
    send,
    verify_envelope,
)
from crossroads.participant.findings import Finding
from crossroads.participant.steps import OK, Http, Steps
from crossroads.wire.blocks import Claims, read_block, verify_block
from crossroads.wire.decoding import decode
from crossroads.wire.keys import SigningKey
from crossroads.wire.messages import Block, DataAnswer, DataRequest, PermitClaims, ProvenKey
from crossroads.wire.notes import NoteSigner, sign_checkpoint, verify_checkpoint
from crossroads.wire.signatures import Request, new_nonce
from crossroads.wire.statements import Statement, group_digests, new_salts, read_statement, sign_statement

_request_decoder = msgspec.json.Decoder(DataRequest)
_answer_decoder = msgspec.json.Decoder(DataAnswer)


class Parts(NamedTuple):
    """A data request in the making; each attempt changes a part of a good one."""

    permit: PermitClaims
    statement: Statement
    salts: dict[str, str]
    statement_key: SigningKey
    keys: tuple[ProvenKey, ...]
    checkpoint: str

    def body(self) -> bytes:
        """Give the body."""
        return msgspec.json.encode(
            DataRequest(
                ticket=uuid7(),
                permit=self.permit,
                statement=sign_statement(self.statement, self.statement_key),
                openings=self.salts,
                asker_keys=self.keys,
                deadline=datetime.now(UTC) + LIFE,
                checkpoint=self.checkpoint,
            )
        )


def good_parts(bench: Bench) -> Parts:
    """Give the parts of a good question."""
    now, target, asking = datetime.now(UTC), bench.target, bench.asking
    salts = new_salts([target.data_group])
    thumbprint = asking.seal.jwk.thumbprint
    statement = Statement(
        asker=asking.institution,
        agent="conformance",
        legal_context=target.legal_context,
        ssin=target.ssin,
        data_groups=group_digests(salts),
        period=target.period,
        encryption_key=thumbprint,
        nonce=new_nonce(),
        issued_at=now,
        expires_at=now + 2 * LIFE,
        installation=asking.trust.installation,
        environment=asking.trust.environment,
        checkpoint=bench.checkpoint,
    )
    permit = PermitClaims(
        audience=target.institution,
        holder=target.holder,
        issued_at=now,
        expires_at=now + LIFE,
        asker=asking.institution,
        ssin=target.ssin,
        data_groups={target.data_group: target.period},
        legal_context=target.legal_context,
        catalogue_version=0,
        authorisations={target.data_group: "conformance"},
        rule="conformance",
        encryption_key=thumbprint,
    )
    return Parts(permit, statement, salts, asking.sign, bench.keys, bench.checkpoint)


async def run(http: Http, bench: Bench) -> list[Finding]:
    """Make every attempt."""
    findings = []
    for what, attempt in _to_refuse():
        findings.append(await tried(f"refuses {what}", partial(refused_by, http, attempt(bench))))
    good = bench.signed(good_parts(bench).body())
    findings.append(await tried("answers a good question", lambda: http.run(_answered(bench, good))))
    again = bench.signed(good.body or b"")
    findings.append(await tried("refuses the same request again", partial(refused_by, http, good)))
    findings.append(await tried("refuses the same question signed anew", partial(refused_by, http, again)))
    return findings


def _to_refuse() -> Iterator[tuple[str, Attempt]]:
    yield "a request without signature", _unsigned
    yield "a signature by another key", _another_key
    yield "a key that is not the hub's", lambda b: b.signed(good_parts(b).body(), b.asking.sign)
    yield "a clock 61 s behind", lambda b: b.signed(good_parts(b).body(), age=timedelta(seconds=61))
    yield "a body changed on the way", _altered
    yield "a body without its form", lambda b: b.signed(b"{}")
    yield "an expired permit", _permit(issued_at=_past(LIFE), expires_at=_past(timedelta(seconds=1)))
    yield "a permit that lives too long", _permit(expires_at=_past(-timedelta(seconds=90)))
    yield "a permit for another participant", _permit(audience="conformance-other")
    yield "a permit for a holder it does not answer for", _permit(holder="conformance-other")
    yield "a permit for another person than stated", _permit(ssin="80650100082")
    yield "a permit for another asker than stated", _permit(asker="conformance-other")
    yield "a permit for a period that was not stated", _wider
    yield "a permit sealed to another key than stated", _permit(encryption_key="A" * 43)
    yield "a statement that the asker did not sign", _forged
    yield "an expired statement", _statement(issued_at=_past(4 * LIFE), expires_at=_past(LIFE))
    yield "a statement for another installation", _statement(installation="conformance-other")
    yield "keys that are not proven", lambda b: b.signed(good_parts(b)._replace(keys=()).body())
    yield "a checkpoint that the log did not sign", _foreign_checkpoint


def _unsigned(bench: Bench) -> Request:
    return Request("POST", bench.address, {"content-type": questions.JSON}, good_parts(bench).body())


def _another_key(bench: Bench) -> Request:
    return bench.signed(good_parts(bench).body(), SigningKey.generate(bench.permit_key.key_id))


def _altered(bench: Bench) -> Request:
    request = bench.signed(good_parts(bench).body())
    return request._replace(body=(request.body or b"") + b" ")


def _permit(**changes: Any) -> Attempt:
    def attempt(bench: Bench) -> Request:
        parts = good_parts(bench)
        made = {name: value() if callable(value) else value for name, value in changes.items()}
        return bench.signed(parts._replace(permit=msgspec.structs.replace(parts.permit, **made)).body())

    return attempt


def _statement(**changes: Any) -> Attempt:
    def attempt(bench: Bench) -> Request:
        parts = good_parts(bench)
        made = {name: value() if callable(value) else value for name, value in changes.items()}
        return bench.signed(parts._replace(statement=msgspec.structs.replace(parts.statement, **made)).body())

    return attempt


def _past(age: timedelta) -> Callable[[], datetime]:
    return lambda: datetime.now(UTC) - age


def _wider(bench: Bench) -> Request:
    period = Period(bench.target.period.start_date - timedelta(days=1), bench.target.period.end_date)
    return _permit(data_groups={bench.target.data_group: period})(bench)


def _forged(bench: Bench) -> Request:
    key = SigningKey.generate(bench.asking.sign.key_id)
    return bench.signed(good_parts(bench)._replace(statement_key=key).body())


def _foreign_checkpoint(bench: Bench) -> Request:
    checkpoint = verify_checkpoint(bench.checkpoint, [bench.asking.trust.log])
    foreign = sign_checkpoint(checkpoint, NoteSigner.generate(checkpoint.origin))
    return bench.signed(good_parts(bench)._replace(checkpoint=foreign).body())


def _answered(bench: Bench, request: Request) -> Steps[str]:
    found = yield from contents(bench, request)
    return f"signed; {len(found)} block signed by its source, within its schema"


def contents(bench: Bench, request: Request) -> Steps[list[bytes]]:
    """Send a good question and give the contents that came, all verified. Raises Wrong and Tampered."""
    got = yield from send(request)
    if got.status != OK:
        raise Wrong(f"It answered with {got.status}: {got.body[:300].decode(errors='replace')}")
    asked = decode(request.body or b"", _request_decoder)
    answer = decode(got.body, _answer_decoder)
    yield from verify_envelope(bench, request, got)
    if answer.ticket != asked.ticket or not answer.blocks:
        raise Wrong("Its answer has another ticket, or no block: name a person for whom it has data.")
    found = []
    for block in answer.blocks:
        found.append((yield from _verified(bench, block, asked)))  # noqa: PERF401 - a comprehension cannot yield
    return found


def _verified(bench: Bench, block: Block, asked: DataRequest) -> Steps[bytes]:
    group = bench.groups.find(block.data_group)
    if group is None or group.sealed == (block.sealed is None):
        raise Tampered("The block is not sealed as the catalogue says.")
    signed = read_block(block, bench.asking.seal)
    proven = yield from bench.holder_ring.get(signed.key_id, datetime.now(UTC))
    if proven is None or proven.key is None:
        raise Tampered(f"The block is signed with {signed.key_id}, which is not registered.")
    _, statement = read_statement(asked.statement)
    claims = Claims(
        ticket=asked.ticket,
        nonce=statement.nonce,
        data_group=block.data_group,
        source=bench.target.holder,
        period=bench.target.period,
        subject=statement.subject(statement.ssin),
        media_type=group.media_type,
    )
    content = verify_block(signed, claims, proven.key).content
    check_content(group, content)
    return content

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

from crossroads.kernel.errors import CrossroadsError, Tampered, Unavailable
from crossroads.kernel.period import Period
from crossroads.participant import questions, replies
from crossroads.participant.check import Wrong, tried
from crossroads.participant.datagroups import DataGroups
from crossroads.participant.findings import Finding
from crossroads.participant.provenkeys import KeyRing
from crossroads.participant.questions import Asking
from crossroads.participant.steps import OK, Call, Got, Http, Steps
from crossroads.wire.blocks import Claims, read_block, verify_block
from crossroads.wire.decoding import decode
from crossroads.wire.keys import SigningKey
from crossroads.wire.messages import Block, DataAnswer, DataRequest, PermitClaims, ProvenKey
from crossroads.wire.notes import NoteSigner, sign_checkpoint, verify_checkpoint
from crossroads.wire.signatures import Request, find_signature, new_nonce, sign_request, verify_answer
from crossroads.wire.statements import Statement, group_digests, new_salts, read_statement, sign_statement

_LIFE = timedelta(seconds=30)
_REFUSALS = range(400, 500)
_request_decoder = msgspec.json.Decoder(DataRequest)
_answer_decoder = msgspec.json.Decoder(DataAnswer)


class Target(NamedTuple):
    """The participant under test, and a question that it has an answer to."""

    url: str
    institution: str
    holder: str
    ssin: str
    legal_context: str
    data_group: str
    period: Period


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
                deadline=datetime.now(UTC) + _LIFE,
                checkpoint=self.checkpoint,
            )
        )


class Bench(NamedTuple):
    """With what the attempts are made."""

    target: Target
    asking: Asking
    permit_key: SigningKey
    keys: tuple[ProvenKey, ...]
    checkpoint: str
    ring: KeyRing
    holder_ring: KeyRing
    groups: DataGroups

    @property
    def address(self) -> str:
        """Where data requests go."""
        return f"{self.target.url}/v1/data-requests"

    def parts(self) -> Parts:
        """Give the parts of a good question."""
        now, target, asking = datetime.now(UTC), self.target, self.asking
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
            expires_at=now + 2 * _LIFE,
            installation=asking.trust.installation,
            environment=asking.trust.environment,
            checkpoint=self.checkpoint,
        )
        permit = PermitClaims(
            audience=target.institution,
            holder=target.holder,
            issued_at=now,
            expires_at=now + _LIFE,
            asker=asking.institution,
            ssin=target.ssin,
            data_groups={target.data_group: target.period},
            legal_context=target.legal_context,
            catalogue_version=0,
            authorisations={target.data_group: "conformance"},
            rule="conformance",
            encryption_key=thumbprint,
        )
        return Parts(permit, statement, salts, asking.sign, self.keys, self.checkpoint)

    def signed(self, body: bytes, key: SigningKey | None = None, age: timedelta = timedelta()) -> Request:
        """Sign a body as the hub would."""
        headers = {"content-type": questions.JSON}
        request = Request("POST", self.address, headers, body)
        signature = sign_request(key or self.permit_key, request, datetime.now(UTC) - age)
        return request._replace(headers=headers | signature)


Attempt = Callable[[Bench], Request]


async def run(http: Http, bench: Bench) -> list[Finding]:
    """Make every attempt."""
    findings = []
    for what, attempt in _to_refuse():
        findings.append(await tried(f"refuses {what}", partial(_refused_by, http, attempt(bench))))
    good = bench.signed(bench.parts().body())
    findings.append(await tried("answers a good question", lambda: http.run(_answered(bench, good))))
    again = bench.signed(good.body or b"")
    findings.append(await tried("refuses the same request again", partial(_refused_by, http, good)))
    findings.append(await tried("refuses the same question signed anew", partial(_refused_by, http, again)))
    return findings


async def _refused_by(http: Http, request: Request) -> str:
    return await http.run(_refused(request))


def _to_refuse() -> Iterator[tuple[str, Attempt]]:
    yield "a request without signature", _unsigned
    yield "a signature by another key", lambda b: b.signed(b.parts().body(), SigningKey.generate(b.permit_key.key_id))
    yield "a key that is not the hub's", lambda b: b.signed(b.parts().body(), b.asking.sign)
    yield "a clock 61 s behind", lambda b: b.signed(b.parts().body(), age=timedelta(seconds=61))
    yield "a body changed on the way", _altered
    yield "a body without its form", lambda b: b.signed(b"{}")
    yield "an expired permit", _permit(issued_at=_past(_LIFE), expires_at=_past(timedelta(seconds=1)))
    yield "a permit that lives too long", _permit(expires_at=_past(-timedelta(seconds=90)))
    yield "a permit for another participant", _permit(audience="conformance-other")
    yield "a permit for a holder it does not answer for", _permit(holder="conformance-other")
    yield "a permit for another person than stated", _permit(ssin="80650100082")
    yield "a permit for another asker than stated", _permit(asker="conformance-other")
    yield "a permit for a period that was not stated", _wider
    yield "a permit sealed to another key than stated", _permit(encryption_key="A" * 43)
    yield "a statement that the asker did not sign", _forged
    yield "an expired statement", _statement(issued_at=_past(4 * _LIFE), expires_at=_past(_LIFE))
    yield "a statement for another installation", _statement(installation="conformance-other")
    yield "keys that are not proven", lambda b: b.signed(b.parts()._replace(keys=()).body())
    yield "a checkpoint that the log did not sign", _foreign_checkpoint


def _unsigned(bench: Bench) -> Request:
    return Request("POST", bench.address, {"content-type": questions.JSON}, bench.parts().body())


def _altered(bench: Bench) -> Request:
    request = bench.signed(bench.parts().body())
    return request._replace(body=(request.body or b"") + b" ")


def _permit(**changes: Any) -> Attempt:
    def attempt(bench: Bench) -> Request:
        parts = bench.parts()
        made = {name: value() if callable(value) else value for name, value in changes.items()}
        return bench.signed(parts._replace(permit=msgspec.structs.replace(parts.permit, **made)).body())

    return attempt


def _statement(**changes: Any) -> Attempt:
    def attempt(bench: Bench) -> Request:
        parts = bench.parts()
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
    return bench.signed(bench.parts()._replace(statement_key=key).body())


def _foreign_checkpoint(bench: Bench) -> Request:
    checkpoint = verify_checkpoint(bench.checkpoint, [bench.asking.trust.log])
    foreign = sign_checkpoint(checkpoint, NoteSigner.generate(checkpoint.origin))
    return bench.signed(bench.parts()._replace(checkpoint=foreign).body())


def _send(request: Request) -> Steps[Got]:
    return (yield Call(request.method, request.target_uri, request.body, request.headers))


def _refused(request: Request) -> Steps[str]:
    got = yield from _send(request)
    if got.status not in _REFUSALS:
        raise Wrong(f"It answered with {got.status}; a refusal is a problem with status 4xx.")
    if not got.headers.get("content-type", "").startswith("application/problem+json"):
        raise Wrong("Its refusal is not application/problem+json.")
    try:
        replies.check_status(got)
    except CrossroadsError as error:
        return f"{got.status} {error.code or ''}".strip()
    raise Unavailable


def _answered(bench: Bench, request: Request) -> Steps[str]:
    got = yield from _send(request)
    if got.status != OK:
        raise Wrong(f"It answered with {got.status}: {got.body[:300].decode(errors='replace')}")
    asked = decode(request.body or b"", _request_decoder)
    answer = decode(got.body, _answer_decoder)
    yield from _verify_envelope(bench, request, got)
    if answer.ticket != asked.ticket or not answer.blocks:
        raise Wrong("Its answer has another ticket, or no block: name a person for whom it has data.")
    for block in answer.blocks:
        yield from _verify(bench, block, asked)
    return f"signed; {len(answer.blocks)} block signed by its source, within its schema"


def _verify_envelope(bench: Bench, request: Request, got: Got) -> Steps[None]:
    key_id = find_signature(got.headers).key_id
    proven = yield from bench.ring.get(key_id, datetime.now(UTC))
    if proven is None or proven.key is None:
        raise Tampered(f"The answer is signed with {key_id}, which is no registered key of the participant.")
    verify_answer(proven.key, request, got.status, got.headers, got.body)


def _verify(bench: Bench, block: Block, asked: DataRequest) -> Steps[None]:
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
    faults = list(group.faults(verify_block(signed, claims, proven.key).content))
    if faults:
        raise Wrong(f"The content is out of schema: {'; '.join(faults)}")

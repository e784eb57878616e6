"""What the participant's own log says of a question: enough to reconcile it with the hub's log, by ticket."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from crossroads.participant.state import Record
from crossroads.wire.batches import PAGE, BatchStatement
from crossroads.wire.bulk import BulkRecord, BulkRequest
from crossroads.wire.canonical import b64url, sha256
from crossroads.wire.chunks import record_ticket
from crossroads.wire.messages import DataRequest, MatchRequest
from crossroads.wire.signatures import Signature
from crossroads.wire.statements import Statement

DATA_ASKED = "participant:data:asked"
PAGE_ASKED = "participant:page:asked"
MATCH_ASKED = "participant:match:asked"


class Signed(NamedTuple):
    """What the log keeps of the signature of a request."""

    key_id: str
    value: bytes


def data_record(request: DataRequest, statement: Statement, body: bytes, signature: Signature, now: datetime) -> Record:
    """Give the record of a data request: who asked what, about whom, for whom; the signed request is the permit."""
    permit = request.permit
    fields = {
        **_common(DATA_ASKED, str(request.ticket), body, signature, now),
        "holder": permit.holder,
        "asker": permit.asker,
        "onBehalfOf": permit.on_behalf_of,
        "agent": statement.agent,
        "legalContext": permit.legal_context,
        "ssin": permit.ssin,
        "dataGroups": msgspec.to_builtins(permit.data_groups),
        "authorisations": permit.authorisations,
        "rule": permit.rule,
        "catalogueVersion": permit.catalogue_version,
        "statement": request.statement,
        "checkpoint": request.checkpoint,
    }
    return Record(
        ticket=str(request.ticket),
        holder=permit.holder,
        asker=permit.asker,
        nonce=statement.nonce,
        request_nonce=signature.nonce,
        created=signature.created,
        fields=fields,
    )


def page_fields(
    request: BulkRequest,
    answered: Sequence[BulkRecord],
    statement: BatchStatement,
    body: bytes,
    signature: Signed,
    now: datetime,
) -> dict[str, Any]:
    """Give what the log says of the records of a page that are answered: of whom, and by which scope of the permit."""
    permit = request.permit
    ticket = str(record_ticket(request.ticket, request.page * PAGE + answered[0].index))
    return {
        **_common(PAGE_ASKED, ticket, body, signature, now),
        "batch": str(request.ticket),
        "page": request.page,
        "holder": permit.holder,
        "asker": permit.asker,
        "onBehalfOf": permit.on_behalf_of,
        "agent": statement.agent,
        "legalContext": permit.legal_context,
        "scopes": msgspec.to_builtins(permit.scopes),
        "records": [record.index for record in answered],
        "ssins": [record.ssin for record in answered],
        "scopeOf": [record.scope for record in answered],
        "catalogueVersion": permit.catalogue_version,
        "statement": request.statement,
        "checkpoint": request.checkpoint,
    }


def match_record(
    request: MatchRequest, institution: str, hub: str, body: bytes, signature: Signature, now: datetime
) -> Record:
    """Give the record of a match request: the hub asked the register about a number."""
    ticket = str(request.ticket)
    return Record(
        ticket=ticket,
        holder=institution,
        asker=hub,
        nonce=signature.nonce,
        request_nonce=signature.nonce,
        created=signature.created,
        fields=_common(MATCH_ASKED, ticket, body, signature, now)
        | {"holder": institution, "asker": hub, "ssin": request.ssin},
    )


def _common(event: str, ticket: str, body: bytes, signature: Signature | Signed, now: datetime) -> dict[str, Any]:
    return {
        "event": event,
        "at": now.isoformat(),
        "ticket": ticket,
        "request": b64url(sha256(body)),
        "key": signature.key_id,
        "signature": b64url(signature.value),
    }

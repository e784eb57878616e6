"""What the log keeps of an exchange: two entries, the question decided and the answer sent."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from crossroads.access.model import Decision, Permit, Withheld
from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.exchange.envelopes import Dropped
from crossroads.exchange.ports import SourceReply
from crossroads.wire.messages import Answer, Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A question as it came in: what the log keeps of its origin."""

    question: Question
    received_at: datetime
    signature: dict[str, str]
    """What is kept of the signature of the request."""
    subject_key: bytes
    """Secret of the hub: a person who does not exist is logged as a keyed hash of the number that was asked."""


def decided(
    ticket: UUID, received: Received, decision: Decision, catalogue_version: int, refusal: Answer | None
) -> Entry:
    """Give the entry of a decision; `refusal` is the answer when it ends here, refused or without holders."""
    question = received.question
    fields: dict[str, Any] = {
        "receivedAt": moment(received.received_at),
        "onBehalfOf": question.asker.on_behalf_of,
        "agent": question.asker.agent,
        "customerTicket": question.customer_ticket,
        "legalContext": question.legal_context,
        "mutation": str(question.mutation) if question.mutation else None,
        "groupsAsked": list(question.data_groups),
        "period": msgspec.to_builtins(question.period),
        "referenceDate": question.reference_date.isoformat() if question.reference_date else None,
        **ruling(decision, catalogue_version),
        "requestSignature": received.signature,
        **subject(question.ssin, decision.person, received.subject_key),
        "statement": question.statement,
    }
    if refusal is not None:
        # A statement names the person, also one who does not exist: of a refused question only its signature is kept,
        # whoever it is about. Were more kept of those who exist, an asker could measure the difference.
        fields["statement"] = question.statement.rsplit(".", 1)[1]
        fields["status"] = msgspec.to_builtins(refusal.status)
        fields["answerDigest"] = answer_digest(refusal)
    event = Event.QUESTION_DECIDED if decision.permits else Event.QUESTION_REFUSED
    return Entry(event=event, ticket=ticket, person=decision.person, asker=question.asker.concerned, fields=fields)


def ruling(decision: Decision, catalogue_version: int) -> dict[str, Any]:
    """Give what was decided: what may be asked of whom, what may not and why, under which catalogue."""
    return {
        "permits": [_permit(permit) for permit in decision.permits],
        "withheld": [_withheld(withheld) for withheld in decision.withheld],
        "catalogueVersion": catalogue_version,
    }


def subject(ssin: str, person: int | None, key: bytes) -> dict[str, str | None]:
    """Give the number asked, for a person who exists; else its keyed hash.

    Both names are there always: a proof shows all names of fields.
    """
    if person is not None:
        return {"ssin": ssin, "ssinHash": None}
    return {"ssin": None, "ssinHash": hmac.digest(key, ssin.encode(), "sha256").hex()}


def answered(
    ticket: UUID, received: Received, decision: Decision, replies: Sequence[tuple[Permit, SourceReply]], answer: Answer
) -> Entry:
    """Give the entry of the answer, with its digest: what is sent is what was logged."""
    fields: dict[str, Any] = {
        "status": msgspec.to_builtins(answer.status),
        "groupsGiven": [[block.data_group, block.source] for block in answer.blocks],
        "sources": [_source(permit, reply) for permit, reply in replies],
        "answerDigest": answer_digest(answer),
        "repliedAt": moment(answer.replied_at),
    }
    return Entry(
        event=Event.ANSWER_SENT,
        ticket=ticket,
        person=decision.person,
        asker=received.question.asker.concerned,
        fields=fields,
    )


def dropped(ticket: UUID, holder: str, blocks: Sequence[Dropped]) -> Entry:
    """Give the entry that reports a source's blocks that were dropped."""
    fields = {"source": holder, "blocks": [[block.data_group, block.reason] for block in blocks]}
    return Entry(event=Event.BLOCK_DROPPED, ticket=ticket, person=None, asker=None, fields=fields)


def answer_digest(answer: Answer) -> str:
    """Give the SHA-256 of the answer less receipt and checkpoint, canonical form, in hexadecimal."""
    bare = msgspec.structs.replace(answer, receipt=None, checkpoint=None)
    return sha256(msgspec.json.encode(bare, order="sorted")).hexdigest()


def moment(when: datetime) -> str:
    """Give a moment as the log writes it: UTC, microseconds."""
    return when.isoformat(timespec="microseconds")


def _permit(permit: Permit) -> dict[str, Any]:
    return {
        "holder": permit.holder,
        "dataGroups": {group: msgspec.to_builtins(period) for group, period in permit.data_groups.items()},
        "authorisations": permit.authorisations,
        "rule": permit.rule,
        "lines": list(permit.lines),
    }


def _withheld(withheld: Withheld) -> dict[str, Any]:
    return {
        "dataGroup": withheld.data_group,
        "code": str(withheld.code),
        "detail": str(withheld.detail) if withheld.detail else None,
        "authorisation": withheld.authorisation,
    }


def _source(permit: Permit, reply: SourceReply) -> dict[str, Any]:
    times = reply.times
    return {
        "institution": permit.holder,
        "status": str(reply.status),
        "code": str(reply.code),
        "askedAt": moment(reply.asked_at),
        "receivedAt": moment(times.received_at) if times else None,
        "readFrom": moment(times.read_from) if times else None,
        "readUntil": moment(times.read_until) if times else None,
        "repliedAt": moment(times.replied_at) if times else None,
        "answeredAt": moment(reply.answered_at),
        "signature": reply.signature,
    }

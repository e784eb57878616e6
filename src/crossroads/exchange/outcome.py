"""How a question ended: the status that tells it, and the answer that carries it. Pure; never invents."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Protocol
from uuid import UUID

from crossroads.access.model import Decision, Permit, Withheld, furthest_of
from crossroads.exchange.ports import SourceReply
from crossroads.kernel.codes import Code, StatusValue
from crossroads.kernel.ssin import Environment
from crossroads.wire.messages import Answer, AnsweredSsin, Filtered, Question, SourceOutcome, Status

Replies = Sequence[tuple[Permit, SourceReply]]


class Reply(Protocol):
    """How it went at one source, as far as the status of the whole goes."""

    @property
    def status(self) -> StatusValue:
        """How it ended."""
        ...

    @property
    def blocks(self) -> Sequence[Any]:
        """What it gave."""
        ...


def compose(
    *,
    ticket: UUID,
    question: Question,
    environment: Environment,
    received_at: datetime,
    replied_at: datetime,
    decision: Decision,
    replies: Replies = (),
) -> Answer:
    """Give the answer, still without receipt and checkpoint."""
    return Answer(
        ticket=ticket,
        customer_ticket=question.customer_ticket,
        environment=environment,
        received_at=received_at,
        replied_at=replied_at,
        status=status_of(decision.withheld, [reply for _, reply in replies]),
        ssin=AnsweredSsin(value=decision.ssin, replaces=decision.replaces),
        blocks=tuple(block for _, reply in replies for block in reply.blocks),
        sources=tuple(_source(permit, reply) for permit, reply in replies),
        filtered=filtered_of(decision.withheld, asked=bool(replies)),
    )


def status_of(withheld: Sequence[Withheld], replies: Sequence[Reply]) -> Status:
    """Give the status of the whole: of the data group that got furthest when nothing could be asked."""
    furthest = None if replies else furthest_of(withheld)
    if furthest is not None:
        return _status(furthest.value, furthest.code, furthest.detail)
    found = False
    for reply in replies:
        if reply.status is StatusValue.TECHNICAL_ERROR:
            return _status(StatusValue.INCOMPLETE_DATA, Code.SOURCE_FAILED)
        found = found or bool(reply.blocks)
    if found:
        return _status(StatusValue.DATA_FOUND, Code.OK)
    return _status(StatusValue.NO_DATA_FOUND, Code.NO_DATA)


def filtered_of(withheld: Sequence[Withheld], *, asked: bool) -> tuple[Filtered, ...]:
    """Give what was filtered out of an answer.

    A question of which nothing was asked has its status alone, where that is so of all its data groups.
    """
    told = asked or len({(one.code, one.detail) for one in withheld}) > 1
    return tuple(map(_filtered, withheld)) if told else ()


@cache
def _status(value: StatusValue, code: Code, detail: Code | None = None) -> Status:
    description = detail.description if detail else code.description
    return Status(value=value, code=str(code), description=description, detail=str(detail) if detail else None)


def _source(permit: Permit, reply: SourceReply) -> SourceOutcome:
    return SourceOutcome(
        institution=permit.holder, status=reply.status, code=str(reply.code), milliseconds=reply.milliseconds
    )


def _filtered(withheld: Withheld) -> Filtered:
    reason = (withheld.detail or withheld.code).description
    return Filtered(
        data_group=withheld.data_group,
        code=str(withheld.code),
        reason=reason,
        detail=str(withheld.detail) if withheld.detail else None,
        authorisation=withheld.authorisation,
    )

"""A client under test, and a hub between it and a participant that lies when it is told to."""

import hashlib
from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec
import rfc8785

from crossroads.kernel.period import Period
from crossroads.participant.client import Reply, SyncClient
from crossroads.wire.messages import (
    Answer,
    AnsweredSsin,
    Receipt,
    SourceOutcome,
    Status,
)
from crossroads.wire.messages import Question as Sent
from crossroads.wire.signatures import Request, sign_answer
from crossroads.wire.statements import Statement, read_statement
from fakehub import FakeAsker, FakeHub, Question, now
from participants import NAME, SSIN, WAGE, Running

QUARTER = Period(date(2026, 1, 1), date(2026, 3, 31))


class Exchange:
    """The hub's part of an exchange, with places to lie at."""

    def __init__(self, hub: FakeHub, asker: FakeAsker, participant: Running) -> None:
        """Answer for the hub."""
        self.hub = hub
        self.asker = asker
        self.participant = participant
        self.alter: Callable[[Answer], Answer] = lambda answer: answer
        self.key = hub.sign
        self.after_signing: Callable[[bytes], bytes] = lambda body: body
        self.statement: Statement | None = None
        hub.doors["/v1/exchanges"] = self

    def __call__(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Take a question as it came."""
        sent = msgspec.json.decode(body, type=Sent)
        _, self.statement = read_statement(sent.statement)
        answer = self.alter(self._answer(sent))
        content = msgspec.json.encode(answer)
        request = Request("POST", f"{self.hub.url}/v1/exchanges", headers, body)
        signed = sign_answer(self.key, request, 200, "application/json", content, now())
        return 200, {"content-type": "application/json", **signed}, self.after_signing(content)

    def _answer(self, sent: Sent) -> Answer:
        question = Question(self.asker, NAME, sent.ssin, *sent.data_groups)
        question.request |= {"statement": sent.statement, "openings": sent.openings}
        answer = Answer(
            ticket=question.ticket,
            customer_ticket=sent.customer_ticket,
            environment="test",  # type: ignore[arg-type]  # as it travels
            received_at=now(),
            replied_at=now(),
            status=Status(value="DATA_FOUND", code="MSG00000"),  # type: ignore[arg-type]  # as it travels
            ssin=AnsweredSsin(value=sent.ssin),
            blocks=self.participant.answer(question).blocks,
            sources=(SourceOutcome(institution=NAME, status="DATA_FOUND", code="MSG00000", milliseconds=3),),  # type: ignore[arg-type]  # as it travels
        )
        receipt = self.logged(answer, ticket=str(answer.ticket))
        return msgspec.structs.replace(answer, receipt=receipt, checkpoint=self.hub.log.checkpoint())

    def logged(self, answer: Answer, event: str = "exchange:answer:sent", **fields: str) -> Receipt:
        """Log an answer and give the receipt."""
        digest = hashlib.sha256(rfc8785.dumps(msgspec.to_builtins(answer))).hexdigest()
        index = self.hub.log.append(event, **{"answerDigest": digest, **fields})
        return Receipt(stream=0, index=index, leaf=self.hub.log.leaf(index))


def ask(client: SyncClient, *groups: str, **about: Any) -> Reply:
    """Ask about somebody of whom there is data."""
    about = {"period": QUARTER} | about
    return client.ask(
        ssin=SSIN, legal_context="PCSA:SOCIAL_INQUIRY", data_groups=groups or (WAGE,), agent="clerk-7", **about
    )

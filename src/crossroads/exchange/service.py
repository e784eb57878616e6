"""One question, one person, one answer."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from uuid6 import uuid7

from crossroads.access.model import Decision, Permit, Pointer, Request
from crossroads.access.service import decide
from crossroads.admission.service import Authentic, Gate
from crossroads.audit.model import Entry
from crossroads.audit.service import Log
from crossroads.catalogue.model import Mode
from crossroads.catalogue.service import Catalogue
from crossroads.catalogue.snapshot import Snapshot
from crossroads.exchange import questions, records
from crossroads.exchange.envelopes import sift
from crossroads.exchange.errors import ExchangeFailed
from crossroads.exchange.keys import asker_keys
from crossroads.exchange.outcome import Replies, compose
from crossroads.exchange.ports import Errand, Pointers, SourceReply, Sources
from crossroads.exchange.questions import SignedStatement
from crossroads.identity.acting import Acting, Agent
from crossroads.kernel.clock import Clock, brussels_day
from crossroads.kernel.codes import Code, StatusValue
from crossroads.wire.acting import Scope
from crossroads.wire.messages import Answer, ProvenKey, Question, Receipt

TIME_BUDGET = timedelta(seconds=4)
"""For all sources of a question together, from receipt; queueing included."""

Observer = Callable[[Permit, SourceReply], None]


@dataclass(slots=True, kw_only=True)
class Exchange:
    """Answers questions. It keeps no content."""

    gate: Gate
    catalogue: Catalogue
    log: Log
    sources: Sources
    pointers: Pointers
    acting: Acting
    clock: Clock
    subject_key: bytes
    observers: list[Observer] = field(default_factory=list)

    async def answer(self, question: Question, authentic: Authentic) -> Answer:
        """Answer a question that came through the gate, or say why not.

        Raises Malformed, SignatureRejected, and what the gate and the log raise when they cannot take it.
        """
        snapshot = self.catalogue.current
        statement = self._check(question, authentic, snapshot)
        facts = await self.gate.admit(authentic, question.ssin)
        if facts.catalogue_version > snapshot.version:
            # Something was granted, withdrawn or revoked since: all that rests on the catalogue is checked again.
            snapshot = await self.catalogue.refresh(facts.catalogue_version)
            statement = self._check(question, authentic, snapshot)
        received = records.Received(
            question=question,
            received_at=authentic.received_at,
            signature=authentic.signature,
            subject_key=self.subject_key,
        )
        pointer, acting = await self._pointer(question), await self._acting(question)
        request = _request(question, authentic.received_at, pointer, acting=acting)
        answering = _Answering(self, received, statement, snapshot, decide(request, snapshot, facts))
        # Once decided, it is answered and logged whether or not the asker still listens.
        return await asyncio.shield(asyncio.ensure_future(answering.run()))

    async def _pointer(self, question: Question) -> Pointer | None:
        if question.mutation is None:
            return None
        return await self.pointers.find(question.asker, question.mutation, question.ssin)

    async def _acting(self, question: Question) -> bool:
        agent = Agent(question.asker.institution, question.asker.agent, question.legal_context)
        return await self.acting.stands(agent, question.ssin, Scope.DATA)

    def _check(self, question: Question, authentic: Authentic, snapshot: Snapshot) -> SignedStatement:
        now = authentic.received_at
        questions.check_signer(question.asker, authentic.institution)
        questions.check_form(question, snapshot, brussels_day(now))
        statement = questions.read_own_statement(question, snapshot, now)
        questions.check_encryption_key(question.asker, snapshot, now)
        return statement


class _Answering:
    """One question on its way: decided, logged, asked, merged, logged."""

    def __init__(
        self,
        exchange: Exchange,
        received: records.Received,
        signed: SignedStatement,
        snapshot: Snapshot,
        decision: Decision,
    ) -> None:
        self.exchange = exchange
        self.received = received
        self.statement, self.signer = signed
        self.snapshot = snapshot
        self.ticket: UUID = uuid7()
        self.decision = decision

    async def run(self) -> Answer:
        if not self.decision.permits:
            answer = self._compose()
            return await self._sent(answer, self._decided(answer))
        keys = await self._asker_keys()
        await self.exchange.log.append(self._decided())
        try:
            return await self._answered(keys)
        except Exception as error:
            # The log closes it as of unknown outcome: nobody can tell how far it came.
            raise ExchangeFailed(self.ticket) from error

    async def _answered(self, keys: tuple[ProvenKey, ...]) -> Answer:
        asking = [self._ask(permit, keys) for permit in self.decision.permits]
        # A task of its own for each, unless there is but one.
        replies = await asyncio.gather(*asking) if len(asking) > 1 else [await asking[0]]
        pairs = list(zip(self.decision.permits, replies, strict=True))
        answer = self._compose(pairs)
        return await self._sent(answer, records.answered(self.ticket, self.received, self.decision, pairs, answer))

    async def _ask(self, permit: Permit, keys: tuple[ProvenKey, ...]) -> SourceReply:
        question = self.received.question
        errand = Errand(
            ticket=self.ticket,
            permit=permit,
            statement=question.statement,
            openings={group: question.openings[group] for group in permit.data_groups},
            asker_keys=keys,
            encryption_key=question.asker.encryption_key,
            received_on=brussels_day(self.received.received_at),
            deadline=self.received.received_at + TIME_BUDGET,
            checkpoint=self.exchange.log.checkpoint,
        )
        reply = await self.exchange.sources.ask(errand)
        kept, dropped = sift(reply.blocks, errand, self.statement, self.snapshot)
        if dropped:
            await self.exchange.log.append(records.dropped(self.ticket, permit.holder, dropped))
            reply = replace(reply, status=StatusValue.TECHNICAL_ERROR, code=Code.SOURCE_BLOCK_DROPPED)
        reply = replace(reply, blocks=kept)
        for observe in self.exchange.observers:
            observe(permit, reply)
        return reply

    def _decided(self, refusal: Answer | None = None) -> Entry:
        return records.decided(self.ticket, self.received, self.decision, self.snapshot.version, refusal)

    async def _asker_keys(self) -> tuple[ProvenKey, ...]:
        encryption_key = self.received.question.asker.encryption_key
        return await asker_keys(self.exchange.catalogue, self.snapshot, self.signer, encryption_key)

    def _compose(self, replies: Replies = ()) -> Answer:
        return compose(
            ticket=self.ticket,
            question=self.received.question,
            environment=self.snapshot.genesis.environment,
            received_at=self.received.received_at,
            replied_at=self.exchange.clock.now(),
            decision=self.decision,
            replies=replies,
        )

    async def _sent(self, answer: Answer, entry: Entry) -> Answer:
        logged = await self.exchange.log.append(entry)
        receipt = Receipt(stream=logged.stream, index=logged.index, leaf=logged.leaf)
        return msgspec.structs.replace(answer, receipt=receipt, checkpoint=self.exchange.log.checkpoint)


def _request(question: Question, received_at: datetime, pointer: Pointer | None, *, acting: bool) -> Request:
    return Request(
        asker=question.asker,
        legal_context=question.legal_context,
        ssin=question.ssin,
        data_groups=question.data_groups,
        period=question.period,
        reference_date=question.reference_date,
        mode=Mode.ONLINE if question.mutation is None else Mode.PUSH,
        received_at=received_at,
        received_on=brussels_day(received_at),
        pointer=pointer,
        acting=acting,
    )

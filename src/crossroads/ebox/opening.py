"""A document of a message is fetched from its sender when the person opens it.

Logged before the sender is asked, and again before the document leaves the hub: that second entry is the proof of the
opening. The hub cannot read the document, and keeps nothing of it.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from uuid6 import uuid7

from crossroads.access.boxes import Held, opening
from crossroads.access.model import Permit
from crossroads.audit.events import Event
from crossroads.audit.model import Receipt
from crossroads.catalogue.service import Catalogue
from crossroads.ebox import store
from crossroads.ebox.model import Kept, Step
from crossroads.ebox.owner import Owned, Owner
from crossroads.ebox.ports import Documents, Wanted
from crossroads.exchange import questions
from crossroads.exchange.envelopes import sift
from crossroads.exchange.keys import asker_keys
from crossroads.exchange.ports import Errand, SourceReply
from crossroads.exchange.questions import SignedStatement
from crossroads.identity.database import outages
from crossroads.kernel.clock import brussels_day
from crossroads.kernel.codes import Code, StatusValue
from crossroads.kernel.errors import Refused
from crossroads.kernel.guards import Signed
from crossroads.kernel.sentences import Sentence
from crossroads.wire import messages
from crossroads.wire.box import DOCUMENT, BoxOpened, BoxOpening, document_digest
from crossroads.wire.messages import AnsweredSsin, Asker, Block, Question, Status
from crossroads.wire.signatures import SignatureRejected
from crossroads.wire.statements import group_digest

TIME_BUDGET = timedelta(seconds=4)
"""For the sender to answer, from receipt."""


class _Asked(NamedTuple):
    """An opening that is permitted."""

    query: BoxOpening
    signed: Signed
    owned: Owned
    message: Kept
    permit: Permit
    statement: SignedStatement
    ticket: UUID
    received_at: datetime

    @property
    def said(self) -> dict[str, object]:
        """What the log keeps of it."""
        return {"message": str(self.message.message), "reference": self.message.reference, "digest": self.query.digest}


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Opens documents."""

    owner: Owner
    catalogue: Catalogue
    documents: Documents

    async def open(self, query: BoxOpening, signed: Signed) -> BoxOpened:
        """Fetch a document. Raises Malformed, SignatureRejected, Refused, Unavailable.

        What keeps the sender from giving it is told in the status.
        """
        statement = self._stated(query, signed)
        owned = await self.owner.permitted(query, DOCUMENT, signed)
        message = await self._message(query, signed, owned)
        now = self.owner.surroundings.clock.now()
        held = Held(message.person, message.ssin, message.sender, message.legal_context)
        permit = opening(self.catalogue.current, owned.sight, held, query.ssin, query.reference_date)
        asked = _Asked(query, signed, owned, message, permit, statement, uuid7(), now)
        # Once decided, it is answered and logged whether or not the portal still listens.
        return await asyncio.shield(asyncio.ensure_future(self._fetched(asked)))

    def _stated(self, query: BoxOpening, signed: Signed) -> SignedStatement:
        """Give the verified statement, which asks for this document of this person and for nothing else."""
        snapshot, now = self.catalogue.current, self.owner.surroundings.clock.now()
        asker = Asker(institution=signed.institution, agent=query.agent, encryption_key=query.encryption_key)
        question = Question(
            asker=asker,
            legal_context=query.legal_context,
            ssin=query.ssin,
            data_groups=(DOCUMENT,),
            reference_date=query.reference_date,
            statement=query.statement,
            openings={DOCUMENT: query.opening},
        )
        questions.check_form(question, snapshot, brussels_day(now))
        found = questions.signed_statement(query.statement, snapshot, now)
        differing = [name for name in questions.differences(question, found.statement) if name != "dataGroups"]
        wanted = {group_digest(DOCUMENT, query.opening), document_digest(query.digest, query.document_opening)}
        if differing or wanted != set(found.statement.data_groups):
            raise SignatureRejected(
                Code.STATEMENT_MISMATCH,
                Sentence("They differ in %(fields)s.", fields=", ".join(differing) or "document"),
            )
        questions.check_encryption_key(asker, snapshot, now)
        return found

    async def _message(self, query: BoxOpening, signed: Signed, owned: Owned) -> Kept:
        """Give the message, when it is in this person's box and has the document. Raises Refused."""
        with outages():
            async with self.owner.pool.acquire() as connection:
                found = await store.message(connection, owned.persons, query.message)
        if found and found.listed(self.owner.surroundings.today) and found.document(query.digest):
            return found
        return await self.owner.refuse(query, owned.asked, Refused(code=Code.BOX_UNKNOWN), signed)

    async def _fetched(self, asked: _Asked) -> BoxOpened:
        signer, key = asked.statement.signer, asked.query.encryption_key
        keys = await asker_keys(self.catalogue, self.catalogue.current, signer, key)
        await self._log(Event.BOX_DOCUMENT_ASKED, asked, {"holder": asked.permit.holder})
        errand = Errand(
            ticket=asked.ticket,
            permit=asked.permit,
            statement=asked.query.statement,
            openings={DOCUMENT: asked.query.opening},
            asker_keys=keys,
            encryption_key=key,
            received_on=brussels_day(asked.received_at),
            deadline=asked.received_at + TIME_BUDGET,
            checkpoint=self.owner.log.checkpoint,
        )
        wanted = Wanted(asked.message.reference, asked.query.digest, asked.query.document_opening)
        reply = await self.documents.document(errand, wanted)
        kept, _ = sift(reply.blocks, errand, asked.statement.statement, self.catalogue.current)
        if reply.status is StatusValue.DATA_FOUND and kept:
            return await self._given(asked, reply, kept[0])
        return await self._failed(asked, reply)

    async def _given(self, asked: _Asked, reply: SourceReply, block: Block) -> BoxOpened:
        at = self.owner.surroundings.clock.now()
        receipt = await self._log(Event.BOX_DOCUMENT_GIVEN, asked, {"signature": reply.signature})
        async with store.lasting(self.owner.pool) as connection:
            await store.opened(connection, asked.message, Step(at, receipt.stream, receipt.index))
        return self._answer(asked, StatusValue.DATA_FOUND, Code.OK, block=block, receipt=receipt)

    async def _failed(self, asked: _Asked, reply: SourceReply) -> BoxOpened:
        """Tell why there is no document: a block that is not what was asked for counts as none."""
        gone = reply.status is StatusValue.NO_DATA_FOUND
        await self._log(Event.BOX_DOCUMENT_FAILED, asked, {"code": str(reply.code)})
        if gone:
            return self._answer(asked, StatusValue.NO_DATA_FOUND, Code.NO_DATA)
        return self._answer(asked, StatusValue.INCOMPLETE_DATA, Code.SOURCE_FAILED, detail=str(reply.code))

    async def _log(self, event: Event, asked: _Asked, more: dict[str, object]) -> Receipt:
        entry = self.owner.entry(event, asked.query, asked.owned, asked.said | more, asked.signed, asked.ticket)
        return await self.owner.log.append(entry)

    def _answer(
        self,
        asked: _Asked,
        value: StatusValue,
        code: Code,
        *,
        detail: str | None = None,
        block: Block | None = None,
        receipt: Receipt | None = None,
    ) -> BoxOpened:
        permit = asked.permit
        return BoxOpened(
            ticket=asked.ticket,
            environment=self.owner.surroundings.environment,
            status=Status(value=value, code=code, description=code.description, detail=detail),
            ssin=AnsweredSsin(value=permit.ssin, replaces=permit.known_as),
            block=block,
            receipt=messages.Receipt(stream=receipt.stream, index=receipt.index, leaf=receipt.leaf)
            if receipt
            else None,
            checkpoint=self.owner.log.checkpoint,
        )

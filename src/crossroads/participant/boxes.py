"""The box of a person, asked of the hub step by step and without input or output: see `steps`.

Senders publish, and have it proven what became of a message; the portal lists, and opens documents for the person.
"""

from typing import NamedTuple

import msgspec

from crossroads.kernel.clock import brussels_day
from crossroads.kernel.codes import Code, StatusValue
from crossroads.kernel.errors import Refused, Tampered, Unavailable
from crossroads.kernel.period import day
from crossroads.participant.asker import RECEIPT_TIME
from crossroads.participant.correspondence import Correspondence
from crossroads.participant.provenkeys import NotProven
from crossroads.participant.questions import Asking, Wish, stated
from crossroads.participant.replies import BlockRefused
from crossroads.participant.sourcekeys import SourceKeys
from crossroads.participant.steps import Http, Pause, Steps, SyncHttp
from crossroads.wire.blocks import Claims, read_block, verify_block
from crossroads.wire.box import (
    DOCUMENT,
    DOCUMENT_TYPE,
    BoxConsent,
    BoxConsented,
    BoxEvidence,
    BoxEvidenceQuery,
    BoxList,
    BoxMessage,
    BoxOpened,
    BoxOpening,
    BoxPublication,
    BoxPublished,
    BoxQuery,
    DocumentCard,
    digest_of,
    document_digest,
)
from crossroads.wire.messages import Block
from crossroads.wire.proofs import verify_entry_proof
from crossroads.wire.statements import Statement, group_digest, new_salts, sign_statement

_BETWEEN_TRIES = 0.25
_DOCUMENT = "document"
_published = msgspec.json.Decoder(BoxPublished)
_evidence = msgspec.json.Decoder(BoxEvidence)
_list = msgspec.json.Decoder(BoxList)
_consented = msgspec.json.Decoder(BoxConsented)
_opened = msgspec.json.Decoder(BoxOpened)


class Opener(NamedTuple):
    """For whom a document is opened, why, and the pseudonym of who does."""

    ssin: str
    legal_context: str
    agent: str


class OpenedDocument(NamedTuple):
    """A document, as its sender signed and published it."""

    card: DocumentCard
    content: bytes


class Box:
    """What one institution writes to the hub about boxes. All raise Malformed, Refused, Unavailable or Tampered."""

    def __init__(self, asking: Asking, hub: Correspondence) -> None:
        """Write over a correspondence with the hub."""
        self._asking, self._hub = asking, hub
        self._keys = SourceKeys(hub)

    def publish(self, publication: BoxPublication) -> Steps[BoxPublished]:
        """Publish a message. Sent again, it has the same outcome."""
        found = yield from self._hub.send("/v1/box/messages", publication, _published)
        yield from self._hub.heard(found.environment, found.checkpoint)
        return found

    def evidence(self, query: BoxEvidenceQuery) -> Steps[BoxEvidence]:
        """Have proven what became of a message; each proof is checked against the key of the log."""
        found = yield from self._proven(query)
        yield from self._hub.heard(found.environment, found.checkpoint)
        for proof in filter(None, (found.published, found.reminded, found.opened)):
            verify_entry_proof(proof, [self._hub.trust.log])
            yield from self._hub.watch(proof.inclusion.checkpoint)
        return found

    def list(self, query: BoxQuery) -> Steps[BoxList]:
        """Give what is in the box of a person."""
        found = yield from self._hub.send("/v1/box/query", query, _list)
        yield from self._hub.heard(found.environment, found.checkpoint)
        return found

    def consent(self, said: BoxConsent) -> Steps[BoxConsented]:
        """Make the box of a person active, or end that."""
        found = yield from self._hub.send("/v1/box/consent", said, _consented)
        yield from self._hub.heard(found.environment, found.checkpoint)
        return found

    def open(self, opener: Opener, message: BoxMessage, card: DocumentCard) -> Steps[OpenedDocument]:
        """Fetch a document of a message from its sender.

        Raises Unavailable where the sender does not answer, Refused where it has no such document any more, and
        Tampered for one that is not what was published.
        """
        statement, opening = self._opening(opener, message, card)
        opened = yield from self._hub.send("/v1/box/documents", opening, _opened)
        yield from self._hub.heard(opened.environment, opened.checkpoint)
        if opener.ssin not in (opened.ssin.value, opened.ssin.replaces):
            raise Tampered("The answer is about another person.")
        if opened.status.value is StatusValue.NO_DATA_FOUND:
            raise Refused(code=Code.NO_DATA)
        if opened.block is None:
            raise Unavailable(code=Code.SOURCE_FAILED)
        content = yield from self._content(opened.block, opened, statement, message.sender)
        if digest_of(content) != card.digest or len(content) != card.size:
            raise BlockRefused(code=Code.BOX_DOCUMENT_DIFFERS)
        return OpenedDocument(card, content)

    def _opening(self, opener: Opener, message: BoxMessage, card: DocumentCard) -> tuple[Statement, BoxOpening]:
        now, salts = self._hub.clock.now(), new_salts((DOCUMENT, _DOCUMENT))
        wish = Wish(opener.ssin, opener.legal_context, (DOCUMENT,), opener.agent, reference_date=brussels_day(now))
        digests = (group_digest(DOCUMENT, salts[DOCUMENT]), document_digest(card.digest, salts[_DOCUMENT]))
        statement = stated(wish, self._asking, tuple(sorted(digests)), self._hub.witness.newest, now)
        opening = BoxOpening(
            ssin=opener.ssin,
            legal_context=opener.legal_context,
            agent=opener.agent,
            message=message.message,
            digest=card.digest,
            encryption_key=statement.encryption_key,
            reference_date=brussels_day(now),
            statement=sign_statement(statement, self._asking.sign),
            opening=salts[DOCUMENT],
            document_opening=salts[_DOCUMENT],
        )
        return statement, opening

    def _content(self, block: Block, opened: BoxOpened, statement: Statement, sender: str) -> Steps[bytes]:
        """Open the seal, and check that the sender signed this as the answer to this very opening."""
        if block.sealed is None or statement.reference_date is None:
            raise BlockRefused("The document is not sealed.", code=Code.BLOCK_INVALID)
        signed = read_block(block, self._asking.seal)
        key = yield from self._keys.find(sender, signed.key_id)
        if key.key is None or not self._hub.may_sign(key):
            raise NotProven("It is no signing key of the sender, or not in force.")
        claims = Claims(
            ticket=opened.ticket,
            nonce=statement.nonce,
            data_group=DOCUMENT,
            source=sender,
            period=day(statement.reference_date),
            subject=statement.subject(opened.ssin.value),
            media_type=DOCUMENT_TYPE,
        )
        return verify_block(signed, claims, key.key).content

    def _proven(self, query: BoxEvidenceQuery) -> Steps[BoxEvidence]:
        """Ask until what was just logged is signed."""
        end = self._hub.clock.now() + RECEIPT_TIME
        while True:
            try:
                return (yield from self._hub.send("/v1/box/evidence", query, _evidence))
            except Unavailable:
                if self._hub.clock.now() >= end:
                    raise
                yield Pause(_BETWEEN_TRIES)


class AsyncBox:
    """Boxes, from an event loop; see `Box`."""

    def __init__(self, box: Box, http: Http) -> None:
        """Use the connections of a client."""
        self._box, self._http = box, http

    async def publish(self, publication: BoxPublication) -> BoxPublished:
        """Publish a message; see `Box.publish`."""
        return await self._http.run(self._box.publish(publication))

    async def evidence(self, query: BoxEvidenceQuery) -> BoxEvidence:
        """Have proven what became of a message; see `Box.evidence`."""
        return await self._http.run(self._box.evidence(query))

    async def list(self, query: BoxQuery) -> BoxList:
        """Give what is in the box of a person."""
        return await self._http.run(self._box.list(query))

    async def consent(self, said: BoxConsent) -> BoxConsented:
        """Make the box of a person active, or end that."""
        return await self._http.run(self._box.consent(said))

    async def open(self, opener: Opener, message: BoxMessage, card: DocumentCard) -> OpenedDocument:
        """Fetch a document of a message from its sender; see `Box.open`."""
        return await self._http.run(self._box.open(opener, message, card))


class SyncBox:
    """Boxes, without an event loop; see `Box`."""

    def __init__(self, box: Box, http: SyncHttp) -> None:
        """Use the connections of a client."""
        self._box, self._http = box, http

    def publish(self, publication: BoxPublication) -> BoxPublished:
        """Publish a message; see `Box.publish`."""
        return self._http.run(self._box.publish(publication))

    def evidence(self, query: BoxEvidenceQuery) -> BoxEvidence:
        """Have proven what became of a message; see `Box.evidence`."""
        return self._http.run(self._box.evidence(query))

    def list(self, query: BoxQuery) -> BoxList:
        """Give what is in the box of a person."""
        return self._http.run(self._box.list(query))

    def consent(self, said: BoxConsent) -> BoxConsented:
        """Make the box of a person active, or end that."""
        return self._http.run(self._box.consent(said))

    def open(self, opener: Opener, message: BoxMessage, card: DocumentCard) -> OpenedDocument:
        """Fetch a document of a message from its sender; see `Box.open`."""
        return self._http.run(self._box.open(opener, message, card))

"""Giving a document of a message to the person who opens it: sealed to the portal, and only that person's own."""

import asyncio
from collections.abc import Mapping

from crossroads.kernel.codes import Code, StatusValue
from crossroads.kernel.errors import Refused
from crossroads.participant.blocks import Asked, claims
from crossroads.participant.boxes_shelf import Shelf
from crossroads.wire.blocks import sealed_block
from crossroads.wire.box import DOCUMENT, DOCUMENT_TYPE, DocumentRequest, document_digest
from crossroads.wire.keys import SigningKey
from crossroads.wire.messages import Block, DataAnswer, Status


class DocumentGiver:
    """Gives documents from the shelf."""

    def __init__(self, shelf: Shelf, keys: Mapping[str, SigningKey]) -> None:
        """Sign with the key of each sender."""
        self._shelf, self._keys = shelf, keys

    async def answer(self, asked: Asked[DocumentRequest]) -> DataAnswer:
        """Give the document, or say that there is none. Raises Refused for one that the asker did not state."""
        request, statement = asked.request, asked.statement
        stated = document_digest(request.digest, request.document_opening) in statement.data_groups
        if not stated or set(request.permit.data_groups) != {DOCUMENT}:
            raise Refused(
                f"{Code.PERMIT_STATEMENT_DIFFER.description} The statement does not ask for this document.",
                code=Code.PERMIT_STATEMENT_DIFFER,
            )
        content = await asyncio.to_thread(self._read, request)
        if content is None:
            return _answer(request, StatusValue.NO_DATA_FOUND, Code.NO_DATA)
        key = self._keys[request.permit.holder]
        block = sealed_block(content, claims(asked, DOCUMENT, DOCUMENT_TYPE), key, asked.recipient)
        return _answer(request, StatusValue.DATA_FOUND, Code.OK, block)

    def _read(self, request: DocumentRequest) -> bytes | None:
        """Give the document, when the message was published for the person whom the permit names."""
        message = self._shelf.find(request.permit.holder, request.reference)
        if message is None or message.publication.ssin != request.permit.ssin:
            return None
        return self._shelf.content(message, request.digest)


def _answer(request: DocumentRequest, value: StatusValue, code: Code, *blocks: Block) -> DataAnswer:
    status = Status(value=value, code=code, description=code.description)
    return DataAnswer(ticket=request.ticket, status=status, blocks=blocks)

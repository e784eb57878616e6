"""A participant: answers the hub's questions from the institution's own data, after checking everything itself."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import msgspec

from crossroads.kernel.clock import Clock
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Refused, Unavailable
from crossroads.participant.blocks import Asked, BlockMaker, R, signing_keys
from crossroads.participant.boxes_giving import DocumentGiver
from crossroads.participant.boxes_shelf import Shelf, shelf_folder
from crossroads.participant.brought import brought
from crossroads.participant.bulk import Pages
from crossroads.participant.bulk_head import read_head
from crossroads.participant.bulk_sources import many_sources
from crossroads.participant.closing import close_sources
from crossroads.participant.config import Config, own_schemas
from crossroads.participant.datasources import Database, data_sources
from crossroads.participant.hub import Hub
from crossroads.participant.pages import page_of
from crossroads.participant.permits import (
    Identity,
    check_permit,
    check_same_question,
    check_statement,
    recipient,
    stated,
)
from crossroads.participant.records import data_record, match_record
from crossroads.participant.register import RegisterOfPersons
from crossroads.participant.state import State
from crossroads.participant.trust import read_trust
from crossroads.wire.box import DocumentRequest
from crossroads.wire.decoding import decode
from crossroads.wire.keys import SigningKey
from crossroads.wire.messages import DataAnswer, DataRequest, MatchAnswer, MatchRequest, SourceTimes
from crossroads.wire.mutations import ItemsTaken
from crossroads.wire.registrations import KeyUse
from crossroads.wire.signatures import Request, Signature
from crossroads.wire.statements import read_statement

MAXIMUM_AT_ONCE = 256
"""Requests that are worked on at the same time; more are told to come back."""
_MATCH_SECONDS = 4.0
_PAGE_SECONDS = 60.0
"""For which the hub is let wait for the answer to a page; it is made all the same, and there when it asks again."""

_data_decoder = msgspec.json.Decoder(DataRequest)
_document_decoder = msgspec.json.Decoder(DocumentRequest)
_match_decoder = msgspec.json.Decoder(MatchRequest)

_Give = Callable[[Asked[R]], Awaitable[DataAnswer]]


class Participant:
    """One running participant."""

    def __init__(self, config: Config, clock: Clock) -> None:
        """Open keys, state and database. Raises WrongSetting, UnsafeKeyFile or AlreadyRunning."""
        self.config = config
        self.clock = clock
        self._trust = read_trust(config.path(config.trust))
        self._identity = Identity(config.institution, config.answers_for)
        self.key = SigningKey.read(config.keys.sign.id, config.path(config.keys.sign.file))
        self._database = Database(config) if config.database else None
        self._sources = data_sources(config, self._database)
        many_sources(config, self._database)  # read by another process; what is wrong with them is said here
        self._register = (
            RegisterOfPersons(self._database, config.register) if self._database and config.register else None
        )
        self.hub = Hub(config.hub, self._trust, config.path(config.state), clock, own_schemas(config))
        keys = signing_keys(config)
        self._blocks = BlockMaker(self._sources, self.hub.groups, keys, config.in_the_clear)
        self._documents = DocumentGiver(Shelf(shelf_folder(config)), keys)
        self._state = State(config.path(config.state))
        self._pages = Pages(config, self.hub, self._trust, self._state, clock)
        self._brought = brought(config)
        self._at_work = 0

    async def start(self) -> None:
        """Begin to fetch what the first question will need."""
        await self.hub.know(set())

    async def data(self, request: Request, body: bytes) -> DataAnswer:
        """Answer `POST /v1/data-requests`, or refuse it. The checks run in the order in which they stand here."""
        return await self._asked(request, body, _data_decoder, self._blocks.answer)

    async def document(self, request: Request, body: bytes) -> DataAnswer:
        """Answer `POST /v1/documents`, or refuse it: a document of a message in the box of a person."""
        return await self._asked(request, body, _document_decoder, self._documents.answer)

    async def page(self, request: Request, body: bytes) -> msgspec.Raw:
        """Answer `POST /v1/data-requests/bulk`, or refuse it: many people at once, for a batch."""
        async with self._bounded():
            received_at = self.clock.now()
            signature = await self.hub.authenticate(request, frozenset({KeyUse.PERMIT}))
            head = read_head(body)
            check_permit(head.permit, self._identity, self.clock.now())
            async with _within(min(self._left(head.deadline), _PAGE_SECONDS)):
                return await self._pages.answer(head, body, signature, received_at)

    async def match(self, request: Request, body: bytes) -> MatchAnswer:
        """Answer `POST /v1/match-requests`, or refuse it."""
        async with self._bounded():
            signature = await self.hub.authenticate(request, frozenset({KeyUse.PERMIT, KeyUse.SIGN}))
            asked = decode(body, _match_decoder)
            if self._register is None:
                raise Refused("This participant keeps no register of persons.", code=Code.PERMIT_INVALID)
            now = self.clock.now()
            await self._state.record(
                match_record(asked, self.config.institution, self._trust.hub, body, signature, now)
            )
            async with _within(_MATCH_SECONDS):
                return await self._register.match(asked)

    async def items(self, request: Request, body: bytes) -> ItemsTaken:
        """Deal with `POST /v1/mailbox-items`, or refuse it. What was dealt with is acknowledged by the answer."""
        async with self._bounded():
            await self.hub.authenticate(request, frozenset({KeyUse.PERMIT}))
            page = page_of(body)
            if self._brought is None:
                raise Refused("This participant deals with no items.", code=Code.PERMIT_INVALID)
            await self.hub.watch(page.checkpoint or "")
            return await asyncio.to_thread(self._brought.deal, page)

    async def close(self) -> None:
        """Finish what is being written and close everything."""
        await self._pages.close()
        await self.hub.close()
        await close_sources(self._sources)
        await self._state.close()
        if self._database:
            self._database.close()

    async def _asked(
        self, request: Request, body: bytes, decoder: "msgspec.json.Decoder[R]", give: "_Give[R]"
    ) -> DataAnswer:
        async with self._bounded():
            received_at = self.clock.now()
            signature = await self.hub.authenticate(request, frozenset({KeyUse.PERMIT}))
            self._pages.make_way()
            asked = decode(body, decoder)
            check_permit(asked.permit, self._identity, self.clock.now())
            async with _within(self._left(asked.deadline)):
                return await self._answer(asked, body, signature, received_at, give)

    async def _answer(
        self, request: R, body: bytes, signature: Signature, received_at: datetime, give: "_Give[R]"
    ) -> DataAnswer:
        now = self.clock.now()
        keys = self.hub.proven.prove(request.asker_keys)
        parsed, statement = stated(read_statement, request.statement)
        check_statement(parsed, statement, keys, self._trust, now)
        check_same_question(request, statement)
        to = recipient(statement, keys, now)
        await self.hub.watch(request.checkpoint, statement.checkpoint)
        await self.hub.know(set(request.permit.data_groups))
        # While the log is written the data are read. Nothing leaves before both are done: where the log refuses, as it
        # does a question that it has already, what was read is dropped.
        record = self._state.record(data_record(request, statement, body, signature, now))
        _, answer = await asyncio.gather(record, give(Asked(request, statement, to)))
        done = self.clock.now()
        times = SourceTimes(received_at=received_at, read_from=now, read_until=done, replied_at=done)
        return msgspec.structs.replace(answer, times=times)

    def _left(self, deadline: datetime) -> float:
        left = (deadline - self.clock.now()).total_seconds()
        if left <= 0:
            raise Unavailable(code=Code.SOURCE_LATE)
        return left

    @asynccontextmanager
    async def _bounded(self) -> AsyncIterator[None]:
        if self._at_work >= MAXIMUM_AT_ONCE:
            raise Unavailable("The participant works on as many requests as it can.", code=Code.OVERLOADED)
        self._at_work += 1
        try:
            yield
        finally:
            self._at_work -= 1


@asynccontextmanager
async def _within(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise Unavailable(code=Code.SOURCE_LATE) from None

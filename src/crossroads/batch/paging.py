"""Asking the sources about one page: an answer is kept as it comes, after a failure it is tried again.

An answer that is kept does not stay in memory: it is read again when all are there and the page is composed. The last
one stays, as long as there is room for it.
"""

import asyncio
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from uuid import UUID

import msgspec
import structlog

from crossroads.access.model import PermitSet
from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.service import Log
from crossroads.batch import running_store as pages
from crossroads.batch import store
from crossroads.batch.asking import Kept, Tree, accepted
from crossroads.batch.composing import Chunk
from crossroads.batch.deciding import DecidedPage
from crossroads.batch.places import Held, Places
from crossroads.batch.ports import PageErrand, PageReply, PageSources
from crossroads.batch.running_store import Share, Waiting
from crossroads.catalogue.service import Catalogue
from crossroads.identity.database import Pool, outages
from crossroads.jobs.claims import Claim
from crossroads.kernel.clock import Clock
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Tampered
from crossroads.wire.messages import ProvenKey

MAXIMUM_GIVEN = 256 * 1024 * 1024
"""Bytes of answers to a page: it is composed in memory, and its part of the result is one row."""

_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Page:
    """A page that was decided and logged."""

    decided: DecidedPage
    permits: dict[str, PermitSet]
    """Of each holder, as access gives them now; never more than what was logged."""
    tree: Tree

    @property
    def number(self) -> int:
        """Which of the pages of the file."""
        return self.tree.page

    def permitted(self, source: str, first: int) -> PermitSet | None:
        """Give the permits to ask a source from a record on, if there are any."""
        permits = self.permits.get(source)
        rest = permits.only(lambda person: person.at >= first) if permits else None
        return rest if rest and rest.persons else None

    def withdrawn(self, source: str, first: int, until: int | None) -> tuple[int, ...]:
        """Give the records, from one on until before another, that were to be asked about and may not be any more."""
        permits = self.permits.get(source)
        permitted = {person.at for person in permits.persons} if permits else set()
        last = len(self.decided.verdicts) if until is None else until
        verdicts = self.decided.verdicts
        return tuple(at for at in range(first, last) if source in verdicts[at].holders and at not in permitted)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAsking:
    """One round of asking about a page."""

    pool: Pool
    log: Log
    catalogue: Catalogue
    sources: PageSources
    clock: Clock
    claim: Claim
    places: Places
    held: Held
    page: Page
    keys: tuple[ProvenKey, ...]
    time: timedelta
    """After this nobody is asked for more of what it answers in pieces: others have their turn, and the deadline."""

    async def run(self) -> list[Chunk] | None:
        """Give what is not kept of what came of the whole page; None when somebody is still to be asked, later.

        The last answer is not kept apart: the page is composed with it, unless too much waits for that.
        """
        with outages():
            async with self.pool.acquire() as connection:
                waiting, given = await pages.waiting(connection, self._ticket, self.page.number)
        now = self.clock.now()
        round_ = _Round(len(waiting), given, monotonic() + self.time.total_seconds())
        await together(self._ask(one, round_) for one in waiting if one.due_at <= now)
        return None if round_.outstanding else round_.last

    @property
    def _ticket(self) -> UUID:
        return self.page.tree.asking.ticket

    async def _ask(self, waiting: Waiting, round_: "_Round") -> None:
        """Ask a source until it has answered all, fails, or there is no time left."""
        first: int | None = waiting.first
        while first is not None and (first == waiting.first or monotonic() < round_.until):
            first = await self._ask_from(Waiting(waiting.source, first, waiting.due_at), round_)

    async def _ask_from(self, waiting: Waiting, round_: "_Round") -> int | None:
        """Ask a source once, and give the first record that it said nothing of, if it is to be asked for more."""
        async with self.places.place(waiting.source):
            chunk = await self._asked(waiting, round_)
            if chunk is None:
                return None
            await self._keep(chunk, round_)
        return chunk.kept.until if chunk.kept else None

    async def _keep(self, chunk: Chunk, round_: "_Round") -> None:
        """Keep what came of asking a source; the last of all is composed from memory, if it has room there."""
        round_.outstanding -= chunk.kept is None or chunk.kept.until is None
        if not round_.outstanding and self.held.take(len(chunk.kept.answer) if chunk.kept else 0):
            round_.last.append(chunk)
            return
        async with store.lasting(self.pool) as connection:
            await self.claim.hold(connection)
            await pages.keep(connection, self._ticket, self.page.number, chunk, self.clock.now())

    async def _asked(self, waiting: Waiting, round_: "_Round") -> Chunk | None:
        """Give what came of asking; None when it is asked again later."""
        source, first = waiting.source, waiting.first
        permits = self.page.permitted(source, first)
        if permits is None:
            return Chunk(source, first, Code.PERMIT_WITHDRAWN)
        permits, following = self.page.tree.first_of(permits)
        errand = self.page.tree.errand(permits, self.keys, self.log.checkpoint)
        reply = await self.sources.ask_page(errand)
        if reply.answer is None:
            await self._postpone(waiting, reply.code)
            return None
        try:
            round_.check_room(reply)
            kept = self._accepted(errand, reply, first, following)
        except Tampered as fault:
            await self._log_dropped(source, first, str(fault), reply)
            return Chunk(source, first, Code.SOURCE_BLOCK_DROPPED)
        round_.given += len(reply.answer)
        return Chunk(source, first, Code.OK, kept)

    def _accepted(self, errand: PageErrand, reply: PageReply, first: int, following: int | None) -> Kept:
        kept = accepted(errand, reply, following, self.catalogue.current)
        gone = self.page.withdrawn(errand.permits.holder, first, kept.until)
        return msgspec.structs.replace(kept, withdrawn=gone) if gone else kept

    async def _postpone(self, waiting: Waiting, code: Code) -> None:
        async with store.lasting(self.pool) as connection:
            await self.claim.hold(connection)
            now = self.clock.now()
            share = Share(self._ticket, self.claim.job)
            due_at = await pages.postpone(connection, share, self.page.number, waiting, code, now)
        _logger.warning("page not answered", source=waiting.source, code=str(code), again=_text(due_at))

    async def _log_dropped(self, source: str, first: int, reason: str, reply: PageReply) -> None:
        place = {"source": source, "page": self.page.number, "from": first}
        fields = {**place, "reason": reason, "signature": reply.signature}
        asker = self.page.tree.asking.voucher.asker.concerned
        async with store.lasting(self.pool) as connection:
            await self.claim.hold(connection)
            await self.log.append(
                Entry(event=Event.BATCH_CHUNK_DROPPED, ticket=self._ticket, asker=asker, fields=fields)
            )


@dataclass(slots=True)
class _Round:
    """How far the asking is."""

    outstanding: int
    """Sources that have not answered all."""
    given: int
    """Bytes of all answers so far."""
    until: float
    """When, by the monotonic clock, it is enough for now."""
    last: list[Chunk] = field(default_factory=list)
    """What came last, and is kept nowhere."""

    def check_room(self, reply: PageReply) -> None:
        """Refuse an answer with which the page is too large. Raises Tampered."""
        if self.given + len(reply.answer or b"") > MAXIMUM_GIVEN:
            raise Tampered(f"With it the answers to the page have more than {MAXIMUM_GIVEN} bytes.")


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


async def together(steps: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Take steps at once; when one fails, the others are broken off, and that is raised."""
    tasks = [asyncio.ensure_future(step) for step in steps]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

"""Answering pages of batches. The same request again gets the same answer, until the deadline of its batch.

The answer is kept in the state folder before it is logged, and shown to the hub only after that. So one that left is in
the log, and one that was lost on the way is given again without another look at the data.
"""

import asyncio
from datetime import datetime
from functools import partial
from pathlib import Path

import msgspec

from crossroads.kernel.clock import Clock
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Refused, Unavailable
from crossroads.participant.bulk_desk import Job, Made
from crossroads.participant.bulk_head import Head
from crossroads.participant.bulk_kept import KeptAnswers
from crossroads.participant.bulk_worker import Worker
from crossroads.participant.config import Config
from crossroads.participant.hub import Hub
from crossroads.participant.permits import check_same_asker, check_statement, recipient, stated
from crossroads.participant.records import Signed
from crossroads.participant.state import Part, Record, State
from crossroads.participant.trust import Trust
from crossroads.wire.batches import BatchStatement
from crossroads.wire.pages import read_batch_statement
from crossroads.wire.signatures import Signature

MAXIMUM_PAGES = 8
"""Pages that are worked on or wait for it; more are told to come back."""


class Pages:
    """Answers requests about pages."""

    def __init__(self, config: Config, hub: Hub, trust: Trust, state: State, clock: Clock) -> None:
        """Take up the answers that are kept."""
        self._hub, self._trust, self._state, self._clock = hub, trust, state, clock
        self._kept = KeptAnswers(config.path(config.state) / "pages", clock.now())
        self._worker = Worker(config)
        self._making: dict[Path, asyncio.Task[None]] = {}

    async def answer(self, head: Head, body: bytes, signature: Signature, received_at: datetime) -> msgspec.Raw:
        """Answer a request whose permit was checked. Raises Refused, Malformed and Unavailable."""
        now = self._clock.now()
        keys = self._hub.proven.prove(head.asker_keys)
        parsed, statement = stated(read_batch_statement, head.statement)
        check_statement(parsed, statement, keys, self._trust, now)
        check_same_asker(head.permit, statement)
        to = recipient(statement, keys, now)
        await self._hub.watch(head.checkpoint, statement.checkpoint)
        await self._hub.know(set(head.openings))
        # A request that was sent twice, byte for byte, is refused here.
        await self._state.seen(signature.nonce, signature.created)
        file = self._kept.file(head.digest, statement.expires_at)
        if file not in self._making and not file.exists():
            groups = tuple(filter(None, map(self._hub.groups.find, head.openings)))
            signed = Signed(signature.key_id, signature.value)
            self._begin(file, head, statement, Job(body, statement, to, groups, signed, received_at, file))
        if file in self._making:
            # Who waits may give up; the answer is made all the same, and is there when it is asked for again.
            await asyncio.shield(self._making[file])
        return msgspec.Raw(await asyncio.to_thread(file.read_bytes))

    def make_way(self) -> None:
        """Have those who ask about one person wait less."""
        self._worker.make_way()

    async def close(self) -> None:
        """Give up what is being made."""
        await self._worker.close()
        await asyncio.gather(*self._making.values(), return_exceptions=True)

    def _begin(self, file: Path, head: Head, statement: BatchStatement, job: Job) -> None:
        if len(self._making) >= MAXIMUM_PAGES:
            raise Unavailable("The participant works on as many pages as it can.", code=Code.OVERLOADED)
        task = asyncio.create_task(self._make(file, head, statement, job))
        self._making[file] = task
        task.add_done_callback(partial(self._made, file))

    def _made(self, file: Path, task: asyncio.Task[None]) -> None:
        del self._making[file]
        if not task.cancelled():
            task.exception()  # whoever waited was told; perhaps nobody did

    async def _make(self, file: Path, head: Head, statement: BatchStatement, job: Job) -> None:
        try:
            await asyncio.to_thread(self._kept.remove_expired, self._clock.now())
        except OSError as error:
            raise Unavailable(f"The folder of kept answers cannot be read: {error.strerror}.") from error
        new = self._kept.new(file)
        made = await self._worker.answer(job._replace(file=new))
        try:
            await self._state.take(self._record(head, statement, made), made.committed)
        except Refused:
            new.unlink()
            raise
        await asyncio.to_thread(self._kept.show, new, file)

    def _record(self, head: Head, statement: BatchStatement, made: Made) -> Record:
        part = Part(
            batch=str(head.ticket),
            nonce=statement.nonce,
            page=head.page,
            start=made.start,
            until=made.until,
            request=head.digest,
            expires=int(statement.expires_at.timestamp()),
        )
        return Record(
            ticket=made.ticket,
            holder=head.permit.holder,
            asker=head.permit.asker,
            nonce=f"{statement.nonce} {head.page} {made.start}",
            request_nonce="",
            created=int(self._clock.now().timestamp()),
            fields=made.fields,
            part=part,
        )

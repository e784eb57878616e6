"""Where a page is worked on: its records are checked, read, sealed and signed. It runs in a process of its own."""

from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from crossroads.kernel.clock import SystemClock
from crossroads.kernel.errors import Unavailable
from crossroads.participant.blocks import signing_keys
from crossroads.participant.bulk_checks import check_asked
from crossroads.participant.bulk_chunk import Chunk
from crossroads.participant.bulk_reading import Reader
from crossroads.participant.bulk_sources import many_sources
from crossroads.participant.config import Config
from crossroads.participant.datagroups import Group
from crossroads.participant.datasources import Database
from crossroads.participant.files import write_atomically
from crossroads.participant.records import Signed, page_fields
from crossroads.wire.batches import BatchStatement
from crossroads.wire.bulk import BulkAnswer, BulkRequest
from crossroads.wire.chunks import ChunkName, ChunkSealer
from crossroads.wire.commitments import Committed, commit
from crossroads.wire.decoding import decode
from crossroads.wire.keys import Jwk
from crossroads.wire.messages import SourceTimes

_decoder = msgspec.json.Decoder(BulkRequest)


class Job(NamedTuple):
    """A request whose signature, permit and statement hold, and what is needed to answer it."""

    body: bytes
    statement: BatchStatement
    recipient: Jwk
    groups: tuple[Group, ...]
    signature: Signed
    received_at: datetime
    file: Path
    """Where the answer is put."""


class Made(NamedTuple):
    """That an answer was made: from which place of the page to before which, and what the log is to say of it."""

    ticket: str
    start: int
    until: int
    fields: dict[str, Any]
    committed: Committed


class Desk:
    """Makes answers from the institution's own data."""

    def __init__(self, config: Config) -> None:
        """Open keys and database. Raises WrongSetting and UnsafeKeyFile."""
        self._clear = config.in_the_clear
        self._reader = Reader(many_sources(config, Database(config) if config.database else None))
        self._keys = signing_keys(config)
        self._groups: dict[str, Group] = {}

    async def answer(self, job: Job) -> Made:
        """Put the answer in its file. Raises Malformed, Refused and Unavailable."""
        request = decode(job.body, _decoder)
        check_asked(request, job.statement)
        self._learn(job.groups)
        read_from = SystemClock().now()
        reading = await self._reader.read(request, self._groups)
        chunk = Chunk(request, self._sealer(request, job), self._groups, self._clear)
        answered = chunk.fill(reading)
        done = SystemClock().now()
        times = SourceTimes(received_at=job.received_at, read_from=read_from, read_until=done, replied_at=done)
        _put(job.file, chunk.answer(len(answered), times))
        fields = page_fields(request, answered, job.statement, job.body, job.signature, read_from)
        start, until = answered[0].index, answered[-1].index + 1
        return Made(fields["ticket"], start, until, fields, commit(fields))

    def _learn(self, groups: tuple[Group, ...]) -> None:
        # A group that is as it was keeps what it made of its schema.
        known = self._groups
        self._groups = {group.id: known[group.id] if known.get(group.id) == group else group for group in groups}

    def _sealer(self, request: BulkRequest, job: Job) -> ChunkSealer:
        permit = request.permit
        name = ChunkName(request.ticket, job.statement.nonce, request.page, permit.holder, permit.encryption_key)
        return ChunkSealer(self._keys[permit.holder], job.recipient, name)


def _put(file: Path, answer: BulkAnswer) -> None:
    try:
        write_atomically(file, msgspec.json.encode(answer))
    except OSError as error:
        raise Unavailable(f"The answer cannot be kept in the state folder: {error.strerror}.") from error

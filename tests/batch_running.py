"""What tests of batches under way share: people at some sources, and those sources, which are not ours."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec

from batching import CENTRE, MANAGED, OTHER, Office, lines, office
from crossroads.batch.model import RUN_KIND
from crossroads.batch.ports import PageErrand, PageReply
from crossroads.batch.running import Running
from crossroads.jobs.worker import Kind
from crossroads.kernel.codes import Code
from crossroads.wire.batches import BatchStatus, ChunkLine, Record, RecordLine, ResultLine
from crossroads.wire.bulk import BulkAnswer, BulkBlock
from crossroads.wire.chunks import ChunkName, ChunkOpener, ChunkSealer, Piece, bulk_block, read_chunk
from crossroads.wire.keys import SigningKey
from crossroads.wire.pages import read_batch_statement
from crossroads.wire.registrations import act
from database import OpenPool
from founding import INSTALLATION, small_catalogue
from people import ssin

KEPT = timedelta(days=30)
_lines = msgspec.json.Decoder(ResultLine)

_FULL = """
CREATE OR REPLACE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION USING ERRCODE = 'disk_full', MESSAGE = 'no space left'; END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON {table} FOR EACH STATEMENT EXECUTE FUNCTION full_disk()
"""

Answers = Callable[["Source", PageErrand], Awaitable[PageReply]]


def replied(answer: bytes | None, code: Code = Code.OK) -> PageReply:
    """Give a reply that took no time."""
    now = datetime.now(UTC)
    return PageReply(code=code, asked_at=now, answered_at=now, answer=answer, signature={"value": "test"})


async def honest(source: "Source", errand: PageErrand) -> PageReply:
    """Answer as a source should."""
    return replied(msgspec.json.encode(source.answer(errand)))


@dataclass
class Source:
    """An institution that holds people: it has an amount of everybody whose number does not end as said."""

    key: SigningKey
    recipient: Any
    behaves: Answers = honest
    without: str = "-"
    """How numbers of people end of whom it has nothing."""
    most: int = 10_000
    """Records that it answers at a time."""

    def answer(self, errand: PageErrand, *, sealed: bool = True, **changes: Any) -> BulkAnswer:
        """Make the answer to a page; some of its fields may be changed."""
        _, statement = read_batch_statement(errand.statement)
        holder = errand.permits.holder
        name = ChunkName(errand.ticket, statement.nonce, errand.page, holder, errand.encryption_key)
        sealer = ChunkSealer(self.key, self.recipient, name)
        answered = errand.records[: self.most]
        for record in answered:
            if record.ssin.endswith(self.without):
                continue
            for group, period in errand.permits.scopes[record.scope].data_groups.items():
                content = msgspec.json.encode({"amount": int(record.ssin) % 1000})
                sealer.add(Piece(record.index, record.ssin, group, period, "application/json", content, sealed))
        blocks, chunk = sealer.finish()
        plain = BulkAnswer(ticket=errand.ticket, page=errand.page, answered=len(answered), blocks=blocks, chunk=chunk)
        return msgspec.structs.replace(plain, **changes)


@dataclass
class Neighbours:
    """All sources, as the hub reaches them."""

    sources: dict[str, Source]
    asked: list[tuple[str, int, int, int]] = field(default_factory=list)
    """Who was asked about which page, from which record on, and of how many."""
    records: list[tuple[str, Any, int, Any]] = field(default_factory=list)
    """Who was asked under which scopes, from which record on, about which records."""

    async def ask_page(self, errand: PageErrand) -> PageReply:
        """Pass a question on."""
        holder = errand.permits.holder
        first = errand.records[0].index
        self.asked.append((holder, errand.page, first, len(errand.records)))
        self.records.append((holder, errand.permits.scopes, first, errand.records))
        return await self.sources[holder].behaves(self.sources[holder], errand)


@dataclass
class Hall:
    """An office in which batches are answered."""

    office: Office
    owner: Any
    running: Running
    neighbours: Neighbours

    async def hold(self, number: int, at: str, context: str = "17:2", start: date = date(2020, 1, 1)) -> None:
        """Inscribe an invented person, who comes into being by that."""
        await self.office.pool.execute(
            """WITH born AS (INSERT INTO person (ssin, ticket) SELECT $1, $5 WHERE NOT EXISTS (
                   SELECT FROM ssin_assignment WHERE ssin = $1) RETURNING person),
               named AS (INSERT INTO ssin_assignment (ssin, person, ticket) SELECT $1, person, $5 FROM born)
               INSERT INTO inscription (person, institution, context, start_date, phase, ticket)
               SELECT person, $2, $3, $4, 0, $5 FROM (
                   SELECT person FROM born UNION ALL SELECT person FROM ssin_assignment WHERE ssin = $1) AS known""",
            ssin(number), at, context, start, uuid4(),
        )  # fmt: skip

    async def leave(self, number: int, at: str) -> None:
        """Take out the inscriptions of a person somewhere."""
        await self.office.pool.execute(
            "DELETE FROM inscription WHERE institution = $2 AND person = "
            "(SELECT person FROM ssin_assignment WHERE ssin = $1)",
            ssin(number), at,
        )  # fmt: skip

    async def replaced(self, number: int, by: int) -> None:
        """Give a person a newer number."""
        await self.office.pool.execute(
            """WITH known AS (UPDATE person SET ssin = $2 WHERE ssin = $1 RETURNING person)
               INSERT INTO ssin_assignment (ssin, person, ticket) SELECT $2, person, $3 FROM known""",
            ssin(number), ssin(by), uuid4(),
        )  # fmt: skip

    async def revoke(self, key_id: str) -> None:
        """Revoke a key, as both operators."""
        here = self.office.here
        content = {"installation": INSTALLATION, "keyId": key_id, "reason": "lost"}
        await here.catalogue.revoke_key(act("revoke-key", content).signed_by(here.alice).signed_by(here.bob))

    async def sent(self, records: Sequence[Record], **changes: Any) -> UUID:
        """Announce, send and have checked a file, and give its ticket."""
        status = await self.office.sent(lines(records), records, **changes)
        assert status.state == "RUNNING", status
        return status.ticket

    @property
    def kind(self) -> Kind:
        """The kind of job that answers batches."""
        return Kind(name=RUN_KIND, slice=self.running.slice)

    async def slice(self) -> bool:
        """Work on one slice; False when nothing is due."""
        return await self.office.worker.work(self.kind)

    async def answered(self) -> None:
        """Work until nothing is due."""
        while await self.slice():
            pass

    async def later(self, by: timedelta = timedelta()) -> None:
        """Let time go by, and work until nothing is due."""
        self.office.clock.by += by
        for job in await self.office.jobs.listed():
            await self.office.jobs.resume(job.job)
        await self.answered()

    def at_a_page_a_slice(self) -> Running:
        """Give what answers one page in each slice."""
        return replace(self.running, time=timedelta())

    @asynccontextmanager
    async def full(self, table: str) -> AsyncIterator[None]:
        """Let nothing more be written to a table, which the database says as of a disk that is full."""
        await self.owner.execute(_FULL.format(table=table))
        try:
            yield
        finally:
            await self.owner.execute(f"DROP TRIGGER full_disk ON {table}")

    @staticmethod
    async def silent(_: Source, __: PageErrand) -> PageReply:
        """Do not answer."""
        return replied(None, Code.SOURCE_UNREACHABLE)

    async def decided(self) -> list[dict[str, Any]]:
        """Give the entries of records."""
        return await self.office.logged("batch:record:decided")

    @property
    def always(self) -> tuple[datetime, datetime]:
        """A period that everything is in."""
        return datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)

    async def status(self, ticket: UUID) -> BatchStatus:
        """Give how a batch stands."""
        return await self.office.batches.one(ticket, CENTRE)

    async def result(self, ticket: UUID) -> list[Any]:
        """Give all lines of a result."""
        parts = [
            await self.office.results.part(ticket, CENTRE, number)
            for number in range((await self.status(ticket)).parts)
        ]
        return [line for part in parts for line in _lines.decode_lines(part)]

    async def records(self, ticket: UUID) -> list[RecordLine]:
        """Give the lines of the records."""
        return [line for line in await self.result(ticket) if isinstance(line, RecordLine)]

    def opened(self, result: list[Any], page_size: int = 10_000) -> list[Any]:
        """Open all blocks as the asker does."""
        seal = self.office.authors[CENTRE].seal
        chunks, contents = [], []
        for line in result:
            if isinstance(line, ChunkLine):
                chunks.append(ChunkOpener(seal, read_chunk(line.chunk).claims))
            elif isinstance(line, RecordLine):
                for block in line.blocks:
                    plain: BulkBlock = bulk_block(line.number % page_size, block)
                    contents.append(msgspec.json.decode(chunks[block.chunk].open(plain, line.ssin.value)))
        return contents


def batched() -> list[dict[str, Any]]:
    """Give the institutions of the office's catalogue."""
    centre_c = {"id": OTHER, "sector": 17, "type": 1, "names": {"en": "Centre C"}}
    return [*(msgspec.to_builtins(one) for one in small_catalogue().institutions), centre_c]


@asynccontextmanager
async def hall(pool: OpenPool) -> AsyncIterator[Hall]:
    """Open an office whose sources are OTHER and MANAGED. The centre itself holds nobody of whom it asks."""
    async with office(pool) as made:
        recipient = made.authors[CENTRE].seal.jwk
        keys = {OTHER: made.authors[OTHER].sign, MANAGED: await made.here.signing_key(MANAGED, "sign-9")}
        sources = {name: Source(key, recipient) for name, key in keys.items()}
        await made.here.log.sign_checkpoint()
        neighbours = Neighbours(sources)
        running = Running(
            pool=made.pool,
            log=made.here.log,
            jobs=made.jobs,
            catalogue=made.here.catalogue,
            sources=neighbours,
            clock=made.clock,
            subject_key=b"s" * 32,
            kept=KEPT,
        )
        yield Hall(made, await pool("crossroads_owner"), running, neighbours)

"""Batches as their institution deals with them: announce, look, give up; uploads and results have their own files."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from uuid6 import uuid7

from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.service import Log
from crossroads.audit.turns import Turns
from crossroads.batch import store
from crossroads.batch.errors import BatchUnknown
from crossroads.batch.model import PAGE_OF_BATCHES, Announced, Batch, status_of
from crossroads.batch.vouchers import check_voucher
from crossroads.directory.rules import CurrentCatalogue
from crossroads.identity.database import Connection, Pool, outages
from crossroads.identity.surroundings import Surroundings
from crossroads.jobs.model import Job
from crossroads.jobs.service import Jobs
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Conflict, CrossroadsError, Fault, Malformed, Refused
from crossroads.kernel.guards import Signed
from crossroads.kernel.sentences import Sentence, together
from crossroads.wire.batches import MAXIMUM_SEQUENCE, BatchList, BatchState, BatchStatus, Voucher
from crossroads.wire.canonical import b64url, canonical, sha256

AT_ONCE = 2
"""Vouchers that a process deals with at once for one institution."""
WAITING = 64
"""More of them that may wait. What comes beyond is refused."""
_INVALID = "urn:problem-type:belgif:input-validation:invalidInput"


class Batches:
    """The batches of all institutions; each sees its own alone."""

    def __init__(
        self, pool: Pool, log: Log, catalogue: CurrentCatalogue, surroundings: Surroundings, *, jobs: Jobs, most: int
    ) -> None:
        """Give a log that does not use connections of `pool`. `most` batches of one institution may be open."""
        self._pool, self._log, self._catalogue, self._surroundings = pool, log, catalogue, surroundings
        self._jobs, self._most = jobs, most
        # The vouchers of an institution wait for each other; each that does so in the database has a connection.
        self._turns: defaultdict[str, Turns] = defaultdict(lambda: Turns(AT_ONCE, WAITING))

    async def announce(self, voucher: Voucher, signed: Signed) -> BatchStatus:
        """Take a voucher, or give what came of it before.

        Raises what `check_voucher` raises, and Conflict for a reference, a sequence number, a file or a statement that
        was used before, and for one batch too many.
        """
        digest = sha256(canonical(voucher))
        if signed.institution == voucher.asker.institution and (known := await self._known(voucher, digest)):
            return await self.told(known)
        try:
            async with self._turns[signed.institution].turn():
                batch = await self._announced(voucher, digest, signed)
        except (Refused, Conflict) as refusal:
            await self._log_refusal(voucher, signed, refusal)
            raise
        return await self.told(batch)

    async def one(self, ticket: UUID, institution: str) -> BatchStatus:
        """Tell how far a batch is. Raises BatchUnknown, also for that of another."""
        return await self.told(await self.own(ticket, institution))

    async def listed(self, institution: str, before: int | None) -> BatchList:
        """Tell of the batches of an institution, the newest first, from before a sequence number on.

        Raises Malformed for a number that no file can have.
        """
        if before is not None and not 0 < before <= MAXIMUM_SEQUENCE:
            raise Malformed(Fault("$.before", _INVALID, "It is the sequence number of a file."))
        with outages():
            async with self._pool.acquire() as connection:
                found = await store.listed(connection, institution, before, PAGE_OF_BATCHES + 1)
        shown, more = found[:PAGE_OF_BATCHES], found[PAGE_OF_BATCHES:]
        following = shown[-1].file_sequence_number if more else None
        return BatchList(batches=tuple(await self._told(shown)), next=following)

    async def cancel(self, ticket: UUID, institution: str, *, by: str = "institution") -> BatchStatus:
        """Give a batch up; nothing of it stays. Raises BatchUnknown, and Conflict for one that ended otherwise.

        The log says who did so: the institution, or an operator for it.
        """
        await self.own(ticket, institution)
        async with store.lasting(self._pool) as connection:
            # Whoever works on it locks the job first, too.
            await self._jobs.cancel(connection, ticket)
            batch = await store.locked(connection, ticket)
            # Also the job that was queued while this waited.
            await self._jobs.cancel(connection, ticket)
            if batch is None or (batch.over and batch.state is not BatchState.CANCELLED):
                raise Conflict(code=Code.BATCH_OVER)
            if not batch.over:
                progress = {"decided": batch.decided, "answered": batch.answered}
                fields = {"reference": batch.reference, "by": by, **progress}
                entry = Entry(event=Event.BATCH_CANCELLED, ticket=ticket, asker=institution, fields=fields)
                await self._log.append(entry)
                await store.cancel(connection, ticket, self._surroundings.clock.now())
        return await self.one(ticket, institution)

    async def own(self, ticket: UUID, institution: str) -> Batch:
        """Give a batch of an institution. Raises BatchUnknown."""
        with outages():
            async with self._pool.acquire() as connection:
                batch = await store.one(connection, ticket)
        if batch is None or batch.institution != institution:
            raise BatchUnknown
        return batch

    async def told(self, batch: Batch) -> BatchStatus:
        """Give what an institution is told of its batch."""
        (status,) = await self._told([batch])
        return status

    async def _told(self, batches: Sequence[Batch]) -> list[BatchStatus]:
        under_way = [batch.ticket for batch in batches if not batch.over]
        jobs: dict[UUID, Job] = {}
        if under_way:
            with outages():
                async with self._pool.acquire() as connection:
                    jobs = await self._jobs.about(connection, under_way)
        environment, checkpoint = self._surroundings.environment, self._log.checkpoint
        return [status_of(batch, jobs.get(batch.ticket), environment, checkpoint) for batch in batches]

    async def _known(self, voucher: Voucher, digest: bytes) -> Batch | None:
        """Give the batch of this very voucher. Raises Conflict where its reference was used for another."""
        with outages():
            async with self._pool.acquire() as connection:
                return await _of_voucher(connection, voucher, digest)

    async def _announced(self, voucher: Voucher, digest: bytes, signed: Signed) -> Batch:
        now = self._surroundings.clock.now()
        stated = check_voucher(voucher, signed.institution, self._catalogue.current, now)
        announced = Announced(uuid7(), voucher, digest, stated.signer, stated.nonce, now)
        async with store.lasting(self._pool) as connection:
            last = await store.last_number(connection, signed.institution)
            # Again, now that no other voucher of the institution is on its way.
            if known := await _of_voucher(connection, voucher, digest):
                return known
            await self._check_new(connection, announced, last)
            await store.add(connection, announced, signed.signature)
            await self._log.append(_accepted(announced, signed))
            batch = await store.one(connection, announced.ticket)
        if batch is None:
            raise BatchUnknown
        return batch

    async def _check_new(self, connection: Connection, announced: Announced, last: int) -> None:
        voucher = announced.voucher
        institution, number = voucher.asker.institution, voucher.file_sequence_number
        if number <= last:
            raise Conflict(_expecting(Code.FILE_NUMBER_RECEIVED, last), code=Code.FILE_NUMBER_RECEIVED)
        if number > last + 1:
            raise Conflict(_expecting(Code.FILE_NUMBER_GAP, last), code=Code.FILE_NUMBER_GAP)
        if await store.same_file(connection, voucher) is not None:
            raise Conflict(code=Code.FILE_REPEATED)
        if await store.same_nonce(connection, institution, announced.nonce):
            raise Conflict(code=Code.STATEMENT_REUSED)
        if await store.open_batches(connection, institution) >= self._most:
            raise Conflict(code=Code.BATCH_LIMIT)

    async def _log_refusal(self, voucher: Voucher, signed: Signed, refusal: CrossroadsError) -> None:
        code = str(refusal.code) if refusal.code else type(refusal).__name__
        fields = {"code": code, **_said(voucher, signed)}
        await self._log.append(
            Entry(event=Event.BATCH_REFUSED, ticket=uuid7(), asker=signed.institution, fields=fields)
        )


async def _of_voucher(connection: Connection, voucher: Voucher, digest: bytes) -> Batch | None:
    batch = await store.of_reference(connection, voucher.asker.institution, voucher.reference)
    if batch is not None and batch.voucher_digest != digest:
        raise Conflict(code=Code.REFERENCE_REUSED)
    return batch


def _accepted(announced: Announced, signed: Signed) -> Entry:
    voucher = announced.voucher
    fields = {
        **_said(voucher, signed),
        "acceptedAt": announced.accepted_at.isoformat(timespec="microseconds"),
        "fileDigest": voucher.digest,
        "size": voucher.size,
        "deadline": voucher.deadline.isoformat(timespec="microseconds"),
        "statement": voucher.statement,
    }
    return Entry(event=Event.BATCH_ACCEPTED, ticket=announced.ticket, asker=voucher.asker.concerned, fields=fields)


def _said(voucher: Voucher, signed: Signed) -> dict[str, object]:
    """Give what is logged of every voucher, and what shows by which request it came."""
    return {
        "reference": voucher.reference,
        "fileSequenceNumber": voucher.file_sequence_number,
        "institution": voucher.asker.institution,
        "onBehalfOf": voucher.asker.on_behalf_of,
        "agent": voucher.asker.agent,
        "legalContext": voucher.legal_context,
        "groupsAsked": list(voucher.data_groups),
        "records": voucher.records,
        "keyId": signed.key_id,
        "request": b64url(sha256(signed.body)),
        "requestSignature": signed.signature,
    }


def _expecting(code: Code, last: int) -> str:
    return together(code.description, Sentence("The next file has the number %(number)s.", number=last + 1))

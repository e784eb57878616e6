"""Batches as an institution deals with them: prepare, send, look, read the result. Step by step: see `steps`."""

import secrets
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from crossroads.kernel.clock import brussels_day
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Conflict, CrossroadsError, Refused, Tampered, Unavailable
from crossroads.participant import batches_result, batches_voucher
from crossroads.participant.batches_file import RecordRules, Source, Tell, digest_in, form_of, measure, opened, pages_of
from crossroads.participant.batches_hub import BatchHub
from crossroads.participant.batches_kept import Kept, KeptBatches, copy_in
from crossroads.participant.batches_result import AnsweredRecord, Asked, Page
from crossroads.participant.batches_voucher import BatchWish
from crossroads.participant.correspondence import Correspondence
from crossroads.participant.datagroups import DataGroups
from crossroads.participant.questions import Asking
from crossroads.participant.sourcekeys import SourceKeys
from crossroads.participant.steps import Pause, Steps
from crossroads.wire.batches import MAXIMUM_PART, BatchList, BatchState, BatchStatus, Record, SummaryLine
from crossroads.wire.chunks import ChunkOpener, read_chunk
from crossroads.wire.pages import page_count, read_batch_statement

_KEY_BYTES = 32
_TRIES = 8
"""Of a call that fails, one after another, before the upload is given up for now."""
_WAIT_SECONDS = 0.25
"""Before the first try again; each wait is twice the one before."""
_FRUITLESS = (BatchState.REFUSED, BatchState.CANCELLED)
_RENUMBERED = (Code.FILE_NUMBER_RECEIVED, Code.FILE_NUMBER_GAP)


class Batches:
    """The batches of one institution, with what is kept of them here."""

    def __init__(self, asking: Asking, hub: Correspondence) -> None:
        """Deal with them over a correspondence with the hub."""
        self._asking, self._correspondence = asking, hub
        self._hub = BatchHub(hub)
        self._kept = KeptBatches(hub.folder / "batches")
        self._keys = SourceKeys(hub)
        self._groups = DataGroups(hub.hub, hub.folder / "data-groups.json")

    def prepare(self, file: Path, wish: BatchWish, tell: Tell) -> Kept:
        """Check a file line by line and make its voucher; a batch that was begun before is taken up again.

        This reads the file. Raises BadFile with the line, Refused, Malformed, Conflict for a reference of another, and
        Unavailable for a file that changes meanwhile.
        """
        form = form_of(file)
        with opened(file) as source:
            return self.prepare_open(Source(source, form, digest_in(source)), wish, tell)

    def prepare_open(self, source: Source, wish: BatchWish, tell: Tell) -> Kept:
        """As `prepare`, of a file that is open."""
        kept = self._kept.find(batches_voucher.reference_of(wish, source.digest))
        if kept is not None:
            same = batches_voucher.asks_the_same(kept.voucher, wish, self._asking.institution)
            if same and kept.voucher.digest == source.digest:
                return kept
            if kept.ticket is not None:
                raise Conflict(batches_voucher.taken(kept.voucher, source.digest))
        begun = self._kept.begin()
        try:
            return self._prepared(source, wish, begun, tell)
        except OSError as error:
            raise Unavailable(f"The file cannot be copied to {begun.parent}: {error.strerror}.") from error
        finally:
            shutil.rmtree(begun, ignore_errors=True)

    def submit(self, kept: Kept, tell: Tell) -> Steps[BatchStatus]:
        """Announce a batch that was prepared and send its file, from where the hub has it. Raises Refused, Unavailable.

        After Unavailable it may be done again: it goes on.
        """
        status = yield from self._announced(kept)
        failures = 0
        with opened(self._kept.file(kept)) as file:
            while status.state is BatchState.ANNOUNCED and status.received < status.size:
                before = status.received
                file.seek(before)
                try:
                    status = yield from self._hub.send(status.ticket, before, file.read(MAXIMUM_PART))
                except (Unavailable, Refused) as error:
                    status = yield from self._after(error, status, failures)
                failures = failures + 1 if status.received <= before else 0
                if failures > _TRIES:
                    raise Tampered("The hub says that it takes the file, and does not have more of it.")
                tell("sent", status.received, status.size)
        return status

    def ticket(self, reference: str) -> Steps[UUID]:
        """Give the ticket of a batch by its reference. Raises Refused when there is none."""
        kept = self._kept.find(reference)
        if kept is not None and kept.ticket is not None:
            return kept.ticket
        before: int | None = None
        while True:
            listed = yield from self._hub.listed(before)
            for status in listed.batches:
                if status.reference == reference:
                    return status.ticket
            if listed.next is None:
                raise Refused("The hub knows no batch of yours with this reference.")
            before = listed.next

    def status(self, ticket: UUID) -> Steps[BatchStatus]:
        """Ask how far a batch is; one without a result to read is kept no longer. Raises Refused or Unavailable."""
        status = yield from self._hub.status(ticket)
        if status.state in _FRUITLESS or (status.state is BatchState.COMPLETED and not status.parts):
            self._forget(ticket)
        return status

    def listed(self, before: int | None) -> Steps[BatchList]:
        """Give some of one's own batches, the newest first. Raises Refused or Unavailable."""
        return (yield from self._hub.listed(before))

    def cancel(self, ticket: UUID) -> Steps[BatchStatus]:
        """Give a batch up; nothing is kept of it. Raises Refused or Unavailable."""
        status = yield from self._hub.cancel(ticket)
        self._forget(ticket)
        return status

    def acknowledge(self, ticket: UUID) -> Steps[BatchStatus]:
        """Say that a result is in safety: the hub removes it, and nothing is kept here. Raises Refused, Unavailable."""
        status = yield from self._hub.acknowledge(ticket)
        self._forget(ticket)
        return status

    def is_of(self, ticket: UUID, wish: BatchWish, digest: str) -> bool:
        """Tell whether a ticket is that of this file and wish, as far as it is known here."""
        kept = self._kept.with_ticket(ticket)
        if kept is None:
            return True
        same = batches_voucher.asks_the_same(kept.voucher, wish, self._asking.institution)
        return same and kept.voucher.digest == digest

    def result(self, ticket: UUID) -> "Reading":
        """Begin to read a result. Raises Refused when the batch was not sent from here."""
        kept = self._kept.with_ticket(ticket)
        if kept is None:
            raise Refused(
                "Nothing is kept here of this batch: its result is read where it was sent from, until acknowledged."
            )
        _, statement = read_batch_statement(kept.voucher.statement)
        asked = Asked(ticket, kept.voucher, statement, self._asking)
        return Reading(asked, pages_of(self._kept.file(kept), kept.form), self)

    def page(self, number: int, records: list[Record], asked: Asked) -> Steps[list[AnsweredRecord]]:
        """Fetch a page of a result, check and open it. Raises Tampered, Refused or Unavailable."""
        body = yield from self._part(asked.ticket, number)
        page = batches_result.read_page(body, number, records, asked)
        yield from self._know(asked.voucher.data_groups)
        openers: dict[int, ChunkOpener | CrossroadsError] = {}
        for place in range(len(page.chunks)):
            try:
                openers[place] = yield from self._verified(place, page, asked)
            except Unavailable:
                raise  # whether it holds is not known
            except CrossroadsError as error:
                openers[place] = error
        known = {name: group for name in asked.voucher.data_groups if (group := self._groups.find(name))}
        return batches_result.opened(page, openers, known, asked)

    def summary(self, number: int, asked: Asked, counted: Counter[str]) -> Steps[SummaryLine]:
        """Fetch the last part of a result, which must count what was read. Raises Tampered, Refused or Unavailable."""
        return batches_result.read_summary((yield from self._part(asked.ticket, number)), asked, counted)

    def _prepared(self, source: Source, wish: BatchWish, begun: Path, tell: Tell) -> Kept:
        now, trust = self._correspondence.clock.now(), self._asking.trust
        rules, key = RecordRules(trust.environment, brussels_day(now), wish.days), secrets.token_urlsafe(_KEY_BYTES)
        with copy_in(begun).open("wb") as copy:
            measured = measure(source.file, copy, source.form, rules, key, tell)
        if measured.digest != source.digest:
            raise Unavailable("The file was changed while it was read.")
        checkpoint = self._correspondence.witness.newest
        voucher = batches_voucher.build(wish, self._asking, (measured, source.form, key), checkpoint, now)
        kept = Kept(voucher=voucher, numbered=wish.sequence_number is not None)
        self._kept.add(kept, begun)
        return kept

    def _announced(self, kept: Kept) -> Steps[BatchStatus]:
        if kept.ticket is not None:
            return (yield from self._hub.announce(kept.voucher))
        yield from self._check_known(kept)
        for last in (False, False, True):
            listed = yield from self._hub.listed()
            mine = next((one for one in listed.batches if one.reference == kept.voucher.reference), None)
            kept = self._kept.update(kept.numbered_as(_number(kept, listed, mine)))
            try:
                status = yield from self._hub.announce(kept.voucher)
            except Refused as error:
                if error.code in _RENUMBERED and not (kept.numbered or mine or last):
                    continue
                if mine is None:
                    self._kept.forget(kept)
                if error.code is Code.REFERENCE_REUSED:
                    raise Refused(batches_voucher.taken(kept.voucher), code=error.code) from None
                raise
            break
        self._kept.update(kept.with_ticket(status.ticket))
        return status

    def _check_known(self, kept: Kept) -> Steps[None]:
        """Refuse a data group that the catalogue has not: the hub itself cannot tell that from one not authorised."""
        yield from self._know(kept.voucher.data_groups)
        for group in kept.voucher.data_groups:
            if self._groups.find(group) is None:
                self._kept.forget(kept)
                raise Refused(f"The catalogue has no data group {group}.")

    def _after(self, error: CrossroadsError, status: BatchStatus, failures: int) -> Steps[BatchStatus]:
        """Wait a little after a part that failed, and give from where to go on. Raises the error after many."""
        if failures == _TRIES or not (isinstance(error, Unavailable) or error.code is Code.UPLOAD_OFFSET):
            raise error
        yield Pause(_WAIT_SECONDS * 2**failures)
        try:
            return (yield from self._hub.status(status.ticket))
        except Unavailable:
            return status

    def _part(self, ticket: UUID, number: int) -> Steps[bytes]:
        for failures in range(_TRIES):
            try:
                return (yield from self._hub.part(ticket, number))
            except Unavailable:
                yield Pause(_WAIT_SECONDS * 2**failures)
        return (yield from self._hub.part(ticket, number))

    def _know(self, groups: tuple[str, ...]) -> Steps[None]:
        now = self._correspondence.clock.now()
        missing = any(self._groups.find(group) is None for group in groups)
        if self._groups.due(now, missing=missing):
            try:
                yield from self._groups.refresh(now)
            except Unavailable:
                if missing:
                    raise

    def _verified(self, place: int, page: Page, asked: Asked) -> Steps[ChunkOpener]:
        chunk = read_chunk(page.chunks[place].chunk)
        key = yield from self._keys.find(page.chunks[place].source, chunk.key_id)
        return batches_result.verified(chunk, key, place, page, asked, self._correspondence.clock.now())

    def _forget(self, ticket: UUID) -> None:
        if kept := self._kept.with_ticket(ticket):
            self._kept.forget(kept)


class Reading:
    """A result that is being read, page by page; only one page is held at a time."""

    def __init__(self, asked: Asked, records: Iterator[list[Record]], batches: Batches) -> None:
        """Begin with the first page."""
        self._asked, self._records, self._batches = asked, records, batches
        self._number = 0
        self._counted: Counter[str] = Counter()
        self.pages = page_count(asked.voucher.records)

    def next_page(self) -> Steps[list[AnsweredRecord]]:
        """Give what came of the next page; nothing once all are read and the summary was found right.

        Raises Tampered, Refused or Unavailable.
        """
        records = next(self._records, None)
        if records is None:
            yield from self._batches.summary(self._number, self._asked, self._counted)
            return []
        page = yield from self._batches.page(self._number, records, self._asked)
        self._counted.update(str(record.line.status.value) for record in page)
        self._number += 1
        return page


def _number(kept: Kept, listed: BatchList, mine: BatchStatus | None) -> int:
    """Give the sequence number: that under which the batch is known, the caller's, or the one after the last."""
    if mine is not None:
        return mine.file_sequence_number
    if kept.numbered:
        return kept.voucher.file_sequence_number
    return listed.batches[0].file_sequence_number + 1 if listed.batches else 1

"""Asking a source about a page, and looking at its answer: whether it is one to what was asked. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial

import msgspec

from crossroads.access.model import PermitSet, Permitted
from crossroads.batch.deciding import Asking
from crossroads.batch.ports import PageErrand, PageReply
from crossroads.catalogue.snapshot import Snapshot
from crossroads.kernel.errors import Tampered
from crossroads.wire.batches import PAGE, Record
from crossroads.wire.bulk import MAXIMUM_BULK_REQUEST, BulkAnswer, BulkBlock, BulkRecord, Scope
from crossroads.wire.chunks import ChunkName, read_chunk, verify_chunk
from crossroads.wire.decoding import UNREADABLE
from crossroads.wire.keys import VerifyKey
from crossroads.wire.messages import ProvenKey
from crossroads.wire.pages import page_path, read_batch_statement, record_leaf, salt_of, siblings
from crossroads.wire.registrations import KeyUse

_ROOM = MAXIMUM_BULK_REQUEST - 1024 * 1024
"""Bytes of scopes and records in a request. All else in it, siblings and proofs of keys, has less than the rest."""

_answer = msgspec.json.Decoder(BulkAnswer)
_encode = msgspec.json.encode


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that is one to what was asked, as it is kept until its page is composed."""

    asked_at: datetime
    answered_at: datetime
    signature: dict[str, str] | None
    answer: msgspec.Raw
    until: int | None
    """The first record of the page that it says nothing of; None where it answers all that were asked about."""
    withdrawn: tuple[int, ...] = ()
    """Records about which it was not asked, because that is not permitted any more."""

    @property
    def read(self) -> BulkAnswer:
        """The answer."""
        return _answer.decode(self.answer)


@dataclass(frozen=True)
class Tree:
    """The records of a page as the asker's statement holds them: each source gets what it needs of it."""

    asking: Asking
    page: int
    records: Sequence[Record]
    roots: Sequence[bytes]
    """Of all pages of the file."""

    @cached_property
    def salts(self) -> list[str]:
        """The salt of each record."""
        key, first = self.asking.voucher.records_key, self.page * PAGE
        return [salt_of(key, number) for number in range(first, first + len(self.records))]

    @cached_property
    def leaves(self) -> list[bytes]:
        """The leaf of each record."""
        return list(map(record_leaf, self.salts, self.records))

    @cached_property
    def path(self) -> tuple[bytes, ...]:
        """What leads from the root of the page to that of the file."""
        return page_path(self.roots, self.page)

    def first_of(self, permits: PermitSet) -> tuple[PermitSet, int | None]:
        """Give the permits that have room in one request, and the first record beyond them.

        Where each record has days of its own, or is asked about under a scope of its own, not all of a page have.
        """
        left, numbers = _ROOM, set[int]()
        for person in permits.persons:
            left -= len(_encode(self._record(person))) + 1
            if person.scope not in numbers:
                numbers.add(person.scope)
                left -= len(_encode(permits.scopes[person.scope])) + 1
            if left < 0 and person.at > permits.persons[0].at:
                return permits.only(partial(_is_before, person.at)), person.at
        return permits, None

    def errand(self, permits: PermitSet, keys: tuple[ProvenKey, ...], checkpoint: str) -> PageErrand:
        """Give what the holder of these permits is asked."""
        voucher = self.asking.voucher
        groups = {group for scope in permits.scopes for group in scope.data_groups}
        return PageErrand(
            ticket=self.asking.ticket,
            page=self.page,
            permits=permits,
            statement=voucher.statement,
            openings={group: voucher.openings[group] for group in sorted(groups)},
            records=tuple(map(self._record, permits.persons)),
            size=len(self.records),
            siblings=siblings(self.leaves, [person.at for person in permits.persons]),
            path=self.path,
            asker_keys=keys,
            encryption_key=voucher.asker.encryption_key,
            received_on=self.asking.received_on,
            deadline=self.asking.batch.deadline,
            checkpoint=checkpoint,
        )

    def _record(self, person: Permitted) -> BulkRecord:
        own = self.records[person.at]
        return BulkRecord(
            person.at,
            person.ssin,
            person.scope,
            self.salts[person.at],
            person.known_as,
            own.period,
            own.reference_date,
        )


def _is_before(end: int, person: Permitted) -> bool:
    return person.at < end


def accepted(errand: PageErrand, reply: PageReply, following: int | None, snapshot: Snapshot) -> Kept:
    """Give the answer as it is kept, when it answers what was asked. Raises Tampered, which says what is wrong.

    `following` is the first record that it is still to be asked about, if not all had room in one request.
    """
    nonce = read_batch_statement(errand.statement)[1].nonce
    try:
        answer = _answer.decode(reply.answer or b"")
    except UNREADABLE:
        raise Tampered("It is not an answer to a page.") from None
    if (answer.ticket, answer.page) != (errand.ticket, errand.page):
        raise Tampered("It is the answer to another page.")
    if not 0 < answer.answered <= len(errand.records):
        raise Tampered("It answers none of the records, or more than were asked about.")
    _check_blocks(answer, errand, snapshot)
    _check_signature(answer, errand, nonce, snapshot, reply.asked_at)
    rest = errand.records[answer.answered :]
    return Kept(
        asked_at=reply.asked_at,
        answered_at=reply.answered_at,
        signature=reply.signature,
        answer=msgspec.Raw(reply.answer or b""),
        until=rest[0].index if rest else following,
    )


def _check_blocks(answer: BulkAnswer, errand: PageErrand, snapshot: Snapshot) -> None:
    scopes = errand.permits.scopes
    asked = {record.index: scopes[record.scope] for record in errand.records[: answer.answered]}
    allowed: dict[tuple[str, str, bool], bool] = {}
    for block in answer.blocks:
        scope = asked.get(block.index)
        if scope is None or scope.data_groups.get(block.data_group) != block.period:
            raise Tampered("A block is of a record, data group or period that was not asked for.")
        kind = block.data_group, block.media_type, block.sealed is not None
        if kind not in allowed:
            allowed[kind] = _is_as_catalogued(block, errand, snapshot)
        if not allowed[kind]:
            raise Tampered("A block is not sealed, or of another media type, though the catalogue says so.")
    _check_failures(answer.failed, asked)


def _check_failures(failed: Mapping[str, Mapping[str, str]], asked: Mapping[int, Scope]) -> None:
    known = {str(index): scope.data_groups for index, scope in asked.items()} if failed else {}
    for index, groups in failed.items():
        if not groups or not set(groups) <= set(known.get(index, ())):
            raise Tampered("It tells of a failure with a record or data group that was not asked for.")


def _is_as_catalogued(block: BulkBlock, errand: PageErrand, snapshot: Snapshot) -> bool:
    # A source may always seal. In the clear goes only what the catalogue leaves unsealed.
    group = snapshot.data_group(block.data_group, errand.received_on)
    return group is not None and block.media_type == group.media_type and (block.sealed is not None or not group.sealed)


def _check_signature(answer: BulkAnswer, errand: PageErrand, nonce: str, snapshot: Snapshot, when: datetime) -> None:
    chunk = read_chunk(answer.chunk)
    name = ChunkName(errand.ticket, nonce, errand.page, errand.permits.holder, errand.encryption_key)
    ssins = {record.index: record.ssin for record in errand.records}
    verify_chunk(chunk, _key(chunk.key_id, snapshot, when), name, answer.blocks, ssins)


def _key(key_id: str, snapshot: Snapshot, when: datetime) -> VerifyKey:
    key = snapshot.key(key_id)
    if key is None or key.verify is None or key.registration.use is not KeyUse.SIGN or not key.in_force(when):
        raise Tampered("It is signed with a key that is not registered to sign, or not in force.")
    return key.verify

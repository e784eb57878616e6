"""The client's work, step by step and without input or output: see `steps`."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import msgspec

from crossroads.kernel.clock import brussels_day
from crossroads.kernel.errors import CrossroadsError, Tampered, Unavailable
from crossroads.participant import questions, receipts, replies
from crossroads.participant.correspondence import Correspondence
from crossroads.participant.datagroups import DataGroups, Named, Told
from crossroads.participant.provenkeys import NotProven
from crossroads.participant.published import entries
from crossroads.participant.questions import Asked, Asking, Wish
from crossroads.participant.replies import BlockRejected, OpenedBlock, Reply
from crossroads.participant.sourcekeys import SourceKeys
from crossroads.participant.steps import Call, Pause, Steps, fetch
from crossroads.wire.batches import Days
from crossroads.wire.blocks import read_block
from crossroads.wire.messages import (
    Answer,
    Block,
    InscriptionLine,
    InscriptionOutcome,
)
from crossroads.wire.mutations import Item
from crossroads.wire.proofs import EntryProof

RECEIPT_TIME = timedelta(seconds=2)
"""Within which the hub promises that an entry is in the log."""
_BETWEEN_TRIES = 0.2


class _Institution(msgspec.Struct, frozen=True):
    id: str
    sector: int


_outcome_decoder = msgspec.json.Decoder(InscriptionOutcome)
_proof_decoder = msgspec.json.Decoder(EntryProof)


class Asker:
    """An institution that asks."""

    def __init__(self, asking: Asking, hub: Correspondence) -> None:
        """Ask over a correspondence with the hub."""
        self._asking = asking
        self._hub = hub
        self._keys = SourceKeys(hub)
        self._groups = DataGroups(hub.hub, hub.folder / "data-groups.json")

    def ask(self, wish: Wish) -> Steps[Reply]:
        """Ask once. Raises Refused or Unavailable when the hub refuses, Tampered for an answer that does not hold."""
        yield from self._hub.witness.regain_trust(self._hub.clock.now())
        asked = questions.build(wish, self._asking, self._hub.hub, self._hub.witness.newest, self._hub.clock.now())
        got = yield from self._hub.post(asked.request)
        answer = replies.read_answer(got, asked, self._asking.trust)
        if answer.checkpoint:
            yield from self._hub.watch(answer.checkpoint)
        yield from self._know_groups(answer)
        opened: list[OpenedBlock] = []
        rejected: list[BlockRejected] = []
        for block in answer.blocks:
            try:
                opened.append((yield from self._open(block, answer, asked)))
            except CrossroadsError as error:
                rejected.append(replies.rejected(block, error))
        return Reply(answer, replies.digest_of(got.body), tuple(opened), tuple(rejected))

    def fetch(self, item: Item, agent: str) -> Steps[Reply]:
        """Ask for the data that an item of the mailbox is about. Raises Refused for one that is void, and as `ask`."""
        return (yield from self.ask(questions.fetching(item, agent, self._hub.clock.now())))

    def inscribe(self, line: InscriptionLine) -> Steps[InscriptionOutcome]:
        """Inscribe a person. Raises Refused or Unavailable."""
        return (yield from self._hub.send("/v1/inscriptions", line, _outcome_decoder))

    def verify_receipt(self, reply: Reply) -> Steps[EntryProof]:
        """Have the hub prove that it kept its promise: that its log has this answer, where the receipt says.

        Raises Tampered when it did not, within the time it promised.
        """
        proof = yield from self._receipt_proof(receipts.question(self._hub.hub, reply))
        receipts.check(proof, reply, self._asking.trust)
        yield from self._hub.watch(proof.inclusion.checkpoint)
        return proof

    def _receipt_proof(self, question: Call) -> Steps[EntryProof]:
        end = self._hub.clock.now() + RECEIPT_TIME
        while True:
            try:
                return (yield from fetch(question, _proof_decoder))
            except Unavailable as error:
                if self._hub.clock.now() >= end:
                    raise Tampered("The hub does not prove that the entry of the receipt is in its log.") from error
                yield Pause(_BETWEEN_TRIES)

    def telling(self, what: Told, names: Sequence[str]) -> Steps[Named]:
        """Give the data groups that tell of statuses, or rights, by their names.

        Raises Unavailable where some are not known here, and the catalogue cannot be read.
        """
        missing, now = len(self._groups.telling(what, names).found) < len(names), self._hub.clock.now()
        if self._groups.due(now, missing=missing):
            try:
                yield from self._groups.refresh(now)
            except Unavailable:
                if missing:
                    raise
        return self._groups.telling(what, names)

    def sectors(self, institutions: Sequence[str]) -> Steps[Mapping[str, int | None]]:
        """Give the sector of each institution; None where that cannot be told now."""
        try:
            today = brussels_day(self._hub.clock.now())
            found = yield from entries(self._hub.hub, "institutions", _Institution, today)
        except Unavailable:
            return dict.fromkeys(institutions)
        known = {one.id: one.sector for one in found}
        return {name: known.get(name) for name in institutions}

    def _know_groups(self, answer: Answer) -> Steps[None]:
        now = self._hub.clock.now()
        missing = any(self._groups.find(block.data_group) is None for block in answer.blocks)
        if self._groups.due(now, missing=missing):
            try:
                yield from self._groups.refresh(now)
            except Unavailable:
                return  # what is known goes on; a block of an unknown data group is rejected

    def _open(self, block: Block, answer: Answer, asked: Asked) -> Steps[OpenedBlock]:
        replies.check_source(block, answer, self._asking.trust)
        days = Days(asked.wish.period, asked.wish.reference_date)
        group = replies.check_asked(block, self._groups.find(block.data_group), asked.wish.data_groups, days)
        signed = read_block(block, self._asking.seal)
        key = yield from self._keys.find(block.source, signed.key_id)
        if key.key is None or not self._hub.may_sign(key):
            raise NotProven("It is no signing key of the source, or not in force.")
        return replies.open_block(block, signed, group, answer, asked, key.key)

"""The client's work, step by step and without input or output: see `steps`."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import msgspec

from crossroads.kernel.clock import Clock
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import CrossroadsError, Tampered, Unavailable
from crossroads.kernel.identifiers import INSTITUTION_PATTERN
from crossroads.participant import questions, receipts, replies
from crossroads.participant.checkpoints import Witness
from crossroads.participant.datagroups import DataGroups
from crossroads.participant.provenkeys import KeyRing, NotProven, Proven, ProvenKeys, hub_ring, institution_ring
from crossroads.participant.questions import Asked, Asking, Wish
from crossroads.participant.replies import BlockRefused, BlockRejected, OpenedBlock, Reply
from crossroads.participant.steps import Call, Got, Pause, Steps, fetch
from crossroads.wire.blocks import read_block
from crossroads.wire.messages import (
    Answer,
    Block,
    InscriptionLine,
    InscriptionOutcome,
)
from crossroads.wire.proofs import EntryProof
from crossroads.wire.registrations import KeyUse
from crossroads.wire.signatures import Request, find_signature

RECEIPT_TIME = timedelta(seconds=2)
"""Within which the hub promises that an entry is in the log."""
_BETWEEN_TRIES = 0.2
_INSTITUTION = re.compile(INSTITUTION_PATTERN.replace("$", r"\Z"))

_outcome_decoder = msgspec.json.Decoder(InscriptionOutcome)
_proof_decoder = msgspec.json.Decoder(EntryProof)


class Asker:
    """An institution that asks: its keys, what it pins, and what it has seen of the hub."""

    def __init__(self, asking: Asking, hub: str, folder: Path, clock: Clock) -> None:
        """Take up what is kept in `folder`."""
        self._asking = asking
        self._hub = hub
        self._folder = folder
        self._clock = clock
        self.witness = Witness(asking.trust.log, folder / "checkpoints.json", hub)
        self._proven = ProvenKeys(asking.trust, self.witness)
        self._hub_keys = hub_ring(hub, asking.trust, self._proven, folder)
        self._rings: dict[str, KeyRing] = {}
        self._groups = DataGroups(hub, folder / "data-groups.json")

    def ask(self, wish: Wish) -> Steps[Reply]:
        """Ask once. Raises Refused or Unavailable when the hub refuses, Tampered for an answer that does not hold."""
        yield from self.witness.regain_trust(self._clock.now())
        asked = questions.build(wish, self._asking, self._hub, self.witness.newest, self._clock.now())
        got = yield from self._post(asked.request)
        answer = replies.read_answer(got, asked, self._asking.trust)
        if answer.checkpoint:
            yield from self._watch(answer.checkpoint)
        yield from self._know_groups(answer)
        opened: list[OpenedBlock] = []
        rejected: list[BlockRejected] = []
        for block in answer.blocks:
            try:
                opened.append((yield from self._open(block, answer, asked)))
            except CrossroadsError as error:
                rejected.append(_rejected(block, error))
        return Reply(answer, replies.digest_of(got.body), tuple(opened), tuple(rejected))

    def inscribe(self, line: InscriptionLine) -> Steps[InscriptionOutcome]:
        """Inscribe a person. Raises Refused or Unavailable."""
        yield from self.witness.regain_trust(self._clock.now())
        request = questions.signed(
            f"{self._hub}/v1/inscriptions", msgspec.json.encode(line), self._asking.sign, self._clock.now()
        )
        got = yield from self._post(request)
        try:
            return _outcome_decoder.decode(got.body)
        except msgspec.MsgspecError as error:
            raise Tampered("The answer has not the form of an outcome.") from error

    def verify_receipt(self, reply: Reply) -> Steps[EntryProof]:
        """Have the hub prove that it kept its promise: that its log has this answer, where the receipt says.

        Raises Tampered when it did not, within the time it promised.
        """
        proof = yield from self._receipt_proof(receipts.question(self._hub, reply))
        receipts.check(proof, reply, self._asking.trust)
        yield from self._watch(proof.inclusion.checkpoint)
        return proof

    def _receipt_proof(self, question: Call) -> Steps[EntryProof]:
        end = self._clock.now() + RECEIPT_TIME
        while True:
            try:
                return (yield from fetch(question, _proof_decoder))
            except Unavailable as error:
                if self._clock.now() >= end:
                    raise Tampered("The hub does not prove that the entry of the receipt is in its log.") from error
                yield Pause(_BETWEEN_TRIES)

    def _post(self, request: Request) -> Steps[Got]:
        got = yield Call(request.method, request.target_uri, request.body, request.headers)
        replies.check_status(got)
        key = yield from self._hub_key(got.headers)
        if key.key is None or key.registration.use is not KeyUse.SIGN or not key.in_force(self._clock.now()):
            raise Tampered("The answer is not signed with a message key of the hub.", code=Code.ANSWER_UNSIGNED)
        replies.check_signature(got, request, key.key)
        return got

    def _hub_key(self, headers: Mapping[str, str]) -> Steps[Proven]:
        try:
            key_id = find_signature(headers).key_id
        except CrossroadsError as error:
            raise Tampered(code=Code.ANSWER_UNSIGNED) from error
        return (yield from self._key(self._hub_keys, key_id))

    def _watch(self, checkpoint: str) -> Steps[None]:
        self.witness.observe(checkpoint)
        if self.witness.due(self._clock.now()):
            yield from self.witness.check(self._clock.now())
            self.witness.check_trusted()

    def _know_groups(self, answer: Answer) -> Steps[None]:
        now = self._clock.now()
        missing = any(self._groups.find(block.data_group) is None for block in answer.blocks)
        if self._groups.due(now, missing=missing):
            try:
                yield from self._groups.refresh(now)
            except Unavailable:
                return  # what is known goes on; a block of an unknown data group is rejected

    def _open(self, block: Block, answer: Answer, asked: Asked) -> Steps[OpenedBlock]:
        replies.check_source(block, answer, self._asking.trust)
        group = replies.check_asked(block, self._groups.find(block.data_group), asked)
        signed = read_block(block, self._asking.seal)
        key = yield from self._key(self._ring(block.source), signed.key_id)
        if key.key is None or key.registration.use is not KeyUse.SIGN or not key.in_force(self._clock.now()):
            raise NotProven("It is no signing key of the source, or not in force.")
        return replies.open_block(block, signed, group, answer, asked, key.key)

    def _ring(self, institution: str) -> KeyRing:
        if not _INSTITUTION.match(institution):
            raise BlockRefused("The source of the block is no institution.", code=Code.BLOCK_INVALID)
        if institution not in self._rings:
            self._rings[institution] = institution_ring(self._hub, institution, self._proven, self._folder)
        return self._rings[institution]

    def _key(self, ring: KeyRing, key_id: str) -> Steps[Proven]:
        found = yield from ring.get(key_id, self._clock.now())
        if found is None:
            raise NotProven(f"The key is {key_id}.")
        return found


def _rejected(block: Block, error: CrossroadsError) -> BlockRejected:
    return BlockRejected(block.data_group, block.source, error.code or Code.BLOCK_INVALID, str(error))

"""Verification of the whole log: every commitment, leaf, subtree, root and checkpoint is computed anew.

It walks the log once, in order, with little memory, on one snapshot of the database, while the log goes on.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeAlias

import msgspec

from crossroads.audit.archive_checks import ArchiveChecks
from crossroads.audit.archived import Archive
from crossroads.audit.database import Pool
from crossroads.audit.events import EXPIRING, Event
from crossroads.audit.findings import Kind, Verification
from crossroads.audit.model import TOP, Record, StoredHead, expiry_text
from crossroads.audit.ranges import Ranges
from crossroads.audit.reading import Reading, Snapshot
from crossroads.audit.walks import SignedRoots, TreeWalk
from crossroads.kernel.errors import InvalidValue, Tampered
from crossroads.wire.commitments import commitments_of, leaf_of
from crossroads.wire.notes import Checkpoint, NoteVerifier, verify_checkpoint, verify_note
from crossroads.wire.proofs import heads_leaf

Progress = Callable[[int, int], None]
"""Is told how many entries and lists of how many are done."""

_STRIDE = 1_000
_CLASSES = {event.value: log_class.value for event, log_class in EXPIRING.items()}
_Expired: TypeAlias = Mapping[str, Ranges]
"""What expired in a stream, by class."""


async def verify(
    pool: Pool,
    verifiers: Collection[NoteVerifier],
    *,
    known: Iterable[Checkpoint] = (),
    archive: Archive | None = None,
    progress: Progress | None = None,
) -> Verification:
    """Verify the log against its public keys, against checkpoints `known` from elsewhere, and with it an `archive`.

    Of what left the database the leaves are verified in any case; what it says, with the archive. Any role
    that may read the log will do. Nothing raises for what is wrong: it is in the findings.
    """
    async with Reading(pool).snapshot() as snapshot:
        checkpoints = {checkpoint.size: checkpoint for checkpoint in known}
        return await _Audit(snapshot, verifiers, checkpoints, archive, progress).run()


class _Audit:
    def __init__(
        self,
        snapshot: Snapshot,
        verifiers: Collection[NoteVerifier],
        known: dict[int, Checkpoint],
        archive: Archive | None,
        progress: Progress | None,
    ) -> None:
        self._snapshot, self._verifiers, self._known, self._progress = snapshot, verifiers, known, progress
        self._outcome = Verification()
        self._archives = ArchiveChecks(verifiers, archive, self._outcome)
        self._done = self._total = 0

    async def run(self) -> Verification:
        heads = await self._snapshot.streams()
        self._total = sum(head.size for head in heads)
        expired = self._expired_ranges(await self._snapshot.own_entries(Event.RANGE_EXPIRED))
        self._archives.begin(await self._snapshot.own_entries(Event.MONTH_ARCHIVED))
        for head in heads:
            if head.stream == TOP:
                await self._verify_lists(head)
            else:
                await self._verify_stream(head, expired.get(head.stream, {}))
        self._told(self._total)
        return self._outcome

    def _expired_ranges(self, expiries: Iterable[Mapping[str, Any]]) -> dict[int, _Expired]:
        """Give the ranges that a key of the log says expired; whoever else says so is not believed."""
        ranges: dict[int, dict[str, list[range]]] = defaultdict(lambda: defaultdict(list))
        for expiry in expiries:
            try:
                stream, first, last = (int(expiry[name]) for name in ("stream", "first", "last"))
                text, signers = verify_note(str(expiry["note"]), self._verifiers)
            except (KeyError, ValueError, TypeError, Tampered):
                continue
            log_class = expiry.get("class")
            if any(text == expiry_text(signer, stream, first, last, log_class) for signer in signers):
                for one in [log_class] if log_class else set(_CLASSES.values()):
                    ranges[stream][one].append(range(first, last + 1))
        return {stream: {one: Ranges(of) for one, of in found.items()} for stream, found in ranges.items()}

    async def _verify_stream(self, head: StoredHead, expired: _Expired) -> None:
        walk = TreeWalk(head, self._snapshot.subtrees(head.stream), self._outcome)
        signed = SignedRoots(self._snapshot.signed_heads(head.stream), walk, self._outcome)
        self._archives.enter(head.stream)
        async for index, leaf, record in self._snapshot.places(head.stream):
            if walk.is_beyond(index):
                continue
            if record is None:
                record = self._archives.record(index, leaf)  # noqa: PLW2901 - what the archive has of it
            if record and (fault := self._fault(index, record, expired)):
                walk.flag(Kind.ALTERED, index, fault)
            await walk.add(index, leaf)
            await signed.compare()
            self._outcome.entries += 1
            self._step()
        await walk.end(await signed.end())

    def _fault(self, index: int, record: Record, expired: _Expired) -> str | None:
        if record.content is None or record.salts is None:
            if index not in expired.get(_CLASSES.get(record.event, ""), Ranges()):
                return "What it says is gone, and no signed entry tells that it expired."
            self._outcome.expired += 1
            return None
        try:
            leaf = leaf_of(commitments_of(record.fields, record.salts))
        except (InvalidValue, msgspec.MsgspecError):
            return "What it says is not of a form that is ever logged."
        return None if leaf == record.leaf else "What it says is not what was logged."

    async def _verify_lists(self, head: StoredHead) -> None:
        walk = TreeWalk(head, self._snapshot.subtrees(TOP), self._outcome)
        async for index, heads, leaf, note in self._snapshot.lists():
            if walk.is_beyond(index):
                continue
            if heads_leaf(heads) != leaf:
                walk.flag(Kind.LIST, index, "The list of heads is not the one that was signed.")
            await walk.add(index, leaf)
            self._verify_checkpoint(walk, note)
            self._step()
        await walk.end(max(self._known, default=0))

    def _verify_checkpoint(self, walk: TreeWalk, note: str | None) -> None:
        size, root, index = walk.frontier.size, walk.frontier.root, walk.frontier.size - 1
        known = self._known.get(size)
        if known and known.root != root:
            self._outcome.find(Kind.CHECKPOINT, TOP, index, index, "The checkpoint known elsewhere has another root.")
        try:
            checkpoint = verify_checkpoint(note or "", self._verifiers)
        except Tampered as error:
            self._outcome.find(Kind.CHECKPOINT, TOP, index, index, f"There is no valid checkpoint over it. {error}")
            return
        self._outcome.checkpoints += 1
        if (checkpoint.size, checkpoint.root) != (size, root) and walk.sound:
            self._outcome.find(
                Kind.CHECKPOINT, TOP, index, index, "The checkpoint over it was signed over another log."
            )
            walk.sound = False

    def _step(self) -> None:
        self._done += 1
        if self._done % _STRIDE == 0:
            self._told(self._done)

    def _told(self, done: int) -> None:
        if self._progress:
            self._progress(done, self._total)

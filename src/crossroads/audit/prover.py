"""Proofs for outsiders: that an entry is in the log, what one field of it says, that the log only grew."""

from collections import OrderedDict
from collections.abc import Collection, Sequence
from hmac import compare_digest
from itertools import pairwise
from uuid import UUID

from crossroads.audit.errors import EntryExpired, NotInLog, NotYetSigned
from crossroads.audit.model import TOP, CheckpointRow, Receipt, Record
from crossroads.audit.reading import Reading
from crossroads.audit.turns import Turns
from crossroads.kernel.errors import Tampered
from crossroads.kernel.sentences import Sentence
from crossroads.wire.commitments import commitments_of, open_field
from crossroads.wire.merkle import consistency_spans, inclusion_spans
from crossroads.wire.proofs import ConsistencyProof, EntryProof, Heads, LeafProof

OUTSIDERS = 2
"""Proofs for the public that one process makes at the same time."""
OUTSIDERS_WAITING = 32
"""Those that may wait for their turn; more are told to come back."""
_KEPT_EXTENSIONS = 256
"""Proofs that are kept once made: they never change, and all who watch the log ask for the same ones."""
SHOWN = ("event", "ticket", "answerDigest")
"""The fields that are opened to whoever holds a receipt."""


class Prover:
    """Makes proofs from what is stored; needs no key and no lease. `outsiders` is where the public waits its turn."""

    def __init__(self, reading: Reading) -> None:
        """Read here."""
        self._reading = reading
        self._extensions: OrderedDict[tuple[str, str], ConsistencyProof] = OrderedDict()
        self._newest: tuple[str, tuple[bytes, ...]] = "", ()
        """The note of the newest checkpoint that was seen, and the proof of the list under it."""
        self.outsiders = Turns(OUTSIDERS, OUTSIDERS_WAITING)

    async def prove(self, ticket: UUID, fields: Collection[str] | None = None) -> list[EntryProof]:
        """Prove every entry of a ticket, with these fields opened, or all. Raises NotInLog and as `prove_entry`."""
        places = await self._reading.places(ticket)
        if not places:
            raise NotInLog(Sentence("The log has no entry of ticket %(ticket)s.", ticket=ticket))
        return await self.prove_entries(places, fields)

    async def prove_entries(
        self, places: Sequence[tuple[int, int]], fields: Collection[str] | None = None
    ) -> list[EntryProof]:
        """Prove entries by stream and index, all under one checkpoint. Raises as `prove_entry`."""
        records = [_kept(record) for record in await self._reading.entries(places)]
        proven = zip(records, await self._inclusions(places), strict=True)
        return [_proof(record, fields, inclusion) for record, inclusion in proven]

    async def prove_entry(self, stream: int, index: int, fields: Collection[str] | None = None) -> EntryProof:
        """Prove one entry; a field it does not have is left out.

        Raises NotInLog, EntryExpired, or NotYetSigned in the first two seconds.
        """
        return await self.prove_record(await self._reading.entry(stream, index), stream, index, fields)

    async def prove_receipt(self, receipt: Receipt, ticket: UUID) -> EntryProof:
        """Prove the entry of a receipt to whoever knows its leaf and its ticket, with the fields `SHOWN` opened.

        The leaf alone would not do: proofs of other entries show it. Raises NotInLog, EntryExpired or NotYetSigned.
        """
        stream, index = receipt.stream, receipt.index
        record = await self._reading.entry(stream, index)
        if not compare_digest(record.leaf, receipt.leaf):
            raise NotInLog(
                Sentence(
                    "Entry %(index)s of stream %(stream)s of the log has another leaf.", index=index, stream=stream
                )
            )
        if record.content is not None and record.ticket != ticket:
            raise NotInLog(
                Sentence(
                    "Entry %(index)s of stream %(stream)s of the log is of another ticket.", index=index, stream=stream
                )
            )
        return await self.prove_record(record, stream, index, SHOWN)

    async def prove_record(self, record: Record, stream: int, index: int, fields: Collection[str] | None) -> EntryProof:
        """Prove an entry that is at hand, also one from an archive. Raises EntryExpired or NotYetSigned."""
        kept = _kept(record)
        (inclusion,) = await self._inclusions([(stream, index)])
        return _proof(kept, fields, inclusion)

    async def consistency(self, first: int, second: int) -> ConsistencyProof:
        """Prove that the log at the checkpoint of size `second` extends that of size `first`. Raises NotInLog."""
        return await self._consistency(*await self._checkpoints([first, second]))

    async def extensions(self, sizes: Sequence[int]) -> list[ConsistencyProof]:
        """Prove that the log at each of some checkpoints extends that at the one before. Raises NotInLog."""
        return [await self._extension(*pair) for pair in pairwise(await self._checkpoints(sizes))]

    async def _extension(self, earlier: CheckpointRow, later: CheckpointRow) -> ConsistencyProof:
        # By the notes: a database that was put back and grew again has other ones of the same sizes.
        pair = earlier.note, later.note
        proof = self._extensions.pop(pair, None) or await self._consistency(earlier, later)
        self._extensions[pair] = proof
        if len(self._extensions) > _KEPT_EXTENSIONS:
            self._extensions.popitem(last=False)
        return proof

    async def _consistency(self, earlier: CheckpointRow, later: CheckpointRow) -> ConsistencyProof:
        if earlier.size > later.size:
            said = {"first": earlier.size, "second": later.size}
            raise NotInLog(Sentence("A log of %(second)s lists does not extend one of %(first)s.", **said))
        return ConsistencyProof(
            first=earlier.size,
            second=later.size,
            path=await self._reading.path(TOP, consistency_spans(earlier.size, later.size)),
            first_heads=earlier.heads,
            first_path=await self._last_list(earlier),
            second_heads=later.heads,
            second_path=await self._last_list(later),
            stream_paths=await self._stream_paths(earlier.heads, later.heads),
        )

    async def _inclusions(self, places: Sequence[tuple[int, int]]) -> list[LeafProof]:
        newest = await self._reading.newest_checkpoint()
        sizes = {head.stream: head.size for head in newest.heads} if newest else {}
        if newest is None or any(index >= sizes.get(stream, 0) for stream, index in places):
            raise NotYetSigned
        spans = [(stream, inclusion_spans(index, sizes[stream])) for stream, index in places]
        paths = await self._reading.paths(spans)
        top = await self._newest_list(newest)
        return [
            LeafProof(
                stream=stream,
                index=index,
                stream_path=path,
                heads=newest.heads,
                top_path=top,
                checkpoint=newest.note,
            )
            for (stream, index), path in zip(places, paths, strict=True)
        ]

    async def _checkpoints(self, sizes: Sequence[int]) -> list[CheckpointRow]:
        """Give the checkpoints of these sizes, in this order. Raises NotInLog."""
        known = await self._reading.checkpoints(sizes)
        for size in sizes:
            if size not in known:
                raise NotInLog(Sentence("The log has no checkpoint of size %(size)s.", size=size))
        return [known[size] for size in sizes]

    async def _newest_list(self, newest: CheckpointRow) -> tuple[bytes, ...]:
        """Give the proof of the list under the newest checkpoint, once for all that is proven until the next."""
        if self._newest[0] != newest.note:
            self._newest = newest.note, await self._last_list(newest)
        return self._newest[1]

    async def _last_list(self, checkpoint: CheckpointRow) -> tuple[bytes, ...]:
        if checkpoint.size == 0:
            return ()
        return await self._reading.path(TOP, inclusion_spans(checkpoint.size - 1, checkpoint.size))

    async def _stream_paths(self, earlier: Heads, later: Heads) -> dict[int, tuple[bytes, ...]]:
        sizes = {head.stream: head.size for head in later}
        paths = {}
        for head in earlier:
            if sizes.get(head.stream, -1) < head.size:
                raise Tampered(Sentence("Stream %(stream)s of the log has shrunk.", stream=head.stream))
            spans = consistency_spans(head.size, sizes[head.stream])
            paths[head.stream] = await self._reading.path(head.stream, spans)
        return paths


def _kept(record: Record) -> Record:
    """Give an entry that is still there. Raises EntryExpired."""
    if record.content is None or record.salts is None:
        raise EntryExpired
    return record


def _proof(record: Record, fields: Collection[str] | None, inclusion: LeafProof) -> EntryProof:
    all_fields, salts = record.fields, record.salts or b""
    opened = [name for name in all_fields if fields is None or name in fields]
    return EntryProof(
        opened={name: open_field(all_fields, salts, name) for name in opened},
        commitments=commitments_of(all_fields, salts),
        inclusion=inclusion,
    )

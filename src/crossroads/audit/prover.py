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
        self._extensions: OrderedDict[tuple[int, int], ConsistencyProof] = OrderedDict()
        self.outsiders = Turns(OUTSIDERS, OUTSIDERS_WAITING)

    async def prove(self, ticket: UUID, fields: Collection[str] | None = None) -> list[EntryProof]:
        """Prove every entry of a ticket, with these fields opened, or all. Raises NotInLog and as `prove_entry`."""
        places = await self._reading.places(ticket)
        if not places:
            raise NotInLog(f"The log has no entry of ticket {ticket}.")
        return [await self.prove_entry(stream, index, fields) for stream, index in places]

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
            raise NotInLog(f"Entry {index} of stream {stream} of the log has another leaf.")
        if record.content is not None and record.ticket != ticket:
            raise NotInLog(f"Entry {index} of stream {stream} of the log is of another ticket.")
        return await self.prove_record(record, stream, index, SHOWN)

    async def prove_record(self, record: Record, stream: int, index: int, fields: Collection[str] | None) -> EntryProof:
        """Prove an entry that is at hand, also one from an archive. Raises EntryExpired or NotYetSigned."""
        if record.content is None or record.salts is None:
            raise EntryExpired
        inclusion = await self._inclusion(stream, index)
        all_fields = record.fields
        opened = [name for name in all_fields if fields is None or name in fields]
        return EntryProof(
            opened={name: open_field(all_fields, record.salts, name) for name in opened},
            commitments=commitments_of(all_fields, record.salts),
            inclusion=inclusion,
        )

    async def consistency(self, first: int, second: int) -> ConsistencyProof:
        """Prove that the log at the checkpoint of size `second` extends that of size `first`. Raises NotInLog."""
        earlier, later = await self._checkpoint(first), await self._checkpoint(second)
        if first > second:
            raise NotInLog(f"A log of {second} lists does not extend one of {first}.")
        return ConsistencyProof(
            first=first,
            second=second,
            path=await self._reading.path(TOP, consistency_spans(first, second)),
            first_heads=earlier.heads,
            first_path=await self._last_list(earlier),
            second_heads=later.heads,
            second_path=await self._last_list(later),
            stream_paths=await self._stream_paths(earlier.heads, later.heads),
        )

    async def extensions(self, sizes: Sequence[int]) -> list[ConsistencyProof]:
        """Prove that the log at each of some checkpoints extends that at the one before. Raises NotInLog."""
        return [await self._extension(pair) for pair in pairwise(sizes)]

    async def _extension(self, pair: tuple[int, int]) -> ConsistencyProof:
        proof = self._extensions.pop(pair, None) or await self.consistency(*pair)
        self._extensions[pair] = proof
        if len(self._extensions) > _KEPT_EXTENSIONS:
            self._extensions.popitem(last=False)
        return proof

    async def _inclusion(self, stream: int, index: int) -> LeafProof:
        newest = await self._reading.newest_checkpoint()
        size = next((head.size for head in newest.heads if head.stream == stream), 0) if newest else 0
        if newest is None or index >= size:
            raise NotYetSigned
        return LeafProof(
            stream=stream,
            index=index,
            stream_path=await self._reading.path(stream, inclusion_spans(index, size)),
            heads=newest.heads,
            top_path=await self._last_list(newest),
            checkpoint=newest.note,
        )

    async def _checkpoint(self, size: int) -> CheckpointRow:
        row = await self._reading.checkpoint_of_size(size)
        if row is None:
            raise NotInLog(f"The log has no checkpoint of size {size}.")
        return row

    async def _last_list(self, checkpoint: CheckpointRow) -> tuple[bytes, ...]:
        if checkpoint.size == 0:
            return ()
        return await self._reading.path(TOP, inclusion_spans(checkpoint.size - 1, checkpoint.size))

    async def _stream_paths(self, earlier: Heads, later: Heads) -> dict[int, tuple[bytes, ...]]:
        sizes = {head.stream: head.size for head in later}
        paths = {}
        for head in earlier:
            if sizes.get(head.stream, -1) < head.size:
                raise Tampered(f"Stream {head.stream} of the log has shrunk.")
            spans = consistency_spans(head.size, sizes[head.stream])
            paths[head.stream] = await self._reading.path(head.stream, spans)
        return paths

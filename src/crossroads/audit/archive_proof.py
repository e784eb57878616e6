"""Whether a file of entries is what was logged: each leaf anew, and the roots over them that the log has stored."""

from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import msgspec

from crossroads.audit.manifests import Manifest
from crossroads.audit.model import Record, StoredHead
from crossroads.audit.parquet import ArchivedEntry, entries
from crossroads.audit.reading import Reading
from crossroads.kernel.errors import InvalidValue, Tampered
from crossroads.wire.commitments import commitments_of, leaf_of
from crossroads.wire.merkle import STORED_LEVELS, Frontier, Node, root_of

_BLOCK = 1 << STORED_LEVELS


class _Count(NamedTuple):
    """Entries of a file, and how many of them say something."""

    entries: int
    speaking: int


async def check_against_tree(reading: Reading, path: Path, manifest: Manifest) -> None:
    """Check every entry of the file, every smallest stored subtree that it has part in, and that none is missing.

    What the file lacks the database may still have, so the roots alone do not tell. Raises Tampered.
    """
    async with reading.snapshot() as snapshot:
        heads = {head.stream: head for head in await snapshot.streams()}
    count, last = _Count(0, 0), (-1, -1)
    for (stream, block), found in groupby(entries(path), key=_block):
        group = {entry.place: entry for entry in found}
        leaves = {place: _leaf(path, entry) for place, entry in group.items()}
        rising = (stream, block) > last
        if not rising or stream not in heads or not await _is_under_root(reading, heads[stream], block, leaves):
            raise Tampered(f"{path.name}: entries {min(leaves)} to {max(leaves)} of stream {stream} are not the log's.")
        speaking = sum(entry.record.content is not None for entry in group.values())
        count, last = _Count(count.entries + len(group), count.speaking + speaking), (stream, block)
    if count != (manifest.entries, manifest.speaking):
        raise Tampered(f"{path.name} has {count.entries} entries, of which {count.speaking} say something: not all.")


def is_as_logged(record: Record) -> bool:
    """Tell whether what an entry says gives its leaf; one that expired says nothing."""
    if record.content is None or record.salts is None:
        return True
    try:
        return leaf_of(commitments_of(record.fields, record.salts)) == record.leaf
    except (InvalidValue, msgspec.MsgspecError):
        return False


def _leaf(path: Path, entry: ArchivedEntry) -> bytes:
    if not is_as_logged(entry.record):
        raise Tampered(f"{path.name}: entry {entry.place} of stream {entry.stream} is not what was logged.")
    return entry.record.leaf


async def _is_under_root(reading: Reading, head: StoredHead, block: int, leaves: Mapping[int, bytes]) -> bool:
    """Compute the root of 256 entries, or of the last ones, some from the file and the rest from the database."""
    places = range(block * _BLOCK, min((block + 1) * _BLOCK, head.size))
    rest = [index for index in places if index not in leaves]
    known = {**(await reading.leaves(head.stream, rest) if rest else {}), **leaves}
    if known.keys() != set(places):
        return False
    in_order = [known[index] for index in places]
    if len(places) == _BLOCK:
        return await reading.root(head.stream, Node(STORED_LEVELS, block)) == root_of(in_order)
    frontier = Frontier()
    frontier.append(in_order)
    return head.peaks.endswith(frontier.peaks)


def _block(entry: ArchivedEntry) -> tuple[int, int]:
    return entry.stream, entry.place // _BLOCK

"""Proofs that travel: that an entry is in the log, and that the log was only appended to.

The log has streams, each a Merkle tree. The leaf n of the tree above them is the n-th list of stream heads; a
checkpoint signs that tree. So an entry is proven in two steps: in its stream, whose head is in the newest list, and
that list in the checkpoint. Whoever verifies needs the public key of the log and nothing else.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import msgspec

from crossroads.kernel.errors import Tampered
from crossroads.wire.canonical import b64url
from crossroads.wire.commitments import Opening, canonical_value, leaf_of, verify_opening
from crossroads.wire.merkle import leaf_hash, verify_consistency, verify_inclusion
from crossroads.wire.notes import Checkpoint, NoteVerifier, verify_checkpoint


class _Proof(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Bytes travel as base64."""


class StreamHead(_Proof, frozen=True, kw_only=True):
    """How far a stream had come: its number, size and root."""

    stream: int
    size: int
    root: bytes


Heads = tuple[StreamHead, ...]


class LeafProof(_Proof, frozen=True, kw_only=True):
    """That a leaf is at `index` of its stream, and the stream in the last list of heads under the checkpoint.

    `heads` is that list; it must be the last one, since only that one is bound to all later checkpoints.
    """

    stream: int
    index: int
    stream_path: tuple[bytes, ...]
    heads: Heads
    top_path: tuple[bytes, ...]
    checkpoint: str


class EntryProof(_Proof, frozen=True, kw_only=True):
    """A logged entry of which some fields are opened; of the others only the commitments show."""

    opened: dict[str, Opening]
    commitments: dict[str, str]
    inclusion: LeafProof


class ConsistencyProof(_Proof, frozen=True, kw_only=True):
    """That the log at the second checkpoint extends the log at the first: the list of heads, and every stream.

    The tree of lists alone would not show a stream that was written anew, so each stream in the first list is proven to
    be extended by itself in the second.
    """

    first: int
    second: int
    path: tuple[bytes, ...]
    first_heads: Heads
    first_path: tuple[bytes, ...]
    second_heads: Heads
    second_path: tuple[bytes, ...]
    stream_paths: dict[int, tuple[bytes, ...]]


MAXIMUM_SIZES = 65
"""Checkpoints in a query for extensions."""
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
"""What JSON holds exactly in every language, and a database as well."""


class ExtensionsQuery(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The sizes of checkpoints that were seen, rising."""

    sizes: Annotated[tuple[Count, ...], msgspec.Meta(min_length=2, max_length=MAXIMUM_SIZES)]


class Extensions(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The proofs from each of these checkpoints to the next."""

    proofs: tuple[ConsistencyProof, ...]


def heads_leaf(heads: Iterable[StreamHead]) -> bytes:
    """Give the leaf, in the top tree, of a list of stream heads."""
    listed = [{"stream": head.stream, "size": head.size, "root": b64url(head.root)} for head in heads]
    return leaf_hash(canonical_value(listed))


def verify_entry_proof(proof: EntryProof, verifiers: Iterable[NoteVerifier]) -> dict[str, Any]:
    """Check every step from the opened fields to the signed checkpoint and give the fields. Raises Tampered."""
    for name, opening in proof.opened.items():
        verify_opening(name, opening.value, opening.salt, proof.commitments)
    verify_leaf_proof(leaf_of(proof.commitments), proof.inclusion, verifiers)
    return {name: opening.value for name, opening in proof.opened.items()}


def verify_leaf_proof(leaf: bytes, proof: LeafProof, verifiers: Iterable[NoteVerifier]) -> Checkpoint:
    """Check that a leaf is in the log under the checkpoint of the proof, and give that. Raises Tampered."""
    checkpoint = verify_checkpoint(proof.checkpoint, verifiers)
    _step("the list of stream heads is in the checkpoint", _verify_heads, proof.heads, proof.top_path, checkpoint)
    head = {head.stream: head for head in proof.heads}.get(proof.stream)
    if head is None:
        raise Tampered(f"The checkpoint knows no stream {proof.stream}.")
    step = f"the entry is in stream {proof.stream}"
    _step(step, verify_inclusion, leaf, proof.index, head.size, proof.stream_path, head.root)
    return checkpoint


def verify_extension(proof: ConsistencyProof, older: Checkpoint, newer: Checkpoint) -> None:
    """Check that the log at `newer` extends that at `older`; both were verified before. Raises Tampered."""
    if (older.origin, proof.first, proof.second) != (newer.origin, older.size, newer.size):
        raise Tampered("The consistency proof is about other checkpoints.")
    step = f"the log of {newer.size} lists extends that of {older.size}"
    _step(step, verify_consistency, older.size, older.root, newer.size, newer.root, proof.path)
    if older.size == 0:
        return
    _step(
        "the first list of heads is in the first checkpoint", _verify_heads, proof.first_heads, proof.first_path, older
    )
    _step(
        "the second list of heads is in the second checkpoint",
        _verify_heads,
        proof.second_heads,
        proof.second_path,
        newer,
    )
    _verify_streams(proof)


def _verify_streams(proof: ConsistencyProof) -> None:
    later = {head.stream: head for head in proof.second_heads}
    for head in proof.first_heads:
        grown, path = later.get(head.stream), proof.stream_paths.get(head.stream, ())
        if grown is None:
            raise Tampered(f"Stream {head.stream} has vanished from the log.")
        step = f"stream {head.stream} was only appended to"
        _step(step, verify_consistency, head.size, head.root, grown.size, grown.root, path)


def _verify_heads(heads: Heads, path: Sequence[bytes], checkpoint: Checkpoint) -> None:
    if len({head.stream for head in heads}) != len(heads):
        raise Tampered("A stream is listed twice.")
    verify_inclusion(heads_leaf(heads), checkpoint.size - 1, checkpoint.size, path, checkpoint.root)


def _step(claim: str, check: Any, *evidence: Any) -> None:
    try:
        check(*evidence)
    except Tampered as error:
        raise Tampered(f"Not proven: {claim}. {error}") from error

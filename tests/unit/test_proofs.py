"""Proofs to an outsider, on logs made in memory: what holds, and that nothing else does."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossroads.kernel.errors import Tampered
from crossroads.wire.commitments import commit, commitments_of, open_field
from crossroads.wire.merkle import consistency_spans, inclusion_spans, leaf_hash, path, reader_of, root_of
from crossroads.wire.notes import Checkpoint, NoteSigner, sign_checkpoint
from crossroads.wire.proofs import (
    ConsistencyProof,
    EntryProof,
    Heads,
    LeafProof,
    StreamHead,
    heads_leaf,
    verify_entry_proof,
    verify_extension,
    verify_leaf_proof,
)

SIGNER = NoteSigner.generate("log.example.org")
FIELDS = {"event": "exchange:question:decided", "agent": "clerk-7", "groups": ["living-wage@1"]}


class MemoryLog:
    """A log that keeps everything in memory: leaves of streams, and lists of their sizes."""

    def __init__(self, streams: dict[int, list[bytes]], listed: Sequence[dict[int, int]]) -> None:
        """Fill the streams; `listed` gives, for each list of heads, how long each stream was."""
        self.streams = streams
        self.lists = [self._heads(sizes) for sizes in listed]
        self.top = [heads_leaf(heads) for heads in self.lists]

    def _heads(self, sizes: dict[int, int]) -> Heads:
        return tuple(
            StreamHead(stream=stream, size=size, root=root_of(self.streams[stream][:size]))
            for stream, size in sorted(sizes.items())
        )

    def checkpoint(self, size: int) -> Checkpoint:
        """Give the head of the tree of lists when it had this size."""
        return Checkpoint(SIGNER.name, size, root_of(self.top[:size]))

    def inclusion(self, stream: int, index: int) -> LeafProof:
        """Prove a leaf under the last list."""
        size = len(self.top)
        head = next(head for head in self.lists[-1] if head.stream == stream)
        return LeafProof(
            stream=stream,
            index=index,
            stream_path=tuple(path(inclusion_spans(index, head.size), reader_of(self.streams[stream]))),
            heads=self.lists[-1],
            top_path=tuple(path(inclusion_spans(size - 1, size), reader_of(self.top))),
            checkpoint=sign_checkpoint(self.checkpoint(size), SIGNER),
        )

    def consistency(self, first: int, second: int) -> ConsistencyProof:
        """Prove that the log only grew."""
        earlier: Heads = self.lists[first - 1] if first else ()
        sizes = {head.stream: head.size for head in self.lists[second - 1]}
        return ConsistencyProof(
            first=first,
            second=second,
            path=tuple(path(consistency_spans(first, second), reader_of(self.top))),
            first_heads=earlier,
            first_path=tuple(path(inclusion_spans(first - 1, first), reader_of(self.top))) if first else (),
            second_heads=self.lists[second - 1],
            second_path=tuple(path(inclusion_spans(second - 1, second), reader_of(self.top))),
            stream_paths={
                head.stream: tuple(
                    path(consistency_spans(head.size, sizes[head.stream]), reader_of(self.streams[head.stream]))
                )
                for head in earlier
                if head.size <= sizes.get(head.stream, 0)
            },
        )


def leaves(count: int, kind: str = "leaf") -> list[bytes]:
    return [leaf_hash(f"{kind} {number}".encode()) for number in range(count)]


def entry_proof(*opened: str) -> EntryProof:
    leaf, salts = commit(FIELDS)
    log = MemoryLog({0: leaves(9), 3: [*leaves(4), leaf, *leaves(2)]}, [{0: 5}, {0: 9, 3: 4}, {0: 9, 3: 7}])
    return EntryProof(
        opened={name: open_field(FIELDS, salts, name) for name in opened},
        commitments=commitments_of(FIELDS, salts),
        inclusion=log.inclusion(3, 4),
    )


def test_an_outsider_sees_the_opened_field_and_no_other() -> None:
    proof = entry_proof("agent")
    sent = msgspec.json.decode(msgspec.json.encode(proof), type=EntryProof)
    assert verify_entry_proof(sent, [SIGNER.verifier]) == {"agent": "clerk-7"}
    assert b"living-wage" not in msgspec.json.encode(proof)


def test_a_proof_under_a_key_that_is_not_the_logs_is_refused() -> None:
    with pytest.raises(Tampered, match="no key that is known"):
        verify_entry_proof(entry_proof("agent"), [NoteSigner.generate("log.example.org").verifier])


def altered(proof: EntryProof, **changes: Any) -> EntryProof:
    return msgspec.structs.replace(proof, inclusion=msgspec.structs.replace(proof.inclusion, **changes))


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({"index": 3}, "the entry is in stream 3"),
        ({"index": 7}, "the entry is in stream 3"),
        ({"stream": 0}, "the entry is in stream 0"),
        ({"stream": 5}, "knows no stream 5"),
        ({"stream_path": ()}, "the entry is in stream 3"),
        ({"top_path": ()}, "the list of stream heads is in the checkpoint"),
        ({"heads": ()}, "the list of stream heads is in the checkpoint"),
    ],
)
def test_the_step_that_fails_is_named(changes: dict[str, Any], step: str) -> None:
    with pytest.raises(Tampered, match=step):
        verify_entry_proof(altered(entry_proof("agent"), **changes), [SIGNER.verifier])


def test_another_value_is_refused_by_the_name_of_its_field() -> None:
    proof = entry_proof("agent")
    forged = msgspec.structs.replace(proof.opened["agent"], value="clerk-8")
    with pytest.raises(Tampered, match="agent"):
        verify_entry_proof(msgspec.structs.replace(proof, opened={"agent": forged}), [SIGNER.verifier])


def test_an_entry_of_a_list_that_is_not_the_last_is_not_proven() -> None:
    """A fork hidden in a list between two honest ones would be bound to no later checkpoint."""
    streams = {0: leaves(3)}
    forked = MemoryLog({0: [*leaves(2), leaf_hash(b"forged")]}, [{0: 3}])
    log = MemoryLog(streams, [{0: 3}, {0: 3}])
    log.lists[0], log.top[0] = forked.lists[0], forked.top[0]
    proof = msgspec.structs.replace(
        forked.inclusion(0, 2),
        top_path=tuple(path(inclusion_spans(0, 2), reader_of(log.top))),
        checkpoint=sign_checkpoint(log.checkpoint(2), SIGNER),
    )
    with pytest.raises(Tampered, match="list of stream heads"):
        verify_leaf_proof(leaf_hash(b"forged"), proof, [SIGNER.verifier])


@given(st.data())
@settings(deadline=None)
def test_a_log_that_only_grew_is_proven_to_have(data: st.DataObject) -> None:
    steps = data.draw(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 40)), min_size=1, max_size=9))
    sizes: dict[int, int] = {}
    listed = []
    for stream, count in steps:
        sizes = {**sizes, stream: sizes.get(stream, 0) + count}
        listed.append(sizes)
    log = MemoryLog({stream: leaves(size, str(stream)) for stream, size in sizes.items()}, listed)
    second = data.draw(st.integers(1, len(listed)))
    first = data.draw(st.integers(0, second))
    proof = msgspec.json.decode(msgspec.json.encode(log.consistency(first, second)), type=ConsistencyProof)
    verify_extension(proof, log.checkpoint(first), log.checkpoint(second))


def test_a_stream_written_anew_is_noticed_though_the_tree_above_only_grew() -> None:
    log = MemoryLog({0: leaves(9), 1: leaves(5)}, [{0: 4, 1: 5}, {0: 9, 1: 5}])
    rewritten = MemoryLog({0: leaves(9, "other"), 1: leaves(5)}, [{0: 9, 1: 5}])
    log.lists[1], log.top[1] = rewritten.lists[0], rewritten.top[0]
    with pytest.raises(Tampered, match="stream 0 was only appended to"):
        verify_extension(log.consistency(1, 2), log.checkpoint(1), log.checkpoint(2))


def test_a_stream_that_vanished_is_noticed() -> None:
    log = MemoryLog({0: leaves(4), 1: leaves(5)}, [{0: 4, 1: 5}, {0: 4}])
    with pytest.raises(Tampered, match="Stream 1 has vanished"):
        verify_extension(log.consistency(1, 2), log.checkpoint(1), log.checkpoint(2))


def test_another_log_extends_no_checkpoint_of_the_first() -> None:
    streams = {0: leaves(6)}
    log, other = MemoryLog(streams, [{0: 2}, {0: 6}]), MemoryLog(streams, [{0: 3}, {0: 6}])
    with pytest.raises(Tampered, match="extends that of 1"):
        verify_extension(other.consistency(1, 2), log.checkpoint(1), other.checkpoint(2))


def test_a_proof_about_other_checkpoints_proves_nothing() -> None:
    log = MemoryLog({0: leaves(6)}, [{0: 2}, {0: 4}, {0: 6}])
    with pytest.raises(Tampered, match="other checkpoints"):
        verify_extension(log.consistency(1, 2), log.checkpoint(1), log.checkpoint(3))

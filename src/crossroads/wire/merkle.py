"""Merkle trees of RFC 6962: SHA-256, 0x00 before a leaf, 0x01 before a node.

A tree is only ever appended to. Its head needs the few roots of a `Frontier`; a proof needs the roots of some perfect
subtrees, which are composed of stored ones: leaves, and one root for each complete subtree of 256, 256², … leaves.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from crossroads.kernel.errors import InvalidValue, Tampered

HASH_BYTES = 32
STORED_LEVELS = 8
"""Every eighth level is stored: a subtree of 256, then of 65,536 leaves, and so on."""

EMPTY_ROOT = hashlib.sha256(b"").digest()

_sha256 = hashlib.sha256


class Node(NamedTuple):
    """A perfect subtree: the 2^level leaves that begin at leaf `position * 2^level`."""

    level: int
    position: int


Reader = Callable[[Node], bytes]
"""What gives the root of a perfect subtree."""


def leaf_hash(data: bytes) -> bytes:
    """Hash the data of a leaf."""
    return _sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees into one."""
    return _sha256(b"\x01" + left + right).digest()


class Frontier:
    """The head of a tree: the roots of the perfect subtrees it consists of, the largest first."""

    __slots__ = ("_peaks", "size")

    def __init__(self, size: int = 0, peaks: bytes = b"") -> None:
        """Take up a head where it was left. Raises InvalidValue when size and peaks do not fit."""
        if size < 0 or len(peaks) != size.bit_count() * HASH_BYTES:
            raise InvalidValue("The head of the tree does not fit its size.")
        self.size = size
        self._peaks = [peaks[at : at + HASH_BYTES] for at in range(0, len(peaks), HASH_BYTES)]

    @property
    def peaks(self) -> bytes:
        """The roots, one after the other: what is kept to go on later."""
        return b"".join(self._peaks)

    @property
    def root(self) -> bytes:
        """The root of the whole tree."""
        return joined(self._peaks) if self._peaks else EMPTY_ROOT

    def copy(self) -> "Frontier":
        """Give a head that can grow without changing this one."""
        return Frontier(self.size, self.peaks)

    def append(self, leaves: Iterable[bytes]) -> list[tuple[Node, bytes]]:
        """Add leaf hashes. Gives the stored subtrees that are complete now, with their roots."""
        complete = []
        for leaf in leaves:
            root, level, index = leaf, 0, self.size
            while index & 1:
                root, level, index = node_hash(self._peaks.pop(), root), level + 1, index >> 1
                if level % STORED_LEVELS == 0:
                    complete.append((Node(level, index), root))
            self._peaks.append(root)
            self.size += 1
        return complete


def joined(roots: Sequence[bytes]) -> bytes:
    """Give the root over neighbouring perfect subtrees, the largest first."""
    *rest, root = roots
    for left in reversed(rest):
        root = node_hash(left, root)
    return root


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Give the root over these leaf hashes."""
    frontier = Frontier()
    frontier.append(leaves)
    return frontier.root


def reader_of(leaves: Sequence[bytes]) -> Reader:
    """Read subtrees from leaf hashes that are all at hand."""
    return lambda node: root_of(leaves[node.position << node.level : (node.position + 1) << node.level])


def inclusion_spans(index: int, size: int) -> list[range]:
    """Give the spans whose roots prove leaf `index` in a tree of `size` (RFC 6962, 2.1.1), the nearest first."""
    if not 0 <= index < size:
        raise InvalidValue(f"Leaf {index} is not in a tree of {size}.")
    spans, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            spans.append(range(middle, end))
            end = middle
        else:
            spans.append(range(start, middle))
            start = middle
    return spans[::-1]


def consistency_spans(first: int, second: int) -> list[range]:
    """Give the spans whose roots prove that the tree of `second` extends that of `first` (RFC 6962, 2.1.2)."""
    if not 0 <= first <= second:
        raise InvalidValue(f"A tree of {second} does not extend one of {first}.")
    spans: list[range] = []
    start, end = 0, second
    while 0 < first < end:
        middle = start + _split(end - start)
        if first <= middle:
            spans.append(range(middle, end))
            end = middle
        else:
            spans.append(range(start, middle))
            start = middle
    if start:
        spans.append(range(start, end))
    return spans[::-1]


def perfect_nodes(span: range) -> list[Node]:
    """Give the perfect subtrees that a span of a proof consists of, the largest first."""
    nodes, start = [], span.start
    while start < span.stop:
        level = (span.stop - start).bit_length() - 1
        nodes.append(Node(level, start >> level))
        start += 1 << level
    return nodes


def stored_nodes(node: Node) -> list[Node]:
    """Give the stored subtrees (or leaves) below a perfect subtree: at most 128, in order."""
    above = node.level % STORED_LEVELS
    return [Node(node.level - above, at) for at in range(node.position << above, (node.position + 1) << above)]


def path(spans: Iterable[range], read: Reader) -> list[bytes]:
    """Give the proof made of the roots of these spans."""
    return [joined([read(node) for node in perfect_nodes(span)]) for span in spans]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf is at `index` of the tree with this size and root (RFC 9162, 2.1.3.2). Raises Tampered."""
    if not 0 <= index < size:
        raise Tampered(f"Leaf {index} is not in a tree of {size}.")
    at, last, computed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise Tampered("The inclusion proof is too long.")
        if at & 1 or at == last:
            computed = node_hash(sibling, computed)
            at, last = _up_from_right_edge(at, last)
        else:
            computed = node_hash(computed, sibling)
        at, last = at >> 1, last >> 1
    if last or computed != root:
        raise Tampered(f"The inclusion proof of leaf {index} does not lead to the root of the tree.")


def verify_consistency(first: int, first_root: bytes, second: int, second_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the second tree extends the first (RFC 9162, 2.1.4.2). Raises Tampered."""
    if not 0 <= first <= second:
        raise Tampered(f"A tree of {second} does not extend one of {first}.")
    if first in (0, second):
        _check_trivial(first, first_root, second_root if second == first else EMPTY_ROOT, proof)
        return
    old, new, at, last = _consistency_roots(first, first_root, second, proof)
    if last or at or old != first_root or new != second_root:
        raise Tampered(f"The tree of {second} does not extend the tree of {first}.")


def _check_trivial(first: int, first_root: bytes, expected: bytes, proof: Sequence[bytes]) -> None:
    if proof or first_root != expected:
        raise Tampered(f"The tree of {first} has another root than the one it must have.")


def _consistency_roots(
    first: int, first_root: bytes, second: int, proof: Sequence[bytes]
) -> tuple[bytes, bytes, int, int]:
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    # A first tree that is perfect is itself the first node of the proof, and is left out of it.
    roots = [first_root, *proof] if first.bit_count() == 1 else list(proof)
    if not roots:
        raise Tampered("The consistency proof is empty.")
    old = new = roots[0]
    for sibling in roots[1:]:
        if last == 0:
            raise Tampered("The consistency proof is too long.")
        if at & 1 or at == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            at, last = _up_from_right_edge(at, last)
        else:
            new = node_hash(new, sibling)
        at, last = at >> 1, last >> 1
    return old, new, at, last


def _up_from_right_edge(at: int, last: int) -> tuple[int, int]:
    while at and not at & 1:
        at, last = at >> 1, last >> 1
    return at, last


def _split(size: int) -> int:
    """Give the largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1

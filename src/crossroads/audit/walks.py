"""Walking a tree of the log from its first leaf to its last, beside the roots stored and signed on the way."""

from collections.abc import AsyncIterator

from crossroads.audit.findings import Kind, Verification
from crossroads.audit.model import StoredHead
from crossroads.wire.merkle import HASH_BYTES, Frontier, Node

_UNKNOWN_LEAF = bytes(HASH_BYTES)


class TreeWalk:
    """One tree: notices gaps, and stored subtrees and heads that the leaves do not give."""

    def __init__(self, head: StoredHead, subtrees: AsyncIterator[tuple[Node, bytes]], outcome: Verification) -> None:
        """Walk the tree whose head is said to be this."""
        self._head, self._subtrees, self._outcome = head, subtrees, outcome
        self._stored: tuple[Node, bytes] | None = None
        self.frontier = Frontier()
        self.sound = True
        """Whether the roots of the whole tree still say something new: after the first wrong one they do not."""
        self.flagged = -1
        """The last leaf with which something is wrong."""

    @property
    def stream(self) -> int:
        """The number of the stream."""
        return self._head.stream

    def is_beyond(self, index: int) -> bool:
        """Note a leaf that the head does not have, or has already."""
        beyond = not self.frontier.size <= index < self._head.size
        if beyond:
            self._outcome.find(Kind.ADDED, self.stream, index, index, "It was added beside the log.")
        return beyond

    def flag(self, kind: Kind, index: int, reason: str) -> None:
        """Note that something is wrong with a leaf."""
        self._note_gap(index)
        self._outcome.find(kind, self.stream, index, index, reason)
        self.flagged = index

    async def add(self, index: int, leaf: bytes) -> None:
        """Add the leaf at `index`; those before it that did not come are missing."""
        self._note_gap(index)
        while self.frontier.size < index:
            self.sound = False
            await self._append(_UNKNOWN_LEAF)
        await self._append(leaf)

    async def end(self, least: int) -> None:
        """Note leaves missing at the end, which should have come to the head's size and at least to `least`."""
        size = self.frontier.size
        self._note_gap(max(self._head.size, least))
        if self.sound and size == self._head.size and self.frontier.peaks != self._head.peaks:
            self._outcome.find(Kind.HEAD, self.stream, 0, size - 1, "They do not give the head that is stored.")
        async for node, _ in self._rest():
            first, last = _leaves(node)
            if last > self.flagged:
                self._outcome.find(Kind.HEAD, self.stream, first, last, "A root is stored that nobody computed.")

    def _note_gap(self, index: int) -> None:
        first = max(self.frontier.size, self.flagged + 1)
        if first < index:
            self._outcome.find(Kind.MISSING, self.stream, first, index - 1, "Missing from the log.")
            self.flagged = index - 1

    async def _append(self, leaf: bytes) -> None:
        for node, root in self.frontier.append([leaf]):
            stored = await self._stored_root(node)
            first, last = _leaves(node)
            if stored != root and self.flagged < first:
                self._outcome.find(
                    Kind.ALTERED, self.stream, first, last, "They do not give the root stored over them."
                )
                self.flagged = last

    async def _stored_root(self, wanted: Node) -> bytes | None:
        while True:
            if self._stored is None:
                self._stored = await anext(self._subtrees, None)
            if self._stored is None or _order(self._stored[0]) > _order(wanted):
                return None
            node, root = self._stored
            self._stored = None
            if node == wanted:
                return root
            self._outcome.find(Kind.HEAD, self.stream, *_leaves(node), "A root is stored that nobody computed.")

    async def _rest(self) -> AsyncIterator[tuple[Node, bytes]]:
        if self._stored:
            yield self._stored
        async for stored in self._subtrees:
            yield stored


class SignedRoots:
    """The roots of a stream that were listed under checkpoints, compared with those that its entries give."""

    def __init__(self, signed: AsyncIterator[tuple[int, int, bytes]], walk: TreeWalk, outcome: Verification) -> None:
        """Compare with this walk."""
        self._signed, self._walk, self._outcome = signed, walk, outcome
        self._next: tuple[int, int, bytes] | None = None
        self._good = self._largest = 0
        self._ended = False

    async def compare(self) -> None:
        """Compare what was signed at the size the walk has now."""
        while (signed := await self._peek()) and signed[1] <= self._walk.frontier.size:
            self._next = None
            self._compare(*signed)

    async def end(self) -> int:
        """Give the largest size that was ever signed."""
        while signed := await self._peek():
            self._next = None
            self._largest = max(self._largest, signed[1])
        return self._largest

    async def _peek(self) -> tuple[int, int, bytes] | None:
        if self._next is None and not self._ended:
            self._next = await anext(self._signed, None)
            self._ended = self._next is None
        return self._next

    def _compare(self, number: int, size: int, root: bytes) -> None:
        stream, frontier = self._walk.stream, self._walk.frontier
        if size < self._largest:
            reason = f"Stream {stream} is shorter in it than in an earlier list."
            self._outcome.find(Kind.LIST, -1, number, number, reason)
            return
        self._largest = size
        if size == frontier.size and root == frontier.root:
            self._good = size
        elif self._walk.sound:
            self._walk.sound = False
            if self._walk.flagged < self._good:
                reason = f"They do not give the root that list {number} has."
                self._outcome.find(Kind.ALTERED, stream, self._good, size - 1, reason)
                self._walk.flagged = size - 1


def _leaves(node: Node) -> tuple[int, int]:
    """Give the first and last leaf of a subtree."""
    return node.position << node.level, (node.position + 1 << node.level) - 1


def _order(node: Node) -> tuple[int, int]:
    """Tell when a subtree is completed."""
    return _leaves(node)[1], node.level

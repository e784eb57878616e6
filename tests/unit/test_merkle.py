"""Trees and proofs against the definitions of RFC 6962, written out recursively here."""

from hashlib import sha256

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crossroads.kernel.errors import InvalidValue, Tampered
from crossroads.wire.merkle import (
    EMPTY_ROOT,
    Frontier,
    Node,
    consistency_spans,
    inclusion_spans,
    joined,
    leaf_hash,
    path,
    perfect_nodes,
    reader_of,
    root_of,
    stored_nodes,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [leaf_hash(str(number).encode()) for number in range(700)]
trees = st.integers(1, 300)


def mth(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, over leaf hashes."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def audit_path(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962, 2.1.1."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*audit_path(m, leaves[:k]), mth(leaves[k:])]
    return [*audit_path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: list[bytes], *, complete: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962, 2.1.2."""
    if m == len(leaves):
        return [] if complete else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], complete=complete), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], complete=False), mth(leaves[:k])]


def split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def test_a_leaf_is_hashed_as_the_rfc_says() -> None:
    assert leaf_hash(b"") == bytes.fromhex("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")
    assert sha256(b"").digest() == EMPTY_ROOT == root_of([])


@given(st.integers(0, 300))
def test_the_root_is_that_of_the_rfc(size: int) -> None:
    assert root_of(LEAVES[:size]) == mth(LEAVES[:size])


@given(st.lists(st.integers(0, 90), max_size=6))
def test_a_head_taken_up_again_goes_on_as_if_never_left(steps: list[int]) -> None:
    frontier = Frontier()
    for step in steps:
        frontier = Frontier(frontier.size, frontier.peaks)
        frontier.append(LEAVES[frontier.size : frontier.size + step])
    assert frontier.size == sum(steps)
    assert frontier.root == mth(LEAVES[: sum(steps)])


def test_a_head_that_does_not_fit_its_size_is_refused() -> None:
    frontier = Frontier()
    frontier.append(LEAVES[:5])
    with pytest.raises(InvalidValue):
        Frontier(7, frontier.peaks)


def test_growing_a_copy_leaves_the_head() -> None:
    frontier = Frontier()
    frontier.append(LEAVES[:3])
    frontier.copy().append(LEAVES[3:9])
    assert (frontier.size, frontier.root) == (3, mth(LEAVES[:3]))


def test_appending_gives_each_stored_subtree_once() -> None:
    frontier = Frontier()
    complete = [*frontier.append(LEAVES[:255]), *frontier.append(LEAVES[255:257]), *frontier.append(LEAVES[257:700])]
    assert complete == [(Node(8, 0), mth(LEAVES[:256])), (Node(8, 1), mth(LEAVES[256:512]))]


@given(trees, st.data())
def test_inclusion_proofs_are_those_of_the_rfc_and_verify(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = path(inclusion_spans(index, size), reader_of(LEAVES))
    assert proof == audit_path(index, LEAVES[:size])
    verify_inclusion(LEAVES[index], index, size, proof, mth(LEAVES[:size]))


@given(trees, st.data())
def test_an_inclusion_proof_holds_for_nothing_else(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    root, proof = mth(LEAVES[:size]), audit_path(index, LEAVES[:size])
    other = data.draw(st.integers(-1, size))
    leaf, longer = leaf_hash(b"forged"), [*proof, LEAVES[0]]
    wrong = [(leaf, index, proof), (LEAVES[index], index, longer)]
    wrong += [(LEAVES[index], other, proof)] if other != index else []
    wrong += [(LEAVES[index], index, proof[:-1])] if proof else []
    for case in wrong:
        with pytest.raises(Tampered):
            verify_inclusion(case[0], case[1], size, case[2], root)


@given(trees, st.data())
def test_consistency_proofs_are_those_of_the_rfc_and_verify(second: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, second))
    proof = path(consistency_spans(first, second), reader_of(LEAVES))
    assert proof == subproof(first, LEAVES[:second], complete=True)
    verify_consistency(first, mth(LEAVES[:first]), second, mth(LEAVES[:second]), proof)


@given(trees)
def test_every_tree_extends_the_empty_one(second: int) -> None:
    assert consistency_spans(0, second) == []
    verify_consistency(0, EMPTY_ROOT, second, mth(LEAVES[:second]), [])


@given(st.integers(2, 300), st.data())
def test_a_tree_with_an_altered_leaf_extends_no_earlier_one(second: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, second))
    altered = data.draw(st.integers(0, first - 1))
    leaves = LEAVES[:second]
    leaves[altered] = leaf_hash(b"altered")
    for proof in (subproof(first, leaves, complete=True), subproof(first, LEAVES[:second], complete=True)):
        with pytest.raises(Tampered):
            verify_consistency(first, mth(LEAVES[:first]), second, mth(leaves), proof)


@given(trees, st.data())
def test_a_consistency_proof_of_another_length_is_refused(second: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, second))
    proof = subproof(first, LEAVES[:second], complete=True)
    for wrong in ([*proof, LEAVES[0]], proof[:-1] if proof else [LEAVES[1]]):
        with pytest.raises(Tampered):
            verify_consistency(first, mth(LEAVES[:first]), second, mth(LEAVES[:second]), wrong)


def test_a_smaller_tree_extends_no_larger_one() -> None:
    with pytest.raises(Tampered):
        verify_consistency(3, mth(LEAVES[:3]), 2, mth(LEAVES[:2]), [])
    with pytest.raises(InvalidValue):
        consistency_spans(3, 2)


@given(st.integers(1, 10**12), st.data())
@settings(deadline=None)
def test_a_proof_in_a_large_tree_reads_few_stored_subtrees(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    nodes = [node for span in inclusion_spans(index, size) for node in perfect_nodes(span)]
    stored = [below for node in nodes for below in stored_nodes(node)]
    assert len(set(stored)) == len(stored) <= 2 * 256 * 6
    assert all(node.level % 8 == 0 and (node.position + 1) << node.level <= size for node in stored)


@given(st.integers(257, 700), st.data())
@settings(deadline=None)
def test_a_perfect_subtree_is_joined_from_stored_ones(size: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, size))
    nodes = [node for span in consistency_spans(first, size) for node in perfect_nodes(span)]
    assume(nodes)
    read = reader_of(LEAVES)
    for node in nodes:
        assert root_of([read(below) for below in stored_nodes(node)]) == read(node)


def test_neighbouring_subtrees_join_to_the_root() -> None:
    assert joined([mth(LEAVES[:4]), mth(LEAVES[4:6]), LEAVES[6]]) == mth(LEAVES[:7])

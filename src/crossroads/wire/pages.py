"""What the asker of a batch commits to: each record in its page, each page in the file, the file in its statement.

A page is a Merkle tree (RFC 6962) over its records, the file one over the roots of its pages. A record's leaf is
salted, so that whoever is shown some of a page learns nothing of the rest.
"""

import hmac
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

import msgspec

from crossroads.kernel.errors import InvalidValue, Tampered
from crossroads.kernel.period import Period
from crossroads.wire import jws
from crossroads.wire.batches import PAGE, STATEMENT_KIND, BatchStatement, Record
from crossroads.wire.bulk import BulkRecord, BulkRequest
from crossroads.wire.canonical import b64url, from_b64url
from crossroads.wire.decoding import UNREADABLE, refuse_repeated_members
from crossroads.wire.keys import SigningKey, VerifyKey
from crossroads.wire.merkle import HASH_BYTES, inclusion_spans, leaf_hash, node_hash, path, reader_of, verify_inclusion

_SALT_BYTES = 16

_statement_decoder = msgspec.json.Decoder(BatchStatement)
_encode = msgspec.json.encode


def page_count(records: int) -> int:
    """Give the number of pages of a file with so many records."""
    return -(-records // PAGE)


def page_size(records: int, page: int) -> int:
    """Give the number of records of a page: all have `PAGE`, but for the last. Raises InvalidValue."""
    if not 0 <= page < page_count(records):
        raise InvalidValue(f"A file of {records} records has no page {page}.")
    return min(PAGE, records - page * PAGE)


def salt_of(records_key: str, number: int) -> str:
    """Give the salt of a record, by its number in the file from 0."""
    return b64url(hmac.digest(records_key.encode("ascii"), str(number).encode("ascii"), "sha256")[:_SALT_BYTES])


def record_leaf(salt: str, record: Record) -> bytes:
    """Give the leaf of a record, with the days that it has of its own."""
    return _leaf(salt, record.ssin, record.period, record.reference_date)


def opened_leaf(record: BulkRecord) -> bytes:
    """Give the leaf of a record that a source is asked about: it holds the number that stands in the file."""
    return _leaf(record.salt, record.stated or record.ssin, record.period, record.reference_date)


def _leaf(salt: str, ssin: str, period: Period | None, reference: date | None) -> bytes:
    # This is the form of RFC 8785 as well: an array of plain ASCII text and nulls.
    start, end = (period.start_date, period.end_date) if period else (None, None)
    return leaf_hash(_encode((salt, ssin, start, end, reference)))


def page_root(leaves: Sequence[bytes]) -> bytes:
    """Give the root over the leaves of a page, at least one."""
    return _levels(leaves)[-1][0]


def file_root(page_roots: Iterable[bytes]) -> bytes:
    """Give the root over the roots of all pages: what the statement holds, in base64url."""
    return page_root([leaf_hash(root) for root in page_roots])


def siblings(leaves: Sequence[bytes], indices: Sequence[int]) -> bytes:
    """Give the roots of the largest subtrees of a page in which none of these leaves is, from left to right.

    `indices` come in order, each once. Raises InvalidValue.
    """
    if not _in_order(indices, len(leaves)):
        raise InvalidValue("The places in a page are given in order, each once.")
    levels = _levels(leaves)
    return b"".join(_apart(levels, indices, len(levels) - 1, 0, 0, len(indices)))


def root_from(opened: Sequence[tuple[int, bytes]], size: int, others: bytes) -> bytes:
    """Compute the root of a page of `size` from some of its leaves, each with its place, and `siblings`.

    Raises Tampered.
    """
    indices = [index for index, _ in opened]
    if not _in_order(indices, size):
        raise Tampered("The records are not in the order of their page, each once.")
    if len(others) % HASH_BYTES:
        raise Tampered("The hashes of the other records are cut.")
    rest = iter([others[at : at + HASH_BYTES] for at in range(0, len(others), HASH_BYTES)])
    root = _Climb(indices, [leaf for _, leaf in opened], size, rest).root()
    if next(rest, None) is not None:
        raise Tampered("There are more hashes of other records than the page has.")
    return root


def page_path(page_roots: Sequence[bytes], page: int) -> tuple[bytes, ...]:
    """Give what leads from the root of a page to that of the file (RFC 6962, 2.1.1), the nearest first."""
    leaves = [leaf_hash(root) for root in page_roots]
    return tuple(path(inclusion_spans(page, len(leaves)), reader_of(leaves)))


def verify_page(root: bytes, page: int, pages: int, way: Sequence[bytes], whole: bytes) -> None:
    """Check that the page with this root is number `page` of the file with the root `whole`. Raises Tampered."""
    if any(len(one) != HASH_BYTES for one in way):
        raise Tampered("The path from the page to the file has a hash that is none.")
    verify_inclusion(leaf_hash(root), page, pages, way, whole)


def verify_asked(request: BulkRequest, statement: BatchStatement) -> None:
    """Check that the asker asked about exactly these persons, at these places of its file. Raises Tampered."""
    pages = page_count(statement.records)
    if request.page >= pages or request.size != page_size(statement.records, request.page):
        raise Tampered("The file that the statement is about has no such page.")
    opened = [(record.index, opened_leaf(record)) for record in request.records]
    root = root_from(opened, request.size, request.siblings)
    verify_page(root, request.page, pages, request.path, from_b64url(statement.root))


def sign_batch_statement(statement: BatchStatement, key: SigningKey) -> str:
    """Give the statement as compact JWS."""
    return jws.sign(_encode(statement), {}, STATEMENT_KIND, key)


def read_batch_statement(compact: str) -> tuple[jws.Jws, BatchStatement]:
    """Take a statement apart without verifying it. Raises Tampered."""
    parsed = jws.parse(compact)
    try:
        statement = _statement_decoder.decode(parsed.payload)
        refuse_repeated_members(parsed.payload, statement)
        from_b64url(statement.root)
    except (ValueError, *UNREADABLE):
        # Not `from error`: the message of the error may repeat what the statement says.
        raise Tampered("The statement has not the form of a statement of a batch.") from None
    return parsed, statement


def verify_batch_statement(parsed: jws.Jws, statement: BatchStatement, key: VerifyKey) -> None:
    """Check that the asker's own key signed it. Raises Tampered."""
    if parsed.key_id.split("#")[0] != statement.asker:
        raise Tampered("The statement is not signed with a key of the asker.")
    parsed.verify(key, STATEMENT_KIND)


def _levels(leaves: Sequence[bytes]) -> list[Sequence[bytes]]:
    """Give the roots of all subtrees, level by level; the last of a level may be of an incomplete one."""
    if not leaves:
        raise InvalidValue("A page has at least one record.")
    levels = [leaves]
    while len(level := levels[-1]) > 1:
        above = [node_hash(*pair) for pair in zip(level[::2], level[1::2], strict=False)]
        levels.append(above + list(level[len(above) * 2 :]))
    return levels


def _in_order(indices: Sequence[int], size: int) -> bool:
    return all(low < high for low, high in zip((-1, *indices), (*indices, size), strict=True))


def _apart(
    levels: list[Sequence[bytes]], indices: Sequence[int], level: int, place: int, first: int, last: int
) -> Iterator[bytes]:
    """Give the roots below a subtree that holds `indices[first:last]`."""
    if first == last:
        yield levels[level][place]
    elif level:
        left, middle = 2 * place, bisect_left(indices, (2 * place + 1) << level - 1, first, last)
        yield from _apart(levels, indices, level - 1, left, first, middle)
        if left + 1 < len(levels[level - 1]):
            yield from _apart(levels, indices, level - 1, left + 1, middle, last)


class _Climb:
    """The way from some leaves of a page, and the roots between them, up to the root."""

    def __init__(self, indices: list[int], leaves: list[bytes], size: int, rest: Iterator[bytes]) -> None:
        self._indices, self._leaves, self._size, self._rest = indices, leaves, size, rest

    def root(self) -> bytes:
        """Compute the root. Raises Tampered when hashes are missing."""
        return self._of((self._size - 1).bit_length(), 0, 0, len(self._indices))

    def _of(self, level: int, place: int, first: int, last: int) -> bytes:
        if first == last:
            return self._next()
        if not level:
            return self._leaves[first]
        start = (2 * place + 1) << level - 1
        if start >= self._size:
            return self._of(level - 1, 2 * place, first, last)
        middle = bisect_left(self._indices, start, first, last)
        left = self._of(level - 1, 2 * place, first, middle)
        return node_hash(left, self._of(level - 1, 2 * place + 1, middle, last))

    def _next(self) -> bytes:
        other = next(self._rest, None)
        if other is None:
            raise Tampered("Hashes of other records of the page are missing.")
        return other

"""The daily feed of a register: a file in UTF-8, a JSON object on each line, with a header and a trailer.

It is read twice. The first reading looks whether the file is whole and ours, and changes nothing; so what is cut, or
stands in another character set, is refused before its first line is applied. Neither reading holds more than a line.
"""

import hashlib
from collections.abc import Iterator
from datetime import date
from typing import Annotated, BinaryIO, Literal, NamedTuple, TypeVar

import msgspec

from crossroads.kernel.errors import Malformed, Refused
from crossroads.kernel.identifiers import InstitutionId
from crossroads.participant.feed_events import Part
from crossroads.wire.decoding import decode

MAXIMUM_LINE = 16 * 1024
"""Bytes of one line of a feed."""
FORMAT = "crossroads-register-feed"

_P = TypeVar("_P", bound=msgspec.Struct)

_Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class FeedRefused(Refused):
    """The feed is refused as a whole; nothing was changed."""


class Header(Part, frozen=True, kw_only=True):
    """The first line. Sequence numbers follow each other without gap; `count` is that of the lines in between."""

    feed: Literal["crossroads-register-feed"]
    version: Literal[1]
    institution: InstitutionId
    day: date
    sequence: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    count: _Count


class Counts(Part, frozen=True, kw_only=True):
    """Lines of each kind."""

    birth: _Count = 0
    death: _Count = 0
    move: _Count = 0
    name: _Count = 0
    union: _Count = 0
    number: _Count = 0
    household: _Count = 0

    @property
    def total(self) -> int:
        """All of them."""
        return sum(msgspec.structs.astuple(self))


class Trailer(Part, frozen=True, kw_only=True):
    """The last line: the count sheet of who made the feed."""

    counts: Counts


_header = msgspec.json.Decoder(Header)
_trailer = msgspec.json.Decoder(Trailer)


class Examined(NamedTuple):
    """A feed that is whole."""

    header: Header
    announced: Counts
    digest: str
    """SHA-256 of the file, in hexadecimal."""


def examine(file: BinaryIO) -> Examined:
    """Read a feed through and look whether it is whole. Raises FeedRefused."""
    digest, lines = hashlib.sha256(), _lines(file)
    first = next(lines, b"")
    digest.update(first)
    header = _part(first, _header, "The first line is not the header of a register feed")
    last, found = b"", -1
    for last in lines:
        digest.update(last)
        found += 1
    trailer = _part(last, _trailer, "The last line is no trailer: the feed was cut")
    if not found == header.count == trailer.counts.total:
        raise FeedRefused(
            f"The header announces {header.count} lines and the trailer {trailer.counts.total}, but there are {found}."
        )
    return Examined(header, trailer.counts, digest.hexdigest())


def entries(file: BinaryIO, after: int, count: int) -> Iterator[tuple[int, bytes]]:
    """Give the lines between header and trailer that come after a number, each with its number; the first is 1."""
    file.seek(0)
    for number, line in enumerate(_lines(file)):
        if number > count:
            return
        if number > after:
            yield number, line


def _lines(file: BinaryIO) -> Iterator[bytes]:
    number = 0
    while line := file.readline(MAXIMUM_LINE + 1):
        number += 1
        if len(line) > MAXIMUM_LINE:
            raise FeedRefused(f"Line {number} of the file is longer than {MAXIMUM_LINE} bytes.")
        try:
            line.decode()
        except UnicodeDecodeError:
            raise FeedRefused(f"Line {number} of the file is not text in UTF-8.") from None
        yield line


def _part(line: bytes, decoder: "msgspec.json.Decoder[_P]", otherwise: str) -> _P:
    try:
        return decode(line, decoder)
    except Malformed as error:
        raise FeedRefused(f"{otherwise} ({error})") from None

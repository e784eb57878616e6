"""Files as they are sent: packed and unpacked piece by piece, within bounds, and cut into lines."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol

from zstandard import ZstdCompressor, ZstdDecompressor, ZstdError

from crossroads.kernel.errors import InvalidValue
from crossroads.kernel.sentences import Sentence
from crossroads.wire.batches import MAXIMUM_FILE, MAXIMUM_LINE, Packing

_GZIP = zlib.MAX_WBITS | 16
"""zlib's way to say: with the header and the check sum of gzip."""
_WINDOW = 8 * 1024 * 1024
"""Bytes of a window that a reader of zstd should provide (RFC 8878, 3.1.1.1.2); a larger one is refused."""
_MOUTHFUL = 256
"""Bytes unpacked at once: a block of zstd that repeats one byte makes 128 KiB of four, so this makes 8 MiB at most."""
_PIECE = 64 * 1024
"""Bytes given at once."""
_MAXIMUM_FRAMES = 1 << 17
"""Frames of zstd, or members of gzip, of a file: more than a file cut in blocks of 32 KiB has."""


MAXIMUM_RATIO = 100
"""Bytes unpacked for each that was sent: what people write is packed to a twentieth, one line repeated to less."""
_FREE = 16 * 1024 * 1024
"""Bytes unpacked for which the ratio does not count."""


class BadFile(InvalidValue):
    """The file is not what it should be. `line`, from 1, says where; None when it is the whole file."""

    def __init__(self, detail: str, line: int | None = None) -> None:
        """Keep the line, and what is wrong without it, in a sentence."""
        super().__init__(detail if line is None else Sentence("Line %(line)s: %(what)s", line=line, what=detail))
        self.detail, self.line = detail, line


class _Frame(Protocol):
    """What unpacks one frame of zstd or one member of gzip."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, /) -> bytes: ...


class Unpacker:
    """Unpacks a file as it comes. Memory does not grow with what is packed."""

    def __init__(self, packing: Packing, maximum: int = MAXIMUM_FILE) -> None:
        """Begin a file of at most `maximum` bytes, unpacked."""
        self._packing, self._left, self._room = packing, maximum, _FREE
        self._frame: _Frame | None = None
        self._frames = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Give what these bytes hold, in pieces; all are to be taken before more is fed. Raises BadFile."""
        step = _PIECE if self._packing is Packing.PLAIN else _MOUTHFUL
        for at in range(0, len(data), step):
            part = data[at : at + step]
            self._room += MAXIMUM_RATIO * len(part)
            for piece in self._unpacked(part):
                self._check_room(len(piece))
                yield from (piece[start : start + _PIECE] for start in range(0, len(piece), _PIECE))

    def finish(self) -> None:
        """Check that the file is whole. Raises BadFile."""
        if self._frame is not None:
            raise BadFile(
                Sentence("The file is cut: the %(packing)s ends before its end.", packing=self._packing.value)
            )

    def _check_room(self, given: int) -> None:
        self._left -= given
        self._room -= given
        if self._left < 0:
            raise BadFile("Unpacked, the file is larger than it may be.")
        if self._room < 0:
            raise BadFile(
                Sentence("Unpacked, the file is more than %(most)s times as large as it was sent.", most=MAXIMUM_RATIO)
            )

    def _unpacked(self, data: bytes) -> Iterator[bytes]:
        if self._packing is Packing.PLAIN:
            yield data
            return
        while data:
            frame = self._frame or self._begin()
            try:
                piece = frame.decompress(data)
            except (zlib.error, ZstdError):
                raise BadFile(
                    Sentence("The file is not %(packing)s, or is damaged.", packing=self._packing.value)
                ) from None
            self._frame, data = (None, frame.unused_data) if frame.eof else (frame, b"")
            yield piece

    def _begin(self) -> _Frame:
        self._frames += 1
        if self._frames > _MAXIMUM_FRAMES:
            raise BadFile(Sentence("The file is packed in more than %(most)s pieces.", most=_MAXIMUM_FRAMES))
        return _FRAMES[self._packing]()


_FRAMES: dict[Packing, Callable[[], _Frame]] = {
    Packing.GZIP: lambda: zlib.decompressobj(_GZIP),
    Packing.ZSTD: lambda: ZstdDecompressor(max_window_size=_WINDOW).decompressobj(),
}


class Line(NamedTuple):
    """A line of a file, without its end."""

    number: int
    """From 1."""
    text: bytes


class Lines:
    """Unpacks a file as it comes and cuts it into lines, which end in LF or CR LF."""

    def __init__(self, packing: Packing, maximum: int = MAXIMUM_FILE) -> None:
        """Begin a file of at most `maximum` bytes, unpacked."""
        self._unpacker, self._rest, self._number = Unpacker(packing, maximum), b"", 0

    def feed(self, data: bytes) -> Iterator[Line]:
        """Give the lines that are whole now; all are to be taken before more is fed. Raises BadFile."""
        for piece in self._unpacker.feed(data):
            *whole, self._rest = (self._rest + piece).split(b"\n")
            yield from map(self._line, whole)
            if len(self._rest) > MAXIMUM_LINE + 1:
                self._line(self._rest)

    def finish(self) -> Iterator[Line]:
        """Give the last line where it has no end, and check that the file is whole. Raises BadFile."""
        self._unpacker.finish()
        if self._rest:
            yield self._line(self._rest)

    def _line(self, text: bytes) -> Line:
        self._number += 1
        text = text.removesuffix(b"\r")
        if not text:
            raise BadFile("It is empty.", self._number)
        if len(text) > MAXIMUM_LINE:
            raise BadFile(Sentence("It is longer than %(most)s bytes.", most=MAXIMUM_LINE), self._number)
        return Line(self._number, text)


def packed(pieces: Iterable[bytes], packing: Packing) -> Iterator[bytes]:
    """Pack a file as it comes."""
    if packing is Packing.PLAIN:
        yield from pieces
        return
    gzip = packing is Packing.GZIP
    packer = zlib.compressobj(wbits=_GZIP) if gzip else ZstdCompressor(write_checksum=True).compressobj()
    yield from filter(None, map(packer.compress, pieces))
    yield packer.flush()

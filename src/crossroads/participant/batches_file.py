"""A file of questions as it lies here: what its name says of its form, and what a statement says of its records."""

import os
import stat
from collections.abc import Callable, Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, NamedTuple

from crossroads.kernel.errors import InvalidValue, Refused
from crossroads.kernel.sentences import Sentence
from crossroads.kernel.ssin import Environment, is_number_of_person, parse_ssin
from crossroads.wire.batches import MAXIMUM_FILE, MAXIMUM_RECORDS, PAGE, Days, FileFormat, Packing, Record
from crossroads.wire.canonical import b64url
from crossroads.wire.packing import BadFile
from crossroads.wire.pages import file_root, page_root, record_leaf, salt_of
from crossroads.wire.rows import RowReader, record_rows

Tell = Callable[[str, int, int], None]
"""Is told how far work is: which, how much is done, and of how much."""

_PIECE = 256 * 1024
_FORMATS = {".jsonl": FileFormat.JSON_LINES, ".csv": FileFormat.CSV}
_PACKINGS = {".gz": Packing.GZIP, ".zst": Packing.ZSTD}
ENDINGS = tuple(form + packing for form in _FORMATS for packing in ("", *_PACKINGS))
"""How names of files of questions end."""


class Form(NamedTuple):
    """How records stand in a file, and how it is packed."""

    format: FileFormat
    packing: Packing


class Source(NamedTuple):
    """A file that is open: whatever is put at its place meanwhile, this one is read."""

    file: BinaryIO
    form: Form
    digest: str
    """What it must have when it is read whole."""


class Measured(NamedTuple):
    """What a voucher and a statement say of a file."""

    records: int
    root: str
    digest: str
    size: int


class RecordRules:
    """What must be true of a record besides its form, as far as it can be told here."""

    def __init__(self, environment: Environment, today: date, common: Days) -> None:
        """Know the days of the batch, which count where a record has none."""
        self._environment, self._today, self._dated = environment, today, any(common)

    def __call__(self, record: Record) -> None:
        """Raise InvalidValue for a record that cannot be asked; the message holds nothing of it."""
        parse_ssin(record.ssin, self._environment, self._today)
        if not (self._dated or record.period or record.reference_date):
            raise InvalidValue("It has neither period nor reference date, and the batch has none for all.")
        ticket = record.customer_ticket
        if ticket and is_number_of_person(ticket, self._environment, self._today):
            raise InvalidValue("The customer ticket may not be the number of a person.")


def form_of(path: Path) -> Form:
    """Tell the form of a file by its name. Raises Refused."""
    packing = _PACKINGS.get(path.suffix, Packing.PLAIN)
    inner = path.suffix if packing is Packing.PLAIN else Path(path.stem).suffix
    if inner not in _FORMATS:
        raise Refused(f"{path}: the name of a file of questions ends in .jsonl or .csv, and .gz or .zst if packed.")
    return Form(_FORMATS[inner], packing)


def digest_of(path: Path) -> str:
    """Give the SHA-256 of a file, as vouchers have it. Raises Refused when it cannot be read."""
    with opened(path) as file:
        return digest_in(file)


def digest_in(file: BinaryIO) -> str:
    """Give the SHA-256 of an open file, from its beginning."""
    digest = sha256()
    file.seek(0)
    for piece in _pieces(file):
        digest.update(piece)
    return b64url(digest.digest())


def measure(source: BinaryIO, copy: BinaryIO, form: Form, rules: RecordRules, key: str, tell: Tell) -> Measured:
    """Check a file line by line while it is copied. `key` is that of its records. Raises BadFile."""
    measuring, digest, read, size = _Measuring(form, rules, key), sha256(), 0, _size(source)
    for piece in _pieces(source):
        copy.write(piece)
        digest.update(piece)
        measuring.feed(piece)
        read += len(piece)
        tell("checked", read, size)
    if read > MAXIMUM_FILE:
        raise BadFile(Sentence("It is larger than %(most)s bytes.", most=MAXIMUM_FILE))
    return Measured(*measuring.finish(), b64url(digest.digest()), read)


def pages_of(path: Path, form: Form) -> Iterator[list[Record]]:
    """Give the records of a file that was measured, page by page."""
    reader = RowReader(record_rows(form.format), form.packing, lambda _: None)
    page: list[Record] = []
    with opened(path) as file:
        for record in _records(reader, file):
            page.append(record)
            if len(page) == PAGE:
                yield page
                page = []
    if page:
        yield page


def opened(path: Path) -> BinaryIO:
    """Open a file to read it. Raises Refused."""
    if not path.is_file():
        raise Refused(f"{path}: there is no such file.")
    try:
        return path.open("rb")
    except OSError as error:
        raise Refused(f"{path}: cannot be read: {error.strerror}.") from error


def opened_here(path: Path) -> BinaryIO:
    """Open a file that lies where others may write: not through a link, and nothing but a file. Raises OSError."""
    # A pipe would wait for whoever writes to it.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(0, "It is no file")
    return os.fdopen(descriptor, "rb")


class _Measuring:
    """The root of what was read so far. Of pages that are whole only their roots are kept."""

    def __init__(self, form: Form, rules: RecordRules, key: str) -> None:
        self._reader = RowReader(record_rows(form.format), form.packing, rules)
        self._key = key
        self._records = 0
        self._leaves: list[bytes] = []
        self._roots: list[bytes] = []

    def feed(self, piece: bytes) -> None:
        """Read on. Raises BadFile."""
        self._add(self._reader.feed(piece))

    def finish(self) -> tuple[int, str]:
        """Give how many records there are, and their root. Raises BadFile."""
        self._add(self._reader.finish())
        if not self._records:
            raise BadFile("It has no records.")
        roots = [*self._roots, page_root(self._leaves)] if self._leaves else self._roots
        return self._records, b64url(file_root(roots))

    def _add(self, records: Iterator[Record]) -> None:
        for record in records:
            if self._records == MAXIMUM_RECORDS:
                raise BadFile(Sentence("It has more than %(most)s records.", most=MAXIMUM_RECORDS))
            self._leaves.append(record_leaf(salt_of(self._key, self._records), record))
            self._records += 1
            if len(self._leaves) == PAGE:
                self._roots.append(page_root(self._leaves))
                self._leaves = []


def _records(reader: RowReader[Record], file: BinaryIO) -> Iterator[Record]:
    for piece in _pieces(file):
        yield from reader.feed(piece)
    yield from reader.finish()


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece


def _size(file: BinaryIO) -> int:
    end = file.seek(0, 2)
    file.seek(0)
    return end

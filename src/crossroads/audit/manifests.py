"""What is signed of a file of archived entries: a note by the key of the log, kept beside the file and in the log."""

import re
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from crossroads.kernel.errors import Tampered
from crossroads.wire.notes import NoteSigner, NoteVerifier, verify_note

_LINES = re.compile(
    r"(?P<origin>[^\n]+)\nmonth archived\n(?P<month>\d{4}-\d{2})\nfile (?P<file>log-[0-9-]+\.parquet)\n"
    r"sha256 (?P<digest>[0-9a-f]{64})\nentries (?P<entries>\d{1,18}) speaking (?P<speaking>\d{1,18})\n"
    r"checkpoint (?P<checkpoint>\d{1,18})\n(?P<ranges>(?:stream \d{1,5} from \d{1,18} to \d{1,18}\n)+)"
)
_RANGE = re.compile(r"stream (\d+) from (\d+) to (\d+)\n")


class EntryRange(NamedTuple):
    """Entries `first` to `last` of a stream."""

    stream: int
    first: int
    last: int


class Manifest(NamedTuple):
    """A file, the entries in it, how many of them say something, and a checkpoint that they are all under."""

    month: str
    file: str
    digest: str
    entries: int
    speaking: int
    checkpoint: int
    ranges: tuple[EntryRange, ...]

    def text(self, origin: str) -> str:
        """Give the text that is signed; no checkpoint can be mistaken for it."""
        ranges = "".join(f"stream {one.stream} from {one.first} to {one.last}\n" for one in self.ranges)
        return (
            f"{origin}\nmonth archived\n{self.month}\nfile {self.file}\nsha256 {self.digest}\n"
            f"entries {self.entries} speaking {self.speaking}\ncheckpoint {self.checkpoint}\n{ranges}"
        )

    def signed(self, signer: NoteSigner) -> str:
        """Give it as a signed note."""
        return signer.sign(self.text(signer.name))


def read_manifest(note: str, verifiers: Collection[NoteVerifier]) -> Manifest:
    """Check that a key of the log signed the note, under its own origin, and read it. Raises Tampered."""
    text, signers = verify_note(note, verifiers)
    found = _LINES.fullmatch(text)
    if found is None or found["origin"] not in signers:
        raise Tampered("This is not a note about archived entries.")
    ranges = tuple(EntryRange(*map(int, one)) for one in _RANGE.findall(found["ranges"]))
    entries, speaking, checkpoint = (int(found[name]) for name in ("entries", "speaking", "checkpoint"))
    return Manifest(found["month"], found["file"], found["digest"], entries, speaking, checkpoint, ranges)


def month_name(month: datetime) -> str:
    """Write a month, in UTC."""
    return f"{month.astimezone(UTC):%Y-%m}"


def months_within(months: Iterable[str], first: datetime, until: datetime) -> list[str]:
    """Give those of some months that some time has a part of."""
    return [month for month in months if month_name(first) <= month <= month_name(until)]

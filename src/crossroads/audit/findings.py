"""What a verification of the log found."""

from enum import StrEnum

import msgspec

from crossroads.audit.model import TOP

MAXIMUM = 1_000
"""Findings that are kept; more are only counted."""


class Kind(StrEnum):
    """What is wrong."""

    ALTERED = "altered"
    MISSING = "missing"
    ADDED = "added"
    HEAD = "head"
    LIST = "list"
    CHECKPOINT = "checkpoint"
    EXPIRY = "expiry"
    ARCHIVE = "archive"


class Finding(msgspec.Struct, rename="camel"):
    """Something wrong with the entries `first` to `last` of a stream; of the lists of heads when the stream is -1."""

    kind: Kind
    stream: int
    first: int
    last: int
    reason: str

    def __str__(self) -> str:
        """Say it in a sentence."""
        one, many, where = (
            ("List", "Lists", "") if self.stream == TOP else ("Entry", "Entries", f" of stream {self.stream}")
        )
        which = f"{one} {self.first}" if self.first == self.last else f"{many} {self.first} to {self.last}"
        return f"{which}{where}: {self.reason}"


class ArchivedMonth(msgspec.Struct, rename="camel"):
    """A file of entries that left the database, and whether it was looked at."""

    month: str
    file: str
    digest: str
    entries: int
    looked: bool


class Verification(msgspec.Struct, kw_only=True, rename="camel"):
    """The outcome: the log is sound when nothing was found."""

    entries: int = 0
    expired: int = 0
    archived: int = 0
    """Entries of which the database has the leaf, and a file the rest."""
    archives: list[ArchivedMonth] = msgspec.field(default_factory=list)
    checkpoints: int = 0
    findings: list[Finding] = msgspec.field(default_factory=list)
    omitted: int = 0

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    def find(self, kind: Kind, stream: int, first: int, last: int, reason: str) -> None:
        """Keep a finding; one that goes on from the last one is joined to it."""
        latest = self.findings[-1] if self.findings else None
        if latest and (latest.kind, latest.stream, latest.reason, latest.last + 1) == (kind, stream, reason, first):
            latest.last = last
        elif len(self.findings) < MAXIMUM:
            self.findings.append(Finding(kind, stream, first, last, reason))
        else:
            self.omitted += 1

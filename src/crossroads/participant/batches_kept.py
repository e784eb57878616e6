"""Batches that were sent, as they are kept here until their result is acknowledged: voucher, ticket, file.

Without them an upload could not go on after a break, and nobody could tell whether a result is the one to these
questions. The file holds numbers of persons: folder and files are for their owner alone.
"""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import msgspec
from msgspec.structs import replace

from crossroads.participant.batches_file import Form
from crossroads.participant.files import read_kept, write_atomically
from crossroads.wire.batches import Voucher
from crossroads.wire.messages import Message

_VOUCHER, _FILE, _NEW = "voucher.json", "file", ".new-"
_NAME_CHARACTERS = 32
_LEFT_SECONDS = 24 * 60 * 60
"""After which a folder that was begun belongs to a process that was killed."""


class Kept(Message, frozen=True, kw_only=True):
    """A batch that was prepared here. Before it is announced it has no ticket."""

    voucher: Voucher
    numbered: bool
    """Whether the caller gave the sequence number."""
    ticket: UUID | None = None

    @property
    def form(self) -> Form:
        """How records stand in the file."""
        return Form(self.voucher.format, self.voucher.packing)

    def numbered_as(self, number: int) -> "Kept":
        """Give it with a sequence number."""
        return replace(self, voucher=replace(self.voucher, file_sequence_number=number))

    def with_ticket(self, ticket: UUID) -> "Kept":
        """Give it with the ticket that the hub gave."""
        return replace(self, ticket=ticket)


_decoder = msgspec.json.Decoder(Kept)


class KeptBatches:
    """All batches that are kept here, each in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        """Keep them in a folder, which need not be there yet."""
        self._folder = folder

    def find(self, reference: str) -> Kept | None:
        """Give a batch by its reference. Raises CrossroadsError for one that is damaged."""
        return read_kept(self._place(reference) / _VOUCHER, _decoder)

    def with_ticket(self, ticket: UUID) -> Kept | None:
        """Give a batch by its ticket."""
        return next((kept for kept in self._all() if kept.ticket == ticket), None)

    def file(self, kept: Kept) -> Path:
        """Give the copy of its file."""
        return self._place(kept.voucher.reference) / _FILE

    def begin(self) -> Path:
        """Make a folder for a batch that is being prepared."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in self._folder.glob(f"{_NEW}*"):
            # Whoever made it may be removing it now.
            with suppress(FileNotFoundError):
                if time.time() - left.stat().st_mtime > _LEFT_SECONDS:
                    shutil.rmtree(left, ignore_errors=True)
        return Path(tempfile.mkdtemp(prefix=_NEW, dir=self._folder))

    def add(self, kept: Kept, begun: Path) -> None:
        """Keep a batch whose file is in a folder that was begun; it replaces one that was never announced."""
        write_atomically(begun / _VOUCHER, msgspec.json.encode(kept))
        self.forget(kept)
        begun.replace(self._place(kept.voucher.reference))

    def update(self, kept: Kept) -> Kept:
        """Keep what is known now, and give it."""
        write_atomically(self._place(kept.voucher.reference) / _VOUCHER, msgspec.json.encode(kept))
        return kept

    def forget(self, kept: Kept) -> None:
        """Remove a batch."""
        shutil.rmtree(self._place(kept.voucher.reference), ignore_errors=True)

    def _all(self) -> Iterator[Kept]:
        for place in sorted(self._folder.glob(f"*/{_VOUCHER}")):
            if not place.parent.name.startswith(_NEW) and (kept := read_kept(place, _decoder)):
                yield kept

    def _place(self, reference: str) -> Path:
        return self._folder / sha256(reference.encode()).hexdigest()[:_NAME_CHARACTERS]


def copy_in(begun: Path) -> Path:
    """Give where the copy of a file belongs in a folder that was begun: a file of mode 0600 that is empty."""
    copy = begun / _FILE
    copy.touch(mode=0o600, exist_ok=False)
    return copy

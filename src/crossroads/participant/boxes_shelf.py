"""The documents of the messages that an institution published: they stay here, in a folder beside the state.

A message has a folder of its own: `message.json` with whose it is, and each document under its place in the message. It
is there whole or not at all. The command that publishes writes here, and the participant that answers reads.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from tempfile import mkdtemp
from uuid import UUID

import msgspec

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Refused
from crossroads.kernel.folders import flush
from crossroads.participant.config import Config
from crossroads.wire.box import BoxPublication, Delivery, digest_of
from crossroads.wire.canonical import sha256

_CARD = "message.json"
_MODE = 0o600


class Shelved(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A message of the institution, or of one that it manages, and what the hub said of it."""

    sender: str
    publication: BoxPublication
    message: UUID | None = None
    """None until the hub took it."""
    delivery: Delivery | None = None


_decoder = msgspec.json.Decoder(Shelved)


def shelf_folder(config: Config) -> Path:
    """Give where a participant keeps the documents."""
    return config.path(config.state) / "box"


class Shelf:
    """The folder. It holds what people were sent: nobody else may read it."""

    def __init__(self, folder: Path) -> None:
        """Keep them there; the folder comes into being with the first message."""
        self._folder = folder

    def keep(self, message: Shelved, contents: Sequence[bytes]) -> None:
        """Put a message there with its documents. Raises Refused where another has its reference."""
        place = self._place(message.sender, message.publication.reference)
        if before := self.find(message.sender, message.publication.reference):
            if before.publication != message.publication:
                raise Refused(code=Code.REFERENCE_REUSED)
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = Path(mkdtemp(prefix=".", dir=self._folder))
        try:
            for number, content in enumerate(contents):
                _write(made / str(number), content)
            _write(made / _CARD, msgspec.json.encode(message))
            flush(made)
            made.rename(place)
            flush(self._folder)
        finally:
            shutil.rmtree(made, ignore_errors=True)

    def settle(self, message: Shelved) -> None:
        """Keep what the hub said. The documents of a message that goes by paper do not stay."""
        place = self._place(message.sender, message.publication.reference)
        _write(place / f"{_CARD}.new", msgspec.json.encode(message))
        (place / f"{_CARD}.new").replace(place / _CARD)
        flush(place)
        if message.delivery is Delivery.NOT_ACTIVE:
            for number in range(len(message.publication.documents)):
                (place / str(number)).unlink(missing_ok=True)

    def find(self, sender: str, reference: str) -> Shelved | None:
        """Give a message."""
        return _read(self._place(sender, reference))

    def content(self, message: Shelved, digest: str) -> bytes | None:
        """Give a document of a message, when it is still the one that was published."""
        for number, card in enumerate(message.publication.documents):
            if card.digest == digest:
                place = self._place(message.sender, message.publication.reference) / str(number)
                found = place.read_bytes() if place.is_file() else b""
                return found if digest_of(found) == digest else None
        return None

    def messages(self) -> Iterator[Shelved]:
        """Give all messages, the newest first."""
        if self._folder.is_dir():
            found = (_read(place) for place in self._folder.iterdir() if not place.name.startswith("."))
            yield from sorted(filter(None, found), key=_newest)

    def forget(self, today: date) -> int:
        """Remove the messages that expired, and count them."""
        over = [one for one in self.messages() if one.publication.expires_on <= today]
        for one in over:
            shutil.rmtree(self._place(one.sender, one.publication.reference))
        return len(over)

    def _place(self, sender: str, reference: str) -> Path:
        return self._folder / sha256(f"{sender}\x00{reference}".encode()).hex()


def _newest(message: Shelved) -> tuple[int, str]:
    return -message.publication.received_on.toordinal(), message.publication.reference


def _read(place: Path) -> Shelved | None:
    with suppress(FileNotFoundError, NotADirectoryError):
        return _decoder.decode((place / _CARD).read_bytes())
    return None


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())

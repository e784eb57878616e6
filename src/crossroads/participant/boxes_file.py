"""A message as an institution writes it down: a YAML file that names its documents, which lie beside it."""

import mimetypes
from datetime import date
from pathlib import Path
from typing import Annotated

import msgspec

from crossroads.kernel.errors import Fault, Malformed
from crossroads.kernel.identifiers import LegalContextId
from crossroads.participant.boxes_shelf import Shelf, Shelved
from crossroads.participant.yamlfile import Settings, read_settings
from crossroads.wire.box import (
    MAXIMUM_DOCUMENT,
    MAXIMUM_DOCUMENTS,
    BoxPublication,
    BoxPublished,
    DocumentCard,
    FileName,
    MediaType,
    Sort,
    Subject,
    digest_of,
)
from crossroads.wire.decoding import convert
from crossroads.wire.messages import Reference, SsinText

LISTED_YEARS = 2
"""For which a message is listed where nothing is said: as in the example of the eBox (facts: belgium/ebox.md 2)."""
_ANYTHING = "application/octet-stream"
_INVALID = "urn:problem-type:belgif:input-validation:invalidInput"


class NamedFile(Settings, frozen=True, kw_only=True):
    """A document: a file, and what it is called there, which is the name of the file unless said otherwise."""

    file: Annotated[str, msgspec.Meta(min_length=1)]
    name: FileName | None = None
    media_type: MediaType | None = None


class MessageFile(Settings, frozen=True, kw_only=True):
    """A message. Paths are relative to the folder of the file."""

    reference: Reference
    ssin: SsinText
    legal_context: LegalContextId
    subject: Subject
    sort: Sort
    received_on: date | None = None
    """Today when absent."""
    expires_on: date | None = None
    """Two years after when absent."""
    documents: Annotated[tuple[NamedFile, ...], msgspec.Meta(min_length=1, max_length=MAXIMUM_DOCUMENTS)]


def read_message(path: Path, today: date, on_behalf_of: str | None) -> tuple[BoxPublication, list[bytes]]:
    """Give the message of a file, and its documents. Raises WrongSetting, Malformed."""
    said = read_settings(path, MessageFile)
    contents = [_content(path.parent / one.file, at) for at, one in enumerate(said.documents)]
    received = said.received_on or today
    given = {
        **msgspec.to_builtins(said),
        "receivedOn": received.isoformat(),
        "expiresOn": (said.expires_on or _years_after(received)).isoformat(),
        "documents": [msgspec.to_builtins(_card(*one)) for one in zip(said.documents, contents, strict=True)],
        "onBehalfOf": on_behalf_of,
    }
    # Through the message's own rules: what the hub would refuse as malformed is told here, with its place.
    return convert(given, BoxPublication), contents


def shelve(shelf: Shelf, institution: str, publication: BoxPublication, contents: list[bytes]) -> Shelved:
    """Put a message on the shelf before it is published: once the hub has it, its documents are asked for."""
    message = Shelved(sender=publication.on_behalf_of or institution, publication=publication)
    shelf.keep(message, contents)
    return message


def settle(shelf: Shelf, message: Shelved, published: BoxPublished) -> None:
    """Keep what the hub made of a message."""
    shelf.settle(msgspec.structs.replace(message, message=published.message, delivery=published.delivery))


def _content(path: Path, at: int) -> bytes:
    place = f"$.documents[{at}].file"
    try:
        if path.stat().st_size > MAXIMUM_DOCUMENT:
            most = MAXIMUM_DOCUMENT // 1024 // 1024
            raise Malformed(Fault(place, _INVALID, f"{path.name} is larger than {most} MiB."))
        return path.read_bytes()
    except OSError as error:
        raise Malformed(Fault(place, _INVALID, f"{path.name} cannot be read: {error.strerror}.")) from error


def _card(named: NamedFile, content: bytes) -> DocumentCard:
    name = named.name or Path(named.file).name
    media_type = named.media_type or mimetypes.guess_type(name)[0] or _ANYTHING
    return DocumentCard(name=name, media_type=media_type, size=len(content), digest=digest_of(content))


def _years_after(day: date) -> date:
    try:
        return day.replace(year=day.year + LISTED_YEARS)
    except ValueError:
        # The 29th of February.
        return day.replace(year=day.year + LISTED_YEARS, day=28)

"""What the log is made of."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from crossroads.audit.events import Event
from crossroads.kernel.errors import InvalidValue
from crossroads.kernel.sentences import Sentence
from crossroads.wire.commitments import commit
from crossroads.wire.merkle import Frontier
from crossroads.wire.proofs import Heads, StreamHead

TOP = -1
"""The number under which the tree above the streams is kept."""

OWN_FIELDS = frozenset({"event", "ticket", "person", "asker", "at"})
"""The names of the fields that every entry has; they stand in columns, not in the content."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be logged. `fields` holds what this event says beside the columns; never under their names."""

    event: Event
    ticket: UUID | None = None
    person: int | None = None
    asker: str | None = None
    fields: dict[str, Any]


class Receipt(msgspec.Struct, frozen=True, rename="camel"):
    """Where an entry stands in the log, and its leaf."""

    stream: int
    index: int
    leaf: bytes


class Record(NamedTuple):
    """An entry as it is stored, less its place."""

    event: str
    ticket: UUID | None
    person: int | None
    asker: str | None
    at: datetime
    content: str | None
    salts: bytes | None
    leaf: bytes

    @property
    def fields(self) -> dict[str, Any]:
        """What the leaf commits to. Only for an entry whose content is there."""
        return committed_fields(_decode(self.content or "{}"), *self[:5])


class Head(msgspec.Struct):
    """A stream as this process holds it: until `lease_until` of its row, and only while the epoch is the newest."""

    stream: int
    epoch: int
    frontier: Frontier
    settled: int


class CheckpointRow(NamedTuple):
    """A checkpoint with the list of heads that is its last leaf; none for the empty log."""

    size: int
    note: str
    heads: Heads


class StoredHead(NamedTuple):
    """A head as it stands in the database, to be checked."""

    stream: int
    size: int
    peaks: bytes


class Expirable(NamedTuple):
    """Entries `first` to `last` of a stream, so many of which, of a class of events, still say something."""

    log_class: str
    stream: int
    first: int
    last: int
    entries: int


class Cursor(NamedTuple):
    """Where a page of entries ended."""

    at: datetime
    stream: int
    place: int


class UsageLine(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One thing that was logged about a person."""

    at: datetime
    stream: int
    index: int
    event: str
    ticket: UUID | None
    person: int
    asker: str | None
    fields: dict[str, Any]


class UsagePage(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Some lines, in order of time; `next` asks for those after them, if there are more."""

    lines: tuple[UsageLine, ...]
    next: str | None = None


def record_of(entry: Entry, at: datetime) -> Record:
    """Commit to an entry. Raises InvalidValue when a field has a name of our own or a value that no log can hold."""
    if not OWN_FIELDS.isdisjoint(entry.fields):
        names = ", ".join(sorted(OWN_FIELDS & set(entry.fields)))
        raise InvalidValue(Sentence("A logged field may not be called %(names)s.", names=names))
    own = entry.event.value, entry.ticket, entry.person, entry.asker, at
    leaf, salts = commit(committed_fields(entry.fields, *own))
    return Record(*own, _encode(entry.fields).decode(), salts, leaf)


def committed_fields(
    content: Mapping[str, Any], event: str, ticket: UUID | None, person: int | None, asker: str | None, at: datetime
) -> dict[str, Any]:
    """Give all fields of an entry: the content, and the columns, also those that are null.

    A proof shows the names of all fields: those must not tell whether there is a person.
    """
    return {
        **content,
        "event": event,
        "at": instant(at),
        "ticket": str(ticket) if ticket else None,
        "person": person,
        "asker": asker,
    }


@lru_cache(maxsize=64)
def instant(moment: datetime) -> str:
    """Give a moment in UTC with microseconds, which is what the database keeps. All entries of a page have one."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def stream_heads(heads: list[tuple[int, int, bytes]]) -> Heads:
    """Give the list of heads from streams, sizes and frontiers."""
    return tuple(StreamHead(stream=stream, size=size, root=Frontier(size, peaks).root) for stream, size, peaks in heads)


def expiry_text(origin: str, stream: int, first: int, last: int, log_class: str | None) -> str:
    """Give the text that is signed when entries of a class expire; no checkpoint can be mistaken for it.

    Without a class, as it was signed once, it is of all entries of the range.
    """
    of_class = f"class {log_class}\n" if log_class else ""
    return f"{origin}\nrange expired\nstream {stream} from {first} to {last}\n{of_class}"


def _plain_text(value: Any) -> str:
    """Encode text of a derived type, such as an SSIN, as the text it is."""
    if isinstance(value, str):
        return str.__str__(value)
    raise InvalidValue(Sentence("A value of type %(kind)s cannot be logged.", kind=type(value).__name__))


_encode = msgspec.json.Encoder(enc_hook=_plain_text).encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode

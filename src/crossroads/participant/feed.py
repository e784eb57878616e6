"""The daily feed of a register: a file in UTF-8, a JSON object on each line, with a header and a trailer.

It is read twice. The first reading looks whether the file is whole and ours, and changes nothing; so what is cut, or
stands in another character set, is refused before its first line is applied. Neither reading holds more than a line.
"""

import hashlib
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Annotated, BinaryIO, ClassVar, Literal, NamedTuple, TypeVar

import msgspec

from crossroads.kernel.errors import Fault, InvalidSsin, Malformed, Refused
from crossroads.kernel.identifiers import InstitutionId
from crossroads.kernel.ssin import Environment, parse_ssin
from crossroads.wire.decoding import UNREADABLE, decode
from crossroads.wire.messages import Line, SsinText

MAXIMUM_LINE = 16 * 1024
"""Bytes of one line of a feed."""
FORMAT = "crossroads-register-feed"
UNREADABLE_KIND = "unreadable"
"""What a line is counted as whose kind cannot be read."""

_P = TypeVar("_P", bound=msgspec.Struct)
_FIRST_DAY = date(1900, 1, 1)
_INVALID = "urn:problem-type:belgif:input-validation:invalidInput"

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern=Line)]
_BirthDate = Annotated[str, msgspec.Meta(pattern=r"^[12][0-9]{3}-(00-00|(0[1-9]|1[0-2])-(0[0-9]|[12][0-9]|3[01]))\Z")]
_Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class FeedRefused(Refused):
    """The feed is refused as a whole; nothing was changed."""


class Sex(StrEnum):
    """As the data group has it, and every message about persons."""

    MALE = "MALE"
    FEMALE = "FEMALE"
    UNKNOWN = "UNKNOWN"
    """Not known, or not recorded."""


class CivilStatus(StrEnum):
    """As the data group has it."""

    SINGLE = "single"
    MARRIED = "married"
    WIDOWED = "widowed"
    DIVORCED = "divorced"
    LEGAL_COHABITANT = "legalCohabitant"


class _Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The form of all parts: camelCase, unknown fields refused."""


class Header(_Part, frozen=True, kw_only=True):
    """The first line. Sequence numbers follow each other without gap; `count` is that of the lines in between."""

    feed: Literal["crossroads-register-feed"]
    version: Literal[1]
    institution: InstitutionId
    day: date
    sequence: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    count: _Count


class Counts(_Part, frozen=True, kw_only=True):
    """Lines of each kind."""

    birth: _Count = 0
    death: _Count = 0
    move: _Count = 0
    name: _Count = 0
    union: _Count = 0
    number: _Count = 0

    @property
    def total(self) -> int:
        """All of them."""
        return sum(msgspec.structs.astuple(self))


class Trailer(_Part, frozen=True, kw_only=True):
    """The last line: the count sheet of who made the feed."""

    counts: Counts


class Address(_Part, frozen=True, kw_only=True):
    """A main residence."""

    street: _Name
    house_number: Annotated[str, msgspec.Meta(min_length=1, max_length=12, pattern=Line)]
    postcode: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}\Z")]
    municipality: _Name
    municipality_code: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{5}\Z")]


class _Event(_Part, frozen=True, kw_only=True, tag_field="kind"):
    """A line: what happened to a person, on a day."""

    other: ClassVar[str] = "ssin"
    """The field with the second number that stands in it, if any."""

    ssin: SsinText
    on: date

    def __repr__(self) -> str:
        """Show nothing of the person."""
        return f"{type(self).__name__}(***)"

    def check(self, environment: Environment, feed_day: date) -> None:
        """Look at the numbers and the day. Raises Malformed, which repeats no value."""
        for name in ("ssin", self.other):
            number = getattr(self, name)
            if number is not None:
                _check_number(number, f"$.{name}", environment, feed_day)
        if not _FIRST_DAY <= self.on <= feed_day:
            raise Malformed(Fault("$.on", _INVALID, "The day lies between 1900 and the day of the feed."))


class Birth(_Event, frozen=True, kw_only=True, tag="birth"):
    """Somebody was born on this day, and has this number."""

    last_name: _Name
    first_names: _Name
    sex: Sex
    address: Address | None = None


class Death(_Event, frozen=True, kw_only=True, tag="death"):
    """Somebody died on this day."""


class Move(_Event, frozen=True, kw_only=True, tag="move"):
    """Somebody lives elsewhere from this day on."""

    address: Address


class Naming(_Event, frozen=True, kw_only=True, tag="name"):
    """Somebody is called otherwise from this day on."""

    last_name: _Name
    first_names: _Name


class CivilUnion(_Event, frozen=True, kw_only=True, tag="union"):
    """Somebody has another civil status from this day on, and the partner too, where one is given."""

    other: ClassVar[str] = "partner"

    status: CivilStatus
    partner: SsinText | None = None


class Renumbering(_Event, frozen=True, kw_only=True, tag="number"):
    """Somebody has another number from this day on, often because the birth date was wrong."""

    other: ClassVar[str] = "to"

    to: SsinText
    birth_date: _BirthDate | None = None


AnyEvent = Birth | Death | Move | Naming | CivilUnion | Renumbering
KINDS = Counts.__struct_fields__

_header = msgspec.json.Decoder(Header)
_trailer = msgspec.json.Decoder(Trailer)
_event: "msgspec.json.Decoder[AnyEvent]" = msgspec.json.Decoder(AnyEvent)


class _Tagged(msgspec.Struct, frozen=True):
    kind: Literal["birth", "death", "move", "name", "union", "number"]


_tagged = msgspec.json.Decoder(_Tagged)


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


def kind_of(line: bytes) -> str:
    """Give what a line is counted as."""
    try:
        return _tagged.decode(line).kind
    except UNREADABLE:
        return UNREADABLE_KIND


def event_of(line: bytes) -> AnyEvent:
    """Read a line. Raises Malformed, which repeats no value."""
    if kind_of(line) == UNREADABLE_KIND:
        raise Malformed(Fault("$.kind", _INVALID, f"It is no JSON object of a kind among {', '.join(KINDS)}."))
    return decode(line, _event)


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


def _check_number(number: str, place: str, environment: Environment, today: date) -> None:
    try:
        parse_ssin(number, environment, today)
    except InvalidSsin as error:
        raise Malformed(Fault(place, _INVALID, str(error))) from None

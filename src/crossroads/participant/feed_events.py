"""The lines of a register's daily feed: what can happen to a person, on a day."""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Literal, get_args

import msgspec

from crossroads.kernel.errors import Fault, InvalidSsin, Malformed
from crossroads.kernel.ssin import Environment, parse_ssin
from crossroads.wire.decoding import UNREADABLE, decode
from crossroads.wire.messages import Line, SsinText

UNREADABLE_KIND = "unreadable"
"""What a line is counted as whose kind cannot be read."""

_FIRST_DAY = date(1900, 1, 1)
_INVALID = "urn:problem-type:belgif:input-validation:invalidInput"

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern=Line)]
_BirthDate = Annotated[str, msgspec.Meta(pattern=r"^[12][0-9]{3}-(00-00|(0[1-9]|1[0-2])-(0[0-9]|[12][0-9]|3[01]))\Z")]


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


class Position(StrEnum):
    """What somebody is in a household, as the data group has it."""

    HEAD = "head"
    """The reference person."""
    SPOUSE = "spouse"
    PARTNER = "partner"
    CHILD = "child"
    PARENT = "parent"
    OTHER_RELATIVE = "otherRelative"
    UNRELATED = "unrelated"


class Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The form of all parts: camelCase, unknown fields refused."""


class Address(Part, frozen=True, kw_only=True):
    """A main residence."""

    street: _Name
    house_number: Annotated[str, msgspec.Meta(min_length=1, max_length=12, pattern=Line)]
    postcode: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}\Z")]
    municipality: _Name
    municipality_code: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{5}\Z")]


class _Event(Part, frozen=True, kw_only=True, tag_field="kind"):
    """A line: what happened to a person, on a day."""

    others: ClassVar[tuple[str, ...]] = ()
    """The fields with further numbers that may stand in it."""

    ssin: SsinText
    on: date

    def __repr__(self) -> str:
        """Show nothing of the person."""
        return f"{type(self).__name__}(***)"

    def check(self, environment: Environment, feed_day: date) -> None:
        """Look at the numbers and the day. Raises Malformed, which repeats no value."""
        for name in ("ssin", *self.others):
            said = getattr(self, name)
            for number in said if isinstance(said, tuple) else (said,):
                if number is not None:
                    _check_number(number, f"$.{name}", environment, feed_day)
        if not _FIRST_DAY <= self.on <= feed_day:
            raise Malformed(Fault("$.on", _INVALID, "The day lies between 1900 and the day of the feed."))


class Birth(_Event, frozen=True, kw_only=True, tag="birth"):
    """Somebody was born on this day, and has this number; a child of its parents, in the household of whom it joins."""

    others: ClassVar[tuple[str, ...]] = ("joins", "parents")

    last_name: _Name
    first_names: _Name
    sex: Sex
    address: Address | None = None
    joins: SsinText | None = None
    parents: Annotated[tuple[SsinText, ...], msgspec.Meta(max_length=2)] = ()


class Death(_Event, frozen=True, kw_only=True, tag="death"):
    """Somebody died on this day, and left the household; the husband or wife, where one is given, is widowed."""

    others: ClassVar[tuple[str, ...]] = ("partner",)

    partner: SsinText | None = None


class Move(_Event, frozen=True, kw_only=True, tag="move"):
    """Somebody lives elsewhere from this day on."""

    address: Address


class Naming(_Event, frozen=True, kw_only=True, tag="name"):
    """Somebody is called otherwise from this day on."""

    last_name: _Name
    first_names: _Name


class CivilUnion(_Event, frozen=True, kw_only=True, tag="union"):
    """Somebody has another civil status from this day on, and the partner too, where one is given."""

    others: ClassVar[tuple[str, ...]] = ("partner",)

    status: CivilStatus
    partner: SsinText | None = None


class Renumbering(_Event, frozen=True, kw_only=True, tag="number"):
    """Somebody has another number from this day on, often because the birth date was wrong."""

    others: ClassVar[tuple[str, ...]] = ("to",)

    to: SsinText
    birth_date: _BirthDate | None = None


class Housing(_Event, frozen=True, kw_only=True, tag="household"):
    """Somebody has this place in a household from this day on: in that of whom they join, or in a new one."""

    others: ClassVar[tuple[str, ...]] = ("joins",)

    position: Position
    joins: SsinText | None = None
    collective: bool = False
    """Of a new household."""

    def __post_init__(self) -> None:
        """Refuse a new household without a reference person, unless it is collective."""
        if self.joins is not None and self.collective:
            raise ValueError("collective is said of a new household")
        if self.joins is None and not self.collective and self.position is not Position.HEAD:
            raise ValueError("who begins a household is its head")


AnyEvent = Birth | Death | Move | Naming | CivilUnion | Renumbering | Housing
Kind = Literal["birth", "death", "move", "name", "union", "number", "household"]
KINDS: tuple[str, ...] = get_args(Kind)

_event: "msgspec.json.Decoder[AnyEvent]" = msgspec.json.Decoder(AnyEvent)


class _Tagged(msgspec.Struct, frozen=True):
    kind: Kind


_tagged = msgspec.json.Decoder(_Tagged)


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


def _check_number(number: str, place: str, environment: Environment, today: date) -> None:
    try:
        parse_ssin(number, environment, today)
    except InvalidSsin as error:
        raise Malformed(Fault(place, _INVALID, str(error))) from None

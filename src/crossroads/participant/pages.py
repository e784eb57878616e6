"""Pages of a mailbox, read item by item: one that cannot be read does not keep the others from being dealt with."""

from typing import Any
from uuid import UUID

import msgspec

from crossroads.kernel.clock import Moment
from crossroads.kernel.errors import Malformed
from crossroads.kernel.ssin import Environment
from crossroads.wire.decoding import decode
from crossroads.wire.messages import Message
from crossroads.wire.mutations import Item, MailboxPage


class UnreadableItem(Item, frozen=True, kw_only=True):
    """An item of which no more can be read than where it stands. The consumer parks it."""


class RawPage(Message, frozen=True, kw_only=True):
    """A `MailboxPage` whose items are not read yet."""

    environment: Environment
    items: tuple[msgspec.Raw, ...] = ()
    lease: UUID | None = None
    leased_until: Moment | None = None
    depth: int = 0
    parked: int = 0
    checkpoint: str | None = None


class _Place(Message, frozen=True, kw_only=True):
    """What of an `Item` must be read, come what may."""

    number: int
    previous: int
    slot: int
    ticket: UUID
    added_at: Moment


_raw_decoder = msgspec.json.Decoder(RawPage)
_item_decoder = msgspec.json.Decoder(Item)
_place_decoder = msgspec.json.Decoder(_Place)


def page_of(body: bytes) -> MailboxPage:
    """Read a page that was brought. Raises Malformed."""
    return read(decode(body, _raw_decoder))


def read(page: RawPage) -> MailboxPage:
    """Read the items of a page. Raises Malformed where one does not even say where it stands."""
    return MailboxPage(**_fields(page) | {"items": tuple(map(_item, page.items))})


def _item(raw: msgspec.Raw) -> Item:
    try:
        return decode(bytes(raw), _item_decoder)
    except Malformed:
        return UnreadableItem(**_fields(decode(bytes(raw), _place_decoder)))


def _fields(of: Message) -> dict[str, Any]:
    return {name: getattr(of, name) for name in of.__struct_fields__}

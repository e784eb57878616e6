"""The hub's public catalogue, as far as an institution reads it. See `steps`."""

from datetime import date
from typing import Generic, TypeVar

import msgspec

from crossroads.participant.steps import Call, Steps, fetch

E = TypeVar("E")


class _Collection(msgspec.Struct, Generic[E], frozen=True):
    items: tuple[E, ...]


def entries(hub: str, collection: str, kind: type[E], on: date) -> Steps[tuple[E, ...]]:
    """Give the entries of a collection (`authorisations`, say) in force on a day. Raises Unavailable.

    `kind` has the fields that are wanted; others are passed over.
    """
    decoder = msgspec.json.Decoder(_Collection[kind])  # type: ignore[valid-type] # known when it runs
    found = yield from fetch(Call("GET", f"{hub}/v1/{collection}?on={on}"), decoder)
    return found.items

"""Emptying mailboxes: each item is taken under a lease, kept for the step that looks for it, and acknowledged."""

import time
from collections.abc import Callable, Iterable, Iterator

from crossroads.demo.stage import Stage
from crossroads.kernel.errors import Unavailable
from crossroads.participant.client import SyncClient
from crossroads.wire.mutations import Item, Pull

_PATIENCE_SECONDS = 30.0
_POLL_SECONDS = 0.1
_NEXT = Pull(count=1000, lease_seconds=10)
"""A short lease: a tour that was interrupted must not keep the next one waiting."""

Wanted = Callable[[Item], bool]


class Mail:
    """What came to mailboxes during one step of the tour."""

    def __init__(self, stage: Stage) -> None:
        """Take nothing yet."""
        self._stage = stage
        self._came: dict[str, list[Item]] = {}

    def await_item(self, institution: str, wanted: Wanted) -> Item:
        """Give an item, and wait until it has come. Raises Unavailable when it does not."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while not (found := self.items(institution, wanted)):
            if time.monotonic() > until:
                raise Unavailable(f"It did not come to {institution} within {_PATIENCE_SECONDS:.0f} s.")
            time.sleep(_POLL_SECONDS)
        return found[0]

    def items(self, institution: str, wanted: Wanted) -> list[Item]:
        """Give those items that have come."""
        came = self._came.setdefault(institution, [])
        came.extend(_emptied(self._stage.client(institution)))
        return [item for item in came if wanted(item)]

    def everywhere(self, institutions: Iterable[str], wanted: Wanted) -> Iterator[tuple[str, Item]]:
        """Give those items that have come to any of the institutions, with whose mailbox each was in."""
        for institution in institutions:
            for item in self.items(institution, wanted):
                yield institution, item


def _emptied(client: SyncClient) -> Iterator[Item]:
    """Take all items of a mailbox; where somebody else has them under a lease, wait until it ends."""
    while (page := client.pull(_NEXT)).leased_until:
        if page.lease:
            client.acknowledge(page.lease, up_to=page.items[-1].number)
            yield from page.items
        else:
            time.sleep(_POLL_SECONDS)

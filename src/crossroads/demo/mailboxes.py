"""Emptying mailboxes: each item is taken under a lease, kept for the step that looks for it, and acknowledged."""

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta

from crossroads.demo.stage import Stage
from crossroads.kernel.clock import BRUSSELS
from crossroads.kernel.errors import Unavailable
from crossroads.wire.mutations import Item, MailboxPage, Pull

_PATIENCE_SECONDS = 30.0
_POLL_SECONDS = 0.1
_NEXT = Pull(count=1000, lease_seconds=10)
"""A short lease: a tour that is killed must not keep the next one waiting for long."""
_LONGEST_WAIT = timedelta(minutes=1)
"""For somebody else's lease; a desk has its items for a quarter of an hour, also when it is not running any more."""

Wanted = Callable[[Item], bool]


class Held(Unavailable):
    """Somebody has the items of a mailbox for longer than a tour waits."""


class Mail:
    """What came to mailboxes during one step of the tour."""

    def __init__(self, stage: Stage) -> None:
        """Take nothing yet."""
        self._stage = stage
        self._came: dict[str, list[Item]] = {}
        self._waited = 0.0
        """Seconds, for leases of others to end."""
        self._told: set[datetime] = set()

    def await_item(self, institution: str, wanted: Wanted) -> Item:
        """Give an item, and wait until it has come. Raises Unavailable when it does not."""
        began = time.monotonic() - self._waited
        while not (found := self.items(institution, wanted)):
            if time.monotonic() - self._waited > began + _PATIENCE_SECONDS:
                raise Unavailable(f"It did not come to {institution} within {_PATIENCE_SECONDS:.0f} s.")
            time.sleep(_POLL_SECONDS)
        return found[0]

    def items(self, institution: str, wanted: Wanted) -> list[Item]:
        """Give those items that have come."""
        came = self._came.setdefault(institution, [])
        came.extend(self._emptied(institution))
        return [item for item in came if wanted(item)]

    def everywhere(self, institutions: Iterable[str], wanted: Wanted) -> Iterator[tuple[str, Item]]:
        """Give those items that have come to any of the institutions, with whose mailbox each was in."""
        for institution in institutions:
            for item in self.items(institution, wanted):
                yield institution, item

    def _emptied(self, institution: str) -> Iterator[Item]:
        """Take all items of a mailbox; where somebody else has them under a lease, wait until it ends. Raises Held."""
        while (page := self._taken(institution)).leased_until:
            if page.lease:
                yield from page.items
            else:
                self._wait(institution, page.leased_until)

    def _taken(self, institution: str) -> MailboxPage:
        client = self._stage.client(institution)
        # Whoever stops the tour here would leave a lease behind.
        with self._stage.runner.signals.held():
            page = client.pull(_NEXT)
            if page.lease:
                client.acknowledge(page.lease, up_to=page.items[-1].number)
        return page

    def _wait(self, institution: str, until: datetime) -> None:
        said = (
            f"Somebody has the items of the mailbox of {self._stage.name(institution)} until "
            f"{until.astimezone(BRUSSELS):%H:%M:%S} (Brussels): you, by `mailbox pull` or at its desk, or a tour that "
            "was killed."
        )
        if until - datetime.now(UTC) > _LONGEST_WAIT:
            raise Held(f"{said} Start the demo again after that.")
        if until not in self._told:
            self._told.add(until)
            self._stage.screen.say(f"{said} This one waits for that.")
        time.sleep(_POLL_SECONDS)
        self._waited += _POLL_SECONDS

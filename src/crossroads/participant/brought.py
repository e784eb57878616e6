"""Items that the hub brings to the participant: dealt with as a consumer deals with those that it pulls."""

import threading
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import msgspec
from sqlalchemy import create_engine

from crossroads.kernel.errors import Malformed
from crossroads.participant.config import Config, items_url
from crossroads.participant.consumer import Consumer, Handler
from crossroads.participant.contents import Contents
from crossroads.participant.corresponding import correspondence
from crossroads.participant.inbox import Inbox
from crossroads.participant.steps import SyncHttp
from crossroads.participant.yamlfile import function_named
from crossroads.wire.mutations import ItemsTaken, MailboxPage, Parked, Pull, Settled

_SECONDS = 15
"""After which what is not dealt with is left for the next time; the hub waits a little longer."""


_TIMEOUT = timedelta(seconds=5)
"""For the keys of a source, where they are not known yet."""

Check = Callable[[MailboxPage], MailboxPage]
"""Gives a page without the content that its source did not sign; may raise Unavailable."""


class Brought:
    """Deals with what is brought, one page at a time."""

    def __init__(self, handler: Handler, store: Inbox, check: Check) -> None:
        """Deal with each item by the handler once it is looked at, and keep in the store how far it came."""
        self._handler, self._store, self._check, self._one = handler, store, check, threading.Lock()

    def deal(self, page: MailboxPage) -> ItemsTaken:
        """Deal with the items of a page, in order. Raises Gap, and Unavailable when the handler cannot now."""
        if page.lease is None:
            raise Malformed
        with self._one:
            desk = _Desk(self._check(page))
            # An item that fails is tried again when it is brought again: whoever brings does not wait for pauses.
            Consumer(desk, self._handler, self._store, lease_seconds=_SECONDS, pause=0).once()
        return desk.taken


def brought(config: Config) -> Brought | None:
    """Give what deals with items by the settings; None where they name no handler. Raises WrongSetting."""
    if config.items is None:
        return None
    handler: Handler = function_named(config.items.handler, "items.handler")
    url = items_url(config)
    store = (
        Inbox(create_engine(url, hide_parameters=True))
        if url
        else Inbox.file(config.path(config.state) / "inbox.sqlite")
    )
    contents, http = Contents(correspondence(config, "items")), SyncHttp(_TIMEOUT)
    return Brought(handler, store, lambda page: http.run(contents.checked(page)))


class _Desk:
    """The hub, as the consumer of one page sees it."""

    def __init__(self, page: MailboxPage) -> None:
        self._page = page
        self.taken = ItemsTaken()

    def pull(self, pull: Pull | None = None) -> MailboxPage:
        """Give the page; nothing of what came before it."""
        again = pull is not None and pull.from_ is not None
        return msgspec.structs.replace(self._page, items=()) if again else self._page

    def acknowledge(self, lease: UUID, *, numbers: list[int]) -> Settled:
        """Note what is dealt with."""
        self.taken = msgspec.structs.replace(self.taken, acknowledged=(*self.taken.acknowledged, *numbers))
        return self._settled(lease)

    def park(self, lease: UUID, numbers: list[int], reason: str) -> Settled:
        """Note what is set aside."""
        parked = Parked(numbers=tuple(numbers), reason=reason)
        self.taken = msgspec.structs.replace(self.taken, parked=(*self.taken.parked, parked))
        return self._settled(lease)

    def _settled(self, _: UUID) -> Settled:
        page = self._page
        return Settled(environment=page.environment, open=0, depth=page.depth, parked=page.parked)

"""Listening: what sources tell of statuses is taken from the mailbox, looked into at once, and told on to clients."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Event

import structlog
from sqlalchemy import Connection

from crossroads.kernel.clock import SystemClock
from crossroads.kernel.errors import CrossroadsError
from crossroads.participant.client import SyncClient
from crossroads.participant.consumer import Consumer
from crossroads.participant.inbox import Inbox
from crossroads.participant.notifier import Notifier
from crossroads.statuses.buffer import Buffer
from crossroads.statuses.locking import locked
from crossroads.statuses.notices import Notices
from crossroads.statuses.renewing import Renewing
from crossroads.statuses.settings import StatusSettings
from crossroads.wire.mutations import MAXIMUM_ITEMS, Item

_IDLE_SECONDS = 1.0
_LONGEST_PAUSE = 60.0

_log = structlog.get_logger(__name__)


class Listening:
    """Takes, looks into and tells on. What cannot be done now is tried again, and holds up nothing else."""

    def __init__(self, client: SyncClient, settings: StatusSettings, buffer: Buffer, stop: Event) -> None:
        """Work with a client of the institution, until stopped."""
        self._stop = stop
        self._groups = frozenset(settings.statuses.values())
        self._notices = Notices(buffer)
        self._consumer = Consumer(client, self._handle, Inbox(self._notices.engine), count=MAXIMUM_ITEMS)
        self._renewing = Renewing(client, settings, buffer, self._notices, stop)
        self._notifier = Notifier(client.notify, self._notices.outbox, SystemClock())

    def run(self) -> None:
        """Go on until stopped."""
        pause = 0.0
        while not self._stop.wait(pause):
            done, failed = self.step()
            wait = 0.0 if done else _IDLE_SECONDS
            pause = min(2 * pause or _IDLE_SECONDS, _LONGEST_PAUSE) if failed else wait
        self.close()

    def step(self) -> tuple[bool, bool]:
        """Do a part of each; tell whether there was anything to do, and whether anything failed."""
        parts: tuple[Callable[[], object], ...] = (self._consumer.once, self._renewing.next, self._send)
        done = [_tried(part) for part in parts]
        return any(done), None in done

    def close(self) -> None:
        """Close the buffer's file."""
        self._notices.close()

    def _handle(self, item: Item, transaction: Connection) -> None:
        if item.change and item.change.data_group in self._groups:
            self._notices.note(transaction, item.change)

    def _send(self) -> int:
        """Send all that waits: of many notices, more comes than goes at once."""
        sent = 0
        while more := self._notifier.send():
            self._notices.forget_sent()
            sent += more
        return sent


def _tried(part: Callable[[], object]) -> bool | None:
    try:
        return bool(part())
    except CrossroadsError as error:
        _log.warning("what sources tell waits", why=str(error), code=error.code)
    except Exception as error:  # noqa: BLE001 - nobody else would notice; only its kind: it may quote a row
        _log.error("listening failed", kind=type(error).__name__)
    return None


def alone(buffer: Buffer) -> AbstractContextManager[None]:
    """Be the only one who listens. Raises Conflict while another process does."""
    sentence = "Another process listens already: `crossroads serve --role statuses`, say."
    return locked(buffer.path.with_name("listening.lock"), sentence)

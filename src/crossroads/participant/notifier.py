"""The notifier: sends what waits in the outbox, writes what came of it, and never gives up.

What it sent and has no answer to, it sends again: the hub knows a change by its reference. So two notifiers of one
outbox do no harm, nor does one that is killed.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from threading import Event

import msgspec
import structlog

from crossroads.kernel.clock import Clock
from crossroads.kernel.errors import CrossroadsError, Malformed
from crossroads.participant.config import Config
from crossroads.participant.corresponding import correspondence
from crossroads.participant.mailbox import Mailbox
from crossroads.participant.outbox import ACCEPTED, REFUSED, Outbox, Settled, Waiting, open_outbox
from crossroads.participant.replies import Unacceptable
from crossroads.participant.steps import SyncHttp
from crossroads.wire.keys import SigningKey
from crossroads.wire.mutations import MAXIMUM_MUTATIONS, MAXIMUM_NOTIFICATION, Mutation, MutationOutcome

_log = structlog.get_logger()

Notify = Callable[[Sequence[Mutation]], Sequence[MutationOutcome]]
"""What sends changes and gives what came of each, as `SyncClient.notify` does."""

LOOK_EVERY = 1.0
"""Seconds between two looks at an outbox in which nothing waits."""
MAXIMUM_PAUSE = 60.0
"""Seconds between two tries while the hub cannot be reached, at most; the first is after one."""
TIMEOUT = timedelta(seconds=10)
_MOST = 200
_ENVELOPE = 1024
"""Bytes kept free for what stands around the changes of a notification, and for the signature of each content."""
_LATER = (408, 429, *range(500, 600))

_Sendable = tuple[Waiting, Mutation]


class Notifier:
    """Sends one outbox to one hub."""

    def __init__(self, notify: Notify, outbox: Outbox, clock: Clock) -> None:
        """Take what sends, and what is to be sent."""
        self._notify = notify
        self._outbox = outbox
        self._clock = clock

    def run(self, stop: Event) -> None:
        """Send whatever comes to wait, until stopped. Errors are told, and what they stopped is tried again."""
        pause = 0.0
        while not stop.wait(pause):
            try:
                pause = 0.0 if self.send() else LOOK_EVERY
            except CrossroadsError as error:
                pause = min(2 * pause or LOOK_EVERY, MAXIMUM_PAUSE)
                _log.warning("changes not notified yet", why=str(error), code=error.code, next_try=pause)
            except Exception as error:  # noqa: BLE001 - nobody else would notice; only its kind: it may quote a row
                pause = MAXIMUM_PAUSE
                _log.error("notifier failed", kind=type(error).__name__, next_try=pause)

    def send(self) -> int:
        """Send what waits, as far as one look shows, and give how many rows have an outcome now.

        Raises Unavailable when outbox or hub cannot be reached; Refused or Tampered when the hub takes nothing from
        this institution, or is not the one that is pinned. What has no outcome yet waits on.
        """
        sendable: list[_Sendable] = []
        formless: list[Settled] = []
        for row in self._outbox.waiting(_MOST):
            try:
                sendable.append((row, row.mutation))
            except Malformed as error:
                formless.append(Settled(row.id, REFUSED, str(error)))
        return self._settle(formless) + sum(self._send(batch) for batch in _batches(sendable))

    def _send(self, batch: Sequence[_Sendable]) -> int:
        try:
            outcomes = self._notify([mutation for _, mutation in batch])
        except Unacceptable as error:
            if len(batch) == 1:
                return self._settle([Settled(batch[0][0].id, REFUSED, str(error))])
            # One of them spoils the rest: it is found by halving, and the order is kept.
            half = len(batch) // 2
            return self._send(batch[:half]) + self._send(batch[half:])
        pairs = zip((row for row, _ in batch), outcomes, strict=True)
        return self._settle([_settled(row, outcome) for row, outcome in pairs if outcome.status not in _LATER])

    def _settle(self, settled: Sequence[Settled]) -> int:
        self._outbox.settle(settled, self._clock.now())
        refused = sum(one.outcome == REFUSED for one in settled)
        if refused:
            _log.warning("changes were refused; `crossroads participant outbox show` tells why", count=refused)
        return len(settled)


@asynccontextmanager
async def notifying(config: Config) -> AsyncIterator[None]:
    """Notify beside a server, where the settings name an outbox. Raises WrongSetting or UnsafeKeyFile."""
    if config.outbox is None:
        yield
        return
    hub = correspondence(config, "notifying")
    holders = {name: SigningKey.read(key.id, config.path(key.file)) for name, key in config.holders.items()}
    stop, mailbox = Event(), Mailbox(hub, holders)
    with closing(SyncHttp(TIMEOUT)) as http, closing(open_outbox(config)) as outbox:
        notifier = Notifier(lambda mutations: http.run(mailbox.notify(mutations)), outbox, hub.clock)
        running = asyncio.create_task(asyncio.to_thread(notifier.run, stop))
        try:
            yield
        finally:
            stop.set()
            await running


def _settled(row: Waiting, outcome: MutationOutcome) -> Settled:
    if outcome.taken:
        return Settled(row.id, ACCEPTED, ticket=str(outcome.ticket))
    told = " ".join(filter(None, (outcome.reason, f"({outcome.code})" if outcome.code else "")))
    return Settled(row.id, REFUSED, told or f"The hub refused it ({outcome.status}).")


def _batches(rows: Iterable[_Sendable]) -> Iterator[list[_Sendable]]:
    """Cut rows, in their order, into as few notifications as the hub takes."""
    batch: list[_Sendable] = []
    size = _ENVELOPE
    for row in rows:
        more = len(msgspec.json.encode(row[1])) + (_ENVELOPE if row[1].content is not None else 1)
        if batch and (size + more > MAXIMUM_NOTIFICATION or len(batch) >= MAXIMUM_MUTATIONS):
            yield batch
            batch, size = [], _ENVELOPE
        batch.append(row)
        size += more
    if batch:
        yield batch

"""The consumer: takes the items of a mailbox, hands each to the institution's own program, and acknowledges it.

    def handle(item: Item, transaction: Connection) -> None:
        told = item.change or item.notice
        transaction.execute(insert(todo).values(ssin=told.ssin.value, kind=told.kind, ticket=str(item.ticket)))

    with SyncClient(config) as client:
        Consumer(client, handle, Inbox(engine)).run(Event())

Items of one person come in order. Each is handled at least once; what the handler writes in the transaction, exactly
once. An item that fails again and again is parked and no longer stands in the way. While it runs, a page is
acknowledged by the pull of the next.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from threading import Event

import msgspec
import structlog
from sqlalchemy import Connection

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import CrossroadsError, Refused, Unavailable
from crossroads.participant.inbox import Inbox
from crossroads.participant.mailbox_client import MailboxClient
from crossroads.participant.pages import UnreadableItem
from crossroads.participant.replies import Unacceptable
from crossroads.wire.decoding import convert
from crossroads.wire.mutations import Acknowledgement, Item, MailboxPage, Pull, Settled

_log = structlog.get_logger()

Handler = Callable[[Item, Connection], None]
"""Deals with one item, a change or a notice, never void. Unavailable means: not now, the item is not to blame."""

IDLE = 1.0
"""Seconds between two looks at an empty mailbox."""
MAXIMUM_PAUSE = 60.0
"""Seconds between two tries while the hub, or what the handler needs, cannot be reached, at most."""


class Gap(CrossroadsError):
    """Numbers of the mailbox are missing."""

    def __init__(self, item: Item, last: int) -> None:
        """Say which, by slot."""
        super().__init__(
            f"{Code.MAILBOX_GAP.description} Slot {item.slot} came as far as number {last}; now came {item.number}, "
            f"which follows {item.previous}. A replay from {last + 1} does not bring what lies between.",
            code=Code.MAILBOX_GAP,
        )


@dataclass(slots=True, kw_only=True)
class Progress:
    """What came of one pull, or of several. `depth` is what the mailbox still held when it was asked last."""

    handled: int = 0
    repeated: int = 0
    """Received before, and not handled again (200000)."""
    void: int = 0
    """What the institution may no longer know."""
    parked: int = 0
    depth: int = 0

    @property
    def dealt(self) -> int:
        """All that was dealt with."""
        return self.handled + self.repeated + self.void + self.parked


@dataclass(slots=True)
class _Done:
    """Numbers that were dealt with under a lease; those that are to be parked by their reason."""

    acknowledged: list[int] = field(default_factory=list)
    parked: dict[str, list[int]] = field(default_factory=dict)


class Consumer:
    """Empties one lane of a mailbox. Several, with a lane each, may share one store."""

    def __init__(  # noqa: PLR0913 - each is a choice of who runs it
        self,
        client: MailboxClient,
        handler: Handler,
        store: Inbox,
        lanes: int = 1,
        lane: int = 0,
        *,
        count: int = 100,
        lease_seconds: int = 60,
        attempts: int = 3,
        pause: float = 1.0,
    ) -> None:
        """Take `count` items at a time for `lease_seconds`; park one that failed `attempts` times, `pause` s apart.

        Raises Malformed for a lane that is none.
        """
        self._client = client
        self._handler = handler
        self._store = store
        wish = {"count": count, "leaseSeconds": lease_seconds, "lanes": lanes, "lane": lane}
        self._pull = convert(wish, Pull)
        self._lane = f"{lane}/{lanes}"
        self._died = False
        self._attempts = attempts
        self._pause = pause
        self._owed: Acknowledgement | None = None
        """What is dealt with and not acknowledged yet."""
        self._carries = True
        """That the hub takes an acknowledgement with a pull."""
        self.progress = Progress()

    def run(self, stop: Event, tell: Callable[[Progress], None] = lambda _: None) -> None:
        """Empty the mailbox until stopped, telling the progress after every pull. Raises Gap, Refused or Tampered."""
        pause = 0.0
        while not stop.wait(pause):
            try:
                pause = 0.0 if self._empty(self._pull) else IDLE
            except Unavailable as error:
                pause = min(2 * pause or IDLE, MAXIMUM_PAUSE)
                _log.warning("mailbox not emptied yet", why=str(error), code=error.code, next_try=pause)
            tell(self.progress)
        try:
            self._acknowledge()
        except Unavailable as error:
            _log.warning("the last items were not acknowledged: they will come again", code=error.code)
        tell(self.progress)

    def once(self, *, parked: bool = False) -> int:
        """Pull once and deal with what comes, of the parked items if so asked; give how many were dealt with.

        Raises Gap, Unavailable, Refused or Tampered; what was dealt with before is acknowledged.
        """
        dealt = self._empty(msgspec.structs.replace(self._pull, parked=parked))
        self._acknowledge()
        return dealt

    def _empty(self, pull: Pull) -> int:
        """Deal with a page; what was dealt with is acknowledged only with the next, unless it ends badly."""
        ends = time.monotonic() + pull.lease_seconds
        page = self._pulled(pull)
        self.progress.depth = page.depth
        if not page.items:
            return 0
        before, done = self.progress.dealt, _Done()
        self._died = self._store.enter(self._lane)
        try:
            for item in page.items:
                if time.monotonic() >= ends:
                    break  # the rest is another's by now, or comes again
                self._deal(item, done)
        except (Exception, KeyboardInterrupt, SystemExit):
            self._end(page, done)
            self._acknowledge()
            raise
        self._end(page, done)
        return self.progress.dealt - before

    def _end(self, page: MailboxPage, done: _Done) -> None:
        self._store.leave(self._lane)
        if not page.lease:
            return
        if done.acknowledged:
            self._owed = Acknowledgement(lease=page.lease, numbers=tuple(done.acknowledged))
        for reason, numbers in done.parked.items():
            self._settle(partial(self._client.park, page.lease, numbers, reason))

    def _pulled(self, pull: Pull) -> MailboxPage:
        """Pull, and acknowledge by it what is dealt with."""
        if self._owed is None or not self._carries:
            self._acknowledge()
            return self._client.pull(pull)
        try:
            page = self._client.pull(msgspec.structs.replace(pull, acknowledge=self._owed))
        except Unacceptable:
            self._carries = False  # a hub of the version before
            return self._pulled(pull)
        except Refused as error:
            self._lost(error)
            return self._client.pull(pull)
        self._owed = None
        return page

    def _acknowledge(self) -> None:
        """Say by itself what is dealt with."""
        if self._owed:
            owed = self._owed
            self._settle(partial(self._client.acknowledge, owed.lease, numbers=list(owed.numbers or ())))
            self._owed = None

    def _deal(self, item: Item, done: _Done, *, replaying: bool = False) -> None:
        last, failures, parked = self._store.standing(item)
        if item.number <= last and not parked:
            self._count(item, done, repeated=True)
            return
        if 0 < last < item.previous:
            if replaying:
                raise Gap(item, last)
            self._replay(item, last)
        if isinstance(item, UnreadableItem):
            self._park(item, "It has not the form that this version knows.", done)
        elif item.void is not None or (item.change is None and item.notice is None):
            self._pass_over(item, done)
        else:
            self._handle(item, failures, done)

    def _pass_over(self, item: Item, done: _Done) -> None:
        with self._store.taking(item):
            done.acknowledged.append(item.number)
        self.progress.void += 1

    def _handle(self, item: Item, failures: int, done: _Done) -> None:
        failure = "its program ended"
        if self._died:
            failures, self._died = self._store.fail(item), False
        while failures < self._attempts:
            try:
                with self._store.taking(item) as transaction:
                    if transaction is not None:
                        self._handler(item, transaction)
            except Unavailable:
                raise
            except Exception as error:  # noqa: BLE001 - whatever the institution's program does, the others go on
                failure = type(error).__name__  # only its kind: what it says may name the person
                failures = self._store.fail(item)
                _log.warning("an item failed", number=item.number, kind=failure, times=failures)
                if failures < self._attempts:
                    time.sleep(self._pause)
            else:
                self._count(item, done, repeated=transaction is None)
                return
        self._park(item, f"The handler failed {failures} times: {failure}.", done)

    def _count(self, item: Item, done: _Done, *, repeated: bool) -> None:
        if repeated:
            _log.info("an item was received before", number=item.number, code=Code.MAILBOX_DUPLICATE)
            self.progress.repeated += 1
        else:
            self.progress.handled += 1
        done.acknowledged.append(item.number)

    def _park(self, item: Item, reason: str, done: _Done) -> None:
        self._store.park(item)
        self.progress.parked += 1
        done.parked.setdefault(reason, []).append(item.number)
        _log.warning("an item is parked", number=item.number, reason=reason)

    def _replay(self, item: Item, last: int) -> None:
        _log.warning(Code.MAILBOX_GAP.description, slot=item.slot, first=last + 1, last=item.previous)
        start = last + 1
        while start < item.number:
            page = self._client.pull(msgspec.structs.replace(self._pull, from_=start))
            for earlier in page.items:
                if earlier.number < item.number:
                    self._deal(earlier, _Done(), replaying=True)
            # Nothing more: what is missing is not there.
            start = page.items[-1].number + 1 if page.items else item.number
        last = self._store.standing(item).last
        if last < item.previous:
            raise Gap(item, last)

    def _settle(self, what: Callable[[], Settled]) -> None:
        try:
            self._say(what)
        except Refused as error:
            self._lost(error)

    def _lost(self, error: Refused) -> None:
        if error.code is not Code.LEASE_UNKNOWN:
            raise error
        # It was taken before, and the answer lost; or another consumer took the items over: with the same store, it
        # finds them dealt with.
        self._owed = None
        _log.warning("the lease ended before the items were dealt with", code=error.code)

    def _say(self, what: Callable[[], Settled]) -> None:
        """Say it again when no answer comes: until the hub knows, the items are nobody else's, and no more come."""
        for left in reversed(range(self._attempts)):
            try:
                self.progress.depth = what().depth
            except Unavailable:
                if not left:
                    raise
                time.sleep(self._pause)
            else:
                return

"""A program that empties mailboxes, as its own process: one consumer each, over the client of the participant kit."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import NamedTuple, Self

import msgspec

from crossroads.bench.report import BenchFailed
from crossroads.kernel.errors import CrossroadsError, Unavailable
from crossroads.kernel.memory import settle
from crossroads.participant.client import Client, ClientConfig
from crossroads.wire.mutations import Acknowledgement, MailboxPage, Pull

IDLE_SECONDS = 1.0
"""Between two looks at an empty mailbox, as the consumer of the kit waits."""
_PULL = Pull(count=500)
_PATIENCE_SECONDS = 300

Deliveries = list[tuple[bytes, float]]


class Emptied(NamedTuple):
    """What came: the tickets with the moments at which they were given, and when the last was.

    By then all were acknowledged but for the last page of each mailbox; those are before `end` gives this.
    """

    deliveries: Deliveries
    until: float


class Emptying:
    """The process, as its parent sees it."""

    def __init__(self, parent: Connection, pid: int) -> None:
        """Talk over a connection."""
        self._connection, self.pid = parent, pid

    def begin(self, count: int) -> Self:
        """Have the mailboxes emptied until so many items are dealt with; look at what came with `end`."""
        self._connection.send(count)
        return self

    def end(self) -> Emptied:
        """Wait until they are. Raises BenchFailed."""
        try:
            found = self._connection.recv() if self._connection.poll(_PATIENCE_SECONDS) else "It takes too long."
        except EOFError:
            found = "It ended by itself."
        if not isinstance(found, Emptied):
            raise BenchFailed(f"The mailboxes were not emptied: {found}")
        return found


@contextmanager
def emptying(configs: Sequence[ClientConfig]) -> Iterator[Emptying]:
    """Start the process, which ends with this."""
    context = get_context("spawn")
    parent, child = context.Pipe()
    process = context.Process(target=_serve, args=(child, configs), daemon=True)
    process.start()
    child.close()
    try:
        yield Emptying(parent, process.pid or 0)
    finally:
        process.kill()
        process.join()


def _serve(connection: Connection, configs: Sequence[ClientConfig]) -> None:
    with asyncio.Runner() as runner:
        runner.run(_rounds(connection, configs))


async def _rounds(connection: Connection, configs: Sequence[ClientConfig]) -> None:
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(Client(config)) for config in configs]
        settle()
        while True:
            count = await asyncio.to_thread(connection.recv)
            try:
                found: Emptied | str = await _Round(count).empty(clients)
            except CrossroadsError as error:
                found = str(error)
            connection.send(found)


class _Round:
    """All mailboxes are emptied until so many items are dealt with."""

    def __init__(self, count: int) -> None:
        self._left, self._deliveries = count, Deliveries()
        self._until = 0.0

    async def empty(self, clients: Sequence[Client]) -> Emptied:
        async with asyncio.TaskGroup() as tasks:
            for number, client in enumerate(clients):
                # Not all at the same moment: institutions do not know of each other.
                tasks.create_task(self._empty(client, IDLE_SECONDS * number / len(clients)))
        return Emptied(self._deliveries, self._until)

    async def _empty(self, client: Client, pause: float) -> None:
        done: Acknowledgement | None = None
        while self._left > 0:
            await asyncio.sleep(pause)
            try:
                page = await client.pull(msgspec.structs.replace(_PULL, acknowledge=done))
            except Unavailable:
                pause = IDLE_SECONDS
            else:
                done = self._taken(page)
                pause = 0 if len(page.items) == _PULL.count else IDLE_SECONDS
        if done:
            await _acknowledge(client, done)

    def _taken(self, page: MailboxPage) -> Acknowledgement | None:
        """Deal with a page, and give what acknowledges it: that goes with the next pull."""
        if page.lease is None:
            return None
        self._until = time.time()
        self._deliveries.extend((item.ticket.bytes, self._until) for item in page.items)
        self._left -= len(page.items)
        return Acknowledgement(lease=page.lease, up_to=page.items[-1].number)


async def _acknowledge(client: Client, done: Acknowledgement) -> None:
    """Say it again when the hub was too busy: sent twice it does no harm, and the lease would hold up the rest."""
    while True:
        try:
            await client.acknowledge(done.lease, up_to=done.up_to)
        except Unavailable:
            await asyncio.sleep(IDLE_SECONDS)
        else:
            return

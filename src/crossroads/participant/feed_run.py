"""A feed applied: lines, notices and the mark of how far it came in one transaction, chunk by chunk.

Whatever dies when, the feed goes on where the mark stands when it is given again; and a feed that was applied is not
applied again.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import islice
from typing import BinaryIO

import msgspec
from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from crossroads.kernel.clock import Clock, brussels_day
from crossroads.kernel.errors import Conflict, Malformed
from crossroads.participant.feed import Examined, FeedRefused, entries, examine
from crossroads.participant.feed_changes import LineRefused
from crossroads.participant.feed_events import event_of, kind_of
from crossroads.participant.feed_notices import Own
from crossroads.participant.feed_register import Register
from crossroads.participant.feed_sheet import read_counts
from crossroads.participant.feed_tables import FEEDS, REFUSED, begin_writing, failed

CHUNK = 100
"""Lines that are applied in one transaction."""

Numbered = tuple[int, bytes]
Tell = Callable[[int, int], None]
"""Is told how many lines of how many are dealt with."""


class FeedRun:
    """Applies feeds to the tables of one register."""

    def __init__(self, engine: Engine, own: Own, clock: Clock) -> None:
        """Work on the database of the register; one feed is applied at a time."""
        self._engine, self._own, self._clock = engine, own, clock

    def apply(self, file: BinaryIO, tell: Tell = lambda _done, _of: None) -> int:
        """Apply a feed from where it stands, and give its sequence number.

        Raises FeedRefused when it is refused as a whole and nothing was changed, Conflict when another process applies
        it, Unavailable when the database fails; then it goes on when it is given again.
        """
        feed = examine(file)
        self._check(feed)
        try:
            done = self._begin(feed)
            for chunk in _chunks(entries(file, done, feed.header.count)):
                tell(done, feed.header.count)
                done = self._chunk(feed, done, chunk)
            self._finish(feed)
        except SQLAlchemyError as error:
            raise failed(error) from None
        tell(done, feed.header.count)
        return feed.header.sequence

    def _check(self, feed: Examined) -> None:
        header, today = feed.header, brussels_day(self._clock.now())
        if header.institution != self._own.institution:
            raise FeedRefused(f"The feed is of {header.institution}, and this is {self._own.institution}.")
        if header.day > today:
            raise FeedRefused(f"The feed is of {header.day.isoformat()}, and today is {today.isoformat()}.")

    def _begin(self, feed: Examined) -> int:
        """Note a new feed, or give the line up to which it was applied. Raises FeedRefused."""
        header = feed.header
        with self._engine.begin() as connection:
            begin_writing(connection)
            last = connection.execute(select(FEEDS).order_by(FEEDS.c.sequence.desc()).limit(1)).mappings().first()
            if last is not None and last["sequence"] == header.sequence:
                if last["digest"] != feed.digest:
                    raise FeedRefused(f"Feed {header.sequence} was another file.")
                return int(last["line"])
            if last is not None:
                _check_follows(feed, last["sequence"], last["day"], finished=last["finished_at"] is not None)
            counts = msgspec.json.encode(feed.announced).decode()
            values = {"sequence": header.sequence, "day": header.day, "digest": feed.digest}
            connection.execute(insert(FEEDS), {**values, "announced": counts, "read": "{}", "line": 0})
        return 0

    def _chunk(self, feed: Examined, done: int, lines: Sequence[Numbered]) -> int:
        """Apply lines in one transaction, or each in its own where the database has something against one."""
        try:
            with self._engine.begin() as connection:
                self._apply(connection, feed, done, lines)
        except (IntegrityError, DataError):
            if len(lines) > 1:
                for line in lines:
                    done = self._chunk(feed, done, [line])
            else:
                self._refuse(feed, done, lines[0])
        return lines[-1][0]

    def _apply(self, connection: Connection, feed: Examined, done: int, lines: Sequence[Numbered]) -> None:
        _move(connection, feed, done, lines)
        register = Register(connection, self._own, feed.header.day)
        for number, line in lines:
            try:
                register.apply(event_of(line), f"feed-{feed.header.sequence}-{number}")
            except (Malformed, LineRefused) as error:
                _note(connection, feed, number, line, str(error))

    def _refuse(self, feed: Examined, done: int, line: Numbered) -> None:
        with self._engine.begin() as connection:
            _move(connection, feed, done, [line])
            _note(connection, feed, *line, "A rule of the register's own database is against it.")

    def _finish(self, feed: Examined) -> None:
        mark = update(FEEDS).where(FEEDS.c.sequence == feed.header.sequence, FEEDS.c.finished_at.is_(None))
        with self._engine.begin() as connection:
            connection.execute(mark.values(finished_at=self._clock.now()))


def _check_follows(feed: Examined, sequence: int, day: date, *, finished: bool) -> None:
    header = feed.header
    if header.sequence < sequence:
        raise FeedRefused(f"Feed {header.sequence} is an old one: the last was {sequence}.")
    if not finished:
        raise FeedRefused(f"Feed {sequence} was begun and is not finished: give it again first.")
    if header.sequence > sequence + 1:
        raise FeedRefused(f"Feed {sequence + 1} is missing: the last was {sequence}, and this is {header.sequence}.")
    if header.day <= day:
        raise FeedRefused(f"The feed is of {header.day.isoformat()}, and the one before it of {day.isoformat()}.")


def _chunks(lines: Iterator[Numbered]) -> Iterator[list[Numbered]]:
    while chunk := list(islice(lines, CHUNK)):
        yield chunk


def _move(connection: Connection, feed: Examined, done: int, lines: Sequence[Numbered]) -> None:
    """Move the mark, first of all: so the transaction of another process that applies the same feed fails."""
    begin_writing(connection)
    mine = FEEDS.c.sequence == feed.header.sequence
    counts = read_counts(connection.execute(select(FEEDS.c.read).where(mine)).scalar_one())
    for _, line in lines:
        counts[kind_of(line)] = counts.get(kind_of(line), 0) + 1
    values = {"line": lines[-1][0], "read": msgspec.json.encode(counts).decode()}
    if not connection.execute(update(FEEDS).where(mine, FEEDS.c.line == done).values(values)).rowcount:
        raise Conflict(f"Another process applies feed {feed.header.sequence}.")


def _note(connection: Connection, feed: Examined, number: int, line: bytes, reason: str) -> None:
    values = {"sequence": feed.header.sequence, "line": number, "kind": kind_of(line), "reason": reason}
    connection.execute(insert(REFUSED), values)

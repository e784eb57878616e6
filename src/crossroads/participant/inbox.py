"""What a consumer keeps, in a file or in the institution's own database: how far each slot came, and what gave trouble.

The progress of a slot moves in the transaction in which the handler writes. So what a handler writes in it is written
once, whatever dies when, and also when two consumers are given one item.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

from sqlalchemy import (
    URL,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    Update,
    create_engine,
    delete,
    event,
    insert,
    not_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError, ProgrammingError

from crossroads.kernel.errors import Unavailable
from crossroads.wire.mutations import SLOTS, Item

T = TypeVar("T")

_metadata = MetaData()
_progress = Table(
    "crossroads_inbox_progress",
    _metadata,
    Column("slot", Integer, primary_key=True, autoincrement=False),
    # The number of the last item that was dealt with; 0 before the first.
    Column("number", BigInteger, nullable=False),
)
_trouble = Table(
    "crossroads_inbox_trouble",
    _metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("failures", Integer, nullable=False),
    Column("parked", Boolean, nullable=False),
)
_lane = Table(
    "crossroads_inbox_lane",
    _metadata,
    Column("lane", String(8), primary_key=True),
    # Still so when its consumer was killed: then the first item that is not dealt with is the one that it died over.
    Column("at_work", Boolean, nullable=False),
)


class Standing(NamedTuple):
    """How the store stands to an item: the last number of its slot that was dealt with (0 before the first)."""

    last: int
    failures: int
    parked: bool


class Inbox:
    """The store of the consumers of one mailbox; several may share it."""

    def __init__(self, engine: Engine) -> None:
        """Keep it in a database, in tables that are made here where they are missing."""
        self._engine = engine
        _twice(self._make)

    @classmethod
    def file(cls, path: Path) -> "Inbox":
        """Keep it in a SQLite file of its own."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        engine = create_engine(URL.create("sqlite", database=str(path)), hide_parameters=True)
        event.listen(engine, "connect", _journal)
        return cls(engine)

    def enter(self, lane: str) -> bool:
        """Note that items of a lane are being dealt with; tell whether whoever did so last died over it."""
        return _twice(lambda: self._enter(lane))

    def leave(self, lane: str) -> None:
        """Note that nothing of a lane is being dealt with."""
        with self._transaction() as connection:
            connection.execute(update(_lane).where(_lane.c.lane == lane).values(at_work=False))

    def standing(self, item: Item) -> Standing:
        """Tell how the store stands to an item."""
        query = (
            select(_progress.c.number, _trouble.c.failures, _trouble.c.parked)
            .join_from(_progress, _trouble, _trouble.c.number == item.number, isouter=True)
            .where(_progress.c.slot == item.slot)
        )
        with self._transaction() as connection:
            last, failures, parked = connection.execute(query).one()
            return Standing(last, failures or 0, bool(parked))

    def fail(self, item: Item) -> int:
        """Count that an item failed, and give how often it did."""
        return _twice(lambda: self._fail(item))

    @contextmanager
    def taking(self, item: Item) -> Iterator[Connection | None]:
        """Give a transaction in which an item is dealt with; None when it was dealt with before.

        Another consumer that has the same item waits here until this one has committed.
        """
        with self._transaction() as connection:
            yield connection if _taken(connection, item) else None

    def park(self, item: Item) -> None:
        """Set an item aside. Given again, it is tried again."""
        with self._transaction() as connection:
            connection.execute(_move(item.slot, item.number))
            connection.execute(update(_trouble).where(_trouble.c.number == item.number).values(parked=True, failures=0))

    def pass_to(self, slot: int, number: int) -> None:
        """Count everything of a slot up to a number as dealt with: a person's decision, when a gap cannot be filled."""
        with self._transaction() as connection:
            connection.execute(_move(slot, number))

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except (OperationalError, InterfaceError) as error:
            # The driver's own message may quote the values: only its kind is told.
            raise Unavailable(f"The database of the consumer failed: {type(error).__name__}.") from None

    def _make(self) -> None:
        with self._transaction() as connection:
            _metadata.create_all(connection)
            if connection.execute(select(_progress).limit(1)).first() is None:
                connection.execute(insert(_progress), [{"slot": slot, "number": 0} for slot in range(SLOTS)])

    def _enter(self, lane: str) -> bool:
        with self._transaction() as connection:
            own = _lane.c.lane == lane
            if connection.execute(update(_lane).where(own, not_(_lane.c.at_work)).values(at_work=True)).rowcount:
                return False
            if connection.execute(select(_lane).where(own)).first() is not None:
                return True
            connection.execute(insert(_lane).values(lane=lane, at_work=True))
            return False

    def _fail(self, item: Item) -> int:
        with self._transaction() as connection:
            own = _trouble.c.number == item.number
            more = update(_trouble).where(own).values(failures=_trouble.c.failures + 1)
            if not connection.execute(more).rowcount:
                connection.execute(insert(_trouble).values(number=item.number, failures=1, parked=False))
            return int(connection.execute(select(_trouble.c.failures).where(own)).scalar_one())


def _twice(work: Callable[[], T]) -> T:
    try:
        return work()
    except (IntegrityError, ProgrammingError):
        return work()  # another consumer made the same row, or table, at the same moment


def _journal(connection: sqlite3.Connection, _: object) -> None:
    # One flush to the disk for each commit, where the default takes several.
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")


def _move(slot: int, number: int) -> Update:
    return update(_progress).where(_progress.c.slot == slot, _progress.c.number < number).values(number=number)


def _taken(connection: Connection, item: Item) -> bool:
    # One statement asks whether it is new, says that it is dealt with, and locks its slot until the end.
    new = connection.execute(_move(item.slot, item.number)).rowcount == 1
    own = delete(_trouble).where(_trouble.c.number == item.number)
    aside = connection.execute(own.where(_trouble.c.parked)).rowcount == 1
    connection.execute(own)
    return new or aside

"""Sessions, in a file of their own: each sealed under what only the browser holds. They outlive a restart."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    create_engine,
    delete,
    event,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import SQLAlchemyError

from crossroads.kernel.errors import Unavailable
from crossroads.web.vault import Row

T = TypeVar("T")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENTS = ("created_at", "used_at", "ends_at")
_SESSION = Table(
    "session",
    MetaData(),
    Column("key", LargeBinary, primary_key=True),
    Column("subject", LargeBinary, index=True),
    Column("provider_session", LargeBinary, index=True),
    Column("content", LargeBinary, nullable=False),
    Column("version", Integer, nullable=False),
    # Microseconds since 1970: SQLite keeps no offset with a timestamp.
    *(Column(name, BigInteger, nullable=False, index=name == "ends_at") for name in _MOMENTS),
)
_C = _SESSION.columns


class FileVault:
    """As `web.vault.Vault` wants it. All raise Unavailable while the file cannot be read or written."""

    def __init__(self, file: Path) -> None:
        """Open the file, or make it, for its owner alone."""
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
        self._engine = create_engine(f"sqlite:///{file}")
        event.listen(self._engine, "connect", _prepared)
        _SESSION.metadata.create_all(self._engine)

    async def get(self, key: bytes) -> Row | None:
        """Give a session, ended ones included."""
        found = await self._do(lambda to: to.execute(select(_SESSION).where(_C.key == key)).one_or_none())
        return _row(found._asdict()) if found else None

    async def add(self, row: Row) -> None:
        """Store a new session."""
        await self._do(lambda to: to.execute(insert(_SESSION), _columns(row)))

    async def replace(self, row: Row) -> bool:
        """Store it anew unless somebody else did since, or it was removed."""
        same = (_C.key == row.key) & (_C.version == row.version)
        newer = update(_SESSION).where(same).values(_columns(row._replace(version=row.version + 1)))
        return await self._do(lambda to: to.execute(newer).rowcount) == 1

    async def remove(self, key: bytes) -> None:
        """Remove a session."""
        await self._drop(_C.key == key)

    async def remove_of(self, subject: bytes | None, provider_session: bytes | None) -> int:
        """Remove the sessions of a subject, or of one session at the provider: how many."""
        given = ((_C.subject, subject), (_C.provider_session, provider_session))
        return await self._drop(or_(False, *(column == value for column, value in given if value is not None)))

    async def trim(self, subject: bytes, most: int) -> int:
        """Remove the oldest sessions of a subject who has more: how many."""
        newest = select(_C.key).where(_C.subject == subject).order_by(_C.created_at.desc()).limit(most)
        return await self._drop((_C.subject == subject) & _C.key.not_in(newest))

    async def purge(self, before: datetime) -> int:
        """Remove what ended before a moment: how many."""
        return await self._drop(_C.ends_at < _number(before))

    async def close(self) -> None:
        """Close the file."""
        self._engine.dispose()

    async def _drop(self, which: ColumnElement[bool]) -> int:
        return await self._do(lambda to: to.execute(delete(_SESSION).where(which)).rowcount)

    async def _do(self, work: Callable[[Connection], T]) -> T:
        """Do something in a transaction, in a thread: a disk can be slow."""

        def doing() -> T:
            with _outages(), self._engine.begin() as connection:
                return work(connection)

        return await asyncio.to_thread(doing)


def _prepared(connection: Any, _: Any) -> None:
    connection.execute("pragma journal_mode = wal")
    # What the last power cut took are sessions: whoever had one logs in again.
    connection.execute("pragma synchronous = normal")


@contextmanager
def _outages() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise Unavailable(f"The sessions cannot be kept: {type(error).__name__}.") from error


def _columns(row: Row) -> dict[str, Any]:
    values = row._asdict()
    return values | {name: _number(values[name]) for name in _MOMENTS}


def _row(values: dict[str, Any]) -> Row:
    return Row(**values | {name: _EPOCH + timedelta(microseconds=values[name]) for name in _MOMENTS})


def _number(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)

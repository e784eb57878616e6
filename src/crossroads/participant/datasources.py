"""Where content comes from: a query on the institution's own database, or documents in a folder. No data is None."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import msgspec
from sqlalchemy import (
    BindParameter,
    Connection,
    CursorResult,
    Date,
    Engine,
    String,
    TextClause,
    bindparam,
    create_engine,
    text,
)
from sqlalchemy.exc import SQLAlchemyError

from crossroads.kernel.errors import CrossroadsError, Unavailable
from crossroads.kernel.period import Period
from crossroads.participant.config import Config, GroupSource, database_url
from crossroads.participant.datagroups import JSON
from crossroads.participant.yamlfile import WrongSetting, function_named

_BINDS: dict[str, BindParameter[Any]] = {
    "ssin": bindparam("ssin", type_=String),
    "ssins": bindparam("ssins", type_=String, expanding=True),
    "holder": bindparam("holder", type_=String),
    "start_date": bindparam("start_date", type_=Date),
    "end_date": bindparam("end_date", type_=Date),
}
_OF_ONE = frozenset(_BINDS) - {"ssins"}
OF_MANY = frozenset(_BINDS) - {"ssin"}
"""What a query about many people may use."""
_THREADS = 8
_INTEGER = 2**53
_VALUE_BYTES = 16
"""For which a value counts that is no text."""


class Wanted(NamedTuple):
    """What is to be read: one person, one holder, one period."""

    ssin: str
    holder: str
    period: Period


class UnfitContent(CrossroadsError):
    """The database gave something that a block cannot hold."""


class TooMuch(CrossroadsError):
    """The rows are more than are held at once."""


class DataSource(Protocol):
    """What gives the content of one data group."""

    media_type: str

    async def read(self, wanted: Wanted) -> bytes | None:
        """Give the content, or None where there is none. Raises Unavailable or UnfitContent."""
        ...


Found = dict[str, bytes | CrossroadsError]
"""Contents by person, those that cannot be given as the reason why; who is not in it has no data."""


class WantedMany(NamedTuple):
    """What is to be read: some people, each once, one holder, one period; at most so many bytes."""

    ssins: Sequence[str]
    holder: str
    period: Period
    maximum: int


class OwnSource(DataSource, Protocol):
    """What a function of the institution's own gives: content of one person, and of many at once."""

    async def read_many(self, wanted: WantedMany) -> Found:
        """Give what there is. Raises Unavailable, and TooMuch: then it is asked for fewer people."""
        ...


class Documents:
    """Documents in a folder, one file a person, given as they stand."""

    def __init__(self, folder: Path, source: GroupSource) -> None:
        """Take the names from the settings; they are single file names, so they cannot leave the folder."""
        self.media_type = source.media_type or ""
        self.folder = folder
        self._file = source.file
        self._otherwise = source.otherwise

    async def read(self, wanted: Wanted) -> bytes | None:
        """Give the person's own file, else the first that exists of those for people without one."""
        for name in (self._file.replace("{ssin}", wanted.ssin), *self._otherwise):
            try:
                return (self.folder / name).read_bytes()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise Unavailable("The folder of documents cannot be read.") from error
        return None


class Database:
    """The institution's own database: read only, SQLite at once, any other in a few threads."""

    def __init__(self, config: Config) -> None:
        """Prepare connections; none is made yet."""
        url = database_url(config)
        self._direct = url.get_backend_name() == "sqlite"
        self._engine = _engine(url)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="data")
        self._kept: Connection | None = None

    async def rows(
        self, query: TextClause, binds: Mapping[str, Any], maximum: int | None = None
    ) -> Sequence[Mapping[str, Any]]:
        """Run a query.

        Raises Unavailable, whose message holds no values, and TooMuch where the rows have more than `maximum` bytes.
        """
        if self._direct:
            return self._rows_at_once(query, binds, maximum)
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._rows, query, binds, maximum)

    def close(self) -> None:
        """Close the connections."""
        self._let_go()
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._engine.dispose()

    def _rows_at_once(
        self, query: TextClause, binds: Mapping[str, Any], maximum: int | None
    ) -> Sequence[Mapping[str, Any]]:
        # One connection kept open, without transactions: taking one from the pool costs as much as the query itself.
        try:
            if self._kept is None:
                self._kept = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            return _plain_rows(self._kept.execute(query, binds), maximum)
        except SQLAlchemyError as error:
            self._let_go()
            raise _failed(error) from None

    def _let_go(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def _rows(self, query: TextClause, binds: Mapping[str, Any], maximum: int | None) -> Sequence[Mapping[str, Any]]:
        # What may be much is not fetched at once.
        options = {"stream_results": maximum is not None}
        try:
            with self._engine.connect() as connection:
                return _plain_rows(connection.execute(query, binds, execution_options=options), maximum)
        except SQLAlchemyError as error:
            raise _failed(error) from None


def _plain_rows(result: CursorResult[Any], maximum: int | None) -> Sequence[Mapping[str, Any]]:
    columns = list(result.keys())
    if maximum is None:
        return [dict(zip(columns, row, strict=True)) for row in result]
    rows, size = [], 0
    for row in result:
        rows.append(dict(zip(columns, row, strict=True)))
        size += sum(len(value) if isinstance(value, str | bytes) else _VALUE_BYTES for value in row)
        if size > maximum:
            result.close()
            raise TooMuch
    return rows


def _failed(error: SQLAlchemyError) -> Unavailable:
    # The driver's own message may quote the parameters: only its kind is told.
    return Unavailable(f"The database refused a query: {type(error).__name__}.")


class Query:
    """A data group that is read with SQL."""

    media_type = JSON

    def __init__(self, database: Database, name: str, source: GroupSource) -> None:
        """Check the query's parameters. Raises WrongSetting."""
        self._database = database
        self._source = source
        self.query = prepared(name, source.sql or "", _OF_ONE)
        self._binds = self.query.compile().params.keys()

    async def read(self, wanted: Wanted) -> bytes | None:
        """Give the rows as JSON; no row is no data."""
        values = {
            "ssin": wanted.ssin,
            "holder": wanted.holder,
            "start_date": wanted.period.start_date,
            "end_date": wanted.period.last,
        }
        rows = await self._database.rows(self.query, {name: values[name] for name in self._binds})
        if not rows:
            return None
        return content_of(self._source, rows)


def content_of(source: GroupSource, rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Give the rows of one person, of which there is one, as JSON. Raises UnfitContent."""
    if source.one:
        return msgspec.json.encode(_plain(source, rows[0]))
    return msgspec.json.encode({source.list_name: [_plain(source, row) for row in rows]})


def _plain(source: GroupSource, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        column: _embedded(column, value) if column in source.json else plain_value(column, value)
        for column, value in row.items()
        if value is not None
    }


def prepared(name: str, sql: str, allowed: frozenset[str], whom: str = "ssin") -> TextClause:
    """Give a query whose parameters are among those allowed, and have the one that says whom. Raises WrongSetting."""
    query, setting = text(sql), "sql" if whom == "ssin" else "sqlMany"
    used = set(query.compile().params)
    if not sql.lstrip().lower().startswith(("select", "with")):
        raise WrongSetting(f"{name}: {setting} begins with SELECT (or WITH)")
    if not used <= allowed:
        names = ", ".join(f":{bind}" for bind in sorted(allowed))
        raise WrongSetting(f"{name}: {setting} knows only {names}, not :{', :'.join(sorted(used - allowed))}")
    if whom not in used:
        raise WrongSetting(f"{name}: {setting} without :{whom} would give data of other people")
    return query.bindparams(*(_BINDS[bind] for bind in used))


def plain_value(column: str, value: Any) -> Any:
    """Give a value as JSON holds it. Raises UnfitContent for a decimal or float: amounts are integer eurocents."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal | float):
        raise UnfitContent(f"Column {column} is a decimal; give amounts in eurocents, as integers.")
    if isinstance(value, int) and abs(value) >= _INTEGER:
        raise UnfitContent(f"Column {column} is an integer of 2^53 or more; give it as text.")
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, str | int):
        return value
    raise UnfitContent(f"Column {column} is a {type(value).__name__}; name it under `json` or give it as text.")


def _embedded(column: str, value: Any) -> Any:
    if not isinstance(value, str | bytes):
        return value
    try:
        return msgspec.json.decode(value)
    except msgspec.MsgspecError as error:
        raise UnfitContent(f"Column {column} holds no JSON.") from error


def data_sources(config: Config, database: Database | None) -> dict[str, DataSource]:
    """Give the source of every data group in the settings. Raises WrongSetting."""
    sources: dict[str, DataSource] = {}
    for group, source in config.groups.items():
        if source.function is not None:
            sources[group] = own_source(config, group)
        elif source.documents is not None:
            sources[group] = Documents(config.path(source.documents), source)
        elif database is not None:
            sources[group] = Query(database, f"groups.{group}", source)
    return sources


def own_source(config: Config, group: str) -> OwnSource:
    """Give the source that a function of the institution's own makes. Raises WrongSetting."""
    made: OwnSource = function_named(config.groups[group].function or "", f"groups.{group}.function")(config, group)
    return made


def _engine(url: Any) -> Engine:
    # Nothing is ever written there; PostgreSQL is told so, other databases roll back when the connection is given back.
    options = {"postgresql_readonly": True} if url.get_backend_name() == "postgresql" else {}
    try:
        if url.get_backend_name() == "sqlite":
            return create_engine(url, hide_parameters=True)
        return create_engine(
            url, hide_parameters=True, pool_size=_THREADS, max_overflow=0, pool_pre_ping=True, execution_options=options
        )
    except (SQLAlchemyError, ImportError) as error:
        raise WrongSetting(f"$.database: {error}") from error

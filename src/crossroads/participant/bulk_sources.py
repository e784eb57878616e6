"""Content about many people at once: one query for all where the settings have it, else one for each."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import CrossroadsError, Unavailable
from crossroads.participant.config import Config, GroupSource
from crossroads.participant.datagroups import JSON
from crossroads.participant.datasources import (
    OF_MANY,
    Database,
    DataSource,
    Found,
    OwnSource,
    TooMuch,
    UnfitContent,
    Wanted,
    WantedMany,
    content_of,
    data_sources,
    prepared,
)

SSIN = "ssin"
"""The column that says whose a row is; it is no part of the content."""


class StrangeRows(Unavailable):
    """A query gives rows that cannot be said to be of the people who were asked about."""

    def __init__(self, detail: str) -> None:
        """Carry the stable code: it is the source that failed."""
        super().__init__(detail, code=Code.SOURCE_FAILED)


class ManySource(Protocol):
    """What gives the content of one data group about many people."""

    media_type: str

    async def read(self, wanted: WantedMany) -> Found:
        """Give what there is. Raises Unavailable, and TooMuch: then ask for fewer people."""
        ...


class ManyQuery:
    """A data group that is read with one query for all."""

    def __init__(self, database: Database, name: str, source: GroupSource) -> None:
        """Check the query's parameters. Raises WrongSetting."""
        self.media_type = JSON
        self._database = database
        self._name, self._source = name, source
        self._query = prepared(f"groups.{name}", source.sql_many or "", OF_MANY, "ssins")
        self._binds = self._query.compile().params.keys()

    async def read(self, wanted: WantedMany) -> Found:
        """Give what there is. Raises Unavailable, StrangeRows, and TooMuch: then ask for fewer people."""
        values = {
            "ssins": wanted.ssins,
            "holder": wanted.holder,
            "start_date": wanted.period.start_date,
            "end_date": wanted.period.last,
        }
        binds = {name: values[name] for name in self._binds}
        rows = await self._database.rows(self._query, binds, wanted.maximum)
        return {ssin: self._content(of_one) for ssin, of_one in self._by_person(rows, wanted.ssins).items()}

    def _by_person(
        self, rows: Sequence[Mapping[str, Any]], ssins: Sequence[str]
    ) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        asked, found = frozenset(ssins), dict[str, list[dict[str, Any]]]()
        for row in rows:
            content = dict(row)
            ssin = content.pop(SSIN, None)
            # Data of the wrong person must not leave, so whose it is has to be written exactly as it was asked.
            if not isinstance(ssin, str) or ssin not in asked:
                raise StrangeRows(self._strange(ssin))
            found.setdefault(ssin, []).append(content)
        return found

    def _strange(self, ssin: object) -> str:
        if ssin is None:
            return f"sqlMany of {self._name} gives no column ssin, or a row without one."
        if not isinstance(ssin, str):
            return f"sqlMany of {self._name} gives column ssin as {type(ssin).__name__}; give it as text of 11 digits."
        return f"sqlMany of {self._name} gives a row of a person who was not asked about."

    def _content(self, rows: Sequence[Mapping[str, Any]]) -> bytes | CrossroadsError:
        try:
            return content_of(self._source, rows)
        except UnfitContent as error:
            return error


class OneByOne:
    """A data group that is read for each person as for a single question."""

    def __init__(self, source: DataSource) -> None:
        """Take what reads for one."""
        self.media_type = source.media_type
        self._source = source

    async def read(self, wanted: WantedMany) -> Found:
        """Give what there is. Raises Unavailable, and TooMuch: then ask for fewer people."""
        found: Found = {}
        size = 0
        for ssin in wanted.ssins:
            content = await self._one(Wanted(ssin, wanted.holder, wanted.period))
            if content is None:
                continue
            found[ssin] = content
            size += len(content) if isinstance(content, bytes) else 0
            if size > wanted.maximum:
                raise TooMuch
        return found

    async def _one(self, wanted: Wanted) -> bytes | CrossroadsError | None:
        try:
            return await self._source.read(wanted)
        except UnfitContent as error:
            return error


class OwnMany:
    """A data group that a function of the institution's own reads for many."""

    def __init__(self, source: OwnSource) -> None:
        """Take what reads."""
        self.media_type = source.media_type
        self._source = source

    async def read(self, wanted: WantedMany) -> Found:
        """Give what there is. Raises Unavailable, StrangeRows, and TooMuch: then ask for fewer people."""
        found = await self._source.read_many(wanted)
        if not found.keys() <= set(wanted.ssins):
            raise StrangeRows("The function gives content of a person who was not asked about.")
        return found


def many_sources(config: Config, database: Database | None) -> dict[str, ManySource]:
    """Give what reads each data group in the settings for many. Raises WrongSetting."""
    return {group: _many(config, database, group, source) for group, source in data_sources(config, database).items()}


def _many(config: Config, database: Database | None, group: str, source: DataSource) -> ManySource:
    if config.groups[group].function:
        return OwnMany(cast(OwnSource, source))
    if database and config.groups[group].sql_many:
        return ManyQuery(database, group, config.groups[group])
    return OneByOne(source)

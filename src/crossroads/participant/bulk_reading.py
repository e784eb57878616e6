"""Reading what there is about the people of a page: one question for each data group and period, for all at once."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from crossroads.kernel.errors import CrossroadsError
from crossroads.kernel.period import Period
from crossroads.participant.blocks import NotSent, check_schema, served
from crossroads.participant.bulk_sources import ManySource
from crossroads.participant.datagroups import Group
from crossroads.participant.datasources import Found, TooMuch, WantedMany
from crossroads.wire.bulk import MAXIMUM_BULK_ANSWER, BulkRecord, BulkRequest

_HELD = MAXIMUM_BULK_ANSWER * 5 // 8
"""Bytes of content that are held at once: sealed, they grow by a third."""

Contents = Mapping[tuple[str, Period], Found]
"""What was found, by data group and period, and there by person."""


class Reading(NamedTuple):
    """What there is about some records, all of them looked up."""

    records: Sequence[BulkRecord]
    contents: Contents


class Reader:
    """Reads from the institution's own data."""

    def __init__(self, sources: Mapping[str, ManySource]) -> None:
        """Take what reads each data group."""
        self._sources = sources

    async def read(self, request: BulkRequest, groups: Mapping[str, Group]) -> Reading:
        """Give what there is about the records; about the first of them, where it is too much to hold.

        Raises Unavailable.
        """
        records: Sequence[BulkRecord] = request.records
        while True:
            try:
                return Reading(records, await self._contents(request, records, groups))
            except TooMuch:
                records = records[: len(records) // 2]

    async def _contents(
        self, request: BulkRequest, records: Sequence[BulkRecord], groups: Mapping[str, Group]
    ) -> Contents:
        contents: dict[tuple[str, Period], Found] = {}
        held = 0
        for (name, period), ssins in _wanted(request, records).items():
            about = WantedMany(ssins, request.permit.holder, period, _HELD - held)
            try:
                found = await self._found(name, about, groups.get(name))
            except NotSent as error:
                found = dict.fromkeys(ssins, error)
            except TooMuch:
                if len(records) > 1:
                    raise
                found = dict.fromkeys(ssins, NotSent("It is more than an answer can hold."))
            contents[name, period] = found
            held += sum(len(content) for content in found.values() if isinstance(content, bytes))
        return contents

    async def _found(self, name: str, about: WantedMany, published: Group | None) -> Found:
        source, group = served(self._sources.get(name), published)
        return {ssin: _fit(group, content) for ssin, content in (await source.read(about)).items()}


def _wanted(request: BulkRequest, records: Sequence[BulkRecord]) -> dict[tuple[str, Period], tuple[str, ...]]:
    """Give whom to look up for each data group and period, each person once."""
    scopes, wanted = request.permit.scopes, dict[tuple[str, Period], dict[str, None]]()
    for record in records:
        for one in scopes[record.scope].data_groups.items():
            wanted.setdefault(one, {})[record.ssin] = None
    return {one: tuple(ssins) for one, ssins in wanted.items()}


def _fit(group: Group, content: bytes | CrossroadsError) -> bytes | CrossroadsError:
    try:
        if isinstance(content, bytes):
            check_schema(group, content)
    except NotSent as error:
        return error
    return content

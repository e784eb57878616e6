"""What the hub's public catalogue says of the data groups: schema, media type, sealed or not. Cached in a file."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple

import jsonschema_rs
import msgspec

from crossroads.kernel.errors import InvalidValue, Unavailable
from crossroads.participant.files import read_cached, write_atomically
from crossroads.participant.steps import Call, Steps, fetch
from crossroads.wire.decoding import UNREADABLE
from crossroads.wire.messages import Message

STALE_AFTER = timedelta(minutes=10)
BETWEEN_FETCHES = timedelta(seconds=1)
JSON = "application/json"

Told = Literal["status", "right"]
"""What a data group may tell of by a name."""


class Group(Message, frozen=True, kw_only=True, dict=True):
    """A data group as the catalogue publishes it."""

    id: str
    json_schema: dict[str, Any] | None = msgspec.field(default=None, name="schema")
    media_type: str = JSON
    unsealed_because: str | None = None
    authentic_source: int | None = None
    """The sector of those that hold it."""
    status: str | None = None
    """The status that it tells of."""
    right: str | None = None
    """The right that it tells of."""

    @property
    def sealed(self) -> bool:
        """Whether its blocks are sealed to the asker."""
        return self.unsealed_because is None

    def faults(self, content: bytes) -> Iterator[str]:
        """Say where content leaves the schema: place and keyword, never a value. A document has no schema."""
        if self.media_type != JSON:
            return
        try:
            parsed = msgspec.json.decode(content)
        except UNREADABLE:
            yield "$: not JSON"
            return
        if self._validator and not self._validator.is_valid(parsed):
            for error in self._validator.iter_errors(parsed):
                yield f"${''.join(f'[{step!r}]' for step in error.instance_path)}: {error.kind.name}"

    @cached_property
    def _validator(self) -> Any:
        if self.json_schema is None:
            return None
        try:
            return jsonschema_rs.validator_for(self.json_schema, validate_formats=True, retriever=_nothing_outside)
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
            raise InvalidValue(f"The schema of {self.id} cannot be used.") from error


def same(media_type: str, one: bytes, other: bytes) -> bool:
    """Tell whether contents say the same: of JSON the order of members says nothing."""
    return one == other or (media_type == JSON and msgspec.json.decode(one) == msgspec.json.decode(other))


class Named(NamedTuple):
    """Statuses or rights by the names under which they were looked for, as far as there are such; and all names."""

    found: Mapping[str, Group]
    all: Sequence[str]


class _Items(Message, frozen=True, kw_only=True):
    items: tuple[Group, ...]


_decoder = msgspec.json.Decoder(_Items)


class DataGroups:
    """The data groups known here. They are refreshed when one is missing, and every ten minutes."""

    def __init__(self, hub: str, file: Path, schemas: Mapping[str, dict[str, Any]] | None = None) -> None:
        """Take up what was fetched before. `schemas` are the institution's own, used in place of the published ones."""
        self._schemas = schemas or {}
        self._call = Call("GET", f"{hub}/v1/data-groups")
        self._file = file
        self._fetched_at: datetime | None = None
        cached = read_cached(file, _decoder)
        self._groups = self._by_id(cached) if cached else {}

    def find(self, group: str) -> Group | None:
        """Give a data group, if the catalogue has it."""
        return self._groups.get(group)

    def telling(self, what: Told, names: Sequence[str]) -> Named:
        """Give the data groups that tell of statuses, or rights: of each the newest version."""
        newest = sorted(self._groups.values(), key=lambda group: int(group.id.partition("@")[2]))
        every = {name: group for group in newest if (name := getattr(group, what))}
        return Named({name: every[name] for name in names if name in every}, sorted(every))

    def due(self, now: datetime, *, missing: bool) -> bool:
        """Tell whether it is time to fetch them anew: when one is missing, at most once a second."""
        wait = BETWEEN_FETCHES if missing else STALE_AFTER
        return self._fetched_at is None or not timedelta() <= now - self._fetched_at < wait

    def refresh(self, now: datetime) -> Steps[None]:
        """Fetch the data groups. Raises Unavailable."""
        before, self._fetched_at = self._fetched_at, now
        try:
            fetched = yield from fetch(self._call, _decoder)
        except Unavailable:
            # Nothing was fetched: who asks next may try at once.
            self._fetched_at = before
            raise
        self._groups = self._by_id(fetched)
        write_atomically(self._file, msgspec.json.encode(fetched))

    def _by_id(self, fetched: _Items) -> dict[str, Group]:
        groups = {group.id: group for group in fetched.items}
        for group, schema in self._schemas.items():
            if group in groups:
                groups[group] = msgspec.structs.replace(groups[group], json_schema=schema)
        return groups


def _nothing_outside(uri: str) -> Any:
    # A schema stands alone: checking data must never make a call to an address that someone else chose.
    raise InvalidValue(f"The schema refers to {uri}, outside itself.")

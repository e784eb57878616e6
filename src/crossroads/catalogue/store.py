"""The catalogue in PostgreSQL. Private to this room.

Who changes it locks the one row of `catalogue_head` first: changes happen one after the other, and each sees the last.
"""

from collections.abc import AsyncIterable, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import aiosql
import msgspec
import structlog

from crossroads.audit.database import Pool, outages
from crossroads.catalogue.changes import Change, Plan
from crossroads.catalogue.history import Belief
from crossroads.catalogue.keys import (
    Endpoint,
    EndpointRegistration,
    Genesis,
    LogPlace,
    OperatorKey,
    RegisteredKey,
    Revocation,
    registered,
)
from crossroads.catalogue.kinds import AnyEntry, Kind, from_body, identify, place
from crossroads.catalogue.snapshot import Facts
from crossroads.kernel.errors import InvalidValue
from crossroads.wire.keys import Jwk
from crossroads.wire.registrations import Registration, SignedAct

Connection: TypeAlias = Any

_log = structlog.get_logger(__name__)
_queries: Any = aiosql.from_path(Path(__file__).parent / "queries.sql", "asyncpg")


class Version(NamedTuple):
    """A version that begins: its number, the moment, who made it."""

    number: int
    recorded_at: datetime
    actors: Sequence[str]


class Store:
    """What is stored. Raises Unavailable while the database does not work."""

    def __init__(self, pool: Pool) -> None:
        """Use these connections, of the role crossroads_hub, or of a reader that changes nothing."""
        self._pool = pool
        self._last: Facts | None = None

    async def version(self) -> int:
        """Give the version in force."""
        with outages():
            return int(await _queries.version(self._pool))

    async def facts(self) -> Facts:
        """Read everything at one moment; the entries only where they changed since the last reading."""
        with outages():
            async with self._pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
                self._last = await _facts(connection, await _queries.version(connection), self._last)
                return self._last

    async def believed_at(self, moment: datetime) -> list[tuple[Kind, AnyEntry]]:
        """Give the entries as they were believed here at a moment."""
        with outages():
            return await _entries(_queries.entries_believed_at(self._pool, moment=moment))

    async def told_of(self, kind: Kind, key: str) -> list[Belief]:
        """Give all that was ever believed of one entry."""
        with outages():
            return [_belief(row) async for row in _queries.told_of(self._pool, kind=kind.value, key=key)]

    @asynccontextmanager
    async def changing(self) -> AsyncIterator["Changing"]:
        """Change the catalogue, all or nothing; others wait."""
        with outages():
            async with self._pool.acquire() as connection, connection.transaction():
                yield Changing(connection, await _queries.lock_version(connection))


class Changing:
    """A change under way, in one transaction."""

    def __init__(self, connection: Connection, version: int) -> None:
        """Write in the transaction of this connection; `version` stays in force until it ends."""
        self._connection = connection
        self.version = version

    async def facts(self) -> Facts:
        """Read everything as it is now."""
        return await _facts(self._connection, self.version)

    async def begin(self, act: SignedAct, actors: Sequence[str], place: LogPlace) -> Version:
        """Begin the next version, made by this act."""
        number, moment = await _queries.bump_version(self._connection), await _queries.moment(self._connection)
        await _queries.add_version(
            self._connection,
            version=number,
            kind=act.kind,
            act=_json(act),
            digest=act.digest,
            actors=list(actors),
            recorded_at=moment,
            log_stream=place.stream,
            log_index=place.entry,
        )
        return Version(number, moment, actors)

    async def add_operators(self, operators: Sequence[OperatorKey], version: Version) -> None:
        """Store keys of operators."""
        await _queries.add_operator_keys(
            self._connection,
            key_ids=[operator.key_id for operator in operators],
            jwks=[_json(operator.jwk) for operator in operators],
            **_when(version),
        )

    async def apply(self, plan: Plan, version: Version) -> None:
        """Move what changes to the history, and store what holds from now on."""
        old = _identities([change for change in plan.changes if change.before is not None])
        new = [change for change in plan.changes if change.after is not None]
        await _queries.retire_entries(
            self._connection, reason=plan.reason, actors=list(version.actors), **old, **_when(version)
        )
        await _queries.remove_entries(self._connection, **old)
        await _queries.add_entries(
            self._connection, bodies=[_json(change.after) for change in new], **_identities(new), **_when(version)
        )

    async def add_key(self, act: SignedAct, registration: Registration, place: LogPlace, version: Version) -> None:
        """Store a registered key."""
        await _queries.add_institution_key(
            self._connection,
            key_id=registration.key_id,
            institution=registration.institution,
            use=registration.use.value,
            thumbprint=registration.jwk.thumbprint,
            valid_from=registration.valid_from,
            valid_until=registration.valid_until,
            act=_json(act),
            log_stream=place.stream,
            log_index=place.entry,
            **_when(version),
        )

    async def revoke(self, act: SignedAct, revocation: Revocation, version: Version) -> None:
        """Store that a key counts no longer."""
        await _queries.add_revocation(
            self._connection, key_id=revocation.key_id, reason=revocation.reason, act=_json(act), **_when(version)
        )

    async def add_endpoint(self, act: SignedAct, endpoint: EndpointRegistration, version: Version) -> None:
        """Store where an institution answers."""
        await _queries.add_endpoint(
            self._connection,
            institution=endpoint.institution,
            url=endpoint.url,
            issued_at=endpoint.issued_at,
            act=_json(act),
            **_when(version),
        )


async def _facts(connection: Connection, version: int, last: Facts | None = None) -> Facts:
    founding, applied = await _queries.founding_act(connection), await _queries.applied_version(connection)
    known = last if last and last.catalogue_version == applied else None
    return Facts(
        version=version,
        catalogue_version=applied,
        genesis=founding and msgspec.json.decode(_act(founding).content, type=Genesis),
        entries=known.entries if known else tuple(await _entries(_queries.entries(connection))),
        operators=tuple([_operator(row) async for row in _queries.operator_keys(connection)]),
        keys=tuple([key async for row in _queries.institution_keys(connection) if (key := _key(row))]),
        endpoints={row[0]: Endpoint(row[1], row[2]) async for row in _queries.endpoints(connection)},
    )


async def _entries(rows: AsyncIterable[Any]) -> list[tuple[Kind, AnyEntry]]:
    found = [(Kind(kind), msgspec.json.decode(body)) async for kind, body in rows]
    entries = ((kind, from_body(kind, body)) for kind, body in found)
    return sorted(entries, key=lambda pair: place(identify(*pair)))


def _belief(row: Any) -> Belief:
    return Belief(
        entry=from_body(Kind(row["kind"]), msgspec.json.decode(row["body"])),
        version=row["recorded_version"],
        since=row["recorded_at"],
        replaced_by=row["replaced_by"],
        until=row["recorded_until"],
        reason=row["reason"] or "",
    )


def _key(row: Any) -> RegisteredKey | None:
    key = _registered(row["registration"], LogPlace(row["log_stream"], row["log_index"]))
    return key and key._replace(revoked_at=row["revoked_at"])


@lru_cache(maxsize=100_000)
def _registered(registration: str, place: LogPlace) -> RegisteredKey | None:
    """Load a key once: a registration never changes, and a new version changes few of them.

    None for one that an earlier version took and that is refused since: it is as if it were not registered, and keeps
    nobody else from the catalogue.
    """
    try:
        return registered(_act(registration), place)
    except InvalidValue as error:
        _log.warning("registered key not taken", stream=place.stream, index=place.entry, why=str(error))
        return None


def _operator(row: Any) -> OperatorKey:
    jwk = msgspec.json.decode(row["jwk"], type=Jwk)
    return OperatorKey(key_id=row["key_id"], jwk=jwk, revoked_at=row["revoked_at"])


def _act(text: str) -> SignedAct:
    return msgspec.json.decode(text, type=SignedAct)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _when(version: Version) -> dict[str, Any]:
    return {"version": version.number, "recorded_at": version.recorded_at}


def _identities(changes: Sequence[Change]) -> dict[str, list[Any]]:
    return {
        "kinds": [change.kind.value for change in changes],
        "keys": [change.key for change in changes],
        "days": [date.fromisoformat(change.valid_from) for change in changes],
    }

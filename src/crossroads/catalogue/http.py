"""The catalogue over HTTP: public, as of any day, in the collection form of the Belgif guide."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any, Generic, TypeVar

import msgspec
from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery
from litestar.status_codes import HTTP_304_NOT_MODIFIED

from crossroads.catalogue.decision_tables import DecisionTable, DecisionTableCard
from crossroads.catalogue.keys import OperatorKey, RegisteredKey
from crossroads.catalogue.kinds import Kind
from crossroads.catalogue.service import Catalogue
from crossroads.kernel.clock import brussels_day
from crossroads.kernel.errors import Fault, Malformed
from crossroads.kernel.guards import Guard
from crossroads.kernel.ssin import Environment
from crossroads.wire.messages import Message, ProvenKey

_PUBLIC = {"guard": Guard.PUBLIC}
_UNKNOWN_INPUT = "urn:problem-type:belgif:input-validation:unknownInput"
_MAY_BE_KEPT = "public, max-age=60"
"""A decision of the hub never waits for this: it concerns those who read the catalogue."""
_ASK_EACH_TIME = "public, no-cache"

E = TypeVar("E")


class Collection(msgspec.Struct, Generic[E], frozen=True, kw_only=True):
    """All entries of a kind that are in force on a day."""

    self: str
    items: tuple[E, ...]
    total: int


class Keys(Message, frozen=True, kw_only=True):
    """Keys with their proofs, past ones included, and since when those count no longer that were revoked."""

    items: tuple[ProvenKey, ...]
    revoked: dict[str, datetime] = msgspec.field(default_factory=dict)


class WellKnownKeys(Message, frozen=True, kw_only=True):
    """Where trust in this hub begins: what its operators are to pin, and the hub's own keys, past ones included."""

    installation: str
    environment: Environment
    hub: str
    log_key: str
    operators: tuple[OperatorKey, ...]
    keys: tuple[ProvenKey, ...]
    revoked: dict[str, datetime] = msgspec.field(default_factory=dict)


_CARDS = {Kind.DECISION_TABLE: DecisionTableCard}
"""What a collection has of entries that hold a text: the whole entry has a route of its own."""


def _collection(kind: Kind) -> HTTPRouteHandler:
    item = _CARDS.get(kind, kind.struct)

    async def read(
        request: Request[Any, Any, Any], catalogue: NamedDependency[Catalogue], on: FromQuery[date | None] = None
    ) -> Response[Any]:
        _refuse_unknown(request, {"on"})
        day = on or _today()
        snapshot = catalogue.current
        entries = msgspec.convert(snapshot.listed(kind, day), tuple[item, ...], from_attributes=True)  # type: ignore[valid-type] # known when it runs
        href = f"/v1/{kind.plural}?on={day.isoformat()}"
        collection = Collection(self=href, items=entries, total=len(entries))
        return _answer(request, collection, f"{snapshot.version}-{day.isoformat()}", _MAY_BE_KEPT)

    read.__doc__ = f"Give the {kind.plural.replace('-', ' ')} in force on a day; today when none is given."
    read.__annotations__["return"] = Response[Collection[item]]  # type: ignore[valid-type] # known when it runs
    operation = f"list{kind.plural.title().replace('-', '')}"
    return get(f"/v1/{kind.plural}", opt=_PUBLIC, operation_id=operation, name=operation)(read)


@get("/v1/decision-tables/{table:str}", opt=_PUBLIC, operation_id="getDecisionTable")
async def decision_table(
    request: Request[Any, Any, Any],
    table: FromPath[str],
    catalogue: NamedDependency[Catalogue],
    on: FromQuery[date | None] = None,
) -> Response[DecisionTable]:
    """Give a decision table in force on a day, with its text; today when none is given."""
    _refuse_unknown(request, {"on"})
    day = on or _today()
    snapshot = catalogue.current
    found = snapshot.decision_table(table, day)
    if found is None:
        raise NotFoundException
    return _answer(request, found, f"{snapshot.version}-{day.isoformat()}", _MAY_BE_KEPT)


@get("/v1/institutions/{institution:str}/keys", opt=_PUBLIC)
async def institution_keys(
    request: Request[Any, Any, Any], institution: FromPath[str], catalogue: NamedDependency[Catalogue]
) -> Response[Keys]:
    """Give the keys of an institution, each with its signed registration and the proof that the log has it."""
    _refuse_unknown(request, set())
    snapshot = catalogue.current
    if not snapshot.known_institution(institution):
        raise NotFoundException
    keys = snapshot.keys_of(institution)
    content = Keys(items=await _proven(catalogue, keys), revoked=_revoked(keys))
    return _answer(request, content, str(snapshot.version), _ASK_EACH_TIME)


@get("/.well-known/crossroads-keys", opt=_PUBLIC)
async def well_known_keys(
    request: Request[Any, Any, Any], catalogue: NamedDependency[Catalogue]
) -> Response[WellKnownKeys]:
    """Give the keys of the operators, of the log and of the hub."""
    _refuse_unknown(request, set())
    snapshot = catalogue.current
    genesis, keys = snapshot.genesis, snapshot.keys_of(snapshot.genesis.hub)
    content = WellKnownKeys(
        installation=genesis.installation,
        environment=genesis.environment,
        hub=genesis.hub,
        log_key=genesis.log_key,
        operators=snapshot.all_operators,
        keys=await _proven(catalogue, keys),
        revoked=_revoked(keys),
    )
    return _answer(request, content, str(snapshot.version), _ASK_EACH_TIME)


async def _proven(catalogue: Catalogue, keys: Iterable[RegisteredKey]) -> tuple[ProvenKey, ...]:
    return tuple([await catalogue.proven_key(key.key_id) for key in keys])


def _revoked(keys: Iterable[RegisteredKey]) -> dict[str, datetime]:
    return {key.key_id: key.revoked_at for key in keys if key.revoked_at is not None}


def _today() -> date:
    return brussels_day(datetime.now(UTC))


def _answer(request: Request[Any, Any, Any], content: Any, version: str, cache: str) -> Response[Any]:
    headers = {"etag": f'"{version}"', "cache-control": cache}
    if headers["etag"] in request.headers.get("if-none-match", ""):
        return Response(None, status_code=HTTP_304_NOT_MODIFIED, headers=headers)
    return Response(content, headers=headers)


def _refuse_unknown(request: Request[Any, Any, Any], known: set[str]) -> None:
    faults = [
        Fault(name, _UNKNOWN_INPUT, "There is no such query parameter.")
        for name in sorted(request.query_params.keys() - known)
    ]
    if faults:
        raise Malformed(*faults)


ROUTES = (*(_collection(kind) for kind in Kind), decision_table, institution_keys, well_known_keys)
"""The HTTP interface of the catalogue."""

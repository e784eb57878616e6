"""Proofs over HTTP: public, since they show nothing but hashes; more only to whoever holds a receipt.

Anybody may ask, so few are made at a time.
"""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import MediaType, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK

from crossroads.audit.levels import Levels, ServiceLevels
from crossroads.audit.model import Receipt
from crossroads.audit.service import Log
from crossroads.kernel.guards import Guard
from crossroads.wire.proofs import ConsistencyProof, Count, EntryProof, Extensions, ExtensionsQuery

Stream = Annotated[int, msgspec.Meta(ge=0, le=2**15 - 1)]


class ReceiptQuery(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The place and leaf that a receipt gives, and the ticket of its answer."""

    stream: Stream
    index: Count
    leaf: bytes
    ticket: UUID


class ConsistencyQuery(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The sizes of two checkpoints, the older first."""

    first: Count
    second: Count


@get("/v1/log/checkpoint", opt={"guard": Guard.PUBLIC}, media_type=MediaType.TEXT, sync_to_thread=False)
def checkpoint(log: NamedDependency[Log]) -> str:
    """Give the newest checkpoint of the log, a signed note."""
    return log.checkpoint


@post("/v1/log/inclusion", opt={"guard": Guard.PUBLIC}, status_code=HTTP_200_OK)
async def inclusion(data: JSONBody[ReceiptQuery], log: NamedDependency[Log]) -> EntryProof:
    """Prove that an entry, known by its receipt, is in the log, and open event, ticket and answer digest."""
    async with log.outsiders.turn():
        return await log.prove_receipt(Receipt(data.stream, data.index, data.leaf), data.ticket)


@post("/v1/log/consistency", opt={"guard": Guard.PUBLIC}, status_code=HTTP_200_OK)
async def consistency(data: JSONBody[ConsistencyQuery], log: NamedDependency[Log]) -> ConsistencyProof:
    """Prove that the log at one checkpoint extends the log at an older one."""
    async with log.outsiders.turn():
        return await log.consistency(data.first, data.second)


@post("/v1/log/extensions", opt={"guard": Guard.PUBLIC}, status_code=HTTP_200_OK)
async def extensions(data: JSONBody[ExtensionsQuery], log: NamedDependency[Log]) -> Extensions:
    """Prove that the log at each of some checkpoints extends the log at the one before: what a witness asks for."""
    async with log.outsiders.turn():
        return Extensions(proofs=tuple(await log.extensions(data.sizes)))


@get("/v1/statistics/service-levels", opt={"guard": Guard.PUBLIC})
async def service_levels(log: NamedDependency[Log], levels: NamedDependency[Levels]) -> ServiceLevels:
    """Give the service levels by month, of the days that were counted: each is, some hours after it is over."""
    async with log.outsiders.turn():
        return await levels.counted()


ROUTES = (checkpoint, inclusion, consistency, extensions, service_levels)

"""Proofs over HTTP: public, since they show nothing but hashes."""

import msgspec
from litestar import MediaType, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK

from crossroads.audit.service import Log
from crossroads.kernel.guards import Guard
from crossroads.wire.proofs import ConsistencyProof, LeafProof


class LeafQuery(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The place and leaf that a receipt gives."""

    stream: int
    index: int
    leaf: bytes


class ConsistencyQuery(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The sizes of two checkpoints, the older first."""

    first: int
    second: int


@get("/v1/log/checkpoint", opt={"guard": Guard.PUBLIC}, media_type=MediaType.TEXT, sync_to_thread=False)
def checkpoint(log: NamedDependency[Log]) -> str:
    """Give the newest checkpoint of the log, a signed note."""
    return log.checkpoint


@post("/v1/log/inclusion", opt={"guard": Guard.PUBLIC}, status_code=HTTP_200_OK)
async def inclusion(data: JSONBody[LeafQuery], log: NamedDependency[Log]) -> LeafProof:
    """Prove that an entry, known by its receipt, is in the log under the newest checkpoint."""
    return await log.prove_leaf(data.stream, data.index, data.leaf)


@post("/v1/log/consistency", opt={"guard": Guard.PUBLIC}, status_code=HTTP_200_OK)
async def consistency(data: JSONBody[ConsistencyQuery], log: NamedDependency[Log]) -> ConsistencyProof:
    """Prove that the log at one checkpoint extends the log at an older one."""
    return await log.consistency(data.first, data.second)


ROUTES = (checkpoint, inclusion, consistency)

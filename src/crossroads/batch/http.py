"""Institutions announce files of questions, send them, and fetch what came of them. URLs hold tickets alone."""

from uuid import UUID

from litestar import Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.status_codes import HTTP_200_OK

from crossroads.batch.results import Results
from crossroads.batch.service import Batches
from crossroads.batch.uploads import Uploads
from crossroads.kernel.guards import Guard, Signed
from crossroads.wire.batches import MAXIMUM_PART, BatchList, BatchStatus, Voucher

_GUARDED = {"guard": Guard.INSTITUTION}
_TAGS = ["batches"]
_LINES = "application/jsonl"


@post("/v1/batches", opt=_GUARDED, status_code=HTTP_200_OK, tags=_TAGS)
async def announce_batch(
    data: JSONBody[Voucher], signed: NamedDependency[Signed], batches: NamedDependency[Batches]
) -> BatchStatus:
    """Announce a file of questions; the same voucher again gives how far its batch is."""
    return await batches.announce(data, signed)


@get("/v1/batches", opt=_GUARDED, tags=_TAGS)
async def list_batches(
    signed: NamedDependency[Signed], batches: NamedDependency[Batches], before: FromQuery[int | None] = None
) -> BatchList:
    """Tell of one's own batches, the newest first, from before a sequence number on."""
    return await batches.listed(signed.institution, before)


@get("/v1/batches/{ticket:uuid}", opt=_GUARDED, tags=_TAGS)
async def batch_status(
    ticket: FromPath[UUID], signed: NamedDependency[Signed], batches: NamedDependency[Batches]
) -> BatchStatus:
    """Tell how far a batch of one's own is."""
    return await batches.one(ticket, signed.institution)


@put(
    "/v1/batches/{ticket:uuid}/file/{offset:int}",
    opt=_GUARDED,
    request_max_body_size=MAXIMUM_PART,
    tags=_TAGS,
)
async def upload_part(
    ticket: FromPath[UUID], offset: FromPath[int], signed: NamedDependency[Signed], uploads: NamedDependency[Uploads]
) -> BatchStatus:
    """Send the bytes of the file from an offset on, as they are; 409 says how many bytes the hub has for good."""
    return await uploads.take(ticket, signed.institution, offset, signed.body)


@get("/v1/batches/{ticket:uuid}/result/{part:int}", opt=_GUARDED, media_type=_LINES, tags=_TAGS)
async def result_part(
    ticket: FromPath[UUID], part: FromPath[int], signed: NamedDependency[Signed], results: NamedDependency[Results]
) -> Response[bytes]:
    """Give a part of the result of a batch that is completed: a page of records in JSON Lines, the last the summary."""
    return Response(await results.part(ticket, signed.institution, part), media_type=_LINES)


@post("/v1/batches/{ticket:uuid}/result/acknowledge", opt=_GUARDED, status_code=HTTP_200_OK, tags=_TAGS)
async def acknowledge_result(
    ticket: FromPath[UUID], signed: NamedDependency[Signed], results: NamedDependency[Results]
) -> BatchStatus:
    """Say that the result was fetched; it is removed."""
    return await results.acknowledge(ticket, signed.institution)


@post("/v1/batches/{ticket:uuid}/cancel", opt=_GUARDED, status_code=HTTP_200_OK, tags=_TAGS)
async def cancel_batch(
    ticket: FromPath[UUID], signed: NamedDependency[Signed], batches: NamedDependency[Batches]
) -> BatchStatus:
    """Give a batch up; nothing of it stays but that it was."""
    return await batches.cancel(ticket, signed.institution)


ROUTES = (
    announce_batch,
    list_batches,
    batch_status,
    upload_part,
    result_part,
    acknowledge_result,
    cancel_batch,
)

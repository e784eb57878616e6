"""What an institution and the hub tell each other of batches, step by step and without input or output: see `steps`."""

from typing import Any
from uuid import UUID

import msgspec

from crossroads.kernel.errors import Tampered
from crossroads.participant.correspondence import Correspondence, decoded
from crossroads.participant.questions import JSON
from crossroads.participant.steps import Steps
from crossroads.wire.batches import BatchList, BatchStatus, Voucher

_BYTES = "application/octet-stream"
_PATH = "/v1/batches"

_status_decoder = msgspec.json.Decoder(BatchStatus)
_list_decoder = msgspec.json.Decoder(BatchList)


class BatchHub:
    """The hub's doors for batches. Each call raises Refused, Unavailable or Tampered."""

    def __init__(self, hub: Correspondence) -> None:
        """Go in and out over a correspondence with the hub."""
        self._hub = hub

    def announce(self, voucher: Voucher) -> Steps[BatchStatus]:
        """Announce a file; the same voucher again gives how far its batch is."""
        status = yield from self._told("POST", "", msgspec.json.encode(voucher), JSON)
        if status.reference != voucher.reference:
            raise Tampered("The hub answered about another batch.")
        return status

    def send(self, ticket: UUID, start: int, part: bytes) -> Steps[BatchStatus]:
        """Send a part of a file."""
        return (yield from self._about(ticket, "PUT", f"/file/{start}", part, _BYTES))

    def status(self, ticket: UUID) -> Steps[BatchStatus]:
        """Ask how far a batch is."""
        return (yield from self._about(ticket, "GET"))

    def cancel(self, ticket: UUID) -> Steps[BatchStatus]:
        """Give a batch up."""
        return (yield from self._about(ticket, "POST", "/cancel", b"{}", JSON))

    def acknowledge(self, ticket: UUID) -> Steps[BatchStatus]:
        """Say that a result was fetched."""
        return (yield from self._about(ticket, "POST", "/result/acknowledge", b"{}", JSON))

    def listed(self, before: int | None = None) -> Steps[BatchList]:
        """Give some of one's own batches, the newest first."""
        got = yield from self._hub.call("GET", _PATH if before is None else f"{_PATH}?before={before}")
        listed = decoded(got, _list_decoder)
        for status in listed.batches:
            yield from self._hub.heard(status.environment, None)
        return listed

    def part(self, ticket: UUID, number: int) -> Steps[bytes]:
        """Give a part of a result."""
        got = yield from self._hub.call("GET", f"{_PATH}/{ticket}/result/{number}", large=True)
        return got.body

    def _about(self, ticket: UUID, method: str, path: str = "", *content: Any) -> Steps[BatchStatus]:
        status = yield from self._told(method, f"/{ticket}{path}", *content)
        if status.ticket != ticket:
            raise Tampered("The hub answered about another batch.")
        return status

    def _told(self, method: str, path: str, *content: Any) -> Steps[BatchStatus]:
        status = decoded((yield from self._hub.call(method, f"{_PATH}{path}", *content)), _status_decoder)
        if not 0 <= status.received <= status.size:
            raise Tampered("The hub says that it has bytes that the file has not.")
        yield from self._hub.heard(status.environment, status.checkpoint)
        return status

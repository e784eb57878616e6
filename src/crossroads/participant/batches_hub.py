"""What an institution and the hub tell each other of batches, step by step and without input or output: see `steps`."""

from typing import Any, TypeVar
from uuid import UUID

import msgspec

from crossroads.kernel.errors import Tampered
from crossroads.kernel.ssin import Environment
from crossroads.participant.correspondence import Correspondence
from crossroads.participant.questions import JSON
from crossroads.participant.steps import Got, Steps
from crossroads.wire.batches import BatchList, BatchStatus, Voucher
from crossroads.wire.decoding import UNREADABLE
from crossroads.wire.signatures import Request, sign_request

T = TypeVar("T")

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
        got = yield from self._call("GET", "" if before is None else f"?before={before}")
        listed = _decoded(got, _list_decoder)
        for status in listed.batches:
            self._check(status.environment)
        return listed

    def part(self, ticket: UUID, number: int) -> Steps[bytes]:
        """Give a part of a result."""
        got = yield from self._call("GET", f"/{ticket}/result/{number}", large=True)
        return got.body

    def _about(self, ticket: UUID, method: str, path: str = "", *content: Any) -> Steps[BatchStatus]:
        status = yield from self._told(method, f"/{ticket}{path}", *content)
        if status.ticket != ticket:
            raise Tampered("The hub answered about another batch.")
        return status

    def _told(self, method: str, path: str, *content: Any) -> Steps[BatchStatus]:
        status = _decoded((yield from self._call(method, path, *content)), _status_decoder)
        self._check(status.environment)
        if not 0 <= status.received <= status.size:
            raise Tampered("The hub says that it has bytes that the file has not.")
        if status.checkpoint:
            yield from self._hub.watch(status.checkpoint)
        return status

    def _call(
        self, method: str, path: str, body: bytes | None = None, media_type: str = "", *, large: bool = False
    ) -> Steps[Got]:
        yield from self._hub.witness.regain_trust(self._hub.clock.now())
        url, headers = f"{self._hub.hub}{_PATH}{path}", {"content-type": media_type} if media_type else {}
        headers |= sign_request(self._hub.sign, Request(method, url, headers, body), self._hub.clock.now())
        return (yield from self._hub.post(Request(method, url, headers, body), large=large))

    def _check(self, environment: Environment) -> None:
        if environment is not self._hub.trust.environment:
            raise Tampered("The answer is of another environment.")


def _decoded(got: Got, decoder: "msgspec.json.Decoder[T]") -> T:
    try:
        return decoder.decode(got.body)
    except UNREADABLE as error:
        raise Tampered("The answer of the hub has not the form that it should have.") from error

"""A connection whose sender is held to what is decent, before any of our code has seen a request.

uvicorn reads a head however long it is and waits for it for ever: a thousand connections that say nothing, or one that
never stops, would take all memory and all files.
"""

from asyncio import TimerHandle, Transport
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAXIMUM_HEAD = 65_536
"""Bytes that may come without a head being complete, or a piece of a body: also between chunks, and after the last."""
HEAD_SECONDS = 30
"""Within which a head must have come: since the connection was made, or since its first byte."""
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
)


class Connection(HttpToolsProtocol):
    """A connection that is closed where a head is too long, or too late."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Begin between two requests."""
        super().__init__(*arguments, **named)
        self._unread = 0
        self._between = True
        self._patience: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        """Wait for the first head."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what came, as long as it becomes something."""
        self._unread += len(data)
        super().data_received(data)
        if self._unread > MAXIMUM_HEAD and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()
        elif self._between and self._patience is None:
            self._wait()

    def on_headers_complete(self) -> None:
        """Have a head."""
        self._unread, self._between = 0, False
        self._stop_waiting()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Have a piece of a body."""
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Have all of a request."""
        self._unread, self._between = 0, True
        super().on_message_complete()

    def _wait(self) -> None:
        self._patience = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        self._patience = None
        if self.cycle is not None and not self.cycle.response_complete:
            # Who waits for an answer may be let wait: until then, what comes after it is not read.
            self._wait()
        else:
            self.transport.close()

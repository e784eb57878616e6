"""A connection whose other side is held to what is decent, before any of our code has seen a request.

uvicorn reads a head however long it is and waits for it for ever, queues requests without bound, and keeps an answer
for whoever never reads it: one connection could take all memory, or all places of the hub.
"""

from asyncio import TimerHandle, Transport
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAXIMUM_HEAD = 65_536
"""Bytes that may come without a head being complete, or a piece of a body: also between chunks, and after the last."""
HEAD_SECONDS = 30
"""Within which a head must have come: since the connection was made, or since its first byte."""
READ_SECONDS = 30
"""For which an answer waits that is not read, and what is left of it when a connection is closed."""
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
)


class _NotNow(Exception):
    """A request that is not taken: uvicorn answers with 400, and closes."""


class Connection(HttpToolsProtocol):
    """A connection that is closed where a head is too long or too late, a request too early, or an answer not read."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Begin between two requests."""
        super().__init__(*arguments, **named)
        self._unread = 0
        self._between = True
        self._complete = False
        self._head: TimerHandle | None = None
        self._reader: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        """Wait for the first head."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._stop_awaiting_head()
        self._stop_awaiting_reader()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what came, as long as it becomes something."""
        between, self._complete = self._between, False
        self._unread += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            self._await_reader()
        elif self._unread > MAXIMUM_HEAD:
            self.transport.write(_TOO_LARGE)
            self.transport.close()
            self._await_reader()
        elif between and not self._complete and self._between and self._head is None:
            self._await_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Have a header; what follows a body is none, for the head was judged by then."""
        if self._between:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Have a head: of a request in its turn, to this protocol. Of another one the parser would skip the body."""
        self._unread, self._between = 0, False
        self._stop_awaiting_head()
        waiting = self.cycle is not None and not self.cycle.response_complete
        if waiting or self.parser.should_upgrade():
            raise _NotNow
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Have a piece of a body."""
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Have all of a request."""
        self._unread, self._between, self._complete = 0, True, True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Have answered: what is left unread of a connection that closes now is waited for no longer than of others."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._await_reader()

    def pause_writing(self) -> None:
        """Wait for who does not read."""
        super().pause_writing()
        self._await_reader()

    def resume_writing(self) -> None:
        """Go on with who reads again."""
        super().resume_writing()
        if not self.transport.is_closing():
            self._stop_awaiting_reader()

    def timeout_keep_alive_handler(self) -> None:
        """Close what was idle for long."""
        super().timeout_keep_alive_handler()
        self._await_reader()

    def _await_head(self) -> None:
        self._head = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _stop_awaiting_head(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _await_reader(self) -> None:
        if self._reader is None:
            self._reader = self.loop.call_later(READ_SECONDS, self.transport.abort)

    def _stop_awaiting_reader(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
            self._reader = None

    def _give_up(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            # Who waits for an answer may be let wait: until then, what comes after it is not taken.
            self._await_head()
        else:
            self._head = None
            self.transport.close()
            self._await_reader()

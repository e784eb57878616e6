"""The server whose processes answer requests side by side: it stops at the first signal, however many come."""

from typing import Any

from granian.server.mp import MPServer


class Server(MPServer):
    """As granian's, but that a second signal at once does not make it wait for itself for good."""

    def signal_handler_interrupt(self, *arguments: Any, **named: Any) -> None:
        """Stop. A signal may come in the middle of this, while a lock is held that is not given to it."""
        if not self.interrupt_signal:
            super().signal_handler_interrupt(*arguments, **named)  # type: ignore[no-untyped-call]  # granian has no types

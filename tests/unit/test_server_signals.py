"""A program that is told twice to stop stops."""

from granian.constants import Interfaces

from crossroads.cli.server import Server


class _Locked:
    """What wakes the server, in the middle of which a second signal comes; it is held then, and cannot be had twice."""

    def __init__(self, server: Server) -> None:
        self.server, self.held, self.woken = server, False, 0

    def set(self) -> None:
        assert not self.held, "it would wait for itself"
        self.held = True
        self.server.signal_handler_interrupt()
        self.held = False
        self.woken += 1


def test_a_second_signal_in_the_middle_of_the_first_stops_it_all_the_same() -> None:
    server = Server("crossroads.api.app:create_app", interface=Interfaces.ASGI, factory=True)
    locked = _Locked(server)
    server.main_loop_interrupt = locked  # type: ignore[assignment]  # all that is asked of an event
    server.signal_handler_interrupt()
    assert server.interrupt_signal
    assert locked.woken == 1

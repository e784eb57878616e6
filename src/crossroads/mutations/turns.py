"""Turns by institution: what one does must not take the connections of the process from the others."""

from collections import defaultdict
from contextlib import AbstractAsyncContextManager

from crossroads.audit.turns import Turns

AT_ONCE = 2
"""Of notifications, requests about its mailbox and reports of errors each: what a process does at once for one."""
WAITING = 64
"""More of them that may wait, without a connection: one for each lane. What comes beyond is refused."""


class InstitutionTurns:
    """Turns of each institution."""

    def __init__(self) -> None:
        """Let nobody wait yet."""
        self._turns: defaultdict[str, Turns] = defaultdict(lambda: Turns(AT_ONCE, WAITING))

    def turn(self, institution: str) -> AbstractAsyncContextManager[None]:
        """Wait for a turn and hold it. Raises Unavailable when too many of the institution wait."""
        return self._turns[institution].turn()

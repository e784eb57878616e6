"""What tells numbers of this installation from others."""

from typing import NamedTuple

from crossroads.kernel.clock import Clock, brussels_day
from crossroads.kernel.ssin import Environment, Ssin, parse_ssin


class Surroundings(NamedTuple):
    """The environment and the clock by which numbers are judged."""

    environment: Environment
    clock: Clock

    def ssin(self, text: str) -> Ssin:
        """Give the number. Raises InvalidSsin."""
        return parse_ssin(text, self.environment, brussels_day(self.clock.now()))

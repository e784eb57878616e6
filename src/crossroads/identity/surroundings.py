"""What tells numbers and acts of this installation from those of others."""

from typing import NamedTuple

from crossroads.kernel.clock import Clock, brussels_day
from crossroads.kernel.ssin import Environment, Ssin, parse_ssin


class Surroundings(NamedTuple):
    """The environment and the clock by which numbers are judged, and the name of the installation."""

    environment: Environment
    clock: Clock
    installation: str

    def ssin(self, text: str) -> Ssin:
        """Give the number. Raises InvalidSsin."""
        return parse_ssin(text, self.environment, brussels_day(self.clock.now()))

"""What tells numbers and acts of this installation from those of others."""

from collections.abc import Mapping
from typing import NamedTuple

from crossroads.kernel.clock import Clock, brussels_day
from crossroads.kernel.errors import Fault, Malformed
from crossroads.kernel.ssin import Environment, Ssin, is_number_of_person, parse_ssin

_INVALID = "urn:problem-type:belgif:input-validation:invalidInput"


class Surroundings(NamedTuple):
    """The environment and the clock by which numbers are judged, and the name of the installation."""

    environment: Environment
    clock: Clock
    installation: str

    def ssin(self, text: str) -> Ssin:
        """Give the number. Raises InvalidSsin."""
        return parse_ssin(text, self.environment, brussels_day(self.clock.now()))

    def check_pseudonymous(self, texts: Mapping[str, str]) -> None:
        """Refuse numbers of persons in texts that are logged as they are; given by place. Raises Malformed."""
        today = brussels_day(self.clock.now())
        places = [place for place, text in texts.items() if is_number_of_person(text, self.environment, today)]
        if places:
            raise Malformed(*(Fault(place, _INVALID, "It may not be the number of a person.") for place in places))

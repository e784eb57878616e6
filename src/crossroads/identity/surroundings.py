"""What tells numbers and acts of this installation from those of others."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import NamedTuple

from crossroads.kernel.clock import Clock, brussels_day
from crossroads.kernel.errors import Fault, InvalidSsin, Malformed
from crossroads.kernel.ssin import Environment, Ssin, is_number_of_person, parse_ssin

_INVALID = "urn:problem-type:belgif:input-validation:invalidInput"

_FIRST_DAY = date(1900, 1, 1)
_FIRST_MOMENT = datetime(1900, 1, 1, tzinfo=UTC)


class Surroundings(NamedTuple):
    """The environment and the clock by which numbers are judged, and the name of the installation."""

    environment: Environment
    clock: Clock
    installation: str

    def ssin(self, text: str) -> Ssin:
        """Give the number. Raises InvalidSsin."""
        return parse_ssin(text, self.environment, self.today)

    def ssin_at(self, text: str, place: str) -> Ssin:
        """Give the number that stands at a place of an input. Raises Malformed, which names the place."""
        try:
            return self.ssin(text)
        except InvalidSsin as error:
            raise Malformed(Fault(place, _INVALID, error.sentence)) from None

    def check_day(self, day: date, place: str) -> None:
        """Refuse a day before 1900 or after today. Raises Malformed, which names the place."""
        if not _FIRST_DAY <= day <= self.today:
            raise Malformed(Fault(place, _INVALID, "The day lies between 1900 and today."))

    def check_moment(self, moment: datetime, place: str) -> None:
        """Refuse a moment before 1900 or after now. Raises Malformed, which names the place."""
        # Compared as it came: what lies at the edge of the calendar cannot be brought to another offset.
        if not _FIRST_MOMENT <= moment <= self.clock.now():
            raise Malformed(Fault(place, _INVALID, "The moment lies between 1900 and now."))

    def check_begun(self, day: date, place: str) -> None:
        """Refuse a day before 1900. Raises Malformed, which names the place."""
        if day < _FIRST_DAY:
            raise Malformed(Fault(place, _INVALID, "The day is not before 1900."))

    @property
    def today(self) -> date:
        """The day it is in Brussels."""
        return brussels_day(self.clock.now())

    def check_pseudonymous(self, texts: Mapping[str, str]) -> None:
        """Refuse numbers of persons in texts that are logged as they are; given by place. Raises Malformed."""
        today = self.today
        places = [place for place, text in texts.items() if is_number_of_person(text, self.environment, today)]
        if places:
            raise Malformed(*(Fault(place, _INVALID, "It may not hold the number of a person.") for place in places))

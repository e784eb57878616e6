"""Numbers, names and dates of birth and death."""

from collections import Counter
from datetime import date, timedelta
from random import Random

from crossroads.demo.population import parameters
from crossroads.demo.population.chance import DAY, age_on, birthday, by_age, day_between, pick, within
from crossroads.demo.population.model import Municipality, Person, Sex
from crossroads.demo.population.places import names
from crossroads.kernel.ssin import Environment, Ssin, check_digits, parse_ssin

_MOCK_MONTH = 60
_CENTURY = 2000


class Numbers:
    """Gives out mock SSINs: per day of birth the next odd counter to a man, the next even one to a woman."""

    def __init__(self) -> None:
        """Start with nothing given out."""
        self._given: Counter[tuple[date, Sex]] = Counter()

    def next(self, birth: date, sex: Sex) -> Ssin:
        """Give a number that nobody has."""
        given = self._given[birth, sex]
        self._given[birth, sex] += 1
        return mock_ssin(birth, 2 * given + (1 if sex is Sex.MALE else 2))


def mock_ssin(birth: date, counter: int) -> Ssin:
    """Give the mock number of a birth date and a counter, odd for men."""
    nine = f"{birth.year % 100:02d}{birth.month + _MOCK_MONTH:02d}{birth.day:02d}{counter:03d}"
    digits = check_digits(nine, born_from_2000=birth.year >= _CENTURY)
    return parse_ssin(nine + digits, Environment.TEST, birth)


class Registrar:
    """Draws new people, one after the other, from one generator."""

    def __init__(self, rng: Random, on: date) -> None:
        """Draw with the generator, for a population as on a day."""
        self.rng = rng
        self.on = on
        self._numbers = Numbers()

    def origin(self, place: Municipality) -> str:
        """Draw where the names of a household come from."""
        return pick(self.rng, parameters.ORIGINS[place.community])

    def sex(self) -> Sex:
        """Draw a sex."""
        return Sex.FEMALE if self.rng.random() < parameters.WOMAN else Sex.MALE

    def birth(self, age: int) -> date:
        """Draw the birth date of somebody of an age."""
        last = birthday(self.on, -age)
        return day_between(self.rng, birthday(self.on, -age - 1) + DAY, last)

    def family_name(self, origin: str) -> str:
        """Draw a family name."""
        return self.rng.choice(names()[origin].family)

    def language(self, place: Municipality) -> str:
        """Draw the language of a household."""
        return pick(self.rng, parameters.LANGUAGES[place.language])

    def person(self, birth: date, sex: Sex, origin: str, language: str, family: str) -> Person:
        """Give a new living person."""
        return Person(
            ssin=self._numbers.next(birth, sex),
            last_name=family,
            first_names=self._first_names(sex, origin, language),
            birth=birth,
            sex=sex,
            language=language,
            origin=origin,
        )

    def death(self, birth: date) -> date | None:
        """Draw a recent death, or none: rarely for the young, more often for the old."""
        if self.rng.random() >= by_age(age_on(birth, self.on), parameters.DEAD_BY_AGE):
            return None
        died = self.on - timedelta(days=within(self.rng, (1, parameters.DEATHS_WITHIN_DAYS)))
        return died if died > birthday(birth, parameters.YOUNGEST_DEATH) else None

    def _first_names(self, sex: Sex, origin: str, language: str) -> str:
        local = self.rng.random() < parameters.LOCAL_GIVEN_NAME
        lists = names()[language if local else origin]
        given = lists.women if sex is Sex.FEMALE else lists.men
        count = 2 if self.rng.random() < parameters.SECOND_GIVEN_NAME else 1
        return " ".join(self.rng.sample(given, count))

"""Finds in a population the people whom the tour of the demo shows: by what they are, always the first such person."""

from collections.abc import Callable

from crossroads.demo.population.chance import DAY, add_months
from crossroads.demo.population.model import Cast, Life, LivingWage, Population, Sex
from crossroads.demo.population.people import mock_ssin
from crossroads.kernel.errors import Refused
from crossroads.kernel.ssin import Ssin

CENTRE = "pcsw-gent"
_LAST_COUNTER = {Sex.MALE: 997, Sex.FEMALE: 998}
"""Never given out: the counters of a day are used from the first."""


def cast(population: Population) -> Cast:
    """Give the cast. Every population of 200 people or more has one; a smaller one may be refused."""
    year_ago, half_year_ago = (add_months(population.on, -months) for months in (12, 6))

    def granted(life: Life) -> bool:
        helped = [wage for wage in _at_centre(life) if wage.period.end_date is None]
        long = any(wage.period.start_date < year_ago for wage in helped)
        allowance = any(decision.kind == "incomeReplacementAllowance" for decision in life.decisions)
        return long and bool(life.employments) and allowance

    def recent(life: Life) -> bool:
        helped = _at_centre(life)
        return len(helped) == 1 and helped[0].period.end_date is None and helped[0].period.start_date > half_year_ago

    def stranger(life: Life) -> bool:
        return not _at_centre(life) and any(job.period.end_date is None for job in life.employments)

    found = _first(population, granted)
    return Cast(
        granted=found,
        recent=_first(population, recent),
        stranger=_first(population, stranger),
        twice=_first(population, _twice),
        spare=_spare(found),
    )


def _twice(life: Life) -> bool:
    ends = {wage.period.last for wage in life.living_wages if wage.centre != CENTRE}
    return any(wage.period.start_date - DAY in ends and wage.period.end_date is None for wage in _at_centre(life))


def _at_centre(life: Life) -> list[LivingWage]:
    return [wage for wage in life.living_wages if wage.centre == CENTRE]


def _spare(life: Life) -> Ssin:
    return mock_ssin(life.person.birth, _LAST_COUNTER[life.person.sex])


def _first(population: Population, fits: Callable[[Life], bool]) -> Life:
    for life in population.lives:
        if fits(life):
            return life
    raise Refused("The population is too small for the tour of the demo; make it of 200 people or more.")

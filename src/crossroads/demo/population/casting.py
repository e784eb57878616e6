"""Finds in a population the people whom the tour of the demo shows: by what they are, always the first such person."""

from collections.abc import Callable

from crossroads.demo.population.chance import DAY, add_months
from crossroads.demo.population.model import Cast, Life, LivingWage, Population, Sex
from crossroads.demo.population.people import mock_ssin
from crossroads.kernel.errors import Refused
from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Ssin

CENTRE = "pcsw-gent"
_LAST_COUNTER = {Sex.MALE: 997, Sex.FEMALE: 998}
"""Never given out: the counters of a day are used from the first."""
_MONTHS_UNTIL_ADULT = 17 * 12


def cast(population: Population) -> Cast:
    """Give the cast. Every population of 200 people or more has one; a smaller one may be refused."""
    year_ago, half_year_ago = (add_months(population.on, -months) for months in (12, 6))

    def lasting(periods: list[Period]) -> bool:
        return any(period.end_date is None and period.start_date < year_ago for period in periods)

    def granted(life: Life) -> bool:
        aided = [aid.period for aid in life.other_aids if aid.centre == CENTRE]
        allowance = [one.period for one in life.decisions if one.kind == "incomeReplacementAllowance"]
        before = any(spell.period.end_date for spell in life.unemployments)
        return lasting(aided) and lasting(allowance) and lasting([job.period for job in life.employments]) and before

    def helped(life: Life) -> bool:
        long = lasting([wage.period for wage in _at_centre(life)])
        return long and bool(life.employments) and bool(life.unemployments)

    def recent(life: Life) -> bool:
        periods = [wage.period for wage in _at_centre(life)]
        return (
            not life.other_aids
            and len(periods) == 1
            and periods[0].end_date is None
            and periods[0].start_date > half_year_ago
        )

    def stranger(life: Life) -> bool:
        return (
            not _at_centre(life)
            and not life.other_aids
            and any(job.period.end_date is None for job in life.employments)
        )

    found = _first(population, granted)
    return Cast(
        granted=found,
        helped=_first(population, helped),
        recent=_first(population, recent),
        stranger=_first(population, stranger),
        twice=_first(population, _twice),
        parent=_parent(population),
        spare=_spare(found),
    )


def _twice(life: Life) -> bool:
    ends = {wage.period.last for wage in life.living_wages if wage.centre != CENTRE}
    return any(wage.period.start_date - DAY in ends and wage.period.end_date is None for wage in _at_centre(life))


def _at_centre(life: Life) -> list[LivingWage]:
    return [wage for wage in life.living_wages if wage.centre == CENTRE]


def _parent(population: Population) -> Life | None:
    """Find somebody who lives, with a child who will be under age for a year."""
    youngest = add_months(population.on, -_MONTHS_UNTIL_ADULT)
    living = (life for life in population.lives if life.person.death is None)
    return next((life for life in living if any(child.since > youngest for child in life.children)), None)


def _spare(life: Life) -> Ssin:
    return mock_ssin(life.person.birth, _LAST_COUNTER[life.person.sex])


def _first(population: Population, fits: Callable[[Life], bool]) -> Life:
    for life in population.lives:
        if fits(life):
            return life
    raise Refused("The population is too small for the tour of the demo; make it of 200 people or more.")

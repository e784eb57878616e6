"""What social security pays or insures, given a person, where they lived and what they worked."""

from collections.abc import Iterable, Iterator
from datetime import date
from random import Random

from crossroads.demo.population import parameters
from crossroads.demo.population.careers import retirement
from crossroads.demo.population.chance import DAY, add_months, age_on, birthday, by_age, clipped, day_between, within
from crossroads.demo.population.model import (
    Accident,
    Activity,
    CareerBreak,
    ChildBenefit,
    Decision,
    Employment,
    Incapacity,
    Insurability,
    LivingWage,
    OtherAid,
    Pension,
    Person,
    Residence,
    Segment,
)
from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Ssin


def insurabilities(rng: Random, person: Person, on: date) -> Iterator[Insurability]:
    """Give membership of a sickness fund from birth to death, with one change for some."""
    increased = rng.random() < parameters.INCREASED_INTERVENTION
    first, second = rng.sample(parameters.SICKNESS_FUNDS, 2)
    last = (person.death or on) - DAY
    if rng.random() >= parameters.CHANGED_SICKNESS_FUND or last <= person.birth:
        yield Insurability(Period(person.birth, person.death), first, increased)
        return
    changes = day_between(rng, person.birth + DAY, last)
    yield Insurability(Period(person.birth, changes - DAY), first, increased)
    yield Insurability(Period(changes, person.death), second, increased)


def living_wages(rng: Random, career: Iterable[Segment], residences: Iterable[Residence]) -> Iterator[LivingWage]:
    """Give the living wage of each stretch of need, from the centre of each place lived in meanwhile."""
    homes = [home for home in residences if home.place.nis in parameters.WELFARE_CENTRES]
    for segment in career:
        if segment.activity is not Activity.WELFARE:
            continue
        category = within(rng, (1, len(parameters.LIVING_WAGE_MONTH)))
        for home in homes:
            period = home.period.intersection(segment.period)
            if period:
                centre = parameters.WELFARE_CENTRES[home.place.nis]
                yield LivingWage(period, centre, category, parameters.LIVING_WAGE_MONTH[category])


def other_aids(
    rng: Random, contracts: Iterable[Employment], residences: Iterable[Residence], on: date
) -> Iterator[OtherAid]:
    """Give other aid during some contracts, while the person lives where the network has a centre."""
    homes = [home for home in residences if home.place.nis in parameters.WELFARE_CENTRES]
    for contract in contracts:
        if rng.random() >= parameters.OTHER_AID:
            continue
        ends = add_months(contract.period.start_date, within(rng, parameters.OTHER_AID_MONTHS)) - DAY
        helped = Period(contract.period.start_date, ends if ends < on else None).intersection(contract.period)
        for home in homes:
            period = home.period.intersection(helped) if helped else None
            if period:
                yield OtherAid(period, parameters.WELFARE_CENTRES[home.place.nis])


def career_breaks(rng: Random, contracts: Iterable[Employment]) -> Iterator[CareerBreak]:
    """Give the allowance for each career break within a contract."""
    for contract in contracts:
        if contract.absence and contract.absence.kind == "career-break":
            yield CareerBreak(contract.absence.period, within(rng, parameters.BREAK_MONTH))


def accidents(contracts: Iterable[Employment]) -> Iterator[Accident]:
    """Give each accident at work."""
    for contract in contracts:
        if contract.absence and contract.absence.kind == "accident":
            yield Accident(contract.absence.period, contract.employer)


def incapacities(
    rng: Random, contracts: Iterable[Employment], career: Iterable[Segment], funds: tuple[Insurability, ...]
) -> Iterator[Incapacity]:
    """Give the incapacity benefit within contracts and of the long-term ill, from the sickness fund of each day."""
    ill = [("incapacity", one.absence.period) for one in contracts if one.absence and one.absence.kind == "incapacity"]
    ill += [("invalidity", segment.period) for segment in career if segment.activity is Activity.INVALID]
    for kind, period in ill:
        amount = within(rng, parameters.INCAPACITY_DAY)
        for insured in funds:
            paid = insured.period.intersection(period)
            if paid:
                yield Incapacity(paid, kind, insured.fund, amount)


def decisions(rng: Random, person: Person, on: date) -> tuple[Decision, ...]:
    """Draw a disability file, or none: a recognition and, for some, an allowance for adults."""
    last = (person.death or on) - DAY
    if rng.random() >= by_age(age_on(person.birth, on), parameters.HANDICAP) or last <= person.birth:
        return ()
    since = day_between(rng, person.birth + DAY, last)
    return disability_file(rng, person, since, on, allowance=rng.random() < parameters.HANDICAP_ALLOWANCE)


def disability_file(rng: Random, person: Person, since: date, on: date, *, allowance: bool) -> tuple[Decision, ...]:
    """Give the decisions since a day; the recognition of a child is followed by that of an adult."""
    points = within(rng, parameters.HANDICAP_POINTS)
    adult = birthday(person.birth, parameters.HANDICAP_ADULT)
    found = []
    if since < adult:
        child = clipped(since, adult - DAY if adult <= on else None, person.death)
        found.append((child, "childRecognition"))
    recognised = max(since, adult)
    if recognised <= min(on, person.death or date.max):
        old = recognised >= retirement(person)
        kind = "allowanceForTheElderly" if old else "incomeReplacementAllowance"
        found += [(Period(recognised, person.death), one) for one in ("medicalRecognition", kind)[: 1 + allowance]]
    return tuple(Decision(period, kind, points) for period, kind in found if period)


def pension(rng: Random, person: Person, on: date) -> Pension | None:
    """Give the pension of those who lived to retire."""
    starts = retirement(person)
    if starts > on or (person.death is not None and person.death < starts):
        return None
    guaranteed = parameters.GUARANTEED_INCOME_MONTH if rng.random() < parameters.GUARANTEED_INCOME else 0
    return Pension(Period(starts, person.death), within(rng, parameters.PENSION_MONTH), guaranteed)


def child_benefit(child: Person, parent: Ssin, fund: str, studies_end: date, on: date) -> ChildBenefit:
    """Give the benefit for a child, until studies end or the age at which it ends."""
    last = min(studies_end, birthday(child.birth, parameters.CHILD_BENEFIT_AGE)) - DAY
    period = Period(child.birth, last if last < on else None)
    return ChildBenefit(period, child.ssin, parent, fund, parameters.CHILD_BENEFIT_MONTH)

"""Careers: one activity after the other, and the employments, self-employment and unemployment they consist of."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, timedelta
from random import Random

from msgspec.structs import replace

from crossroads.demo.population import parameters
from crossroads.demo.population.chance import DAY, add_months, banded, birthday, clipped, day_between, pick, within
from crossroads.demo.population.model import (
    Absence,
    Activity,
    Decision,
    Employment,
    Municipality,
    Person,
    Segment,
    SelfEmployment,
    Unemployment,
)
from crossroads.kernel.period import Period

_ABSENCE_NEEDS_MONTHS = 12


def retirement(person: Person) -> date:
    """Give the day on which a person retires: the first of the month after the birthday."""
    return add_months(birthday(person.birth, parameters.RETIREMENT_AGE).replace(day=1), 1)


def studies_end(rng: Random, person: Person) -> date:
    """Draw the day on which studies end; what follows is a career."""
    return birthday(person.birth, banded(rng, parameters.STUDIES_END)).replace(month=7, day=1)


def segments(rng: Random, person: Person, since: date, on: date) -> Iterator[Segment]:
    """Draw a career from the end of studies to retirement or death; what goes on today is open."""
    weights = parameters.ACTIVITIES[pick(rng, parameters.TENDENCIES)]
    last = min(retirement(person) - DAY, person.death or date.max)
    starts, activity = max(since, parameters.CAREERS_SINCE), Activity.INACTIVE
    while starts <= min(last, on):
        activity = _following(rng, activity, weights)
        ends = add_months(starts, within(rng, parameters.DURATIONS[activity])) - DAY
        period = Period(starts, _known(min(ends, last), on))
        yield Segment(activity, period)
        pause = within(rng, parameters.DAYS_BETWEEN_ACTIVITIES)
        starts = period.end_date + timedelta(days=1 + pause) if period.end_date else date.max


def employments(rng: Random, career: tuple[Segment, ...], on: date) -> Iterator[Employment]:
    """Give a contract for each stretch of employment."""
    manual = rng.random() < parameters.MANUAL
    for segment in career:
        if segment.activity is not Activity.EMPLOYED:
            continue
        committee, percent = pick(rng, parameters.JOINT_COMMITTEES), pick(rng, parameters.WORKING_TIMES)
        yield Employment(
            period=segment.period,
            employer=employer(rng),
            worker_type="BCW" if committee == "124" else "OTH",
            joint_committee=committee,
            manual=manual or committee == "124",
            percent=percent,
            monthly_wage=within(rng, parameters.MONTHLY_WAGE) * percent // 100,
            absence=_absence(rng, segment.period, on),
        )


def employer(rng: Random) -> str:
    """Draw an invented employer number."""
    return str(parameters.FIRST_EMPLOYER + within(rng, (0, parameters.EMPLOYERS - 1)))


def student_job(rng: Random, person: Person, end: date, on: date) -> Iterator[Employment]:
    """Draw a job of the month of August in the last year of studies but one; `end` is the end of studies."""
    if rng.random() >= parameters.STUDENT_JOB:
        return
    period = Period(date(end.year - 1, 8, 1), date(end.year - 1, 8, 31))
    if period.start_date >= parameters.CAREERS_SINCE and period.last < min(on, person.death or on):
        yield Employment(
            period, employer(rng), "STU", "XXX", manual=False, percent=100, monthly_wage=parameters.STUDENT_WAGE
        )


def pensioner_job(rng: Random, person: Person, on: date) -> Iterator[Employment]:
    """Draw a small flexi-job after retirement."""
    starts = add_months(retirement(person), within(rng, (2, 30)))
    if rng.random() >= parameters.PENSIONER_JOB or starts < parameters.CAREERS_SINCE:
        return
    ends = add_months(starts, within(rng, (3, 40))) - DAY
    period = clipped(starts, ends, person.death)
    if period is None or starts > on:
        return
    percent = parameters.PENSIONER_JOB_PERCENT
    wage = parameters.MONTHLY_WAGE[0] * percent // 100
    known = Period(starts, _known(period.last, on))
    yield Employment(known, employer(rng), "FLX", "302", manual=True, percent=percent, monthly_wage=wage)


def eased(contracts: Iterable[Employment], decisions: Collection[Decision]) -> Iterator[Employment]:
    """Give contracts as they go with a disability file: nobody works full time whose allowance replaces an income."""
    allowances = [one.period for one in decisions if one.kind == "incomeReplacementAllowance"]
    most = parameters.ALLOWANCE_WORK_PERCENT
    for job in contracts:
        if job.percent > most and any(job.period.overlaps(period) for period in allowances):
            yield replace(job, percent=most, monthly_wage=job.monthly_wage * most // job.percent)
        else:
            yield job


def self_employments(rng: Random, career: tuple[Segment, ...]) -> Iterator[SelfEmployment]:
    """Give the self-employed activity of a career."""
    for segment in career:
        if segment.activity is Activity.SELF_EMPLOYED:
            assistant = rng.random() < parameters.SELF_EMPLOYED_ASSISTANT
            main = rng.random() >= parameters.SELF_EMPLOYED_SECONDARY
            yield SelfEmployment(segment.period, assistant, main, rng.choice(parameters.SELF_EMPLOYED_FUNDS))


def unemployments(rng: Random, career: tuple[Segment, ...], place: Municipality) -> Iterator[Unemployment]:
    """Give the unemployment with benefit of a career, with the placement service of the place."""
    body, service = rng.choice(parameters.PAYMENT_BODIES), parameters.PLACEMENT_SERVICES[place.community]
    kind = "afterStudies"
    for segment in career:
        if segment.activity is Activity.EMPLOYED:
            kind = "afterFullTimeWork"
        elif segment.activity is Activity.UNEMPLOYED:
            amount = within(rng, parameters.UNEMPLOYMENT_DAY)
            yield Unemployment(segment.period, amount, kind, body, service)


def _following(rng: Random, activity: Activity, weights: Mapping[str, float]) -> Activity:
    """Draw what comes after an activity: another one, or another job."""
    others = {name: weight for name, weight in weights.items() if name != activity or name == Activity.EMPLOYED}
    return Activity(pick(rng, others))


def _absence(rng: Random, period: Period, on: date) -> Absence | None:
    """Draw a longer absence that lies wholly within a contract of a year or more, and in the past."""
    last = min(period.last, on)
    if rng.random() >= parameters.ABSENCE or add_months(period.start_date, _ABSENCE_NEEDS_MONTHS) > last:
        return None
    kind = pick(rng, parameters.ABSENCES)
    starts = day_between(rng, period.start_date, last)
    away = clipped(starts, add_months(starts, within(rng, parameters.ABSENCE_MONTHS[kind])) - DAY, last)
    return Absence(kind, away) if away else None


def _known(last: date, on: date) -> date | None:
    """Give an end that has come; one in the future is open."""
    return last if last < on else None

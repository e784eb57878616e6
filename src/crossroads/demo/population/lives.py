"""One life: the career of a person, and all that follows from it."""

from collections.abc import Iterable, Iterator
from datetime import date
from random import Random
from typing import NamedTuple

from msgspec.structs import replace

from crossroads.demo.population import benefits, careers
from crossroads.demo.population.model import (
    ChildBenefit,
    Employment,
    Household,
    Life,
    Person,
    Residence,
    Segment,
    Stay,
)
from crossroads.demo.population.staged import Script
from crossroads.kernel.ssin import Ssin


class Dependence(NamedTuple):
    """On whom a child depends for child benefit: the parent who is entitled, and the fund that pays."""

    parent: Ssin
    fund: str


class Whereabouts(NamedTuple):
    """The households a person belonged to, and the addresses where they lived meanwhile."""

    stays: tuple[Stay, ...]
    residences: tuple[Residence, ...]


def whereabouts(households: Iterable[Household]) -> dict[Ssin, Whereabouts]:
    """Give the whereabouts of everybody."""
    stays: dict[Ssin, list[Stay]] = {}
    residences: dict[Ssin, list[Residence]] = {}
    for home in households:
        for member in home.members:
            stays.setdefault(member.ssin, []).append(Stay(home.id, home.collective, member.relation, member.period))
            shared = ((one, one.period.intersection(member.period)) for one in home.residences)
            residences.setdefault(member.ssin, []).extend(replace(one, period=at) for one, at in shared if at)
    return {
        ssin: Whereabouts(tuple(sorted(stays[ssin], key=_starts)), tuple(sorted(residences[ssin], key=_starts)))
        for ssin in stays
    }


def drawn_life(rng: Random, person: Person, home: Whereabouts, dependence: Dependence | None, on: date) -> Life:
    """Draw the life of a person."""
    studied = careers.studies_end(rng, person)
    career = tuple(careers.segments(rng, person, studied, on))
    side_jobs = (*careers.student_job(rng, person, studied, on), *careers.pensioner_job(rng, person, on))
    life = _life(rng, person, home, career, on)
    aids = tuple(benefits.other_aids(rng, life.employments, home.residences, on))
    decisions = benefits.decisions(rng, person, on)
    contracts = sorted((*life.employments, *side_jobs), key=_starts)
    return replace(
        life,
        employments=tuple(careers.eased(contracts, decisions)),
        other_aids=aids,
        decisions=decisions,
        pension=benefits.pension(rng, person, on),
        child_benefits=tuple(_child_benefit(person, dependence, studied, on)),
    )


def staged_life(rng: Random, person: Person, home: Whereabouts, script: Script, on: date) -> Life:
    """Give the life that a script says; what it does not say is drawn."""
    life, decisions = _life(rng, person, home, script.career(on), on), script.decisions(rng, person, on)
    contracts = tuple(careers.eased(life.employments, decisions))
    return replace(life, employments=contracts, decisions=decisions, other_aids=tuple(script.other_aids(on)))


def _life(rng: Random, person: Person, home: Whereabouts, career: tuple[Segment, ...], on: date) -> Life:
    """Give what follows from a career."""
    contracts = tuple(careers.employments(rng, career, on))
    funds = tuple(benefits.insurabilities(rng, person, on))
    return Life(
        person=person,
        stays=home.stays,
        residences=home.residences,
        segments=career,
        insurabilities=funds,
        employments=contracts,
        self_employments=tuple(careers.self_employments(rng, career)),
        unemployments=tuple(careers.unemployments(rng, career, home.residences[-1].place)),
        career_breaks=tuple(benefits.career_breaks(rng, contracts)),
        incapacities=tuple(benefits.incapacities(rng, contracts, career, funds)),
        accidents=tuple(benefits.accidents(contracts)),
        living_wages=tuple(benefits.living_wages(rng, career, home.residences)),
    )


def _child_benefit(person: Person, dependence: Dependence | None, studied: date, on: date) -> Iterator[ChildBenefit]:
    if dependence:
        yield benefits.child_benefit(person, dependence.parent, dependence.fund, studied, on)


def _starts(fact: Employment | Residence | Stay) -> date:
    return fact.period.start_date

"""A few lives that are written, not drawn, so that every population has the people whom the tour of the demo needs."""

from collections.abc import Iterator
from datetime import date
from random import Random

import msgspec

from crossroads.demo.population import parameters
from crossroads.demo.population.benefits import disability_file
from crossroads.demo.population.chance import DAY, add_months, birthday
from crossroads.demo.population.households import Home, household, residence
from crossroads.demo.population.model import Activity, Decision, Member, OtherAid, Person, Relation, Segment
from crossroads.demo.population.people import Registrar
from crossroads.demo.population.places import Map
from crossroads.kernel.period import Period

_ADULT = 18
GENT, ANTWERPEN = "44021", "11002"


class Script(msgspec.Struct, frozen=True):
    """A life to be played. Months count back from the day of the population."""

    age: int
    activities: tuple[tuple[int, Activity], ...]
    """When each activity began, the oldest first; the last one goes on."""
    home: str
    former_home: tuple[str, int] | None = None
    """Another municipality, and how many months ago the person left it."""
    recognised: int | None = None
    """How many months ago a disability was recognised."""
    aided: int | None = None
    """How many months ago other aid began at the centre of the municipality of today."""

    def career(self, on: date) -> tuple[Segment, ...]:
        """Give the segments of the career."""
        starts = [add_months(on.replace(day=1), -months) for months, _ in self.activities]
        ends = [start - DAY for start in starts[1:]] + [None]
        return tuple(
            Segment(activity, Period(start, end))
            for (_, activity), start, end in zip(self.activities, starts, ends, strict=True)
        )

    def decisions(self, rng: Random, person: Person, on: date) -> tuple[Decision, ...]:
        """Give the disability file, if the person has one."""
        if self.recognised is None:
            return ()
        return disability_file(rng, person, add_months(on.replace(day=1), -self.recognised), on, allowance=True)

    def other_aids(self, on: date) -> Iterator[OtherAid]:
        """Give the other aid, if the person has it."""
        if self.aided is not None:
            since = add_months(on.replace(day=1), -self.aided)
            yield OtherAid(Period(since), parameters.WELFARE_CENTRES[self.home])


SCRIPTS = (
    Script(  # known to many institutions, out of work once, and on file at the welfare centre for years
        age=45,
        activities=((170, Activity.EMPLOYED), (110, Activity.UNEMPLOYED), (102, Activity.EMPLOYED)),
        home=GENT,
        recognised=52,
        aided=30,
    ),
    Script(  # on the living wage for years
        age=41,
        activities=((190, Activity.EMPLOYED), (60, Activity.UNEMPLOYED), (40, Activity.WELFARE)),
        home=GENT,
    ),
    Script(age=29, activities=((100, Activity.EMPLOYED), (4, Activity.WELFARE)), home=GENT),  # new at the centre
    Script(  # helped by two centres, one after the other
        age=34,
        activities=((120, Activity.EMPLOYED), (38, Activity.WELFARE)),
        home=GENT,
        former_home=(ANTWERPEN, 16),
    ),
    Script(age=38, activities=((150, Activity.EMPLOYED),), home=ANTWERPEN),  # on file at no welfare centre
)


def staged_homes(registrar: Registrar, land: Map) -> Iterator[Home]:
    """Give the homes of the written lives, in the order of the scripts."""
    for script in SCRIPTS:
        place = land.at(script.home)
        origin = registrar.origin(place)
        person = registrar.person(
            registrar.birth(script.age),
            registrar.sex(),
            origin,
            registrar.language(place),
            registrar.family_name(origin),
        )
        since = birthday(person.birth, _ADULT)
        stays = [(place, Period(since))]
        if script.former_home:
            nis, months = script.former_home
            moved = add_months(registrar.on.replace(day=1), -months)
            stays = [(land.at(nis), Period(since, moved - DAY)), (place, Period(moved))]
        residences = tuple(residence(registrar.rng, at, period) for at, period in stays)
        members = [Member(person.ssin, Relation.HEAD, Period(since))]
        yield Home((person,), (household(members, residences),), {})

"""Households over time: how they form, move, grow, lose members and end. Nobody is in two on one day."""

from collections.abc import Iterable
from datetime import date
from random import Random
from typing import NamedTuple

from msgspec.structs import replace

from crossroads.demo.population import parameters
from crossroads.demo.population.chance import DAY, add_months, age_on, banded, birthday, day_between, pick, within
from crossroads.demo.population.model import Household, Member, Municipality, Person, Relation, Residence, Sex
from crossroads.demo.population.people import Registrar
from crossroads.demo.population.places import Map
from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Ssin


class Home(NamedTuple):
    """People drawn together, and the households they form over time."""

    people: tuple[Person, ...]
    households: tuple[Household, ...]
    child_of: dict[Ssin, Ssin]
    """SSIN of a child to that of the parent who is entitled to child benefit."""
    parents: tuple[Person, ...] = ()
    """Of all children in it."""

    @property
    def parental(self) -> frozenset[Ssin]:
        """The numbers of the parents."""
        return frozenset(parent.ssin for parent in self.parents)


def draw_home(registrar: Registrar, land: Map, kind: str | None = None) -> Home:
    """Draw a home of a kind, or of a kind drawn as well, in a municipality drawn by its inhabitants."""
    rng = registrar.rng
    kind = kind or pick(rng, parameters.HOUSEHOLDS)
    place = land.draw(rng)
    age = banded(rng, parameters.HEAD_AGES[kind])
    if kind == "collective":
        return _collective(registrar, land, place)
    if kind in ("single", "couple"):
        return _without_children(registrar, land, place, age, paired=kind == "couple")
    return _with_children(registrar, land, place, age, paired=kind == "family")


def household(members: Iterable[Member], residences: tuple[Residence, ...], *, collective: bool = False) -> Household:
    """Give a household; it bears the number of nobody, so its identifier comes when all are known."""
    return Household(id="", collective=collective, residences=residences, members=tuple(members))


def residence(rng: Random, place: Municipality, period: Period) -> Residence:
    """Draw an address in a municipality."""
    street = rng.choice(parameters.STREETS[place.language])
    return Residence(period, place, street, within(rng, parameters.HOUSE_NUMBERS))


def _without_children(registrar: Registrar, land: Map, place: Municipality, age: int, *, paired: bool) -> Home:
    adults = [replace(adult, death=registrar.death(adult.birth)) for adult in _adults(registrar, place, age, paired)]
    formed = _formed(registrar, adults, registrar.on - DAY)
    members = _adult_members(adults, formed)
    home = household(members, _residences(registrar, land, place, members))
    return Home(tuple(adults), (home,), {})


def _with_children(registrar: Registrar, land: Map, place: Municipality, age: int, *, paired: bool) -> Home:
    adults = _adults(registrar, place, max(age, parameters.YOUNGEST_PARTNER + 1), paired)
    if not paired and registrar.rng.random() < parameters.WOMAN_HEADS_LONE_PARENT and adults[0].sex is Sex.MALE:
        adults = [_person_like(registrar, adults[0], Sex.FEMALE)]
    children = _children(registrar, adults)
    members = _adult_members(adults, _formed(registrar, adults, children[0].birth - DAY))
    leaving = [_leaves(registrar, child) for child in children]
    for child, leaves in zip(children, leaving, strict=True):
        members.append(Member(child.ssin, Relation.CHILD, Period(child.birth, leaves - DAY if leaves else None)))
    homes = [household(members, _residences(registrar, land, place, members))]
    homes += [
        _own_home(registrar, land, place, child, leaves)
        for child, leaves in zip(children, leaving, strict=True)
        if leaves
    ]
    parent = next((adult for adult in adults if adult.sex is Sex.FEMALE), adults[0])
    return Home((*adults, *children), tuple(homes), {child.ssin: parent.ssin for child in children}, tuple(adults))


def _collective(registrar: Registrar, land: Map, place: Municipality) -> Home:
    """Draw a home for older people; each resident had a household of their own before."""
    people: list[Person] = []
    members: list[Member] = []
    former: list[Household] = []
    for _ in range(within(registrar.rng, parameters.COLLECTIVE_SIZE)):
        person = _adults(registrar, place, banded(registrar.rng, parameters.HEAD_AGES["collective"]), paired=False)[0]
        enters = day_between(
            registrar.rng, birthday(person.birth, parameters.AGE_ENTERING_COLLECTIVE), registrar.on - DAY
        )
        death = registrar.death(person.birth)
        person = replace(person, death=death if death and death > enters else None)
        formed = _formed(registrar, [person], enters - DAY)
        alone = [Member(person.ssin, Relation.HEAD, Period(formed, enters - DAY))]
        former.append(household(alone, _residences(registrar, land, place, alone)))
        members.append(Member(person.ssin, Relation.RESIDENT, Period(enters, person.death)))
        people.append(person)
    address = (residence(registrar.rng, place, _span(members)),)
    return Home(tuple(people), (household(members, address, collective=True), *former), {})


def _adults(registrar: Registrar, place: Municipality, age: int, paired: bool) -> list[Person]:  # noqa: FBT001 - private
    origin, language = registrar.origin(place), registrar.language(place)
    sex = registrar.sex()
    head = registrar.person(registrar.birth(age), sex, origin, language, registrar.family_name(origin))
    if not paired:
        return [head]
    same = registrar.rng.random() < parameters.SAME_SEX_COUPLE
    other = sex if same else (Sex.MALE if sex is Sex.FEMALE else Sex.FEMALE)
    partner_age = max(parameters.YOUNGEST_PARTNER, age - within(registrar.rng, parameters.PARTNER_AGE_GAP))
    birth = registrar.birth(partner_age)
    return [head, registrar.person(birth, other, origin, language, registrar.family_name(origin))]


def _person_like(registrar: Registrar, person: Person, sex: Sex) -> Person:
    return registrar.person(person.birth, sex, person.origin, person.language, person.last_name)


def _formed(registrar: Registrar, adults: list[Person], latest: date) -> date:
    younger = max(adult.birth for adult in adults)
    first, last = (birthday(younger, age) for age in parameters.HOUSEHOLD_FORMED)
    return day_between(registrar.rng, first, max(first, min(last, latest)))


def _adult_members(adults: list[Person], formed: date) -> list[Member]:
    """Give the memberships of one adult or two; a surviving partner becomes the reference person."""
    head, *others = adults
    members = [Member(head.ssin, Relation.HEAD, Period(formed, head.death))]
    for partner in others:
        if head.death is None or (partner.death is not None and partner.death <= head.death):
            members.append(Member(partner.ssin, Relation.PARTNER, Period(formed, partner.death)))
        else:
            members.append(Member(partner.ssin, Relation.PARTNER, Period(formed, head.death)))
            members.append(Member(partner.ssin, Relation.HEAD, Period(head.death + DAY, partner.death)))
    return members


def _children(registrar: Registrar, adults: list[Person]) -> list[Person]:
    """Draw the children born until today, at least one; the ages count from the younger parent."""
    rng, younger = registrar.rng, max(adults, key=lambda adult: adult.birth)
    youngest, oldest = parameters.AGE_AT_FIRST_CHILD
    age = within(rng, (youngest, min(oldest, age_on(younger.birth, registrar.on) - 1)))
    born = birthday(younger.birth, age)
    family = next((adult for adult in adults if adult.sex is Sex.MALE), adults[0]).last_name
    children = []
    for _ in range(pick(rng, parameters.CHILDREN)):
        if born > registrar.on:
            break
        children.append(registrar.person(born, registrar.sex(), adults[0].origin, adults[0].language, family))
        born = add_months(born, within(rng, parameters.MONTHS_BETWEEN_CHILDREN)).replace(day=within(rng, (1, 28)))
    return children


def _leaves(registrar: Registrar, child: Person) -> date | None:
    leaves = birthday(child.birth, within(registrar.rng, parameters.AGE_LEAVING_HOME))
    leaves = leaves.replace(day=1)
    return leaves if leaves < registrar.on else None


def _own_home(registrar: Registrar, land: Map, place: Municipality, child: Person, since: date) -> Household:
    stays = registrar.rng.random() < parameters.STAYS_IN_MUNICIPALITY
    members = [Member(child.ssin, Relation.HEAD, Period(since))]
    return household(members, _residences(registrar, land, place if stays else land.draw(registrar.rng), members))


def _residences(registrar: Registrar, land: Map, place: Municipality, members: list[Member]) -> tuple[Residence, ...]:
    """Draw where a household lives: at one address, or first at another."""
    rng, span = registrar.rng, _span(members)
    last = min(span.last, registrar.on - DAY)
    if rng.random() >= parameters.MOVED or last <= span.start_date:
        return (residence(rng, place, span),)
    moves = day_between(rng, span.start_date + DAY, last)
    before = place if rng.random() < parameters.STAYS_IN_MUNICIPALITY else land.draw(rng)
    return (
        residence(rng, before, Period(span.start_date, moves - DAY)),
        residence(rng, place, Period(moves, span.end_date)),
    )


def _span(members: Iterable[Member]) -> Period:
    """Give the period from the first to the last day on which somebody is a member."""
    periods = [member.period for member in members]
    last = max(period.last for period in periods)
    return Period(min(period.start_date for period in periods), None if last == date.max else last)

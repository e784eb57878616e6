"""The population: homes drawn until there are people enough, then the life of each."""

from collections.abc import Iterator
from datetime import date
from itertools import chain
from random import Random

from msgspec.structs import replace

from crossroads.demo.population import parameters
from crossroads.demo.population.households import Home, draw_home
from crossroads.demo.population.lives import Dependence, Whereabouts, drawn_life, staged_life, whereabouts
from crossroads.demo.population.model import Kin, Life, Population
from crossroads.demo.population.people import Registrar
from crossroads.demo.population.places import belgium
from crossroads.demo.population.staged import SCRIPTS, staged_homes
from crossroads.kernel.ssin import Ssin


def generate(persons: int, seed: int, on: date) -> Population:
    """Make a population of exactly so many people as it stands on a day; the same arguments give the same bytes."""
    registrar = Registrar(Random(seed), on)  # noqa: S311 - it invents people, it keeps no secret
    homes = tuple(_homes(registrar, persons))
    drawn = chain.from_iterable(home.households for home in homes)
    households = tuple(replace(home, id=f"H{number:07d}") for number, home in enumerate(drawn, start=1))
    lives = tuple(_lives(registrar.rng, homes, whereabouts(households), on))
    return Population(seed, on, households, lives)


def _homes(registrar: Registrar, persons: int) -> Iterator[Home]:
    """Draw homes; the last ones are of one person each when a larger one no longer fits."""
    land = belgium()
    for _, home in zip(range(persons), staged_homes(registrar, land), strict=False):
        yield home
    missing = persons - len(SCRIPTS)
    while missing > 0:
        home = draw_home(registrar, land)
        if len(home.people) > missing:
            home = draw_home(registrar, land, "single")
        missing -= len(home.people)
        yield home


def _lives(rng: Random, homes: tuple[Home, ...], known: dict[Ssin, Whereabouts], on: date) -> Iterator[Life]:
    """Give the lives home by home, children of a home with the parent who is entitled to their benefit."""
    for number, home in enumerate(homes):
        if number < len(SCRIPTS):
            (person,) = home.people
            yield staged_life(rng, person, known[person.ssin], SCRIPTS[number], on)
        else:
            yield from _family(rng, home, known, on)


def _family(rng: Random, home: Home, known: dict[Ssin, Whereabouts], on: date) -> Iterator[Life]:
    fund = rng.choice(parameters.CHILD_BENEFIT_FUNDS)
    lives = []
    for person in home.people:
        parent = home.child_of.get(person.ssin)
        lives.append(drawn_life(rng, person, known[person.ssin], Dependence(parent, fund) if parent else None, on))
    benefits = [benefit for life in lives for benefit in life.child_benefits]
    children = [person for person in home.people if person.ssin in home.child_of]
    for life in lives:
        person = life.person
        yield replace(
            life,
            entitlements=tuple(one for one in benefits if one.parent == person.ssin),
            parents=tuple(Kin(one.ssin, person.birth) for one in home.parents if person in children),
            children=tuple(Kin(one.ssin, one.birth) for one in children if person.ssin in home.parental),
        )

"""Where people live and what they are called: the facts of the package `data`."""

import csv
from functools import cache
from importlib.resources import files
from itertools import accumulate
from random import Random
from typing import NamedTuple

import msgspec
import yaml

from crossroads.demo.population.model import Municipality

_DATA = files("crossroads.demo.data")


class Names(msgspec.Struct, frozen=True):
    """Names of one origin."""

    family: tuple[str, ...]
    women: tuple[str, ...]
    men: tuple[str, ...]


class Map(NamedTuple):
    """All municipalities, with their inhabitants added up for drawing by them."""

    places: tuple[Municipality, ...]
    cumulated: tuple[int, ...]

    def draw(self, rng: Random) -> Municipality:
        """Draw a municipality by its inhabitants."""
        return rng.choices(self.places, cum_weights=self.cumulated)[0]

    def at(self, nis: str) -> Municipality:
        """Give the municipality with a NIS code."""
        return next(place for place in self.places if place.nis == nis)


@cache
def belgium() -> Map:
    """Give the municipalities of 2020, in the order of their NIS codes."""
    with (_DATA / "municipalities.csv").open(encoding="utf-8") as file:
        places = tuple(
            Municipality(
                nis=row["nis"],
                name_nl=row["name_nl"],
                name_fr=row["name_fr"],
                region=row["region"],
                language=row["language"],
                inhabitants=int(row["inhabitants_2020"]),
                postcode=row["postcode"],
            )
            for row in csv.DictReader(file)
        )
    return Map(places, tuple(accumulate(place.inhabitants for place in places)))


@cache
def names() -> dict[str, Names]:
    """Give the lists of names by origin."""
    text = (_DATA / "names.yaml").read_text(encoding="utf-8")
    return msgspec.convert(yaml.safe_load(text), dict[str, Names])

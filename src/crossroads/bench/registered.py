"""The people of `bench search`: all invented, with mock numbers, of a mix of origins."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from itertools import accumulate
from random import Random
from typing import NamedTuple

import msgspec
import yaml

from crossroads.bench.population import LINES_EACH, population
from crossroads.kernel.names.particulars import Particulars, Sex

_PARTS = files("crossroads.bench")
_FIRST_BIRTH, _DAYS = date(1930, 1, 1), 34_000
_PREFIXED, _COMPOUND, _SECOND_NAME, _THIRD_NAME = 0.35, 0.06, 0.45, 0.15
_YEAR_ONLY, _MONTH_ONLY, _NEW_YEAR, _NO_SEX, _NO_FIRST_NAME = 0.02, 0.01, 0.03, 0.05, 0.01


class Names(msgspec.Struct, frozen=True):
    """Names of one origin, the most frequent first."""

    share: int
    family: tuple[str, ...]
    prefixes: tuple[str, ...]
    roots: tuple[str, ...]
    women: tuple[str, ...]
    men: tuple[str, ...]


class Registered(NamedTuple):
    """A person of the register, and where the names are from."""

    ssin: str
    particulars: Particulars
    origin: str


@cache
def names() -> dict[str, Names]:
    """Give the lists of names by origin."""
    return msgspec.convert(yaml.safe_load((_PARTS / "names.yaml").read_text("utf-8")), dict[str, Names])


def people(rng: Random, count: int) -> Iterator[Registered]:
    """Draw people, each with a number of their own."""
    origins = tuple(names())
    shares = tuple(accumulate(names()[origin].share for origin in origins))
    for ssin in population(count * LINES_EACH).persons:
        origin = rng.choices(origins, cum_weights=shares)[0]
        yield Registered(ssin, _particulars(rng, names()[origin]), origin)


def _particulars(rng: Random, lists: Names) -> Particulars:
    sex = Sex.FEMALE if rng.random() < 0.5 else Sex.MALE  # noqa: PLR2004 - one half
    return Particulars(
        last_name=_last_name(rng, lists),
        first_names=_first_names(rng, lists.women if sex is Sex.FEMALE else lists.men),
        birth_date=_birth_date(rng),
        sex=None if rng.random() < _NO_SEX else sex,
    )


def _last_name(rng: Random, lists: Names) -> str:
    name = _single_name(rng, lists)
    if rng.random() < _COMPOUND:
        return f"{name}{rng.choice('- ')}{_single_name(rng, lists)}"
    return name


def _single_name(rng: Random, lists: Names) -> str:
    if not lists.prefixes or rng.random() >= _PREFIXED:
        return _frequent(rng, lists.family)
    prefix, root = rng.choice(lists.prefixes), _frequent(rng, lists.roots)
    return prefix + root.lower() if prefix == "Ver" else prefix + root if prefix.endswith("'") else f"{prefix} {root}"


def _first_names(rng: Random, given: tuple[str, ...]) -> str:
    if rng.random() < _NO_FIRST_NAME:
        return ""
    count = 1 + (rng.random() < _SECOND_NAME) + (rng.random() < _THIRD_NAME)
    return " ".join(dict.fromkeys(_frequent(rng, given) for _ in range(count)))


def _frequent(rng: Random, given: tuple[str, ...]) -> str:
    """Draw from the front of the list three times as often as from its end, about."""
    return given[int(rng.triangular(0, len(given), 0) * (1 - 1e-9))]


def _birth_date(rng: Random) -> str:
    born = _FIRST_BIRTH + timedelta(days=rng.randrange(_DAYS))
    known = rng.random()
    if known < _YEAR_ONLY:
        return f"{born.year}-00-00"
    if known < _YEAR_ONLY + _MONTH_ONLY:
        return f"{born:%Y-%m}-00"
    return f"{born.year}-01-01" if known < _YEAR_ONLY + _MONTH_ONLY + _NEW_YEAR else born.isoformat()


def namesakes(given: Iterable[Registered]) -> Iterator[Registered]:
    """Give all these people one and the same name."""
    for person in given:
        who = msgspec.structs.replace(person.particulars, last_name="El Amrani", first_names="Mohamed")
        yield person._replace(particulars=who)

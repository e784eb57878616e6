"""Draws and days. Every draw takes the generator, so that one seed decides everything."""

from collections.abc import Mapping
from datetime import date, timedelta
from random import Random
from typing import TypeVar

from crossroads.kernel.period import Period

Choice = TypeVar("Choice")
DAY = timedelta(days=1)
_LAST_DAY_OF_ALL_MONTHS = 28


def pick(rng: Random, weights: Mapping[Choice, float]) -> Choice:
    """Draw a key by its weight."""
    return rng.choices(tuple(weights), tuple(weights.values()))[0]


def within(rng: Random, bounds: tuple[int, int]) -> int:
    """Draw a whole number between the bounds, both included."""
    return bounds[0] + int(rng.random() * (bounds[1] - bounds[0] + 1))


def banded(rng: Random, bands: tuple[tuple[int, int, int], ...]) -> int:
    """Draw a band (from, to, weight), then a number within it."""
    first, last, _ = rng.choices(bands, [weight for _, _, weight in bands])[0]
    return within(rng, (first, last))


def by_age(age: int, table: tuple[tuple[int, float], ...]) -> float:
    """Give the share of the first row whose age is above the one given."""
    return next(share for below, share in table if age < below)


def day_between(rng: Random, first: date, last: date) -> date:
    """Draw a day between two, both included."""
    return first + timedelta(days=within(rng, (0, (last - first).days)))


def add_months(when: date, months: int) -> date:
    """Give the day some months later; the 29th and beyond become the 28th, which every month has."""
    index = when.year * 12 + when.month - 1 + months
    return date(index // 12, index % 12 + 1, min(when.day, _LAST_DAY_OF_ALL_MONTHS))


def birthday(birth: date, age: int) -> date:
    """Give the day on which somebody reaches an age (of those born on 29 February, the 28th)."""
    return add_months(birth, 12 * age) if (birth.month, birth.day) == (2, 29) else birth.replace(year=birth.year + age)


def age_on(birth: date, on: date) -> int:
    """Give the age in whole years."""
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


def clipped(first: date, last: date | None, until: date | None) -> Period | None:
    """Give the period, ended at `until` at the latest; nothing when that is before it begins."""
    ends = [day for day in (last, until) if day is not None]
    end = min(ends, default=None)
    return None if end is not None and end < first else Period(first, end)

"""Counts for policy makers, rounded, of which none may be of so few people that somebody could be recognised."""

from collections.abc import Sequence

FEWEST = 5
SHORTEST_LIST = 20
"""How many people a list must have for anything to be counted by it."""

Shown = tuple[int | None, list[int | None]]
"""Of all together, then of each place; None for a number that is hidden."""


def shown(counts: Sequence[int], others: Sequence[int]) -> Shown:
    """Give the counts of one column, rounded to five; `others` are those whom each place's leaves.

    Hidden is one below five, nobody included, and one that leaves fewer than five. Where only one place would be
    hidden, the smallest of the rest is too: all together would give it away.
    """
    few = {place for place, both in enumerate(zip(counts, others, strict=True)) if min(both) < FEWEST}
    if len(few) == 1:
        rest = [place for place in range(len(counts)) if place not in few]
        few |= set(sorted(rest, key=lambda place: counts[place])[:1])
    parts = [None if place in few else _rounded(count) for place, count in enumerate(counts)]
    total = sum(counts)
    return None if min(total, sum(others)) < FEWEST else _rounded(total), parts


def enough(of: Sequence[int]) -> list[bool]:
    """Tell of which places something is told at all: that there is a line says already that there is somebody."""
    return [whole >= FEWEST for whole in of]


def _rounded(count: int) -> int:
    return (count + FEWEST // 2) // FEWEST * FEWEST

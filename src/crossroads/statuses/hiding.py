"""Counts for policy makers, of which none may be of so few people that somebody could be recognised."""

from collections.abc import Sequence

FEWEST = 5


def hidden(counts: Sequence[int]) -> list[int | None]:
    """Give the counts of one column with those hidden that are below five. Nobody is not hidden.

    Where only one would be hidden, the smallest of the others is too: the column's sum would give it away.
    """
    few = [place for place, count in enumerate(counts) if 0 < count < FEWEST]
    if len(few) == 1:
        others = [place for place, count in enumerate(counts) if count >= FEWEST]
        few += sorted(others, key=lambda place: counts[place])[:1]
    return [None if place in few else count for place, count in enumerate(counts)]


def total(counts: Sequence[int]) -> int | None:
    """Give the sum of a column; None where it is of fewer than five itself."""
    whole = sum(counts)
    return None if 0 < whole < FEWEST else whole

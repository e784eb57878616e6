"""A rule tried before it is made: a draft table beside the one in force, on the facts of the buffer. Counts alone.

They are rounded, and small ones hidden: see `hiding`.
"""

from collections.abc import Sequence

import msgspec

from crossroads.statuses.deciding import Decider
from crossroads.statuses.hiding import Shown, enough, shown
from crossroads.statuses.rights import Right, with_table

_COMPARED = """
WITH old AS (SELECT ssin, list((start_date, end_date) ORDER BY start_date) AS days FROM in_force GROUP BY ssin),
  new AS (SELECT ssin, list((start_date, end_date) ORDER BY start_date) AS days FROM draft GROUP BY ssin),
  place AS (SELECT ssin, min(left(postcode, 1)) AS area FROM resident GROUP BY ssin)
SELECT coalesce(area, '-') AS area,
  count(*) FILTER (old.ssin IS NULL) AS gain,
  count(*) FILTER (new.ssin IS NULL) AS lose,
  count(*) FILTER (old.days <> new.days) AS other_days,
  count(*) FILTER (old.days = new.days) AS same
FROM old FULL JOIN new USING (ssin) LEFT JOIN place ON place.ssin = coalesce(old.ssin, new.ssin)
GROUP BY 1 ORDER BY 1
"""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """How many people are better or worse off; None for a number that is hidden."""

    area: str | None
    """The first digit of the postcode, `-` where it is not known; None for all together."""
    gain: int | None
    lose: int | None
    other_days: int | None
    """Who keeps the right, for other days."""
    same: int | None


def drafted(right: Right, name: str, xml: bytes) -> Right:
    """Give a right as a draft of its table would have it. Raises WrongDefinition for one that is none."""
    return with_table(right, name, xml)


def compared(decider: Decider, in_force: Right, draft: Right) -> Sequence[Difference]:
    """Give all together, then each area. Raises BadModel and Undecided for a draft that does not decide."""
    decider.keep(in_force, "in_force")
    decider.keep(draft, "draft")
    rows = list(decider.rows(_COMPARED))
    of = [sum(row[1:]) for row in rows]
    columns = [_column([row[place] for row in rows], of) for place in range(1, 5)]
    parts = zip((row[0] for row in rows), *(parts for _, parts in columns), enough(of), strict=True)
    whole = _difference(None, [total for total, _ in columns])
    return [whole, *(_difference(area, counts) for area, *counts, told in parts if told)]


def _column(counts: Sequence[int], of: Sequence[int]) -> Shown:
    return shown(counts, [whole - count for count, whole in zip(counts, of, strict=True)])


def _difference(area: str | None, counts: Sequence[int | None]) -> Difference:
    gain, lose, other_days, same = counts
    return Difference(area=area, gain=gain, lose=lose, other_days=other_days, same=same)

"""Nobody forgotten: households for which a right is open, and of whom nobody is on the client's list. Counts alone."""

from collections.abc import Iterable, Sequence

import msgspec

from crossroads.statuses.deciding import Decider
from crossroads.statuses.hiding import hidden, total
from crossroads.statuses.model import Reach
from crossroads.statuses.rights import Right

_ABSENT = """
WITH living AS (
  SELECT entitled.ssin,
    coalesce(list_sort(list(DISTINCT member.member) FILTER (member.member IS NOT NULL)), []) AS others
  FROM (SELECT DISTINCT ssin FROM entitled) AS entitled
  LEFT JOIN member ON member.ssin = entitled.ssin AND {household} GROUP BY entitled.ssin
),
home AS (
  SELECT CASE WHEN len(others) = 0 THEN [ssin] ELSE others END AS members, min(ssin) AS one FROM living GROUP BY 1
),
place AS (SELECT ssin, min(postcode) AS postcode FROM resident GROUP BY ssin),
seen AS (
  SELECT DISTINCT one FROM (SELECT one, unnest(members) AS ssin FROM home) AS each JOIN listed USING (ssin)
)
SELECT coalesce(postcode, '-') AS postcode, count(*) AS entitled, count(*) FILTER (seen.one IS NULL) AS absent
FROM home LEFT JOIN seen USING (one) LEFT JOIN place ON place.ssin = home.one
GROUP BY 1 ORDER BY 1
"""


class Absent(msgspec.Struct, frozen=True, kw_only=True):
    """Households of one postcode; None for a number that is hidden."""

    postcode: str | None
    """`-` where it is not known; None for all together."""
    entitled: int | None
    absent: int | None


def absent(decider: Decider, right: Right, customers: Iterable[str]) -> Sequence[Absent]:
    """Give all together, then each postcode in which somebody is entitled; a right of one's own counts people."""
    decider.keep(right, "entitled")
    decider.list_people(customers, "listed")
    rows = list(decider.rows(_ABSENT.format(household=right.reach is Reach.HOUSEHOLD)))
    entitled, missing = ([row[place] for row in rows] for place in (1, 2))
    whole = Absent(postcode=None, entitled=total(entitled), absent=total(missing))
    parts = zip(rows, hidden(entitled), hidden(missing), strict=True)
    return [whole, *(Absent(postcode=row[0], entitled=many, absent=few) for row, many, few in parts)]

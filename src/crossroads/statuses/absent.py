"""Nobody forgotten: households for which a right is open, and of whom nobody is on the client's list. Counts alone."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

import msgspec

from crossroads.kernel.errors import Refused
from crossroads.statuses.deciding import Decider
from crossroads.statuses.hiding import SHORTEST_LIST, enough, shown
from crossroads.statuses.model import Reach
from crossroads.statuses.rights import Right

_HOMES = """
WITH living AS (
  SELECT entitled.ssin,
    coalesce(list_sort(list(DISTINCT member.member) FILTER (member.member IS NOT NULL)), []) AS others
  FROM (SELECT DISTINCT ssin FROM entitled) AS entitled
  LEFT JOIN member ON member.ssin = entitled.ssin AND {household} GROUP BY entitled.ssin
),
home AS (
  SELECT CASE WHEN len(others) = 0 THEN [ssin] ELSE others END AS members, min(ssin) AS one FROM living GROUP BY 1
),
seen AS (
  SELECT DISTINCT one FROM (SELECT one, unnest(members) AS ssin FROM home) AS each JOIN listed USING (ssin)
),
"""
"""Homes in which the right is open for somebody; in those that are `seen` somebody is on the list."""
_ABSENT = """
place AS (SELECT ssin, min(postcode) AS postcode FROM resident GROUP BY ssin)
SELECT coalesce(postcode, '-') AS postcode, count(*) AS entitled, count(*) FILTER (seen.one IS NULL) AS absent
FROM home LEFT JOIN seen USING (one) LEFT JOIN place ON place.ssin = home.one
GROUP BY 1 ORDER BY 1
"""
_ADULTS = """
person AS (
  SELECT ssin, min(birth) AS birth FROM resident GROUP BY ssin
  HAVING date_sub('year', min(birth), DATE '{day}') >= 18 AND coalesce(min(death), DATE 'infinity') > DATE '{day}'
),
adult AS (
  SELECT each.one, list(ssin ORDER BY person.birth, ssin) AS adults
  FROM (SELECT one, unnest(members) AS ssin FROM home) AS each JOIN person USING (ssin)
  WHERE ssin IN (SELECT ssin FROM entitled) GROUP BY each.one
)
SELECT home.one, coalesce(adult.adults, []) AS adults
FROM home LEFT JOIN seen USING (one) LEFT JOIN adult USING (one) WHERE seen.one IS NULL
"""


class Absent(msgspec.Struct, frozen=True, kw_only=True):
    """Households of one postcode; None for a number that is hidden."""

    postcode: str | None
    """`-` where it is not known; None for all together."""
    entitled: int | None
    absent: int | None


def absent(decider: Decider, right: Right, customers: Iterable[str]) -> Sequence[Absent]:
    """Give all together, then each postcode in which somebody is entitled; a right of one's own counts people.

    Raises Refused for a list that is so short that a count would tell about somebody on it.
    """
    _compare(decider, right, customers)
    rows = list(decider.rows(_homes(right) + _ABSENT))
    entitled, missing = [row[1] for row in rows], [row[2] for row in rows]
    listed = [row[1] - row[2] for row in rows]
    all_entitled, entitled_parts = shown(entitled, entitled)
    all_missing, missing_parts = shown(missing, listed)
    whole = Absent(postcode=None, entitled=all_entitled, absent=all_missing)
    parts = zip(rows, entitled_parts, missing_parts, enough(entitled), strict=True)
    return [whole, *(Absent(postcode=row[0], entitled=many, absent=few) for row, many, few, told in parts if told)]


def absent_adults(decider: Decider, right: Right, customers: Iterable[str], today: date) -> Iterator[Sequence[str]]:
    """Give for each home of which nobody is on the list those of age who have the right, the eldest first.

    Raises Refused as `absent` does.
    """
    _compare(decider, right, customers)
    decider.store(_homes(right) + _ADULTS.format(day=today), "invited")
    return (adults for (adults,) in decider.rows("SELECT adults FROM invited ORDER BY one"))


def _compare(decider: Decider, right: Right, customers: Iterable[str]) -> None:
    decider.keep(right, "entitled")
    decider.list_people(customers, "listed")
    if next(decider.rows("SELECT count(*) FROM listed"))[0] < SHORTEST_LIST:
        raise Refused(f"The list has fewer than {SHORTEST_LIST} people: nothing is counted by it.")


def _homes(right: Right) -> str:
    return _HOMES.format(household=right.reach is Reach.HOUSEHOLD)

"""What a table is asked about: one row for each status of a person. `facts.sql` says the same of everybody at once."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from crossroads.statuses.model import Holding, Home, Resident, age_on, quarter_start, year_end

INPUTS = {
    "status": "string",
    "statusStart": "date",
    "statusEnd": "date",
    "active": "boolean",
    "age": "number",
    "birthDate": "date",
    "postcode": "string",
    "collective": "boolean",
    "householdSize": "number",
    "day": "date",
    "quarterStart": "date",
    "yearStart": "date",
    "yearEnd": "date",
}
"""The names under which a table finds them, with their types in FEEL."""


def rows(
    holdings: Iterable[Holding], resident: Resident | None, home: Home | None, day: date
) -> Iterator[Mapping[str, object]]:
    """Give the rows of one person; none of one who did not live on the day."""
    if not lives(resident, day):
        return
    birth = resident.birth if resident else None
    person = {
        "age": age_on(birth, day) if birth else None,
        "birthDate": birth,
        "postcode": resident.postcode if resident else None,
        "collective": home.collective if home else False,
        "householdSize": len(home.members) if home else 1,
        "day": day,
        "quarterStart": quarter_start(day),
        "yearStart": day.replace(month=1, day=1),
        "yearEnd": year_end(day),
    }
    for one in holdings:
        yield {
            "status": one.status,
            "statusStart": one.period.start_date,
            "statusEnd": one.period.end_date,
            "active": one.period.start_date <= day <= one.period.last,
            **person,
        }


def lives(resident: Resident | None, day: date) -> bool:
    """Tell whether a person lives on a day, as far as the register knows."""
    born, died = (resident.birth, resident.death) if resident else (None, None)
    return (born or day) <= day and (died is None or died > day)


def opens_for(opener: Home | None, member: str, home: Home | None) -> bool:
    """Tell whether one person's statuses open rights for another, whose household is `home` (None: not asked about).

    Each must be in the other's household: somebody who is in two on one day opens nothing in the one of which the
    register does not say so on both sides. A collective household opens nothing.
    """
    if opener is None or opener.collective or member not in opener.members:
        return False
    return home is None or (not home.collective and opener.ssin in home.members)

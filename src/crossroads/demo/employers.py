"""The employer of somebody's contract, put right in all that its source keeps of it."""

from datetime import date
from random import SystemRandom
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from crossroads.demo.databases import table_of
from crossroads.demo.population.careers import employer
from crossroads.demo.questions import EMPLOYMENT, WAGES
from crossroads.kernel.period import Period

SOURCE = "nsso"
_JOBS, _WAGES = table_of("employment_relations"), table_of("wages_working_time")


class PutRight(NamedTuple):
    """Data of a person that were wrong on some days."""

    data_group: str
    context: str
    """As which the source knows the person."""
    period: Period


def put_right(connection: Connection, ssin: str) -> list[PutRight]:
    """Give another employer to the contract that somebody has now, and to the wages that were declared under it."""
    job = (_JOBS.c.ssin == ssin) & _JOBS.c.end_date.is_(None)
    since, wrong = connection.execute(select(_JOBS.c.start_date, _JOBS.c.employer_number).where(job)).one()
    declared = (_WAGES.c.ssin == ssin) & (_WAGES.c.employer_number == wrong) & (_WAGES.c.start_date >= since)
    first, last = connection.execute(
        select(func.min(_WAGES.c.start_date), func.max(_WAGES.c.end_date)).where(declared)
    ).one()
    right = _other_than(wrong)
    connection.execute(_JOBS.update().where(job).values(employer_number=right))
    connection.execute(_WAGES.update().where(declared).values(employer_number=right))
    changed = [PutRight(EMPLOYMENT, "12:30", Period(date.fromisoformat(since)))]
    if first:
        changed.append(PutRight(WAGES, "12:10", Period(date.fromisoformat(first), date.fromisoformat(last))))
    return changed


def _other_than(wrong: int) -> int:
    chance = SystemRandom()
    while (right := int(employer(chance))) == wrong:
        pass
    return right

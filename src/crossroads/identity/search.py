"""Who in the BIS register may be the person of these names and this birth date."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from crossroads.identity import store
from crossroads.identity.database import Connection, rows
from crossroads.identity.store import queries
from crossroads.kernel.names.comparison import POSSIBLE, Match, Prepared, compare_prepared, possible_dates, prepare
from crossroads.kernel.names.index import probes
from crossroads.kernel.names.particulars import Particulars, Sex

DEFAULT_LIMIT = 5
CANDIDATES = 200
"""Rows that each kind of key may bring; among ten thousand people of one name, those of the nearest birth dates."""
_AT_ONCE = 10
"""Candidates that are compared before others have their turn in the process."""


class Candidate(NamedTuple):
    """A person who may be meant, under the key and number of today."""

    person: int
    ssin: str
    match: Match

    def __repr__(self) -> str:
        """Show nothing of the person."""
        return "Candidate(***)"


async def search(connection: Connection, asked: Particulars, limit: int = DEFAULT_LIMIT) -> tuple[Candidate, ...]:
    """Give whoever may be meant, the likeliest first, as a transaction sees it; a linked person counts once."""
    prepared = prepare(asked)
    scores = await best_matches(prepared, await _candidates(connection, asked, prepared))
    present = await store.present_numbers(connection, list(scores))
    found = [Candidate(today.person, today.ssin, scores[person]) for person, today in present.items()]
    best: dict[int, Candidate] = {}
    for candidate in sorted(found, key=lambda one: (-one.match.score, one.person)):
        best.setdefault(candidate.person, candidate)
    return tuple(best.values())[:limit]


async def _candidates(connection: Connection, asked: Particulars, prepared: Prepared) -> Sequence[Mapping[str, Any]]:
    year, month, day = prepared.birth
    date = {"dates": list(prepared.birth.likely), "year": year, "month": month, "day": day}
    groups = [
        await rows(queries.search(connection, keys=list(group), limit=CANDIDATES, **date))
        for group in probes(asked)
        if group
    ]
    return list(chain.from_iterable(groups))


async def best_matches(asked: Prepared, candidates: Sequence[Mapping[str, Any]]) -> dict[int, Match]:
    """Give the best match of each person who may be meant: a person has particulars from several sources and times.

    Names can be made that are costly to compare: so it is done a few at a time, and others have their turn in between.
    """
    best: dict[int, Match] = {}
    for first in range(0, len(candidates), _AT_ONCE):
        _compare(asked, candidates[first : first + _AT_ONCE], best)
        await asyncio.sleep(0)
    return best


def _compare(asked: Prepared, candidates: Iterable[Mapping[str, Any]], best: dict[int, Match]) -> None:
    for row in candidates:
        found = _particulars(row)
        if not possible_dates(asked, found):
            continue
        match = compare_prepared(asked, prepare(found))
        if match.score >= max(POSSIBLE, best[row["person"]].score if row["person"] in best else 0):
            best[row["person"]] = match


def _particulars(row: Mapping[str, Any]) -> Particulars:
    sex = Sex(row["sex"]) if row["sex"] else None
    return Particulars(row["last_name"], row["first_names"], row["birth_date"], sex)

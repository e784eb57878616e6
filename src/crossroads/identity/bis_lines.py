"""What is recorded of a person of the BIS register: a line for some days, from one kind of source."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from crossroads.identity import bis_store
from crossroads.identity.bis_model import Recorded
from crossroads.identity.database import Connection
from crossroads.identity.model import Stamp
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Fault, Malformed, Refused
from crossroads.kernel.names.comparison import POSSIBLE, compare
from crossroads.kernel.names.normal import fold
from crossroads.kernel.names.particulars import Particulars
from crossroads.wire.persons import PersonEvidence, PersonParticulars, Truth

_DAY = timedelta(days=1)
_INVALID = "urn:problem-type:belgif:input-validation:invalidInput"


class News(NamedTuple):
    """Particulars to be recorded: since a day, or in the place of what was wrong from its first day on."""

    person: int
    truth: Truth
    particulars: PersonParticulars
    evidence: PersonEvidence
    since: date | None
    recorded_by: str


async def supersede(connection: Connection, news: News, stamp: Stamp) -> None:
    """Record the news; what it takes the place of goes to the history. Raises Malformed for a day that is too early."""
    lines = [line for line in await bis_store.recorded(connection, [news.person]) if line.truth is news.truth]
    start = news.since or date.min
    if lines:
        start = await _made_way(connection, lines[0], news.since, stamp)
    line = Recorded(news.person, news.truth, start, None, news.particulars, news.evidence, news.recorded_by)
    await bis_store.record(connection, line, stamp)


def newest(lines: Sequence[Recorded], person: int) -> dict[Truth, Recorded]:
    """Give the newest line of each truth: the person's own, or else one of those linked with it."""
    own_last = sorted(lines, key=lambda line: (line.person == person, line.start_date))
    return {line.truth: line for line in own_last}


def are_new(particulars: PersonParticulars, lines: Sequence[Recorded]) -> bool:
    """Tell whether a search would find the person otherwise than by what is recorded."""
    return bis_store.compared(particulars) not in [bis_store.compared(line.particulars) for line in lines]


def require_agreement(lines: Sequence[Recorded], last_name: str, birth_date: str) -> None:
    """Refuse a name and birth date that are hardly those of whom the lines are about. Raises Refused."""
    given = Particulars(last_name, birth_date=birth_date)
    if all(compare(given, bis_store.compared(line.particulars)).score < POSSIBLE for line in lines):
        raise Refused(code=Code.PERSON_DIFFERS)


def confirmed(last_name: str, birth_date: str) -> PersonParticulars:
    """Give what a register says when it confirms a name: its letters, for it compares neither case nor marks."""
    letters = fold(last_name).replace(" ", "").upper()
    return PersonParticulars(last_name=letters, birth_date=birth_date)


async def _made_way(connection: Connection, current: Recorded, since: date | None, stamp: Stamp) -> date:
    """End the belief in a line, or end the line itself the day before, and give the first day of what follows."""
    if since is not None and since <= current.start_date:
        raise Malformed(Fault("$.since", _INVALID, "What is recorded holds since later: correct it without since."))
    await bis_store.end_belief(connection, current, stamp)
    if since is None:
        return current.start_date
    await bis_store.record(connection, current._replace(end_date=since - _DAY), stamp)
    return since

"""What is recorded of a person of the BIS register: a line for some days, from one kind of source."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from crossroads.identity import bis_store
from crossroads.identity.bis_model import Recorded
from crossroads.identity.database import Connection
from crossroads.identity.model import Stamp
from crossroads.kernel.errors import Fault, Malformed
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


async def _made_way(connection: Connection, current: Recorded, since: date | None, stamp: Stamp) -> date:
    """End the belief in a line, or end the line itself the day before, and give the first day of what follows."""
    if since is not None and since <= current.start_date:
        raise Malformed(Fault("$.since", _INVALID, "What is recorded holds since later: correct it without since."))
    await bis_store.end_belief(connection, current, stamp)
    if since is None:
        return current.start_date
    await bis_store.record(connection, current._replace(end_date=since - _DAY), stamp)
    return since

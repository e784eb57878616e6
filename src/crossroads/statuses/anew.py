"""What sources say anew of some people: which rights that opens, for whom it can reach, and what is told of it."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import structlog

from crossroads.kernel.errors import CrossroadsError
from crossroads.kernel.period import Period
from crossroads.statuses.direct import Direct, Person
from crossroads.statuses.model import Entitlement, Holding, Load
from crossroads.statuses.neighbours import Neighbours
from crossroads.statuses.notices import Notice
from crossroads.statuses.settings import StatusSettings
from crossroads.statuses.telling import Answer, otherwise, together, told, whole_year
from crossroads.wire.mutations import Mutation

Said = Mapping[Notice, Sequence[Holding]]
"""What was said when the sources were asked because of a notice."""

_log = structlog.get_logger(__name__)


class Anew(NamedTuple):
    """What is decided anew."""

    said: Said
    """What it is decided on."""
    reaching: Mapping[str, Sequence[Notice]]
    """By each person who is reached, the notices that do so."""
    opened: Mapping[str, Sequence[Entitlement]]
    """The rights of each of them."""


def decided(said: Said, around: Neighbours, names: Mapping[str, str], rights: Sequence[Direct], day: date) -> Anew:
    """Decide about all whom notices reach; those that reach one of whom nothing can be decided are left out.

    `names` are those of the statuses, by data group.
    """
    people, reaching = dict(around.people), defaultdict(list)
    for notice, held in said.items():
        people[notice.ssin] = _with(people[notice.ssin], names[notice.data_group], held)
        for ssin in around.reached[notice.ssin]:
            reaching[ssin].append(notice)
    changed, opened = around._replace(people=people), {}
    undecided, why = set[Notice](), Counter[str]()
    for ssin, by in reaching.items():
        near = changed.around(ssin)
        try:
            opened[ssin] = [one for right in rights for one in right.entitlements(ssin, near, day)]
        except Exception as error:  # noqa: BLE001 - whatever a table does with one person, others do not wait for it
            undecided.update(by)
            why[reason(error)] += 1
    if undecided:
        say_why(why)
        kept = {notice: held for notice, held in said.items() if notice not in undecided}
        return decided(kept, around, names, rights, day)
    return Anew(said, reaching, opened)


def reason(error: Exception) -> str:
    """Give what may be told of an error: of one that is not ours only its kind, for it may quote a row."""
    return str(error) if isinstance(error, CrossroadsError) else type(error).__name__


def say_why(times: Mapping[str, int]) -> None:
    """Log why notices wait, each reason once."""
    for why, many in times.items():
        _log.warning("what sources tell waits", why=why, times=many)


def _with(person: Person, status: str, said: Sequence[Holding]) -> Person:
    return person._replace(holdings=(*(one for one in person.holdings if one.status != status), *said))


class Telling:
    """What is told of notices that were looked into together."""

    def __init__(
        self,
        settings: StatusSettings,
        rights: Sequence[Direct],
        reaching: Mapping[str, Sequence[Notice]],
        load: Load,
        today: date,
    ) -> None:
        """Tell of some rights of people, as of a load, by the notices that reach each."""
        self._settings, self._rights, self._reaching = settings, rights, reaching
        self._load, self._today = load, today
        self._names = {group: name for name, group in settings.statuses.items()}

    def __call__(
        self, ssin: str, contexts: Collection[str], before: Sequence[Entitlement], after: Sequence[Entitlement]
    ) -> Iterable[Mutation]:
        """Give a notice for each right that turned out otherwise, of whom may be told of at all."""
        known = [one for one in (self._settings.candidates, self._settings.members) if one in contexts]
        for right in self._rights if known else ():
            by = self._opening(right, ssin)
            days = self._days(right.right.id, by, before, after)
            cause = together(one.cause for one in by or self._reaching[ssin])
            answer = Answer(right.right.data_group, ssin, known[0])
            mutation = told(answer, days, cause, self._load.day, self._today) if days else None
            if mutation:
                yield mutation

    def _opening(self, right: Direct, ssin: str) -> Sequence[Notice]:
        """Give the notices of statuses that may open a right."""
        return [
            one
            for one in self._reaching[ssin]
            if right.statuses is None or self._names[one.data_group] in right.statuses
        ]

    def _days(
        self, right: str, by: Iterable[Notice], before: Sequence[Entitlement], after: Sequence[Entitlement]
    ) -> Period | None:
        # Of a right that the status cannot open, clients would learn that a source told something of the person.
        if not all(one.compares for one in by):
            return whole_year(self._load.day)
        old, new = ([one.period for one in those if one.right == right] for those in (before, after))
        return otherwise(old, new)

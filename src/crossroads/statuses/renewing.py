"""What a source told of a status is looked into: the source is asked, and the rights it can reach are decided anew.

All is decided as of the day of the load, like everything else in the buffer, by the tables of today.
"""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.kernel.errors import Conflict, Unavailable
from crossroads.kernel.period import Period
from crossroads.participant.client import SyncClient
from crossroads.statuses.buffer import Buffer
from crossroads.statuses.direct import Direct, Person
from crossroads.statuses.granting import check_granted
from crossroads.statuses.model import Entitlement, Holding, Load
from crossroads.statuses.neighbours import Neighbours, neighbours
from crossroads.statuses.notices import Notice, Notices, Renewed
from crossroads.statuses.reading import failed_sources, holdings
from crossroads.statuses.rights import read_rights
from crossroads.statuses.settings import StatusSettings
from crossroads.statuses.staging import say_anew
from crossroads.statuses.telling import Answer, otherwise, told, whole_year
from crossroads.wire.mutations import Mutation

AGENT = "notice"
_COMPARED_SECONDS = 60
"""How long the tables count as those of the catalogue once they were compared."""


class Renewing:
    """Looks into notices, one at a time."""

    def __init__(self, client: SyncClient, settings: StatusSettings, buffer: Buffer, notices: Notices) -> None:
        """Ask with a client of the institution."""
        self._client, self._settings, self._buffer, self._notices = client, settings, buffer, notices
        self._names = {group: name for name, group in settings.statuses.items()}
        self._compared: tuple[object, float] | None = None

    def next(self) -> bool:
        """Look into one that is due; tell whether there was one. Raises what kept it: it is looked into again."""
        now = SystemClock().now()
        notice = self._notices.due(now)
        if notice is None:
            return False
        try:
            self._look_into(notice, brussels_day(now))
        except Conflict:
            pass  # another load took the place of this one
        except Exception:
            self._notices.later(notice, now)
            raise
        return True

    def _look_into(self, notice: Notice, today: date) -> None:
        load = self._buffer.current()
        around = self._around(notice, load, today)
        if load is None or around is None:
            self._notices.drop(notice)
            return
        status, rights = self._names[notice.data_group], self._rights(load.day)
        said = self._said(notice, status, load.day, today)
        say_anew(self._buffer.facts(load), notice.ssin, status, said)
        people = {**around.people, notice.ssin: _with(around.people[notice.ssin], status, said)}
        opened = {one: _opened(rights, one, people, load.day) for one in sorted(around.reached)}
        tell = Telling(self._settings, rights, notice, load, today)
        self._notices.renew(notice, load, Renewed(status, said, opened), tell)

    def _around(self, notice: Notice, load: Load | None, today: date) -> Neighbours | None:
        """Give what decides on whom it is about; None where the buffer has nothing of it, or may not."""
        if load is None or load.over(today) or notice.data_group not in self._names:
            return None
        return None if self._buffer.withdrawn([notice.ssin]) else neighbours(self._buffer.facts(load), notice.ssin)

    def _rights(self, day: date) -> Sequence[Direct]:
        """Give the rights of a day. Raises NotGranted where the catalogue has another table in force."""
        rights = [one for one in read_rights(self._settings.path(self._settings.rights)) if one.in_force(day)]
        which, now = (day, rights), time.monotonic()
        if self._compared is None or self._compared[0] != which or now - self._compared[1] > _COMPARED_SECONDS:
            check_granted(self._client, rights, day)
            self._compared = (which, now)
        return [Direct(right) for right in rights]

    def _said(self, notice: Notice, status: str, day: date, today: date) -> Sequence[Holding]:
        """Ask when the person has the status. Raises Unavailable where a source does not answer."""
        reply = self._client.ask(
            ssin=notice.ssin,
            legal_context=self._settings.legal_context,
            data_groups=[notice.data_group],
            agent=AGENT,
            period=whole_year(day),
            reference_date=day,
        )
        if failed := failed_sources(reply.answer, reply.rejected):
            raise Unavailable(f"{' and '.join(sorted(failed))} did not answer.")
        return [one for block in reply.blocks for one in holdings(notice.ssin, status, block, today)]


class Telling:
    """What is told of one notice."""

    def __init__(
        self, settings: StatusSettings, rights: Sequence[Direct], notice: Notice, load: Load, today: date
    ) -> None:
        """Tell of some rights, as of a load."""
        self._settings, self._notice, self._load, self._today = settings, notice, load, today
        self._groups = {one.right.id: one.right.data_group for one in rights}
        status = next(name for name, group in settings.statuses.items() if group == notice.data_group)
        self._opened_by_it = {one.right.id for one in rights if one.statuses is None or status in one.statuses}

    def __call__(
        self, ssin: str, contexts: Collection[str], before: Sequence[Entitlement], after: Sequence[Entitlement]
    ) -> Iterable[Mutation]:
        """Give a notice for each right that turned out otherwise, of whom may be told of at all."""
        known = [one for one in (self._settings.candidates, self._settings.members) if one in contexts]
        for right, group in self._groups.items():
            days = self._days(right, before, after)
            answer = Answer(group, ssin, known[0]) if days and known else None
            mutation = told(answer, days, self._notice.cause, self._load.day, self._today) if answer and days else None
            if mutation:
                yield mutation

    def _days(self, right: str, before: Sequence[Entitlement], after: Sequence[Entitlement]) -> Period | None:
        # Of a right that the status cannot open, clients would learn that a source told something of the person.
        if not self._notice.compares and right in self._opened_by_it:
            return whole_year(self._load.day)
        old, new = ([one.period for one in those if one.right == right] for those in (before, after))
        return otherwise(old, new)


def _with(person: Person, status: str, said: Sequence[Holding]) -> Person:
    return person._replace(holdings=(*(one for one in person.holdings if one.status != status), *said))


def _opened(rights: Iterable[Direct], ssin: str, people: Mapping[str, Person], day: date) -> Sequence[Entitlement]:
    return [one for right in rights for one in right.entitlements(ssin, people, day)]

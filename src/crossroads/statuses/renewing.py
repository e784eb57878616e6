"""What sources told of statuses is looked into: they are asked, and the rights that it can reach are decided anew.

Many notices are looked into together, and what was said is written once. What fails for one of them is tried again
later, and holds up no other. All is decided as of the day of the load, like everything else in the buffer, by the
tables of today.
"""

import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path
from threading import Event

from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.kernel.errors import Conflict, Unavailable
from crossroads.participant.client import SyncClient
from crossroads.statuses.anew import Said, Telling, decided, reason, say_why
from crossroads.statuses.buffer import Buffer
from crossroads.statuses.direct import Direct
from crossroads.statuses.granting import check_granted
from crossroads.statuses.model import Holding, Load
from crossroads.statuses.neighbours import neighbours
from crossroads.statuses.notices import Notice, Notices, Renewed
from crossroads.statuses.reading import failed_sources, holdings
from crossroads.statuses.rights import read_rights
from crossroads.statuses.settings import StatusSettings
from crossroads.statuses.staging import say_anew
from crossroads.statuses.telling import whole_year

AGENT = "notice"
_TOGETHER = 1_000
"""Notices that are looked into at once."""
_ASKING_SECONDS = 60
"""After which what was said is written; who was not asked about by then is the next time."""
_SILENT = 3
"""Questions in a row to which a source that told gives no answer: then all else that it told is put off unasked."""
_COMPARED_SECONDS = 60
"""How long the tables count as those of the catalogue once they were compared."""


class Renewing:
    """Looks into notices."""

    def __init__(
        self, client: SyncClient, settings: StatusSettings, buffer: Buffer, notices: Notices, stop: Event
    ) -> None:
        """Ask with a client of the institution; no more once stopped."""
        self._client, self._settings, self._buffer, self._notices = client, settings, buffer, notices
        self._stop = stop
        self._names = {group: name for name, group in settings.statuses.items()}
        self._compared: tuple[object, float] | None = None
        self._silent = Counter[str]()
        """In how many looks in a row each source was silent, so that it was asked no more."""

    def next(self) -> bool:
        """Look into those that are due; tell whether there were any.

        What fails for one is tried again later. Raises what kept all of them.
        """
        now = SystemClock().now()
        notices = self._notices.due(now, _TOGETHER)
        if not notices:
            return False
        failed: Collection[Notice] = notices
        try:
            failed = self._look_into(notices, brussels_day(now))
        except Conflict:
            failed = ()  # another load took the place of this one
        finally:
            self._notices.later(failed, SystemClock().now())
        return True

    def _look_into(self, notices: Sequence[Notice], today: date) -> Collection[Notice]:
        """Look into notices, and give those that failed."""
        load = self._buffer.current()
        known = self._known(notices, load, today)
        if load is None or not known:
            self._notices.drop(notices)
            return ()
        facts = self._buffer.facts(load)
        around = neighbours(facts, {one.ssin for one in known})
        reaching = [one for one in known if one.ssin in around.reached]
        self._notices.drop(set(notices).difference(reaching))
        rights = self._rights(load.day)
        said, failed = self._ask(reaching, load.day, today)
        anew = decided(said, around, self._names, rights, load.day)
        if anew.said:
            self._check_stands(load)
            held = {(one.ssin, self._names[one.data_group]): holds for one, holds in anew.said.items()}
            self._write(facts, held, load)
            tell = Telling(self._settings, rights, anew.reaching, load, today)
            self._notices.renew(anew.said, load, Renewed(held, anew.opened), tell)
        return [*failed, *(said.keys() - anew.said.keys())]

    def _write(self, facts: Path, held: Mapping[tuple[str, str], Sequence[Holding]], load: Load) -> None:
        """Write what was said. Raises Conflict as `_check_stands`, Unavailable where the facts went otherwise."""
        try:
            say_anew(facts, held)
        except Unavailable:
            self._check_stands(load)
            raise

    def _check_stands(self, load: Load) -> None:
        """Raise Conflict where another load took the place of this one while the sources were asked."""
        current = self._buffer.current()
        if current is None or current.number != load.number:
            raise Conflict("Another load took the place of this one.")

    def _known(self, notices: Sequence[Notice], load: Load | None, today: date) -> Sequence[Notice]:
        """Give those of which the buffer may say something."""
        if load is None or load.over(today):
            return ()
        withdrawn = self._buffer.withdrawn({one.ssin for one in notices})
        return [one for one in notices if one.data_group in self._names and one.ssin not in withdrawn]

    def _rights(self, day: date) -> Sequence[Direct]:
        """Give the rights of a day. Raises NotGranted where the catalogue has another table in force."""
        rights = [one for one in read_rights(self._settings.path(self._settings.rights)) if one.in_force(day)]
        which, now = (day, rights), time.monotonic()
        if self._compared is None or self._compared[0] != which or now - self._compared[1] > _COMPARED_SECONDS:
            check_granted(self._client, rights, day)
            self._compared = (which, now)
        return [Direct(right) for right in rights]

    def _ask(self, notices: Sequence[Notice], day: date, today: date) -> tuple[Said, Sequence[Notice]]:
        """Give what was said, and for which notices nothing was: neither for those that there was no time for."""
        said: dict[Notice, Sequence[Holding]] = {}
        failed: list[Notice] = []
        unasked: list[Notice] = []
        why, silent = Counter[str](), Counter[str]()
        until = time.monotonic() + _ASKING_SECONDS
        for notice in notices:
            if self._stop.is_set() or time.monotonic() > until:
                break
            if silent[notice.source] == _SILENT:
                unasked.append(notice)
                continue
            try:
                said[notice] = self._said(notice, day, today)
                silent[notice.source] = self._silent[notice.source] = 0
            except Exception as error:  # noqa: BLE001 - whatever it is, it is about this notice alone
                failed.append(notice)
                silent[notice.source] += isinstance(error, Unavailable)
                why[reason(error)] += 1
        say_why(why)
        self._notices.put_off([(one, self._silent[one.source]) for one in unasked], SystemClock().now())
        self._silent.update({one.source for one in unasked})
        return said, failed

    def _said(self, notice: Notice, day: date, today: date) -> Sequence[Holding]:
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
        status = self._names[notice.data_group]
        return [one for block in reply.blocks for one in holdings(notice.ssin, status, block, today)]

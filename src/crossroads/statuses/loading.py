"""A load: everybody who may have a right is asked about at the sources, and the answers take the place of the buffer.

Nothing of the buffer before changes until all is there: a load that is killed leaves it as it was.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import structlog

from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.kernel.errors import CrossroadsError, Refused
from crossroads.kernel.period import Period
from crossroads.participant.client import BatchWish, SyncClient
from crossroads.statuses.asking import Tell, answers
from crossroads.statuses.buffer import Buffer
from crossroads.statuses.deciding import unasked
from crossroads.statuses.granting import check_granted
from crossroads.statuses.inscribing import Inscribing
from crossroads.statuses.model import Load, year_end
from crossroads.statuses.placing import place
from crossroads.statuses.rights import read_rights
from crossroads.statuses.settings import StatusSettings
from crossroads.statuses.staging import Round
from crossroads.statuses.taking import Taking

AGENT = "load"

_log = structlog.get_logger(__name__)


class Loading:
    """One load, on one day."""

    def __init__(self, client: SyncClient, institution: str, settings: StatusSettings, day: date) -> None:
        """Ask with a client of the institution."""
        self._client, self._settings, self._day = client, settings, day
        self._buffer = Buffer(settings.path(settings.buffer))
        self._inscribing = Inscribing(client, institution, self._buffer)
        self._taking = Taking(settings, self._buffer, day)
        self.ended = 0
        """How many inscriptions were ended, which nothing needed any more."""

    @property
    def left_out(self) -> Counter[str]:
        """How many people could not be inscribed, and so were not asked about, by the reason."""
        return self._inscribing.left_out

    def run(self, tell: Tell) -> Load:
        """Load, and give what is there now.

        Raises NotGranted where the catalogue has another table in force than one of ours: then nobody is asked about.
        Raises Conflict while another load is under way; Refused, Unavailable and Tampered as the questions do.
        """
        settings, day = self._settings, self._day
        rights = read_rights(settings.path(settings.rights))
        check_granted(self._client, rights, day)
        with self._buffer.loading() as (number, folder):
            year = Period(day.replace(month=1, day=1), year_end(day))
            self._round(folder, 1, settings.candidates, self._wish([*settings.statuses.values()], year), tell)
            self._check_somebody()
            self._round(folder, 2, settings.members, self._wish([], None), tell)
            until = brussels_day(SystemClock().now()) + timedelta(days=settings.kept_days)
            load = Load(number=number, day=day, until=until, sources=self._taking.said(), failed=self._taking.failed)
            place(self._buffer, load, folder, rights)
            self._end_needless()
        return load

    def _end_needless(self) -> None:
        """End the inscriptions that nothing needs any more; at the next load, where that cannot be now."""
        self._buffer.gone(self._taking.gone)
        today = brussels_day(SystemClock().now())
        try:
            self.ended = self._inscribing.end_needless(self._settings.candidates, self._settings.members, today)
        except CrossroadsError as error:
            _log.warning("inscriptions not ended yet", why=str(error), code=error.code)

    def _wish(self, groups: Sequence[str], period: Period | None) -> BatchWish:
        settings = self._settings
        asked = [settings.identification, settings.household, *groups]
        return BatchWish(settings.legal_context, asked, AGENT, period, self._day, life=settings.patience)

    def _round(self, folder: Path, number: int, context: str, wish: BatchWish, tell: Tell) -> None:
        """Ask about the candidates, and in a second round about those who live with them."""
        people = self._buffer.candidates() if number == 1 else self._unasked(folder)
        known = self._inscribing.inscribe(people, context, self._day)
        with Round(folder, number) as found, answers(self._client, known, wish, tell, folder) as records:
            for record in records:
                self._taking.take(found, record)
            self._taking.finish(found)

    def _unasked(self, folder: Path) -> Iterator[str]:
        """Give who lives with a candidate, but for those who wished to be left out."""
        withdrawn = set(self._buffer.withdrawals())
        return (one for one in unasked(folder, self._day) if one not in withdrawn)

    def _check_somebody(self) -> None:
        if self.left_out and not self._taking.anybody:
            raise Refused(f"Nobody can be asked about, and nothing is loaded: {next(iter(self.left_out))}")

"""A load: everybody who may have a right is asked about at the sources, and the answers take the place of the buffer.

Nothing of the buffer before changes until all is there: a load that is killed leaves it as it was.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.kernel.errors import Refused, Unavailable
from crossroads.kernel.period import Period
from crossroads.participant.client import AnsweredRecord, BatchWish, OpenedBlock, SyncClient
from crossroads.statuses.asking import Tell, answers
from crossroads.statuses.buffer import Buffer
from crossroads.statuses.deciding import unasked
from crossroads.statuses.inscribing import Inscribing
from crossroads.statuses.model import Holding, Load, Resident, year_end
from crossroads.statuses.placing import place
from crossroads.statuses.reading import Unreadable, failed_sources, holdings, home, resident
from crossroads.statuses.rights import read_rights
from crossroads.statuses.settings import StatusSettings
from crossroads.statuses.staging import Round

AGENT = "load"


class Loading:
    """One load, on one day."""

    def __init__(self, client: SyncClient, institution: str, settings: StatusSettings, day: date) -> None:
        """Ask with a client of the institution."""
        self._client, self._settings, self._day = client, settings, day
        self._buffer = Buffer(settings.path(settings.buffer))
        self._before = self._buffer.current()
        self._inscribing = Inscribing(client, institution, self._buffer, settings.path(settings.buffer))
        self._asked: set[str] = set()
        self._registers: set[str] = set()
        self._silent: set[str] = set()
        self._failed: Counter[str] = Counter()

    @property
    def left_out(self) -> Counter[str]:
        """How many people could not be inscribed, and so were not asked about, by the reason."""
        return self._inscribing.left_out

    def run(self, tell: Tell) -> Load:
        """Load, and give what is there now.

        Raises Conflict while another load is under way; Refused, Unavailable and Tampered as the questions do.
        """
        settings, day = self._settings, self._day
        rights = read_rights(settings.path(settings.rights))
        with self._buffer.loading() as (number, folder):
            year = Period(day.replace(month=1, day=1), year_end(day))
            self._round(folder, 1, settings.candidates, self._wish([*settings.statuses.values()], year), tell)
            self._check_somebody()
            self._round(folder, 2, settings.members, self._wish([], None), tell)
            until = brussels_day(SystemClock().now()) + timedelta(days=settings.kept_days)
            load = Load(number=number, day=day, until=until, sources=self._said(), failed=self._failed)
            place(self._buffer, load, folder, rights)
        return load

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
                self._take(found, record)
        if self._asked and (not self._registers or self._registers & self._silent):
            raise Unavailable("The register does not say everything about everybody, and nothing is loaded.")

    def _unasked(self, folder: Path) -> Iterator[str]:
        """Give who lives with a candidate, but for those who wished to be left out."""
        withdrawn = set(self._buffer.withdrawals())
        return (one for one in unasked(folder, self._day) if one not in withdrawn)

    def _check_somebody(self) -> None:
        if self.left_out and not self._asked:
            raise Refused(f"Nobody can be asked about, and nothing is loaded: {next(iter(self.left_out))}")

    def _take(self, found: Round, record: AnsweredRecord) -> None:
        failed = failed_sources(record.line, record.rejected)
        self._asked |= {one.institution for one in record.line.sources}
        self._silent |= failed
        of_register = {self._settings.identification, self._settings.household}
        self._registers |= {block.source for block in record.blocks if block.data_group in of_register}
        ssin, blocks = record.line.ssin.value, {block.data_group: block for block in record.blocks}
        if not blocks and not failed:
            return  # dead before the days asked about
        found.reside(self._resident(ssin, blocks.get(self._settings.identification), failed))
        found.share(home(ssin, blocks.get(self._settings.household)))
        for one in self._held(ssin, blocks, failed):
            found.hold(one)
        self._failed.update(failed)

    def _resident(self, ssin: str, block: OpenedBlock | None, failed: set[str]) -> Resident:
        try:
            return resident(ssin, block)
        except Unreadable:
            failed |= {block.source} if block else set()
            return resident(ssin, None)

    def _held(self, ssin: str, blocks: Mapping[str, OpenedBlock], failed: set[str]) -> Sequence[Holding]:
        """Give the statuses of a person. What a source that failed said before is believed on, with the day of then."""
        said: dict[str, Sequence[Holding]] = {}
        for status, group in self._settings.statuses.items():
            if group in blocks:
                try:
                    said[status] = holdings(ssin, status, blocks[group], self._day)
                except Unreadable:
                    failed.add(blocks[group].source)
        kept = self._kept(ssin, failed)
        return [*(one for held in said.values() for one in held), *(one for one in kept if one.status not in said)]

    def _kept(self, ssin: str, failed: set[str]) -> Sequence[Holding]:
        """Give what sources that failed said before; nothing where the time of that is over."""
        if not failed or not self._before or self._before.over(brussels_day(SystemClock().now())):
            return ()
        return [one for one in self._buffer.holdings(ssin) if one.source in failed]

    def _said(self) -> dict[str, date | None]:
        before = self._before.sources if self._before else {}
        never: dict[str, date | None] = dict.fromkeys(self._asked)
        return {**never, **before, **dict.fromkeys(self._asked - set(self._failed), self._day)}

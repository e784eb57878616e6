"""A load: everybody who may have a right is asked about at the sources, and the answers take the place of the buffer.

Nothing of the buffer before changes until all is there: a load that is killed leaves it as it was.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

from crossroads.kernel.errors import Refused, Unavailable
from crossroads.kernel.period import Period
from crossroads.participant.client import AnsweredRecord, BatchWish, SyncClient
from crossroads.statuses.asking import Tell, answers
from crossroads.statuses.buffer import Buffer
from crossroads.statuses.deciding import Decider, unasked
from crossroads.statuses.inscribing import Inscribing
from crossroads.statuses.model import Holding, Load, year_end
from crossroads.statuses.reading import failed_sources, holdings, home, resident
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
        self._failed: set[str] = set()

    @property
    def left_out(self) -> Counter[str]:
        """How many people could not be inscribed, and so were not asked about, by the reason."""
        return self._inscribing.left_out

    def run(self, tell: Tell) -> Load:
        """Load, and give what is there now.

        Raises Conflict while another load is under way; Refused, Unavailable and Tampered as the questions do.
        """
        settings, day = self._settings, self._day
        rights = [one for one in read_rights(settings.path(settings.rights)) if one.in_force(day)]
        with self._buffer.loading() as (number, folder):
            year = Period(day.replace(month=1, day=1), year_end(day))
            self._round(folder, 1, settings.candidates, self._wish([*settings.statuses.values()], year), tell)
            self._check_somebody()
            self._round(folder, 2, settings.members, self._wish([], None), tell)
            until = day + timedelta(days=settings.kept_days)
            load = Load(number=number, day=day, until=until, sources=self._said())
            with Decider(folder, day) as decider:
                granted = (one for right in rights for one in decider.entitlements(right))
                self._buffer.commit(load, decider.known(), decider.holdings(), granted)
        return load

    def _wish(self, groups: Sequence[str], period: Period | None) -> BatchWish:
        settings = self._settings
        asked = [settings.identification, settings.household, *groups]
        return BatchWish(settings.legal_context, asked, AGENT, period, self._day, life=settings.patience)

    def _round(self, folder: Path, number: int, context: str, wish: BatchWish, tell: Tell) -> None:
        """Ask about the candidates, and in a second round about those who live with them."""
        people = self._buffer.candidates() if number == 1 else unasked(folder, self._day)
        known = self._inscribing.inscribe(people, context, self._day)
        with Round(folder, number) as found:
            for record in answers(self._client, known, wish, tell):
                self._take(found, record)
        if self._asked and (not self._registers or self._registers & self._failed):
            raise Unavailable("The register does not say everything about everybody, and nothing is loaded.")

    def _check_somebody(self) -> None:
        if self.left_out and not self._asked:
            raise Refused(f"Nobody can be asked about, and nothing is loaded: {next(iter(self.left_out))}")

    def _take(self, found: Round, record: AnsweredRecord) -> None:
        failed = failed_sources(record.line, record.rejected)
        self._asked |= {one.institution for one in record.line.sources}
        self._failed |= failed
        of_register = {self._settings.identification, self._settings.household}
        self._registers |= {block.source for block in record.blocks if block.data_group in of_register}
        ssin, blocks = record.line.ssin.value, {block.data_group: block for block in record.blocks}
        if not blocks and not failed:
            return  # dead before the days asked about
        found.reside(resident(ssin, blocks.get(self._settings.identification)))
        found.share(home(ssin, blocks.get(self._settings.household)))
        for status, group in self._settings.statuses.items():
            if group in blocks:
                for one in holdings(ssin, status, blocks[group], self._day):
                    found.hold(one)
        for one in self._kept(ssin, failed):
            found.hold(one)

    def _kept(self, ssin: str, failed: set[str]) -> Iterator[Holding]:
        """Give what a source that failed said before: it is believed on, with the day of then."""
        if failed and self._before:
            yield from (one for one in self._buffer.holdings(ssin) if one.source in failed)

    def _said(self) -> dict[str, date | None]:
        before = self._before.sources if self._before else {}
        never: dict[str, date | None] = dict.fromkeys(self._asked)
        return {**never, **before, **dict.fromkeys(self._asked - self._failed, self._day)}

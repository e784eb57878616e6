"""What comes back of a load's questions becomes facts; what a source did not say stands as it said it before.

A source that fails about one person is silent about that person alone. So is the register; but where it says nothing
about many, it is down, and nothing may be loaded: people would lose their household, and with it their rights.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple, TypeVar

from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.kernel.errors import Unavailable
from crossroads.participant.client import AnsweredRecord, OpenedBlock
from crossroads.statuses.buffer import Buffer
from crossroads.statuses.direct import Person
from crossroads.statuses.model import Holding, Home, Resident
from crossroads.statuses.neighbours import said_before
from crossroads.statuses.reading import Unreadable, failed_sources, holdings, home, resident
from crossroads.statuses.settings import StatusSettings
from crossroads.statuses.staging import Round

T = TypeVar("T")

_ONE_IN = 100
"""Of how many people the register may say nothing about one, and be believed to be up."""
_LOOK_EVERY = 10_000


class _Unsaid(NamedTuple):
    """Somebody of whom an answer lacks a part that the register has of others."""

    ssin: str
    resident: Resident | None
    home: Home | None
    failed: frozenset[str]


class Taking:
    """Takes answers, round by round."""

    def __init__(self, settings: StatusSettings, buffer: Buffer, day: date) -> None:
        """Take them as of a day; of the buffer is read what was said before."""
        self._settings, self._buffer, self._day = settings, buffer, day
        before = buffer.current()
        self._before = before if before and not before.over(brussels_day(SystemClock().now())) else None
        self._names = {group: status for status, group in settings.statuses.items()}
        self._people = 0
        self._asked: set[str] = set()
        self._registers: set[str] = set()
        self._unsaid: list[_Unsaid] = []
        self.failed: Counter[str] = Counter()
        """About how many people each source failed."""
        self.gone: list[str] = []
        """Of whom nobody has anything for the days asked about: they died before."""

    @property
    def anybody(self) -> bool:
        """Tell whether anybody was asked about."""
        return bool(self._asked)

    def take(self, found: Round, record: AnsweredRecord) -> None:
        """Take what came of one person. Raises Refused for what the hub refuses, Unavailable as `finish` does."""
        failed = failed_sources(record.line, record.rejected)
        self._people += 1
        self._asked |= {one.institution for one in record.line.sources}
        ssin = record.line.ssin.value
        if not record.blocks and not failed:
            self.gone.append(ssin)
            return
        for one in self._held(ssin, record.blocks, failed):
            found.hold(one)
        self._live(found, ssin, {block.data_group: block for block in record.blocks}, failed)
        self.failed.update(failed)

    def finish(self, found: Round) -> None:
        """End a round: of those about whom the register said nothing, what it said before stands.

        Raises Unavailable where those are many, or all.
        """
        self._check()
        before = self._said_before([one.ssin for one in self._unsaid])
        for one in self._unsaid:
            silent = bool(one.failed & self._registers)
            person = before.get(one.ssin) if silent else None
            found.reside(one.resident or (person and person.resident) or resident(one.ssin, None))
            # Where nothing is known of a household, what those say of theirs who live with the person holds.
            living = one.home or (person.home if person else None if silent else home(one.ssin, None))
            if living:
                found.share(living)
        self._unsaid.clear()

    def _check(self) -> None:
        silent = sum(bool(one.failed & self._registers) for one in self._unsaid)
        if self._asked and (not self._registers or silent > max(1, self._people // _ONE_IN)):
            raise Unavailable("The register does not say everything about everybody, and nothing is loaded.")

    def said(self) -> Mapping[str, date | None]:
        """Give when each source last said all that it was asked."""
        before = self._before.sources if self._before else {}
        never: dict[str, date | None] = dict.fromkeys(self._asked)
        return {**never, **before, **dict.fromkeys(self._asked - set(self.failed), self._day)}

    def _live(self, found: Round, ssin: str, blocks: Mapping[str, OpenedBlock], failed: set[str]) -> None:
        """Take what the register says; at the end of the round, where it does not say all."""
        lives = self._read(resident, ssin, blocks.get(self._settings.identification), failed)
        living = self._read(home, ssin, blocks.get(self._settings.household), failed)
        if failed and not (lives and living):
            self._unsaid.append(_Unsaid(ssin, lives, living, frozenset(failed)))
            if not len(self._unsaid) % _LOOK_EVERY:
                self._check()
            return
        found.reside(lives or resident(ssin, None))
        found.share(living or home(ssin, None))

    def _read(
        self, reader: Callable[[str, OpenedBlock], T], ssin: str, block: OpenedBlock | None, failed: set[str]
    ) -> T | None:
        if block is None:
            return None
        self._registers.add(block.source)
        try:
            return reader(ssin, block)
        except Unreadable:
            failed.add(block.source)
            return None

    def _held(self, ssin: str, blocks: Iterable[OpenedBlock], failed: set[str]) -> Sequence[Holding]:
        """Give the statuses of a person. What a source that failed said before is believed on, with the day of then.

        Several sources may have held one status in turn: each gives its own block.
        """
        said: dict[tuple[str, str], Sequence[Holding]] = {}
        for block in blocks:
            if status := self._names.get(block.data_group):
                try:
                    said[status, block.source] = holdings(ssin, status, block, self._day)
                except Unreadable:
                    failed.add(block.source)
        kept = (one for one in self._kept(ssin, failed) if (one.status, one.source) not in said)
        return [*(one for held in said.values() for one in held), *kept]

    def _kept(self, ssin: str, failed: set[str]) -> Sequence[Holding]:
        """Give what sources that failed said before; nothing where the time of that is over."""
        if not failed or not self._before:
            return ()
        return [one for one in self._buffer.holdings(ssin) if one.source in failed]

    def _said_before(self, people: Sequence[str]) -> Mapping[str, Person]:
        return said_before(self._buffer.facts(self._before), people) if self._before and people else {}

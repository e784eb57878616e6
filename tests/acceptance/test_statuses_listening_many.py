"""Sources tell of many people at once: that is looked into together, and what fails for one waits alone."""

import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from crossroads.kernel.clock import SystemClock
from crossroads.kernel.period import Period
from crossroads.network.service import Network
from crossroads.participant.client import SyncClient
from crossroads.participant.outbox import OUTBOX
from crossroads.statuses.buffer import Buffer
from crossroads.statuses.deciding import Decider
from crossroads.statuses.notices import Notices
from crossroads.statuses.renewing import Renewing
from crossroads.statuses.settings import read_status_settings
from crossroads.wire.messages import AnsweredSsin
from crossroads.wire.mutations import Change, MutationKind
from database import Database
from entitling import CENTRE, DISABILITY, FIRST, GROUPS, STATUSES, settle, statuses, statuses_network
from raw import person

MANY = {CENTRE: [person(number) for number in range(101, 251)], DISABILITY: [person(n) for n in range(251, 401)]}
_FEW = 20
_ASKED = 3
"""Questions that a silent source leaves unanswered before it is asked no more."""
_SECONDS = 60
_GOES = 3
"""One, but on a machine so slow that a go ends before all were asked about."""
EVERYBODY = [ssin for people in MANY.values() for ssin in people]


@pytest.fixture(scope="module")
def network_of_many(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    with statuses_network(tmp_path_factory.mktemp("many") / "net", module_database, MANY) as made:
        made.processes.stop(STATUSES)  # it would look into what is noted here
        yield made


class Told:
    """The institution after a load, with what sources tell of it."""

    def __init__(self, built: Network, client: SyncClient) -> None:
        """Have everybody loaded as the sources had them from the start."""
        for source, people in MANY.items():
            now_has(built, source, people)
        noted = statuses(built, "propose", "-", text="\n".join(EVERYBODY))
        loaded = statuses(built, "load", "--day", FIRST)
        assert (noted.code, loaded.code) == (0, 0), loaded
        settings = read_status_settings(settle(built))
        self.buffer = Buffer(settings.path(settings.buffer))
        self.notices = Notices(self.buffer)
        self.stop = Event()
        self.renewing = Renewing(client, settings, self.buffer, self.notices, self.stop)
        load = self.buffer.current()
        assert load
        self.load = load
        with self.notices.engine.begin() as connection:
            connection.execute(OUTBOX.delete())
            connection.exec_driver_sql("DELETE FROM notice")

    def tell(self, source: str, people: Iterable[str]) -> None:
        """Let a source tell of people."""
        (group,) = (one[0] for one in GROUPS.values() if one[1] == source)
        with self.notices.engine.begin() as connection:
            for ssin in people:
                told = Change(
                    ssin=AnsweredSsin(value=ssin),
                    data_group=group,
                    period=Period(self.load.day),
                    kind=MutationKind.CHANGED,
                    happened_on=self.load.day,
                    source=source,
                    legal_context="STATUSES:LOAD",
                    authorisation="CR-ILL/statuses-1",
                    sealed=True,
                )
                self.notices.note(connection, told)

    def hasten(self) -> None:
        """Let what waits be due now."""
        with self.notices.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE notice SET due = 0")

    def entitled(self) -> set[str]:
        """Give who has a right, as people are told; files and tables must say the same."""
        with Decider(self.buffer.facts(self.load), self.load.day) as decider:
            held = {one.ssin for one in decider.holdings()}
        told = {ssin for ssin in EVERYBODY if self.buffer.entitlements(ssin)}
        assert held.intersection(EVERYBODY) == {ssin for ssin in EVERYBODY if self.buffer.holdings(ssin)} == told
        return told

    def outbox(self) -> tuple[int, int]:
        """Give how many changes are told, and of how many people."""
        with self.notices.engine.connect() as connection:
            counted = connection.execute(select(func.count(), func.count(OUTBOX.c.ssin.distinct()))).one()
        return counted[0], counted[1]


def now_has(built: Network, source: str, people: Sequence[str]) -> None:
    """Let a source have the status of these on file, and of nobody else."""
    with closing(sqlite3.connect(built.member(source).database)) as files, files:
        files.execute("DELETE FROM held")
        files.executemany("INSERT INTO held VALUES (?, '2025-01-01', NULL)", ((ssin,) for ssin in people))


@pytest.fixture
def told(network_of_many: Network) -> Iterator[Told]:
    built = network_of_many
    with SyncClient(built.member(STATUSES).client(built.installation.settings.public_url)) as client:
        made = Told(built, client)
        yield made
        made.notices.close()


def test_what_is_told_of_many_is_written_once(
    told: Told, network_of_many: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 300 people of two sources: no file of the facts is written twice in one go, of which a few do for all."""
    assert told.entitled() == set(EVERYBODY)
    for source, people in MANY.items():
        now_has(network_of_many, source, people[:1])
        told.tell(source, people)
    goes, files = 0, sorted(told.buffer.facts(told.load).glob("holdings-*.parquet"))
    rename = Path.rename
    while told.buffer.waiting():
        written: list[Path] = []
        with monkeypatch.context() as watched:
            watched.setattr(Path, "rename", lambda path, to, written=written: written.append(to) or rename(path, to))
            assert told.renewing.next()
        assert sorted(written) == files
        goes += 1
    assert goes <= _GOES
    assert told.entitled() == {people[0] for people in MANY.values()}
    assert told.outbox()[1] == len(EVERYBODY) - len(MANY)
    assert not told.renewing.next()


def test_a_silent_source_holds_up_no_other(told: Told, network_of_many: Network) -> None:
    """What it told waits, in part unasked; when it speaks again, that is looked into."""
    for source, people in MANY.items():
        now_has(network_of_many, source, people[_FEW:])
        told.tell(source, people[:_FEW])
    network_of_many.processes.stop(DISABILITY)
    try:
        assert told.renewing.next()
    finally:
        network_of_many.start_members([DISABILITY])
    assert told.entitled() == set(EVERYBODY).difference(MANY[CENTRE][:_FEW])
    assert told.buffer.waiting() == _FEW
    waiting = told.notices.due(SystemClock().now() + timedelta(minutes=1), len(EVERYBODY))
    assert Counter((one.source, one.tries) for one in waiting) == {
        (DISABILITY, 1): _ASKED,
        (DISABILITY, 0): _FEW - _ASKED,
    }
    until = time.monotonic() + _SECONDS  # the hub asks one that was silent again after a while
    while told.buffer.waiting() and time.monotonic() < until:
        told.hasten()
        assert told.renewing.next()
    assert told.entitled() == {ssin for people in MANY.values() for ssin in people[_FEW:]}


def test_once_stopped_nobody_is_asked(told: Told, network_of_many: Network) -> None:
    """What waits is left as it is, and due when it goes on."""
    now_has(network_of_many, CENTRE, [])
    told.tell(CENTRE, MANY[CENTRE][:1])
    told.stop.set()
    assert told.renewing.next()
    assert (told.buffer.waiting(), told.entitled()) == (1, set(EVERYBODY))
    told.stop.clear()
    assert told.renewing.next()
    assert (told.buffer.waiting(), told.entitled()) == (0, set(EVERYBODY[1:]))


def test_what_dies_between_files_and_tables_is_told_once(told: Told, network_of_many: Network) -> None:
    """The facts are written, and then it fails: nobody is told, and the next time all is as ever."""
    few = MANY[CENTRE][:_FEW]
    now_has(network_of_many, CENTRE, MANY[CENTRE][_FEW:])
    told.tell(CENTRE, few)
    with closing(sqlite3.connect(told.buffer.path)) as database, database:
        database.execute("CREATE TRIGGER dies BEFORE DELETE ON entitlement BEGIN SELECT RAISE(ABORT, 'full'); END")
    with pytest.raises(IntegrityError, match="full"):
        told.renewing.next()
    assert (told.buffer.waiting(), told.outbox()) == (_FEW, (0, 0))
    assert told.buffer.entitlements(few[0])
    with closing(sqlite3.connect(told.buffer.path)) as database, database:
        database.execute("DROP TRIGGER dies")
    told.hasten()
    assert told.renewing.next()
    assert told.entitled() == set(EVERYBODY).difference(few)
    many, people = told.outbox()
    assert people == _FEW
    told.tell(CENTRE, few)
    assert told.renewing.next()
    assert told.outbox() == (many, people)

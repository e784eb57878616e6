"""The consumer and its store: order, exactly once, poison, repeats and gaps, whatever is lost or killed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.pool import StaticPool
from structlog.testing import capture_logs

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Malformed, Unavailable
from crossroads.participant.consumer import Consumer, Gap
from crossroads.participant.inbox import Inbox
from crossroads.participant.replies import Unacceptable
from crossroads.wire.mutations import Item, MailboxPage, Pull, Settled
from fakemailbox import FakeMailbox

PEOPLE = [f"8065011{number:04}" for number in range(4)]


ATTEMPTS = 3


class Killed(BaseException):
    """The consumer is killed."""


class Way:
    """The way to the mailbox, with the faults that are next on it: each is used once."""

    def __init__(self, mailbox: FakeMailbox, faults: Sequence[str] = ()) -> None:
        """Begin with some faults."""
        self.mailbox = mailbox
        self.faults = list(faults)
        self.calls: list[str] = []

    def pull(self, pull: Pull | None = None) -> MailboxPage:
        """Give items, or not."""
        self.calls.append("pull")
        with_fault = self._fault()
        page = self.mailbox.pull(pull)
        with_fault()
        return page

    def acknowledge(self, lease: UUID, *, numbers: list[int]) -> Settled:
        """Take out, or not."""
        self.calls.append("acknowledge")
        with_fault = self._fault()
        settled = self.mailbox.acknowledge(lease, numbers=numbers)
        with_fault()
        return settled

    def park(self, lease: UUID, numbers: Iterable[int], reason: str) -> Settled:
        """Set aside."""
        return self.mailbox.park(lease, numbers, reason)

    def _fault(self) -> Callable[[], None]:
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "away":
            raise Unavailable("The hub is away.")

        def afterwards() -> None:
            if fault == "lost":
                raise Unavailable("The answer was lost.")
            if fault == "killed":
                raise Killed

        return afterwards


class Program:
    """The institution's own program: writes what it handled in the store's transaction. A fault is used once."""

    def __init__(self, faults: Sequence[str] = ()) -> None:
        """Begin with some faults."""
        self.faults = list(faults)
        self.calls: list[int] = []
        self.poison: set[int] = set()

    def __call__(self, item: Item, transaction: Connection) -> None:
        """Handle one item."""
        fault = self.faults.pop(0) if self.faults else ""
        self.calls.append(item.number)
        change = item.change
        assert change is not None
        values = {"number": item.number, "ssin": change.ssin.value}
        transaction.execute(text("insert into handled (number, ssin) values (:number, :ssin)"), values)
        if item.number in self.poison or fault == "fails":
            raise ValueError(change.ssin.value)
        if fault == "unavailable":
            raise Unavailable("The archive is away.")
        if fault == "killed":
            raise Killed


def store_of() -> Engine:
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    with engine.begin() as connection:
        connection.execute(text("create table handled (position integer primary key, number integer, ssin text)"))
    return engine


def handled(engine: Engine) -> list[tuple[int, str]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text("select number, ssin from handled order by position"))]


def consumer(way: Way, program: Program, engine: Engine, lane: tuple[int, int] = (1, 0), count: int = 3) -> Consumer:
    return Consumer(way, program, Inbox(engine), *lane, count=count, attempts=ATTEMPTS, pause=0.0)


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = store_of()
    yield engine
    engine.dispose()


def until_empty(mailbox: FakeMailbox, make: Callable[[], Consumer]) -> None:
    one = make()
    while mailbox.open:
        try:
            one.once()
        except Unavailable:
            pass
        except Killed:
            one = make()
        mailbox.expire()


FAULTS = st.lists(st.sampled_from(["away", "lost", "killed", ""]), max_size=8)
OWN_FAULTS = st.lists(st.sampled_from(["fails", "unavailable", "killed", "", ""]), max_size=8)


@settings(deadline=None)
@given(
    people=st.lists(st.sampled_from(PEOPLE), max_size=14),
    faults=FAULTS,
    own=OWN_FAULTS,
    void=st.sets(st.integers(0, 13)),
)
def test_whatever_is_lost_or_killed_each_item_is_handled_once_in_the_order_of_its_person(
    people: list[str], faults: list[str], own: list[str], void: set[int]
) -> None:
    mailbox, engine = FakeMailbox(), store_of()
    items = [mailbox.add(ssin, void=n in void) for n, ssin in enumerate(people)]
    way, program = Way(mailbox, faults), Program(own)
    until_empty(mailbox, lambda: Consumer(way, program, Inbox(engine), count=3, attempts=20, pause=0.0))
    expected = [(item.number, item.change.ssin.value) for item in items if item.change]
    found = handled(engine)
    engine.dispose()
    assert sorted(found) == expected
    assert all([row for row in found if row[1] == ssin] == [r for r in expected if r[1] == ssin] for ssin in PEOPLE)


def test_lanes_share_the_people_and_one_store(engine: Engine) -> None:
    mailbox = FakeMailbox()
    for n in range(40):
        mailbox.add(PEOPLE[n % 4], slot=n % 4)
    program = Program()
    for lane in range(4):
        one = consumer(Way(mailbox), program, engine, (4, lane), count=100)
        assert one.once() == 10
    assert sorted(program.calls) == list(range(1, 41))
    assert not mailbox.open


def test_a_lane_that_is_none_is_refused(engine: Engine) -> None:
    with pytest.raises(Malformed):
        consumer(Way(FakeMailbox()), Program(), engine, (3, 0))


def test_a_poison_item_is_parked_and_the_others_go_on(engine: Engine) -> None:
    mailbox, program = FakeMailbox(), Program()
    for _ in range(4):
        mailbox.add(PEOPLE[0])
    program.poison = {2}
    one = consumer(Way(mailbox), program, engine, count=10)
    one.once()
    assert [number for number, _ in handled(engine)] == [1, 3, 4]
    assert program.calls.count(2) == 3
    assert mailbox.aside == {2: "The handler failed 3 times: ValueError."}
    assert (one.progress.handled, one.progress.parked, one.progress.depth) == (3, 1, 0)
    program.poison = set()
    assert one.once(parked=True) == 1
    assert [number for number, _ in handled(engine)] == [1, 3, 4, 2]
    assert mailbox.aside == {}


def test_an_item_that_kills_its_program_is_parked_as_well(engine: Engine) -> None:
    mailbox, program = FakeMailbox(), Program(["killed"] * 3)
    mailbox.add(PEOPLE[0])
    mailbox.add(PEOPLE[1])
    until_empty(mailbox, lambda: consumer(Way(mailbox), program, engine))
    assert mailbox.aside == {1: "The handler failed 3 times: its program ended."}
    assert [number for number, _ in handled(engine)] == [2]


def test_an_item_is_not_blamed_for_what_is_not_in_it(engine: Engine) -> None:
    mailbox, program = FakeMailbox(), Program(["unavailable"] * 9)
    mailbox.add(PEOPLE[0])
    until_empty(mailbox, lambda: consumer(Way(mailbox), program, engine))
    assert mailbox.aside == {}
    assert [number for number, _ in handled(engine)] == [1]


def test_what_was_received_before_is_acknowledged_and_not_handled_again(engine: Engine) -> None:
    mailbox, program = FakeMailbox(), Program()
    mailbox.add(PEOPLE[0])
    consumer(Way(mailbox, ["", "lost"]), program, engine)
    one = consumer(Way(mailbox, ["", *["away"] * ATTEMPTS]), program, engine)
    with pytest.raises(Unavailable):
        one.once()
    mailbox.expire()
    other = consumer(Way(mailbox), program, engine)
    with capture_logs() as told:
        other.once()
    assert [entry["code"] for entry in told if "code" in entry] == [Code.MAILBOX_DUPLICATE]
    assert (one.progress.handled, other.progress.handled, other.progress.repeated) == (1, 0, 1)
    assert (program.calls, mailbox.open) == ([1], set())


class Until(Event):
    """Lets a consumer run until the mailbox is empty, without waiting."""

    def __init__(self, mailbox: FakeMailbox) -> None:
        """Look at this mailbox."""
        super().__init__()
        self._mailbox = mailbox

    def wait(self, timeout: float | None = None) -> bool:
        """Let no time pass, but that for which items are leased once a pull was in vain."""
        if timeout:
            self._mailbox.expire()
        return not self._mailbox.open


def test_while_it_runs_each_page_is_acknowledged_by_the_pull_of_the_next(engine: Engine) -> None:
    mailbox, program = FakeMailbox(), Program()
    for n in range(9):
        mailbox.add(PEOPLE[n % 4])
    way = Way(mailbox)
    one = consumer(way, program, engine)
    one.run(Until(mailbox))
    assert sorted(program.calls) == list(range(1, 10))
    assert (way.calls, one.progress.depth) == (["pull"] * 4, 0)


def test_what_is_dealt_with_when_it_is_stopped_is_acknowledged(engine: Engine) -> None:
    mailbox, program, stop = FakeMailbox(), Program(), Event()
    mailbox.add(PEOPLE[0])
    way = Way(mailbox)
    one = consumer(way, program, engine)
    one.run(stop, lambda _: stop.set())
    assert (way.calls, mailbox.open, one.progress.depth) == (["pull", "acknowledge"], set(), 0)


@settings(deadline=None)
@given(people=st.lists(st.sampled_from(PEOPLE), max_size=14), faults=FAULTS, own=OWN_FAULTS)
def test_whatever_is_lost_or_killed_while_it_runs_each_item_is_handled_once_and_in_order(
    people: list[str], faults: list[str], own: list[str]
) -> None:
    mailbox, engine = FakeMailbox(), store_of()
    items = [mailbox.add(ssin) for ssin in people]
    way, program = Way(mailbox, faults), Program(own)
    while mailbox.open:
        mailbox.expire()
        with suppress(Killed):
            Consumer(way, program, Inbox(engine), count=3, attempts=20, pause=0.0).run(Until(mailbox))
    expected = [(item.number, item.change.ssin.value) for item in items if item.change]
    found = handled(engine)
    engine.dispose()
    assert sorted(found) == expected
    assert all([row for row in found if row[1] == ssin] == [r for r in expected if r[1] == ssin] for ssin in PEOPLE)
    assert mailbox.aside == {}


class Before(Way):
    """The way to a hub of the version before, which takes no acknowledgement with a pull."""

    def pull(self, pull: Pull | None = None) -> MailboxPage:
        """Refuse what it does not know."""
        if pull and pull.acknowledge:
            self.calls.append("refused")
            raise Unacceptable
        return super().pull(pull)


def test_a_hub_of_the_version_before_is_told_as_it_was_used_to(engine: Engine) -> None:
    mailbox, program = FakeMailbox(), Program()
    for _ in range(6):
        mailbox.add(PEOPLE[0])
    way = Before(mailbox)
    consumer(way, program, engine).run(Until(mailbox))
    assert (program.calls, mailbox.open) == ([1, 2, 3, 4, 5, 6], set())
    assert way.calls == ["pull", "refused", "acknowledge", "pull", "acknowledge", "pull"]


@pytest.mark.parametrize("fault", ["away", "lost"])
def test_an_acknowledgement_without_answer_is_said_again(engine: Engine, fault: str) -> None:
    mailbox, program = FakeMailbox(), Program()
    mailbox.add(PEOPLE[0])
    consumer(Way(mailbox, ["", fault]), program, engine).once()
    assert (program.calls, mailbox.open) == ([1], set())


def test_a_gap_is_filled_by_a_replay(engine: Engine) -> None:
    mailbox, program = FakeMailbox(), Program()
    for n in range(6):
        mailbox.add(PEOPLE[n % 2])
    one = consumer(Way(mailbox), program, engine, count=2)
    one.once()
    # Others took these out of the mailbox: they are not given again unless a replay is asked.
    mailbox.open -= {3, 4, 5}
    one.once()
    assert [number for number, _ in handled(engine)] == [1, 2, 3, 4, 5, 6]
    assert mailbox.open == set()


def test_a_gap_that_cannot_be_filled_stops_the_consumer_and_says_which(engine: Engine) -> None:
    mailbox, program = FakeMailbox(), Program()
    for _ in range(4):
        mailbox.add(PEOPLE[0], slot=7)
    one = consumer(Way(mailbox), program, engine, count=1)
    one.once()
    mailbox.lost = {2, 3}
    with pytest.raises(Gap, match=r"Slot 7 came as far as number 1; now came 4, which follows 3") as raised:
        one.once()
    assert raised.value.code == "200001"
    assert program.calls == [1]
    Inbox(engine).pass_to(7, 3)
    mailbox.expire()
    one.once()
    assert program.calls == [1, 4]


def test_items_that_another_consumer_took_over_meanwhile_are_left_to_it(engine: Engine) -> None:
    mailbox, program = FakeMailbox(), Program()
    mailbox.add(PEOPLE[0])

    def slow(item: Item, transaction: Connection) -> None:
        program(item, transaction)
        mailbox.expire()
        mailbox.pull()

    one = Consumer(Way(mailbox), slow, Inbox(engine))
    assert one.once() == 1
    assert mailbox.open == {1}
    mailbox.expire()
    other = consumer(Way(mailbox), program, engine)
    other.once()
    assert (program.calls, other.progress.repeated, mailbox.open) == ([1], 1, set())


def test_the_store_can_be_a_file_of_its_own(tmp_path: Path) -> None:
    mailbox = FakeMailbox()
    mailbox.add(PEOPLE[0])
    seen: list[int] = []
    for _ in range(2):
        store = Inbox.file(tmp_path / "new" / "inbox.sqlite")
        Consumer(Way(mailbox), lambda item, _: seen.append(item.number), store).once()
        store.close()
        mailbox.open = {1}
    assert seen == [1]

"""What sources tell between two loads: whom it reaches, what is told of it, and that nothing of it is lost."""

import shutil
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from types import SimpleNamespace
from typing import cast

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from crossroads.kernel.errors import Conflict, Unavailable
from crossroads.kernel.period import Period
from crossroads.participant.client import SyncClient
from crossroads.participant.outbox import ACCEPTED, OUTBOX, REFUSED, Settled
from crossroads.statuses import renewing
from crossroads.statuses.anew import Telling, decided
from crossroads.statuses.buffer import Buffer
from crossroads.statuses.direct import Direct, Person
from crossroads.statuses.model import Entitlement, Holding, Home, Load, Resident, Undecided
from crossroads.statuses.neighbours import Neighbours, neighbours
from crossroads.statuses.notices import Notice, Notices, Renewed
from crossroads.statuses.renewing import Renewing
from crossroads.statuses.settings import StatusSettings
from crossroads.statuses.staging import Round, say_anew
from crossroads.statuses.telling import Answer, Cause, otherwise, told
from crossroads.wire.messages import AnsweredSsin
from crossroads.wire.mutations import Change, Mutation, MutationKind
from status_facts import DAYS, DIRECT, PEOPLE, STATUSES, at_once, facts, periods

DAY = date(2026, 2, 2)
YEAR = Period(date(2026, 1, 1), date(2026, 12, 31))
GROUP, ANNA, BEA = "status-living-wage@1", "80631512393", "80631512494"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def written(folder: Path, people: Mapping[str, Person]) -> None:
    """Write facts, in two rounds, as a load does."""
    for number, half in ((1, PEOPLE[::2]), (2, PEOPLE[1::2])):
        with Round(folder, number) as found:
            for person in (people[ssin] for ssin in half if ssin in people):
                if person.resident:
                    found.reside(person.resident)
                if person.home:
                    found.share(person.home)
                for one in person.holdings:
                    found.hold(one)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_what_is_decided_anew_about_a_few_is_what_is_decided_about_everybody(data: st.DataObject) -> None:
    day, ssin, status = data.draw(DAYS), data.draw(st.sampled_from(PEOPLE)), data.draw(st.sampled_from(STATUSES))
    before = data.draw(facts(day))
    said = [
        Holding(ssin=ssin, status=status, source="other", period=period, extracted=day)
        for period in data.draw(st.lists(periods(), max_size=2))
    ]
    kept = (one for one in before[ssin].holdings if one.status != status)
    after = {**before, ssin: before[ssin]._replace(holdings=(*kept, *said))}
    with TemporaryDirectory() as name:
        written(Path(name), before)
        say_anew(Path(name), {(ssin, status): said})
        around = neighbours(Path(name), [ssin, "nobody"])
    assert list(around.reached) == [ssin]
    reached = set(around.reached[ssin])
    anew = {one for each in reached for one in alone(around.around(each), [each], day)}
    everybody = at_once(after, day)
    assert anew == {one for one in everybody if one.ssin in reached}
    others = set(PEOPLE) - reached
    assert alone(before, others, day) == {one for one in everybody if one.ssin in others}


def alone(people: Mapping[str, Person], asked: Iterable[str], day: date) -> set[Entitlement]:
    """Decide about some, one by one."""
    return {one for direct in DIRECT.values() for ssin in asked for one in direct.entitlements(ssin, people, day)}


@pytest.mark.parametrize(
    ("before", "after", "days"),
    [
        ([], [], None),
        ([YEAR], [YEAR], None),
        ([YEAR], [], YEAR),
        ([], [Period(DAY)], Period(DAY)),
        ([YEAR], [Period(DAY, date(2026, 12, 31))], Period(date(2026, 1, 1), date(2026, 2, 1))),
        (
            [YEAR],
            [Period(date(2026, 1, 1), date(2026, 6, 30)), Period(date(2026, 7, 1), date(2026, 12, 31))],
            None,
        ),
        ([Period(date(2026, 2, 1), date(2026, 2, 2))], [Period(date(2026, 5, 1))], Period(date(2026, 2, 1))),
    ],
)
def test_the_days_on_which_answers_differ(before: list[Period], after: list[Period], days: Period | None) -> None:
    assert otherwise(before, after) == otherwise(after, before) == days


def test_what_is_told_is_of_the_year_of_the_load_and_names_no_status() -> None:
    answer, corrected = Answer("right-de-lijn@1", ANNA, "25:1"), Cause(corrected=True, wrong_since=None)
    assert told(answer, Period(date(2025, 1, 1), date(2025, 12, 31)), corrected, DAY, DAY) is None
    mutation = told(answer, Period(date(2025, 7, 1)), corrected, DAY, DAY)
    assert mutation is not None
    assert (mutation.period, mutation.kind, mutation.content) == (
        Period(date(2026, 1, 1)),
        MutationKind.CORRECTED,
        None,
    )
    assert mutation.wrong_since is not None
    assert mutation.wrong_since.isoformat() == "2026-01-01T00:00:00+01:00"
    changed = told(answer, YEAR, Cause(corrected=False, wrong_since=None), DAY, DAY)
    assert changed is not None
    assert (changed.kind, changed.wrong_since) == (MutationKind.CHANGED, None)
    assert mutation.reference != changed.reference


@dataclass
class Scene:
    """A buffer with one load, in which Anna has a right; and what sources tell."""

    buffer: Buffer
    notices: Notices

    def load(self) -> Load:
        """Load: Anna and Bea have the right."""
        with self.buffer.loading() as (number, _):
            load = Load(number=number, day=DAY, until=date(9999, 1, 1), sources={})
            self.buffer.commit(load, [ANNA, BEA], [], [right(ANNA), right(BEA)])
        return load

    def tell(
        self,
        kind: MutationKind = MutationKind.CHANGED,
        since: datetime | None = None,
        *,
        people: Iterable[str] = (ANNA,),
        source: str = "pcsw-gent",
    ) -> None:
        """Let a source tell of people: of Anna, unless told."""
        with self.notices.engine.begin() as connection:
            for ssin in people:
                self.notices.note(connection, self.change(ssin, kind, since, source))

    @staticmethod
    def change(ssin: str, kind: MutationKind, since: datetime | None, source: str) -> Change:
        return Change(
            ssin=AnsweredSsin(value=ssin),
            data_group=GROUP,
            period=YEAR,
            kind=kind,
            happened_on=DAY,
            source=source,
            legal_context="STATUSES:LOAD",
            authorisation="CR-ILL/statuses-1",
            sealed=True,
            wrong_since=since,
        )

    def due(self, now: datetime = NOW) -> Notice:
        (found,) = self.notices.due(now, 2)
        return found

    def renew(self, notice: Notice, load: Load, *opened: Entitlement) -> int:
        """Look into it: who lives with Anna has the right no more, unless told."""
        found = Renewed({(ANNA, "living-wage"): []}, {ANNA: opened, BEA: ()})
        return self.notices.renew([notice], load, found, lambda ssin, _, before, after: tell(ssin, before, after))

    def outbox(self) -> list[str]:
        """Give of whom clients are told."""
        with self.notices.engine.connect() as connection:
            return [ssin for (ssin,) in connection.execute(select(OUTBOX.c.ssin).order_by(OUTBOX.c.id))]


def tell(ssin: str, before: object, after: object) -> list[Mutation]:
    made = told(Answer("right-de-lijn@1", ssin, "25:1"), YEAR, Cause(corrected=False, wrong_since=None), DAY, DAY)
    return [made] if made and list(before) != list(after) else []  # type: ignore[call-overload] # both are sequences


def right(ssin: str) -> Entitlement:
    return Entitlement(ssin=ssin, right="de-lijn", period=YEAR, rule=1, version="table")


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    buffer = Buffer(tmp_path / "buffer")
    return Scene(buffer, Notices(buffer))


def test_what_a_source_tells_proposes_the_person_and_is_looked_into_once(scene: Scene) -> None:
    load = scene.load()
    scene.tell()
    assert list(scene.buffer.candidates()) == [ANNA]
    assert scene.buffer.waiting() == 1
    notice = scene.due()
    assert scene.renew(notice, load, right(ANNA)) == 1
    assert scene.outbox() == [BEA]
    assert (scene.buffer.entitlements(ANNA), scene.buffer.entitlements(BEA)) == ([right(ANNA)], [])
    assert (scene.notices.due(NOW, 1), scene.buffer.waiting()) == ([], 0)
    assert scene.renew(notice, load, right(ANNA)) == 0
    assert scene.outbox() == [BEA]


def test_nothing_is_half_done(scene: Scene) -> None:
    """What is known, what is told and that it was looked into are written together, or not at all."""
    load = scene.load()
    scene.tell()
    told_of: list[str] = []

    def dies(ssin: str, _: object, before: object, after: object) -> list[Mutation]:
        told_of.append(ssin)
        if len(told_of) > 1:
            raise OSError("The disk is full.")
        return tell(ssin, before, after)

    found = Renewed({(ANNA, "living-wage"): []}, {BEA: (), ANNA: ()})
    with pytest.raises(OSError, match="full"):
        scene.notices.renew([scene.due()], load, found, dies)
    assert told_of == [BEA, ANNA]
    assert (scene.outbox(), scene.buffer.entitlements(BEA)) == ([], [right(BEA)])
    assert scene.renew(scene.due(), load) == 2


def test_what_is_told_again_while_it_is_looked_into_waits(scene: Scene) -> None:
    load = scene.load()
    scene.tell()
    first = scene.due()
    scene.tell()
    scene.renew(first, load)
    assert scene.due().stamp > first.stamp


def test_a_correction_stays_one_whatever_is_told_after_it(scene: Scene) -> None:
    early, late = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 2, 5, tzinfo=UTC)
    scene.load()
    for kind, since in ((MutationKind.CORRECTED, late), (MutationKind.CORRECTED, early), (MutationKind.ENDED, None)):
        scene.tell(kind, since)
    assert scene.due().cause == Cause(corrected=True, wrong_since=early)
    scene.tell(MutationKind.CANCELLED)
    assert scene.due().cause == Cause(corrected=True, wrong_since=None)


def test_a_source_that_is_silent_is_asked_again_ever_later(scene: Scene) -> None:
    scene.load()
    scene.tell()
    now = NOW
    for seconds in (5, 10, 20):
        scene.notices.later([scene.due(now)], now)
        assert scene.notices.due(now + timedelta(seconds=seconds - 1), 1) == []
        now += timedelta(seconds=seconds)
    for _ in range(40):
        scene.notices.later([scene.due(now)], now)
        now += timedelta(hours=6)
    assert scene.due(now)


def test_what_was_told_before_a_load_began_is_in_it(scene: Scene) -> None:
    load = scene.load()
    scene.tell()
    scene.renew(scene.due(), load)
    scene.load()
    assert scene.notices.due(NOW, 1) == []


def test_what_is_told_during_a_load_is_looked_into_after_it(scene: Scene) -> None:
    before = scene.load()
    with scene.buffer.loading() as (number, _):
        scene.tell()
        scene.renew(scene.due(), before)
        load = Load(number=number, day=DAY, until=date(9999, 1, 1), sources={})
        scene.buffer.commit(load, [ANNA, BEA], [], [right(ANNA), right(BEA)])
    again = scene.due()
    assert again.compares
    with pytest.raises(Conflict):
        scene.renew(again, before)
    assert scene.buffer.entitlements(BEA) == [right(BEA)]
    assert scene.renew(scene.due(), load) == 2


def test_what_was_not_looked_into_before_a_load_is_told_without_comparing(scene: Scene) -> None:
    """The load knows already what clients do not."""
    scene.load()
    scene.tell()
    load = scene.load()
    assert not scene.due().compares
    scene.renew(scene.due(), load)
    assert scene.notices.due(NOW, 1) == []


OWN = StatusSettings(
    rights="rights",
    client="participant.yaml",
    legal_context="STATUSES:LOAD",
    candidates="25:1",
    members="25:5",
    statuses={"living-wage": GROUP, "care-budget": "status-care-budget@1"},
    identification="identification@1",
    household="household@1",
)
OPENING = {
    name: {one.right.data_group for one in DIRECT.values() if name in (one.statuses or ())} for name in OWN.statuses
}


def noticed(name: str, cause: Cause, *, compares: bool = True, ssin: str = ANNA) -> Notice:
    return Notice(ssin, OWN.statuses[name], "pcsw-gent", 1, cause, compares=compares, tries=0)


def telling(*notices: Notice) -> Telling:
    """Tell of notices that all reach Anna."""
    load = Load(number=1, day=DAY, until=date(9999, 1, 1), sources={})
    return Telling(OWN, list(DIRECT.values()), {ANNA: notices}, load, DAY)


def test_without_comparing_nothing_is_told_of_a_right_that_the_status_cannot_open() -> None:
    """Who grants such a right would learn of nothing but that a source told something of its customer."""
    assert OPENING["living-wage"] - OPENING["care-budget"]
    assert OPENING["care-budget"]
    for name in OWN.statuses:
        tells = telling(noticed(name, Cause(corrected=False, wrong_since=None), compares=False))
        assert {one.data_group for one in tells(ANNA, ["25:1"], [], [])} == OPENING[name]


def test_of_what_is_looked_into_together_each_right_is_told_by_what_can_open_it() -> None:
    """A correction of one status makes none of what another one opens; of corrections the first moment counts."""
    early, late = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 2, 5, tzinfo=UTC)
    changed, corrected = Cause(corrected=False, wrong_since=None), Cause(corrected=True, wrong_since=late)
    before = [msgspec.structs.replace(right(ANNA), right=name) for name in DIRECT]
    tells = telling(noticed("living-wage", changed), noticed("care-budget", corrected))
    kinds = {one.data_group: one.kind for one in tells(ANNA, ["25:1"], before, [])}
    assert {group for group, kind in kinds.items() if kind is MutationKind.CORRECTED} == OPENING["care-budget"]
    assert kinds.keys() - OPENING["care-budget"]
    together = telling(
        noticed("living-wage", corrected), noticed("living-wage", Cause(corrected=True, wrong_since=early), ssin=BEA)
    )
    assert {one.wrong_since for one in together(ANNA, ["25:1"], before, [])} == {early}


class Choosy(Direct):
    """A right whose table gives no answer about what one source says."""

    def entitlements(self, ssin: str, people: Mapping[str, Person], day: date) -> list[Entitlement]:
        if any(one.source == "odd" for person in people.values() for one in person.holdings):
            raise Undecided("The table gives no answer.")
        return super().entitlements(ssin, people, day)


def test_of_whom_nothing_can_be_decided_waits_alone() -> None:
    """With those whom it can reach; of the others is decided, on what was said of them alone."""
    living = {one: Person(None, Home(ssin=one, members=frozenset((one,)), collective=False), ()) for one in (ANNA, BEA)}
    around = Neighbours({ANNA: [ANNA], BEA: [BEA]}, {ANNA: [ANNA], BEA: [BEA]}, living)
    changed = Cause(corrected=False, wrong_since=None)
    said = {
        noticed("living-wage", changed, ssin=ssin): [
            Holding(ssin=ssin, status="living-wage", source=source, period=YEAR, extracted=DAY)
        ]
        for ssin, source in ((ANNA, "odd"), (BEA, "pcsw-gent"))
    }
    rights = [Choosy(one.right) for one in DIRECT.values()]
    names = {group: name for name, group in OWN.statuses.items()}
    anew = decided(said, around, names, rights, DAY)
    assert [one.ssin for one in anew.said] == list(anew.reaching) == list(anew.opened) == [BEA]
    assert "social-tariff" in {one.right for one in anew.opened[BEA]}


def test_a_source_that_talks_much_holds_up_no_other(scene: Scene) -> None:
    """Turns go round: the oldest of each source, then the next of each."""
    many, few = [str(number) for number in range(2_000)], ["few-1", "few-2", "few-3"]
    scene.tell(people=many)
    scene.tell(people=few, source="dgph")
    due = scene.notices.due(NOW, 1_000)
    assert [one.ssin for one in due[:7]] == ["0", "few-1", "1", "few-2", "2", "few-3", "3"]
    assert [one.ssin for one in due[7:]] == many[4:997]


def test_a_buffer_of_the_version_before_learns_who_tells(tmp_path: Path) -> None:
    """What waited in it is looked into as ever."""
    buffer = Buffer(tmp_path / "buffer")
    with closing(sqlite3.connect(buffer.path)) as before, before:
        before.execute("ALTER TABLE notice DROP COLUMN source")
        before.execute("INSERT INTO notice (ssin, data_group, stamp, corrected) VALUES (?, ?, 1, 0)", (ANNA, GROUP))
    scene = Scene(Buffer(tmp_path / "buffer"), Notices(buffer))
    assert (scene.due().ssin, scene.due().source) == (ANNA, "")
    scene.tell()
    assert scene.due().source == "pcsw-gent"


def test_a_withdrawal_changes_nothing_of_what_waits(scene: Scene) -> None:
    """Somebody's facts are taken out, and no source is asked: what clients know is still what the buffer says."""
    load = scene.load()
    scene.tell()
    with scene.buffer.loading(anew=False) as (number, _):
        again = msgspec.structs.replace(load, number=number)
        scene.buffer.commit(again, [ANNA, BEA], [], [right(ANNA), right(BEA)])
    assert scene.due().compares
    scene.renew(scene.due(), again)
    with scene.buffer.loading(anew=False) as (number, _):
        scene.buffer.commit(msgspec.structs.replace(load, number=number), [ANNA, BEA], [], [])
    assert scene.notices.due(NOW, 1) == []


def test_of_who_withdrew_nothing_is_noted_nor_told(scene: Scene) -> None:
    load = scene.load()
    scene.tell()
    notice = scene.due()
    scene.buffer.withdraw(ANNA, DAY)
    assert scene.renew(notice, load, right(ANNA)) == 1
    assert scene.outbox() == [BEA]
    scene.buffer.come_back(ANNA)
    assert scene.buffer.entitlements(ANNA) == []
    scene.buffer.withdraw(ANNA, DAY)
    scene.tell()
    assert list(scene.buffer.candidates()) == []


def test_what_the_hub_refused_is_shown_and_goes_in_time(scene: Scene) -> None:
    load = scene.load()
    scene.tell()
    assert scene.renew(scene.due(), load) == 2
    first, second = scene.notices.outbox.waiting(2)
    settled = [Settled(first.id, ACCEPTED, ticket="1"), Settled(second.id, REFUSED, "The person is not held.")]
    scene.notices.outbox.settle(settled, NOW)
    scene.notices.forget_sent()
    assert scene.notices.refused() == (1, ["The person is not held."])
    scene.notices.forget_old(NOW - timedelta(days=1))
    assert scene.notices.refused()[0] == 1
    scene.notices.forget_old(NOW + timedelta(days=1))
    assert (scene.notices.refused(), scene.outbox()) == ((0, []), [])


def looking(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> tuple[Renewing, Load]:
    """Give who looks into what a source told of Anna, of whom the load has facts; it says nothing of her now."""
    with scene.buffer.loading() as (number, folder):
        with Round(folder, 1) as found:
            found.reside(Resident(ssin=ANNA, birth=date(1980, 1, 1), death=None, postcode="9000"))
            found.share(Home(ssin=ANNA, members=frozenset((ANNA,)), collective=False))
        load = Load(number=number, day=DAY, until=date(9999, 1, 1), sources={})
        scene.buffer.commit(load, [ANNA], [], [])
    scene.tell()
    looks = Renewing(cast("SyncClient", None), OWN, scene.buffer, scene.notices, Event())
    monkeypatch.setattr(looks, "_rights", lambda _: list(DIRECT.values()))
    monkeypatch.setattr(looks, "_said", lambda *_: [])
    return looks, load


def test_facts_that_another_load_removes_as_they_are_written_put_nothing_off(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, load = looking(scene, monkeypatch)

    def late(facts: Path, said: Mapping[tuple[str, str], list[Holding]]) -> None:
        with scene.buffer.loading(anew=False) as (number, _):
            scene.buffer.commit(msgspec.structs.replace(load, number=number), [ANNA], [], [])
        say_anew(facts, said)

    monkeypatch.setattr(renewing, "say_anew", late)
    assert looks.next()
    assert scene.due().tries == 0


def test_facts_that_are_gone_are_told_and_looked_for_later(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    looks, load = looking(scene, monkeypatch)
    folder = scene.buffer.facts(load)

    def gone(*_: object) -> list[Holding]:
        shutil.rmtree(folder)
        return []

    monkeypatch.setattr(looks, "_said", gone)
    with pytest.raises(Unavailable, match="facts of this load are gone"):
        looks.next()
    assert scene.notices.due(NOW, 1) == []
    assert scene.due(datetime.now(UTC) + timedelta(minutes=1)).tries == 1


def test_nothing_stays_when_the_time_of_a_load_is_over(scene: Scene) -> None:
    scene.load()
    scene.tell()
    assert scene.buffer.expire(date.max)
    assert scene.notices.due(NOW, 1) == []


def test_three_people_about_whom_nobody_answers_hold_up_no_other(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who holds three of them could else keep all that another source tells from being looked into."""
    people = [f"8063151{number:04d}" for number in range(40)]
    scene.load()
    scene.tell(people=people)
    clock, answered = SimpleNamespace(moment=NOW), set[str]()
    looks = Renewing(cast("SyncClient", None), OWN, scene.buffer, scene.notices, Event())
    monkeypatch.setattr(renewing, "SystemClock", lambda: SimpleNamespace(now=lambda: clock.moment))

    def said(notice: Notice, _day: date, _today: date) -> list[Holding]:
        if notice.ssin in people[:3]:
            raise Unavailable("Another holder did not answer.")
        return []

    monkeypatch.setattr(looks, "_said", said)
    for _ in range(4):
        found, failed = looks._ask(scene.notices.due(clock.moment, 1000), DAY, DAY)
        answered |= {one.ssin for one in found}
        scene.notices.drop(found)
        scene.notices.later(failed, clock.moment)
        clock.moment += timedelta(seconds=6)
    assert answered == set(people[3:])

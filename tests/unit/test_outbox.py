"""The outbox and its notifier, against a hub that loses answers, refuses and is away."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from crossroads.kernel.clock import SystemClock
from crossroads.kernel.errors import Unavailable
from crossroads.kernel.period import Period
from crossroads.participant.notifier import Notifier
from crossroads.participant.outbox import Outbox, write
from crossroads.wire.mutations import MAXIMUM_NOTIFICATION, Mutation, MutationKind, MutationOutcome
from fakemailbox import DAY, SSIN, FakeChanges, mutation

PEOPLE = [f"8065011{number:04}" for number in range(4)]


class Dies(BaseException):
    """The notifier is killed."""


class Way:
    """The way to the hub, with the faults that are next on it: each is used once."""

    def __init__(self, hub: FakeChanges, faults: Sequence[str] = ()) -> None:
        """Begin with some faults."""
        self.hub = hub
        self.faults = list(faults)

    def notify(self, mutations: Sequence[Mutation]) -> list[MutationOutcome]:
        """Pass changes on, as far as the next fault lets them."""
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "away":
            raise Unavailable("The hub is away.")
        outcomes = self.hub.notify(mutations)
        if fault == "lost":
            raise Unavailable("The answer was lost.")
        if fault == "killed":
            raise Dies
        return outcomes


def outbox_in(folder: str | Path) -> Outbox:
    outbox = Outbox(create_engine(f"sqlite:///{folder}/outbox.sqlite"))
    outbox.create()
    return outbox


def put(folder: str | Path, *mutations: Mutation) -> None:
    with create_engine(f"sqlite:///{folder}/outbox.sqlite").begin() as connection:
        for one in mutations:
            write(connection, one)


def until_all_are_sent(outbox: Outbox, way: Way) -> None:
    while outbox.counts()["waiting"]:
        try:
            Notifier(way.notify, outbox, SystemClock()).send()
        except (Unavailable, Dies):
            continue


@settings(deadline=None)
@given(
    people=st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=12),
    faults=st.lists(st.sampled_from(["away", "lost", "killed", ""]), max_size=6),
    refused=st.sets(st.integers(0, 11)),
    spoilt=st.sets(st.integers(0, 11), max_size=3),
)
def test_whatever_is_lost_each_row_has_one_outcome_and_the_order_of_a_person_is_kept(
    people: list[str], faults: list[str], refused: set[int], spoilt: set[int]
) -> None:
    hub = FakeChanges()
    hub.refuses, hub.spoils = {f"r-{n}" for n in refused}, {f"r-{n}" for n in spoilt}
    with TemporaryDirectory() as folder:
        outbox = outbox_in(folder)
        put(folder, *(mutation(f"r-{n}", ssin) for n, ssin in enumerate(people)))
        until_all_are_sent(outbox, Way(hub, faults))
        counts, told = outbox.counts(), {row.reference for row in outbox.refused(100)}
        outbox.close()
    wrong = {f"r-{n}" for n in range(len(people))} & (hub.refuses | hub.spoils)
    assert counts == {"waiting": 0, "accepted": len(people) - len(wrong), "refused": len(wrong)}
    assert told == wrong
    for person in PEOPLE:
        expected = [f"r-{n}" for n, ssin in enumerate(people) if ssin == person and f"r-{n}" not in wrong]
        assert [reference for reference, (one, _) in hub.taken.items() if one.ssin == person] == expected


def test_all_that_a_change_can_say_comes_through_the_table(tmp_path: Path) -> None:
    full = mutation(
        "r-1",
        kind=MutationKind.CORRECTED,
        period=Period(DAY, DAY),
        content={"street": "Rue de l'Étuve", "number": 3},
        wrong_since=SystemClock().now(),
        on_behalf_of="pcsw-gent",
    )
    hub, outbox = FakeChanges(), outbox_in(tmp_path)
    put(tmp_path, full)
    assert Notifier(hub.notify, outbox, SystemClock()).send() == 1
    assert hub.taken["r-1"][0] == full
    outbox.close()


def test_a_row_that_is_no_change_is_refused_here_and_its_neighbours_go(tmp_path: Path) -> None:
    hub, outbox = FakeChanges(), outbox_in(tmp_path)
    with sqlite3.connect(tmp_path / "outbox.sqlite") as connection:
        connection.executemany(
            "insert into crossroads_outbox"
            " (context, data_group, happened_on, reference, ssin, start_date, kind, content)"
            " values ('17:2', 'living-wage@1', '2026-02-01', ?, ?, ?, ?, ?)",
            [
                ("r-1", SSIN, "first of May", "changed", None),
                ("r-2", SSIN, "2026-02-01", "changed", None),
                ("r-3", SSIN, "2026-02-01", "vanished", None),
                ("r-4", SSIN, "2026-02-01", "changed", "{not json"),
                ("r-5", SSIN[:4], "2026-02-01", "changed", None),
            ],
        )
    connection.close()
    assert Notifier(hub.notify, outbox, SystemClock()).send() == 5
    refused = {row.reference: row.reason for row in outbox.refused(10)}
    assert list(hub.taken) == ["r-2"]
    assert refused.keys() == {"r-1", "r-3", "r-4", "r-5"}
    assert "$.period.startDate" in refused["r-1"]
    assert "$.kind" in refused["r-3"]
    assert not any(SSIN[:4] in reason or "May" in reason for reason in refused.values())
    outbox.close()


def test_what_is_too_much_for_one_notification_goes_in_several(tmp_path: Path) -> None:
    hub, outbox = FakeChanges(), outbox_in(tmp_path)
    big = "x" * (MAXIMUM_NOTIFICATION // 3)
    put(tmp_path, *(mutation(f"r-{n}", content={"text": big}) for n in range(7)))
    assert Notifier(hub.notify, outbox, SystemClock()).send() == 7
    assert hub.sizes == [2, 2, 2, 1]
    outbox.close()


def test_two_notifiers_at_once_do_no_harm(tmp_path: Path) -> None:
    hub, outbox, other = FakeChanges(), outbox_in(tmp_path), outbox_in(tmp_path)
    put(tmp_path, *(mutation(f"r-{n}") for n in range(5)))

    def meanwhile(mutations: Sequence[Mutation]) -> list[MutationOutcome]:
        Notifier(hub.notify, other, SystemClock()).send()
        return hub.notify(mutations)

    Notifier(meanwhile, outbox, SystemClock()).send()
    assert outbox.counts() == {"waiting": 0, "accepted": 5, "refused": 0}
    assert len(hub.taken) == 5
    outbox.close()
    other.close()


def test_a_change_and_its_notice_stand_or_fall_together(tmp_path: Path) -> None:
    outbox = outbox_in(tmp_path)
    with create_engine(f"sqlite:///{tmp_path}/outbox.sqlite").begin() as connection:
        connection.execute(text("create table wage (amount integer)"))
    with pytest.raises(Dies):
        _change_and_die(tmp_path)
    assert outbox.counts()["waiting"] == 0
    outbox.close()


def _change_and_die(folder: Path) -> None:
    with create_engine(f"sqlite:///{folder}/outbox.sqlite").begin() as connection:
        connection.execute(text("insert into wage (amount) values (1)"))
        write(connection, mutation("r-1"))
        raise Dies

"""Who lives with whom, kept by the daily feed: what it records, and who of a household is concerned."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete

from crossroads.bootstrap.postgres import EmbeddedPostgres
from crossroads.participant.feed_sheet import refused_lines, sheet
from crossroads.participant.feed_tables import ERRANDS, FEEDS, HOUSEHOLD, IDENTIFICATION, REFUSED
from crossroads.participant.outbox import OUTBOX
from feeding import HOUSEHOLDS, ON, OWN, TARGET, apply, birth, born, move, registering, stored, written
from raw import person

MOTHER, FATHER, SON, LODGER, STRANGER = (person(number) for number in (1, 3, 5, 7, 9))
CHILD = born(3)
SINCE, THEN = date(2026, 3, 1), "2020-05-01"


@pytest.fixture
def engine(postgres: EmbeddedPostgres) -> Iterator[Engine]:
    with registering(postgres, MOTHER, FATHER, SON, LODGER) as made:
        yield made


def housed(ssin: str, position: str, joins: str | None = None, on: str = ON, **other: Any) -> dict[str, Any]:
    """Give the line of a place in a household."""
    line = {"kind": "household", "ssin": ssin, "on": on, "position": position}
    return line | ({"joins": joins} if joins else {}) | other


def family(engine: Engine, folder: Path) -> None:
    """Have three people live together since long, and forget how it was told."""
    lines = [
        housed(MOTHER, "head", on=THEN),
        housed(FATHER, "spouse", MOTHER, THEN),
        housed(SON, "child", FATHER, THEN),
    ]
    apply(engine, written(folder / "family", lines, sequence=1, day="2026-02-01"))
    assert sheet(engine).right
    with engine.begin() as connection:
        connection.execute(delete(OUTBOX))


def told(engine: Engine) -> list[tuple[Any, ...]]:
    """Give the notices of households: of whom, and for which days."""
    rows = stored(engine, OUTBOX, "ssin", "kind", "start_date", "end_date", "data_group")
    return sorted(row[:-1] for row in rows if row[-1] == HOUSEHOLDS)


def homes(engine: Engine) -> dict[str, list[tuple[date, date | None, str]]]:
    found = dict[str, list[tuple[date, date | None, str]]]()
    for ssin, *place in stored(engine, HOUSEHOLD, "ssin", "start_date", "end_date", "position"):
        found.setdefault(ssin, []).append(tuple(place))
    return found


def test_who_leaves_a_household_concerns_each_who_stays(engine: Engine, tmp_path: Path) -> None:
    family(engine, tmp_path)
    apply(engine, written(tmp_path / "feed", [housed(SON, "head")], sequence=2))
    assert told(engine) == sorted((ssin, "changed", SINCE, None) for ssin in (MOTHER, FATHER, SON))
    assert homes(engine)[SON] == [
        (date(2020, 5, 1), date(2026, 2, 28), "child"),
        (SINCE, None, "head"),
    ]


def test_who_changes_households_concerns_both_of_them(engine: Engine, tmp_path: Path) -> None:
    family(engine, tmp_path)
    lines = [housed(LODGER, "head"), housed(SON, "partner", LODGER, "2026-03-02")]
    apply(engine, written(tmp_path / "feed", lines, sequence=2))
    day = date(2026, 3, 2)
    assert told(engine) == sorted(
        [(LODGER, "changed", SINCE, None), *((ssin, "changed", day, None) for ssin in (MOTHER, FATHER, SON, LODGER))]
    )


def test_a_change_is_told_for_the_days_on_which_somebody_was_there(engine: Engine, tmp_path: Path) -> None:
    family(engine, tmp_path)
    lines = [housed(FATHER, "head", on="2024-01-01"), housed(LODGER, "unrelated", MOTHER, "2022-01-01")]
    apply(engine, written(tmp_path / "feed", lines, sequence=2))
    assert (FATHER, "changed", date(2022, 1, 1), date(2023, 12, 31)) in told(engine)
    assert (SON, "changed", date(2022, 1, 1), None) in told(engine)


def test_a_birth_is_told_of_those_the_child_lives_with_once_the_hub_knows_the_child(
    engine: Engine, tmp_path: Path
) -> None:
    family(engine, tmp_path)
    apply(engine, written(tmp_path / "feed", [birth(CHILD, joins=MOTHER), move(MOTHER)], sequence=2))
    errands = stored(engine, ERRANDS, "kind", "ssin", "content", "id")
    in_order = [(kind, ssin, content) for kind, ssin, content, _ in sorted(errands, key=lambda row: row[-1])]
    assert [(kind, ssin) for kind, ssin, _ in in_order] == [
        ("introduce", CHILD),
        ("notify", CHILD),
        ("notify", CHILD),
        *(("notify", ssin) for ssin in sorted((MOTHER, FATHER, SON))),
        ("notify", MOTHER),
    ]
    notices = [msgspec.json.decode(content) for kind, _, content in in_order if kind == "notify"]
    assert [notice["dataGroup"] for notice in notices] == ["identification@1", *[HOUSEHOLDS] * 4, "identification@1"]
    assert homes(engine)[CHILD] == [(SINCE, None, "child")]
    assert stored(engine, OUTBOX) == []


def test_a_death_is_told_of_those_who_are_left_and_the_partner_is_widowed(engine: Engine, tmp_path: Path) -> None:
    family(engine, tmp_path)
    lines = [
        {"kind": "union", "ssin": MOTHER, "on": THEN, "status": "married", "partner": FATHER},
        {"kind": "death", "ssin": FATHER, "on": ON, "partner": MOTHER},
    ]
    apply(engine, written(tmp_path / "feed", lines, sequence=2))
    assert told(engine) == sorted(
        [(FATHER, "ended", SINCE, None), (MOTHER, "changed", SINCE, None), (SON, "changed", SINCE, None)]
    )
    statuses = stored(engine, IDENTIFICATION, "ssin", "start_date", "civil_status")
    assert [status for ssin, _, status in statuses if ssin == MOTHER] == ["single", "married", "widowed"]
    assert homes(engine)[FATHER] == [(date(2020, 5, 1), date(2026, 2, 28), "spouse")]
    rows = stored(engine, OUTBOX, "reference", "ssin", "start_date")
    assert sorted(row[0] for row in rows if row[1:] == (MOTHER, SINCE)) == ["feed-2-2-h1", "feed-2-2-p"]


def test_a_partner_who_is_widowed_already_does_not_stand_in_the_way_of_a_death(engine: Engine, tmp_path: Path) -> None:
    lines = [
        {"kind": "union", "ssin": MOTHER, "on": ON, "status": "widowed"},
        {"kind": "death", "ssin": FATHER, "on": ON, "partner": MOTHER},
    ]
    apply(engine, written(tmp_path / "feed", lines))
    assert sheet(engine).right
    assert [row[0] for row in stored(engine, OUTBOX, "ssin")] == [MOTHER, FATHER]


def test_a_home_for_many_has_no_reference_person(engine: Engine, tmp_path: Path) -> None:
    lines = [
        housed(LODGER, "unrelated", collective=True),
        *(housed(ssin, "unrelated", LODGER) for ssin in (SON, FATHER)),
    ]
    apply(engine, written(tmp_path / "feed", lines))
    assert sheet(engine).right
    names = stored(engine, HOUSEHOLD, "ssin", "household", "collective")
    assert {row[1:] for row in names} == {("feed-1-1", True)}


BAD: list[tuple[Any, str]] = [
    (housed(STRANGER, "head"), "not in this register"),
    (housed(LODGER, "child", STRANGER), "not in this register"),
    (housed(LODGER, "child", LODGER), "their own household"),
    (housed(SON, "child", LODGER), "in no household on this day"),
    (housed(SON, "child", MOTHER), "recorded already"),
    (housed(SON, "head", MOTHER), "has a reference person already"),
    (housed(SON, "child"), "begins a household is its head"),
    (housed(SON, "unrelated", MOTHER, collective=True), "said of a new household"),
    (housed(SON, STRANGER), "$.position"),
    (housed(SON, "head", "12345678901"), "$.joins"),
    (birth(CHILD, joins=LODGER), "in no household on this day"),
    (birth(CHILD, joins="12345678901"), "$.joins"),
    ({"kind": "death", "ssin": SON, "on": ON, "partner": SON[:10]}, "$.partner"),
]


def test_a_bad_line_about_a_household_changes_nothing_and_names_nobody(engine: Engine, tmp_path: Path) -> None:
    family(engine, tmp_path)
    before = stored(engine, HOUSEHOLD), stored(engine, IDENTIFICATION), stored(engine, OUTBOX)
    apply(engine, written(tmp_path / "feed", [bad for bad, _ in BAD], sequence=2))
    refused = list(refused_lines(engine, 2, 100))
    assert [bad.line for bad in refused] == list(range(1, len(BAD) + 1))
    for found, (bad, why) in zip(refused, BAD, strict=True):
        assert why in found.reason, bad
        for number in (MOTHER, FATHER, SON, LODGER, STRANGER, CHILD, "12345678901"):
            assert number not in found.reason
    assert (stored(engine, HOUSEHOLD), stored(engine, IDENTIFICATION), stored(engine, OUTBOX)) == before
    assert {kind.kind: kind.refused for kind in sheet(engine).kinds if kind.read} == {
        "birth": 2,
        "death": 1,
        "household": 10,
    }


def test_another_number_is_told_of_all_who_live_or_lived_with_the_person_once_the_hub_has_it(
    engine: Engine, tmp_path: Path
) -> None:
    family(engine, tmp_path)
    lines = [
        housed(LODGER, "unrelated", MOTHER, "2021-01-01"),
        housed(LODGER, "head", on="2022-01-01"),
        {"kind": "number", "ssin": FATHER, "on": ON, "to": STRANGER},
    ]
    apply(engine, written(tmp_path / "feed", lines, sequence=2))
    assert sheet(engine).right
    errands = sorted(stored(engine, ERRANDS, "id", "kind", "ssin", "former", "content"))
    assert [(kind, ssin, former) for _, kind, ssin, former, _ in errands] == [
        ("renumber", STRANGER, FATHER),
        *[("notify", STRANGER, None)] * 3,
    ]
    notices = [msgspec.json.decode(content) for *_, kind, _, _, content in errands if kind == "notify"]
    days = {notice["ssin"]: notice["period"] for notice in notices if notice["dataGroup"] == HOUSEHOLDS}
    since, lodged = {"startDate": THEN}, {"startDate": "2021-01-01", "endDate": "2021-12-31"}
    assert days == {MOTHER: since, SON: since, LODGER: lodged}
    assert {(notice["kind"], notice["happenedOn"]) for notice in notices} == {("changed", ON)}


def test_without_a_data_group_households_are_kept_and_nobody_is_told(engine: Engine, tmp_path: Path) -> None:
    own = replace(OWN, target=msgspec.structs.replace(TARGET, household_group=None))
    apply(engine, written(tmp_path / "feed", [housed(LODGER, "head"), housed(SON, "child", LODGER)]), own)
    assert sorted(homes(engine)) == sorted((LODGER, SON))
    assert stored(engine, OUTBOX) == []


PEOPLE = (MOTHER, FATHER, SON, LODGER)
FIRST = date(2025, 1, 1)
steps = st.tuples(
    st.sampled_from(PEOPLE),
    st.sampled_from((None, *PEOPLE)),
    st.sampled_from(("head", "child", "unrelated")),
    st.integers(0, 30),
)


@given(st.lists(steps, min_size=1, max_size=12))
@settings(max_examples=settings().max_examples // 5, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nobody_is_in_two_households_on_one_day_and_each_who_is_concerned_is_told(
    engine: Engine, tmp_path: Path, drawn: list[tuple[str, str | None, str, int]]
) -> None:
    with engine.begin() as connection:
        for table in (HOUSEHOLD, OUTBOX, FEEDS, REFUSED):
            connection.execute(delete(table))
    days = [FIRST + timedelta(days=number) for number in range(40)]
    for number, (ssin, joins, position, on) in enumerate(drawn, start=1):
        before = lived_with(engine, days)
        line = housed(ssin, position, joins, (FIRST + timedelta(days=on)).isoformat())
        feed = written(
            tmp_path / "feed", [line], sequence=number, day=(FIRST + timedelta(days=60 + number)).isoformat()
        )
        with engine.begin() as connection:
            connection.execute(delete(OUTBOX))
        apply(engine, feed)
        after = lived_with(engine, days)
        changed = {(who, day) for who in PEOPLE for day in days if before.get((who, day)) != after.get((who, day))}
        notices = {
            (who, day) for who, _, start, end in told(engine) for day in days if start <= day <= (end or date.max)
        }
        assert changed <= notices
        assert {who for who, _ in notices} == {who for who, _ in changed} or not changed


def lived_with(engine: Engine, days: list[date]) -> dict[tuple[str, date], frozenset[tuple[str, str]]]:
    """Give with whom each is on each day, and as what; fails where somebody is in two households."""
    there = dict[tuple[str, date], set[tuple[str, str]]]()
    of = dict[tuple[str, date], str]()
    columns = ("ssin", "start_date", "household", "position", "end_date")
    for ssin, start, household, position, end in stored(engine, HOUSEHOLD, *columns):
        for day in (day for day in days if start <= day <= (end or date.max)):
            assert (ssin, day) not in of
            of[ssin, day] = household
            there.setdefault((household, day), set()).add((ssin, position))
    return {(ssin, day): frozenset(there[household, day]) for (ssin, day), household in of.items()}

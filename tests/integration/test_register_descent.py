"""Who descends from whom, kept by the daily feed: what a birth and another number record, and whom they concern."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine

from crossroads.bootstrap.postgres import EmbeddedPostgres
from crossroads.participant.feed_notices import INTRODUCE, NOTIFY
from crossroads.participant.feed_rows import forget
from crossroads.participant.feed_sheet import refused_lines, sheet
from crossroads.participant.feed_tables import DESCENT, ERRANDS, IDENTIFICATION
from crossroads.wire.mutations import Mutation
from feeding import OWN, REGISTER, TARGET, apply, birth, born, registering, stored, written
from raw import person

MOTHER, FATHER, STRANGER = (person(number) for number in (1, 3, 9))
CHILD, NEW = born(3), born(5)
GROUP = "descent@1"
OURS = replace(OWN, target=msgspec.structs.replace(TARGET, descent_group=GROUP))
SINCE = date(2026, 3, 1)


@pytest.fixture
def engine(postgres: EmbeddedPostgres) -> Iterator[Engine]:
    with registering(postgres, MOTHER, FATHER) as made:
        yield made


def descents(engine: Engine) -> set[tuple[Any, ...]]:
    return set(stored(engine, DESCENT, "ssin", "relation", "relative", "start_date", "end_date"))


def notices(engine: Engine) -> list[Mutation]:
    rows = stored(engine, ERRANDS, "kind", "content")
    found = [msgspec.json.decode(content, type=Mutation) for kind, content in rows if kind == NOTIFY]
    return [one for one in found if one.data_group == GROUP]


def test_a_birth_is_a_change_of_the_child_and_of_each_parent(engine: Engine, tmp_path: Path) -> None:
    apply(engine, written(tmp_path / "feed", [birth(CHILD, parents=[MOTHER, FATHER])]), OURS)
    assert sheet(engine).right
    assert descents(engine) == {
        (ssin, relation, relative, SINCE, None)
        for parent in (MOTHER, FATHER)
        for ssin, relation, relative in ((CHILD, "parent", parent), (parent, "child", CHILD))
    }
    told = [(one.ssin, one.kind.value, one.period.start_date, one.period.end_date) for one in notices(engine)]
    assert told == [
        (CHILD, "created", SINCE, None),
        (MOTHER, "changed", SINCE, None),
        (FATHER, "changed", SINCE, None),
    ]
    assert stored(engine, ERRANDS, "kind")[0] == (INTRODUCE,)


def test_a_birth_without_parents_tells_nobody_of_a_descent(engine: Engine, tmp_path: Path) -> None:
    apply(engine, written(tmp_path / "feed", [birth(CHILD)]), OURS)
    assert (descents(engine), notices(engine)) == (set(), [])


def test_a_register_that_names_no_group_keeps_descents_and_tells_nobody(engine: Engine, tmp_path: Path) -> None:
    apply(engine, written(tmp_path / "feed", [birth(CHILD, parents=[MOTHER])]))
    assert (len(descents(engine)), notices(engine)) == (2, [])


@pytest.mark.parametrize(
    ("parents", "reason"),
    [
        ([STRANGER], "not in this register"),
        ([MOTHER, MOTHER], "named twice"),
        ([CHILD], "named twice"),
        ([MOTHER, FATHER, STRANGER], "length <= 2"),
        (["12345678901"], "parents"),
    ],
)
def test_a_birth_with_parents_that_cannot_be_is_refused(
    engine: Engine, tmp_path: Path, parents: list[str], reason: str
) -> None:
    apply(engine, written(tmp_path / "feed", [birth(CHILD, parents=parents)]), OURS)
    (line,) = refused_lines(engine, 1, 10)
    assert reason in line.reason
    assert not {CHILD, *parents} & set(line.reason.split())
    assert (descents(engine), len(stored(engine, IDENTIFICATION, "ssin"))) == (set(), 2)


def test_parents_descend_to_the_new_number_at_once_and_the_old_one_goes_later(engine: Engine, tmp_path: Path) -> None:
    apply(engine, written(tmp_path / "first", [birth(CHILD, parents=[MOTHER])]), OURS)
    line = {"kind": "number", "ssin": CHILD, "to": NEW, "on": "2026-03-02"}
    apply(engine, written(tmp_path / "second", [line], sequence=2, day="2026-03-03"), OURS)
    assert sheet(engine).right
    pairs = {one[:3] for one in descents(engine)}
    assert pairs == {(CHILD, "parent", MOTHER), (NEW, "parent", MOTHER), (MOTHER, "child", NEW)}
    with engine.begin() as connection:
        forget(connection, REGISTER, CHILD)
    assert {one[:3] for one in descents(engine)} == pairs - {(CHILD, "parent", MOTHER)}

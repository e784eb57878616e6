"""A daily feed applied to the tables of a register, on a real database."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, func, select, text

import feeding
from crossroads.bootstrap.postgres import EmbeddedPostgres
from crossroads.demo.institutions import furnished
from crossroads.demo.institutions import members as demo_members
from crossroads.demo.loading import fill_databases
from crossroads.demo.population.generation import generate
from crossroads.kernel.errors import Conflict, Refused
from crossroads.participant.feed_run import FeedRun
from crossroads.participant.feed_sheet import refused_lines, sheet
from crossroads.participant.feed_tables import ERRANDS, FEEDS, HOUSEHOLD, IDENTIFICATION
from crossroads.participant.outbox import OUTBOX
from feeding import (
    DAY,
    ELSEWHERE,
    ON,
    OWN,
    Noon,
    apply,
    birth,
    born,
    everything,
    move,
    register,
    registering,
    stored,
    written,
)
from networks import belgium
from raw import person

FIRST, SECOND, THIRD, STRANGER = person(1), person(3), person(5), person(7)
CROWD = [person(number) for number in range(101, 161, 2)]


@pytest.fixture
def engine(postgres: EmbeddedPostgres) -> Iterator[Engine]:
    with registering(postgres, FIRST, SECOND, THIRD, *CROWD) as made:
        yield made


def counts(engine: Engine) -> dict[str, tuple[int, int, int, int]]:
    return {kind.kind: kind[1:] for kind in sheet(engine).kinds if any(kind[1:])}


def rows_of(engine: Engine, ssin: str, *columns: str) -> list[tuple[Any, ...]]:
    return [row[1:] for row in stored(engine, IDENTIFICATION, "ssin", *columns) if row[0] == ssin]


def test_each_kind_changes_the_rows_and_is_notified(engine: Engine, tmp_path: Path) -> None:
    child, new = born(3), person(9)
    lines = [
        birth(child),
        move(FIRST),
        {"kind": "name", "ssin": FIRST, "on": ON, "lastName": "Zand", "firstNames": "Ilse Ada"},
        {"kind": "union", "ssin": FIRST, "on": ON, "status": "married", "partner": SECOND},
        {"kind": "death", "ssin": SECOND, "on": ON},
        {"kind": "number", "ssin": THIRD, "to": new, "on": ON, "birthDate": "1981-03-15"},
        move(new),
        move(child, "2026-03-02"),
    ]
    apply(engine, written(tmp_path / "feed", lines))
    columns = ("start_date", "end_date", "last_name", "civil_status", "street", "house_number")
    assert rows_of(engine, FIRST, *columns) == [
        (date(1980, 3, 15), date(2026, 2, 28), "Zandbergen", "single", "Old Street", "1"),
        (date(2026, 3, 1), None, "Zand", "married", "New Street", "2 A"),
    ]
    assert rows_of(engine, SECOND, "civil_status", "death_date")[1] == ("married", date(2026, 3, 1))
    assert rows_of(engine, child, "birth_date", "street") == [
        ("2026-03-01", "Old Street"),
        ("2026-03-01", "New Street"),
    ]
    assert rows_of(engine, new, "birth_date", "street")[-1] == ("1981-03-15", "New Street")
    assert rows_of(engine, THIRD, "birth_date") == [("1980-03-15",)]

    told = stored(engine, OUTBOX, "reference", "ssin", "kind", "start_date", "end_date")
    since = date(2026, 3, 1)
    assert told == [
        *((f"feed-1-{number}", FIRST, "changed", since, None) for number in (2, 3, 4)),
        ("feed-1-4-p", SECOND, "changed", since, None),
        ("feed-1-5", SECOND, "changed", since, None),
    ]
    assert stored(engine, ERRANDS, "reference", "kind", "ssin", "former") == [
        ("feed-1-1", "introduce", child, None),
        ("feed-1-1-n", "notify", child, None),
        ("feed-1-5-d", "decease", SECOND, None),
        ("feed-1-6", "renumber", new, THIRD),
        ("feed-1-7", "notify", new, None),
        ("feed-1-8", "notify", child, None),
    ]
    assert sheet(engine).right
    assert counts(engine)["move"] == (3, 3, 3, 0)


BAD: list[tuple[Any, str]] = [
    ("{", "$.kind: "),
    ('{"kind": "wedding"}', "$.kind: "),
    (move(STRANGER), "not in this register"),
    (move(FIRST) | {"on": "2026-03-03"}, "$.on: "),
    (move(FIRST) | {"ssin": "12345678901"}, "$.ssin: "),
    (move(FIRST) | {STRANGER: 1}, "$: "),
    (move(FIRST) | {"address": ELSEWHERE | {"postcode": STRANGER}}, "$.address.postcode: "),
    (move(FIRST, "1980-03-14"), "Nothing is recorded"),
    (birth(FIRST), "in this register already"),
    ({"kind": "name", "ssin": FIRST, "on": ON, "lastName": "Zandbergen", "firstNames": "Ilse"}, "recorded already"),
    ({"kind": "union", "ssin": FIRST, "on": ON, "status": "married", "partner": FIRST}, "own partner"),
    ({"kind": "union", "ssin": FIRST, "on": ON, "status": "married", "partner": STRANGER}, "not in this register"),
    ({"kind": "death", "ssin": FIRST, "on": ON, "partner": FIRST}, "own partner"),
    ({"kind": "death", "ssin": FIRST, "on": ON, "partner": STRANGER}, "not in this register"),
    ({"kind": "union", "ssin": FIRST, "on": ON, "status": STRANGER}, "$.status: "),
    ({"kind": "number", "ssin": FIRST, "to": SECOND, "on": ON}, "in this register already"),
    ({"kind": "number", "ssin": FIRST, "to": FIRST[:10], "on": ON}, "$.to: "),
]


def test_a_bad_line_is_reported_without_its_values_and_the_rest_is_done(engine: Engine, tmp_path: Path) -> None:
    lines = [
        line for bad, _ in BAD for line in (bad, move(SECOND, houseNumber=f"{len(str(bad))}-{BAD.index((bad, _))}"))
    ]
    before = stored(engine, IDENTIFICATION)
    apply(engine, written(tmp_path / "feed", lines))
    refused = list(refused_lines(engine, 1, 100))
    assert [bad.line for bad in refused] == [2 * number + 1 for number in range(len(BAD))]
    for found, (bad, why) in zip(refused, BAD, strict=True):
        assert why in found.reason, bad
        for number in (FIRST, SECOND, STRANGER, "12345678901"):
            assert number not in found.reason
    assert [row for row in stored(engine, IDENTIFICATION) if row[2] != SECOND] == [
        row for row in before if row[2] != SECOND
    ]
    assert len(stored(engine, OUTBOX)) == len(BAD)
    assert not sheet(engine).right
    assert counts(engine)["unreadable"] == (0, 2, 0, 2)


def test_a_rule_of_the_registers_own_database_refuses_a_line_and_no_other(engine: Engine, tmp_path: Path) -> None:
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE identification ADD CHECK (street <> 'Nowhere')"))
        connection.execute(text("ALTER TABLE identification ALTER house_number TYPE varchar(5)"))
    lines = [move(FIRST), move(SECOND, street="Nowhere"), move(SECOND, houseNumber="123456"), move(THIRD)]
    apply(engine, written(tmp_path / "feed", lines))
    assert [(bad.line, "own database" in bad.reason) for bad in refused_lines(engine, 1, 9)] == [(2, True), (3, True)]
    assert [row[0] for row in stored(engine, OUTBOX, "ssin")] == [FIRST, THIRD]
    assert counts(engine) == {"move": (4, 4, 2, 2)}


def test_what_is_refused_as_a_whole_changes_nothing_and_says_why(engine: Engine, tmp_path: Path) -> None:
    apply(engine, written(tmp_path / "first", [move(FIRST)], sequence=7))
    file, before = tmp_path / "feed", everything(engine)
    good = written(file, [move(SECOND), move(THIRD)], sequence=8, day="2026-03-03").read_bytes()
    lines = good.splitlines(keepends=True)

    def refused(content: bytes | None = None, **header: Any) -> str:
        given = {"sequence": 8, "day": "2026-03-03"} | header
        written(file, [move(SECOND), move(THIRD)], **given)
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(Refused) as error:
            apply(engine, file)
        assert everything(engine) == before
        return str(error.value)

    assert refused(day="2026-03-04") == "The feed is of 2026-03-04, and today is 2026-03-03."
    assert refused(sequence=9) == "Feed 8 is missing: the last was 7, and this is 9."
    assert refused(sequence=6) == "Feed 6 is an old one: the last was 7."
    assert refused(sequence=7) == "Feed 7 was another file."
    assert refused(day=DAY.isoformat()) == "The feed is of 2026-03-02, and the one before it of 2026-03-02."
    assert refused(institution="another") == "The feed is of another, and this is national-register."
    assert refused(count=3) == "The header announces 3 lines and the trailer 2, but there are 2."
    assert "not the header" in refused(feed="another")
    assert "not the header" in refused(version=2)
    assert "not the header" in refused(b"")
    assert "not the header" in refused(b"".join(lines[1:]))
    assert "was cut" in refused(b"".join(lines[:-1]))
    assert "was cut" in refused(good[: -len(lines[-1]) // 2])
    assert "was cut" in refused(lines[0])
    assert "there are 1" in refused(b"".join([lines[0], *lines[2:]]))
    assert (
        refused(good.replace(b"New", "Rue de la Liberté".encode("latin-1")))
        == "Line 2 of the file is not text in UTF-8."
    )
    assert "longer than" in refused(good.replace(b"New", b"N" * 20_000))
    file.write_bytes(good)
    apply(engine, file)
    assert counts(engine) == {"move": (2, 2, 2, 0)}


def test_a_feed_that_is_given_again_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    file = written(tmp_path / "feed", [move(FIRST), birth(born(3)), "{"])
    apply(engine, file)
    before = everything(engine)
    apply(engine, file)
    assert everything(engine) == before


def newborn(number: int) -> dict[str, Any]:
    """Give the line of one birth of thousands, all of one name."""
    on = date(2010 + number // 900, 3, 1)
    return birth(born(1 + number % 900, on), on=on.isoformat())


def mixed(count: int, chance: random.Random) -> list[Any]:
    """Give lines about the crowd, of which some are wrong; each person's come in an order that shows."""
    lines: list[Any] = []
    for number in range(count):
        of = chance.choice(CROWD)
        lines.append(chance.choice([move(of, houseNumber=str(number)), newborn(number), move(STRANGER)]))
    return lines


def test_a_feed_that_is_killed_goes_on_where_it_stood(
    engine: Engine, postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    """Killed at five points, applied to the end: all is as if nothing had happened."""
    chance = random.Random(20261121)
    file = written(tmp_path / "feed", mixed(1500, chance))
    for _ in range(5):
        wait_for = line_of(engine) + chance.randrange(50, 200)
        process = subprocess.Popen(
            [sys.executable, "-c", APPLY, str(engine.url.render_as_string(False)), str(file)],
            env={**os.environ, "PYTHONPATH": str(Path(feeding.__file__).parent)},
        )
        try:
            while line_of(engine) < wait_for:
                assert process.poll() is None
                time.sleep(0.005)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert not sheet(engine).finished
    apply(engine, file)
    assert (sheet(engine).finished, line_of(engine)) == (True, 1500)
    with registering(postgres, FIRST, SECOND, THIRD, *CROWD) as calm:
        apply(calm, file)
        assert everything(calm) == everything(engine)


APPLY = """
import sys
from sqlalchemy import create_engine
from crossroads.participant.feed_run import FeedRun
from feeding import OWN
from crossroads.kernel.clock import SystemClock
with open(sys.argv[2], "rb") as source:
    FeedRun(create_engine(sys.argv[1]), OWN, SystemClock()).apply(source)
"""


def line_of(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(func.coalesce(func.max(FEEDS.c.line), 0))).scalar_one())


def test_two_that_apply_one_feed_at_once_do_no_harm(engine: Engine, tmp_path: Path) -> None:
    file = written(tmp_path / "feed", [move(FIRST, houseNumber=str(number)) for number in range(300)])

    def meanwhile(done: int, _: int) -> None:
        if done == 100:
            apply(engine, file)

    with file.open("rb") as source, pytest.raises(Conflict, match="Another process applies feed 1"):
        FeedRun(engine, OWN, Noon()).apply(source, meanwhile)
    assert [row[0] for row in stored(engine, OUTBOX, "reference")] == [f"feed-1-{number}" for number in range(1, 301)]
    assert counts(engine) == {"move": (300, 300, 300, 0)}


def resident() -> int:
    """Give the bytes that this process has in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def births(file: Path, count: int, **header: Any) -> Path:
    """Write a feed of births of people of one name."""
    with file.open("w") as feed:
        first = {"feed": "crossroads-register-feed", "version": 1, "institution": OWN.institution, "count": count}
        feed.write(json.dumps(first | {"day": DAY.isoformat(), "sequence": 1} | header) + "\n")
        for number in range(count):
            feed.write(json.dumps(newborn(number)) + "\n")
        feed.write(json.dumps({"counts": {"birth": count}}) + "\n")
    return file


@pytest.mark.torture
def test_five_thousand_births_with_one_name_take_no_more_memory_than_five_hundred(
    engine: Engine, tmp_path: Path
) -> None:
    file = births(tmp_path / "feed", 5_000)
    sizes: list[int] = []

    def measure(done: int, _: int) -> None:
        if done % 500 == 0 and done:
            sizes.append(resident())

    with file.open("rb") as source:
        FeedRun(engine, OWN, Noon()).apply(source, measure)
    assert counts(engine) == {"birth": (5_000, 5_000, 5_000, 0)}
    assert len(stored(engine, ERRANDS, "id")) == 10_000
    assert len(sizes) == 10
    assert max(sizes[1:]) < sizes[0] + 4 * 1024 * 1024


def test_the_register_of_the_demo_reads_a_feed(tmp_path: Path) -> None:
    document = belgium()
    members = [furnished(member, document) for member in demo_members(tmp_path, 1)]
    for member in members:
        member.folder.mkdir()
    population = generate(40, 1, date(2026, 3, 1))
    fill_databases(population, members, document, lambda: None)
    life = next(life for life in population.lives if life.person.death is None and life.stays)
    ssin, new = str(life.person.ssin), person(11)
    database = next(member for member in members if member.institution == OWN.institution).database
    engine = create_engine(f"sqlite:///{database}")
    register(engine)
    households = [row[3:] for row in stored(engine, HOUSEHOLD) if row[2] == ssin]
    child = born(3)
    lines = [birth(child, joins=ssin), move(ssin), {"kind": "number", "ssin": ssin, "to": new, "on": ON}]
    apply(engine, written(tmp_path / "feed", lines))
    assert sheet(engine).right
    columns = ("ssin", "start_date", "household", "position", "end_date")
    there = {
        row[0]: row[2:4] for row in stored(engine, HOUSEHOLD, *columns) if row[4] is None or row[4] >= date(2026, 3, 1)
    }
    assert there[child] == (there[ssin][0], "child")
    mates = {who for who, (home, _) in there.items() if home == there[ssin][0]} - {new}
    notices = [json.loads(row[1]) for row in stored(engine, ERRANDS, "kind", "content") if row[0] == "notify"]
    assert {told["ssin"] for told in notices if told["dataGroup"] == "household@1"} == mates
    assert rows_of(engine, new, "start_date", "street", "end_date")[-1] == (date(2026, 3, 1), "New Street", None)
    assert [row[3:] for row in stored(engine, HOUSEHOLD) if row[2] == new] == households != []
    engine.dispose()

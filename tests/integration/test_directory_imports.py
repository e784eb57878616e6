"""First loads: signed by two operators, held against every rule, all or nothing, in the log."""

import asyncio
import csv
import json
import tracemalloc
from collections.abc import AsyncIterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossroads.identity.files import CHUNK, scan
from crossroads.identity.first_load import LoadKind, prepare
from crossroads.kernel.errors import Conflict, CrossroadsError, Malformed, Refused
from crossroads.wire.canonical import b64url
from crossroads.wire.merkle import leaf_hash, root_of
from people import (
    ALICE,
    ALICE_AGAIN,
    BOB,
    FUND,
    GHENT,
    LIEGE,
    LIVING_WAGE,
    OPERATORS,
    OTHER_AID,
    OpenPool,
    World,
    by,
    days,
    line,
    link_act,
    load_act,
    ssin,
    world,
)

ANNA, BEA, CARL, NOBODY = ssin(0), ssin(1), ssin(2), ssin(999)
COLUMNS = ["ssin", "institution", "context", "startDate", "endDate", "phase", "reference"]
Row = dict[str, Any]


@pytest.fixture
async def hub(pool: OpenPool, tmp_path: Path) -> AsyncIterator[World]:
    async with world(pool) as opened:
        await opened.births(ANNA, BEA, CARL, tmp=tmp_path)
        yield opened


def row(number: str = ANNA, at: str = GHENT, first: str = "2026-01-01", last: str | None = None, **other: Any) -> Row:
    given = {"context": LIVING_WAGE, "phase": 0, "reference": "file 1", **other}
    return {"ssin": number, "institution": at, "startDate": first, "endDate": last, **given}


def write(path: Path, rows: Sequence[Row]) -> Path:
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(entry) + "\n" for entry in rows))
    else:
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    return path


async def load(hub: World, path: Path, lines: int, kind: LoadKind = "inscriptions", signers: Any = (ALICE, BOB)) -> int:
    act = load_act(path, kind, lines, signers)
    importing = hub.identity.import_persons if kind == "persons" else hub.directory.import_inscriptions
    return (await importing(path, act, OPERATORS)).lines


async def faults(hub: World, path: Path, lines: int, kind: LoadKind = "inscriptions") -> list[tuple[str, str]]:
    before = await count(hub)
    with pytest.raises(Malformed) as refusal:
        await load(hub, path, lines, kind)
    assert await count(hub) == before
    assert all(number not in str(refusal.value) for number in (ANNA, BEA, CARL, NOBODY))
    return [(fault.path, fault.detail) for fault in refusal.value.faults]


async def count(hub: World) -> tuple[int, int, int]:
    found = await hub.pool.fetchrow(
        "SELECT (SELECT count(*) FROM inscription), (SELECT count(*) FROM person), (SELECT count(*) FROM used_act)"
    )
    return tuple(found)


@pytest.mark.parametrize("name", ["load.csv", "load.jsonl"])
async def test_a_file_becomes_lines_of_the_directory(hub: World, tmp_path: Path, name: str) -> None:
    rows = [
        row(),
        row(BEA, LIEGE, last="2026-06-30", reference="file, with a comma"),
        row(BEA, GHENT, first="2026-07-01", phase=902),
        row(BEA, GHENT, context=OTHER_AID, reference=None),
        row(CARL, FUND, context="7:101"),
    ]
    assert await load(hub, write(tmp_path / name, rows), 5) == 5
    found = await hub.pool.fetch(
        "SELECT p.ssin, institution, context, start_date, end_date, phase"
        " FROM inscription JOIN person AS p USING (person) ORDER BY inscription"
    )
    assert [tuple(entry) for entry in found] == [
        (ANNA, GHENT, LIVING_WAGE, date(2026, 1, 1), None, 0),
        (BEA, LIEGE, LIVING_WAGE, date(2026, 1, 1), date(2026, 6, 30), 0),
        (BEA, GHENT, LIVING_WAGE, date(2026, 7, 1), None, 902),
        (BEA, GHENT, OTHER_AID, date(2026, 1, 1), None, 0),
        (CARL, FUND, "7:101", date(2026, 1, 1), None, 0),
    ]
    assert (await hub.directory.check()).conflicts == ()


WRONG: list[tuple[Row, str]] = [
    ({"startDate": "2026-02-30"}, "startDate"),
    ({"startDate": None}, "startDate"),
    ({"endDate": "2025-12-31"}, "ends before it starts"),
    ({"ssin": "123"}, "not known"),
    ({"phase": "many"}, "phase"),
    ({"institution": "Gent!"}, "institution"),
    ({"institution": "pcsa-nowhere"}, "not active"),
    ({"context": "7:101"}, "not one of the institution's sector"),
    ({"context": "17:99"}, "not one of the institution's sector"),
    ({"phase": 5}, "phase is 0"),
    ({"reference": None}, "evidence"),
    ({"context": "17:1"}, "evidence"),
    ({"ssin": NOBODY}, "not known"),
    ({"ssin": ANNA[:9] + "00"}, "not known"),
    ({"institution": LIEGE, "ssin": ANNA}, "exclusive"),
]


@pytest.mark.parametrize("name", ["load.csv", "load.jsonl"])
async def test_a_bad_line_is_named_and_nothing_is_imported(hub: World, tmp_path: Path, name: str) -> None:
    place = f"line {4 if name.endswith('csv') else 3}"
    for wrong, why in WRONG:
        rows = [row(), row(BEA), {**row(CARL), **wrong}, row(BEA, context=OTHER_AID)]
        found = await faults(hub, write(tmp_path / name, rows), 4)
        assert any(path == place and why in detail for path, detail in found), (wrong, found)


async def test_all_bad_lines_are_named_at_once(hub: World, tmp_path: Path) -> None:
    rows = [row(last="2026-13-01"), row(), row(first="x"), row(phase="y")]
    found = await faults(hub, write(tmp_path / "load.csv", rows), 4)
    assert [path for path, _ in found] == ["line 2", "line 4", "line 5"]


FORMLESS = [
    ("ssin,institution\n1,2\n", "load.csv"),
    (f"{','.join(COLUMNS)}\n{ANNA},only two\n", "load.csv"),
    (f"{','.join(COLUMNS)}\n\n", "load.csv"),
    ("not json\n", "load.jsonl"),
    ('{"ssin": [1]}\n', "load.jsonl"),
    ('{"unheard": "of"}\n', "load.jsonl"),
    ("{}\n", "load.jsonl"),
    ("\ufffe\x00", "load.csv"),
    ("anything", "load.xml"),
]


async def test_a_file_without_form_is_refused(hub: World, tmp_path: Path) -> None:
    for text, name in FORMLESS:
        path = tmp_path / name
        path.write_text(text)
        assert await faults(hub, path, 1), text


async def test_columns_in_another_order_show_no_number_in_the_message(hub: World, tmp_path: Path) -> None:
    path = write(tmp_path / "load.csv", [row(GHENT, ANNA), row(GHENT, GHENT, context=ANNA)])
    assert len(await faults(hub, path, 2)) == 2


@pytest.mark.parametrize("signers", [(), (ALICE,), (ALICE, ALICE_AGAIN)])
async def test_two_operators_must_have_signed(hub: World, tmp_path: Path, signers: Any) -> None:
    path = write(tmp_path / "load.csv", [row()])
    with pytest.raises(Refused, match="two different operators"):
        await load(hub, path, 1, signers=signers)
    assert (await count(hub))[0] == 0


async def test_only_the_file_that_was_signed_is_imported(hub: World, tmp_path: Path) -> None:
    path = write(tmp_path / "load.csv", [row()])
    act = load_act(path, "inscriptions", 1)
    write(path, [row(BEA)])
    with pytest.raises(Refused, match="not the one"):
        await hub.directory.import_inscriptions(path, act, OPERATORS)
    with pytest.raises(Refused, match="signed 2 lines"):
        await load(hub, path, 2)
    with pytest.raises(Refused, match="not of persons"):
        await hub.identity.import_persons(path, load_act(path, "inscriptions", 1), OPERATORS)
    assert (await count(hub))[0] == 0


async def test_an_act_imports_its_file_once(hub: World, tmp_path: Path) -> None:
    path = write(tmp_path / "load.csv", [row(context=OTHER_AID)])
    act = load_act(path, "inscriptions", 1)
    tries = (hub.directory.import_inscriptions(path, act, OPERATORS) for _ in range(3))
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 2
    assert (await count(hub))[0] == 1


async def test_the_log_holds_the_root_of_every_ten_thousand_lines(hub: World, tmp_path: Path) -> None:
    rows = [row(context=OTHER_AID, reference=f"file {number}") for number in range(CHUNK + 5)]
    path = write(tmp_path / "load.csv", rows)
    act = prepare(path, "inscriptions", "crossroads.example").signed_by(ALICE).signed_by(BOB)
    loaded = await hub.directory.import_inscriptions(path, act, OPERATORS)
    entries = await hub.pool.fetch(
        "SELECT content->>'root' AS root, content->>'actor' AS actor FROM log_entry WHERE ticket = $1 ORDER BY index",
        loaded.ticket,
    )
    lines = path.read_bytes().splitlines()[1:]
    roots = [root_of(map(leaf_hash, lines[:CHUNK])), root_of(map(leaf_hash, lines[CHUNK:]))]
    assert [tuple(entry) for entry in entries] == [(b64url(root), "alice, bob") for root in roots]
    assert scan(path).lines == len(rows)


@pytest.mark.torture
@pytest.mark.parametrize("name", ["load.csv", "load.jsonl"])
async def test_a_file_four_times_as_long_takes_no_more_memory(hub: World, tmp_path: Path, name: str) -> None:
    peaks = []
    for lines in (20_000, 80_000):
        rows = (row(context=OTHER_AID, reference=f"{lines} {number:06d} of a long file") for number in range(lines))
        path = write(tmp_path / name, list(rows))
        tracemalloc.start()
        await load(hub, path, lines)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5


async def test_what_cannot_be_logged_is_not_imported(hub: World, tmp_path: Path) -> None:
    path = write(tmp_path / "load.csv", [row()])
    await hub.log.stop()
    with pytest.raises(CrossroadsError):
        await load(hub, path, 1)
    assert (await count(hub))[0] == 0


async def test_lines_are_held_against_the_directory_and_through_links(hub: World, tmp_path: Path) -> None:
    await hub.directory.open(line(BEA, days("2026-06-01")), by(GHENT))
    await hub.identity.link(link_act(ANNA, BEA), OPERATORS)
    path = write(tmp_path / "load.csv", [row(CARL), row(ANNA, LIEGE, "2026-01-01", "2026-06-01")])
    assert await faults(hub, path, 2) == [("line 3", "The context is exclusive in its sector and the period is taken.")]
    write(path, [row(CARL), row(ANNA, LIEGE, "2026-01-01", "2026-05-31")])
    assert await load(hub, path, 2) == 2


async def test_an_import_waits_for_writers_and_sees_what_they_wrote(hub: World, tmp_path: Path) -> None:
    path = write(tmp_path / "load.csv", [row(number, LIEGE) for number in (CARL, BEA, ANNA)])
    writes = [hub.directory.open(line(number, days("2026-01-01")), by(GHENT)) for number in (ANNA, BEA, CARL)]
    await asyncio.gather(load(hub, path, 3), *writes, return_exceptions=True)
    assert (await hub.directory.check()).conflicts == ()
    assert (await count(hub))[0] == 3


async def test_persons_come_into_being_with_their_numbers(hub: World, tmp_path: Path) -> None:
    path = tmp_path / "persons.csv"
    path.write_text(f"ssin,deceasedOn\n{ssin(10)},\n{ssin(11)},2020-02-02\n")
    assert await load(hub, path, 2, "persons") == 2
    found = await hub.pool.fetch(
        "SELECT ssin, deceased_on FROM person WHERE ssin = ANY($1) ORDER BY ssin", [ssin(10), ssin(11)]
    )
    assert [tuple(entry) for entry in found] == [(ssin(10), None), (ssin(11), date(2020, 2, 2))]


async def test_bad_lines_of_a_file_of_persons_are_named(hub: World, tmp_path: Path) -> None:
    path = tmp_path / "persons.jsonl"
    wrong = {"ssin": ssin(10)[:9] + "00"}, {"ssin": ssin(10), "deceasedOn": "soon"}, {"name": "Anna"}
    path.write_text("".join(json.dumps(entry) + "\n" for entry in ({"ssin": ssin(10)}, *wrong)))
    assert [place for place, _ in await faults(hub, path, 4, "persons")] == ["line 2", "line 3", "line 4"]
    path.write_text("".join(json.dumps({"ssin": number}) + "\n" for number in (ssin(10), ANNA, ssin(10))))
    assert await faults(hub, path, 3, "persons") == [
        ("line 3", "The number stands in an earlier line."),
        ("line 2", "The person is known already."),
    ]


periods = st.tuples(st.integers(1, 20), st.one_of(st.none(), st.integers(0, 8)))


async def test_what_a_merge_left_overlapping_stands_in_the_way_of_its_days_alone(hub: World, tmp_path: Path) -> None:
    for number, at in ((ANNA, GHENT), (BEA, LIEGE)):
        await hub.directory.open(line(number, days("2026-01-01", "2026-06-30"), at), by(at))
    await hub.identity.link(link_act(ANNA, BEA), OPERATORS)
    rows = [row(BEA, "pcsa-1", first="2026-07-01"), row(ANNA, GHENT, last="2026-01-31")]
    assert [path for path, _ in await faults(hub, write(tmp_path / "load.csv", rows), 2)] == ["line 3"]
    assert await load(hub, write(tmp_path / "load.csv", rows[:1]), 1) == 1
    found = await hub.directory.check()
    assert (found.conflicts, [one.inscriptions for one in found.known]) == ((), [(1, 2)])


@settings(max_examples=settings().max_examples // 5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from([GHENT, LIEGE, "pcsa-1"]), periods), min_size=1, max_size=7))
async def test_the_window_finds_what_comparing_all_pairs_finds(
    hub: World, tmp_path_factory: pytest.TempPathFactory, drawn: list[Any]
) -> None:
    await hub.pool.execute("DELETE FROM inscription")
    rows = [
        row(
            ANNA,
            at,
            f"2026-01-{first:02d}",
            None if length is None else f"2026-01-{first + length:02d}",
            reference=uuid4().hex,
        )
        for at, (first, length) in drawn
    ]
    pairs = [(one, two) for one in rows for two in rows if one["institution"] != two["institution"]]
    broken = any(
        one["startDate"] <= (two["endDate"] or "9") and two["startDate"] <= (one["endDate"] or "9")
        for one, two in pairs
    )
    path = write(tmp_path_factory.mktemp("load") / "load.csv", rows)
    try:
        await load(hub, path, len(rows))
    except Malformed:
        assert broken
    else:
        assert not broken

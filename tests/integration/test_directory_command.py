"""`crossroads directory import | check`: what they print, and how they end."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import asyncpg
import msgspec
import pytest
from typer.testing import CliRunner, Result

from crossroads.bootstrap import wiring
from crossroads.cli.directory import app
from crossroads.kernel.errors import Refused
from database import Database, execute
from people import (
    ALICE,
    BOB,
    GHENT,
    LIEGE,
    LIVING_WAGE,
    OPERATORS,
    by,
    days,
    line,
    link_act,
    load_act,
    ssin,
    world,
)

HEADER = "ssin,institution,context,startDate,endDate,phase,reference"


@pytest.fixture
def wired(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the services together for the database of the test."""

    @asynccontextmanager
    async def services(_: Any) -> AsyncIterator[Any]:
        async with asyncpg.create_pool(database.url()) as pool:

            async def opened(_: str) -> Any:
                return pool

            async with world(opened) as hub:
                catalogue = SimpleNamespace(current=SimpleNamespace(operators=OPERATORS))
                yield SimpleNamespace(identity=hub.identity, directory=hub.directory, catalogue=catalogue)

    monkeypatch.setattr(wiring, "services", services)
    monkeypatch.setenv("CROSSROADS_DATABASE_URL", database.url())


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def printed(result: Result) -> Any:
    """Give what was printed last: the log of the process goes before it."""
    return json.loads(result.stdout.splitlines()[-1])


async def merged_with_overlap(database: Database, tmp: Path) -> int:
    """Have another institution inscribe a third person, who then turns out to be the second; give that inscription."""
    async with asyncpg.create_pool(database.url()) as pool:

        async def opened(_: str) -> Any:
            return pool

        async with world(opened) as hub:
            await hub.births(ssin(2), tmp=tmp)
            outcome = await hub.directory.open(line(ssin(2), days("2026-03-01"), LIEGE), by(LIEGE))
            await hub.identity.link(link_act(ssin(2), ssin(1)), OPERATORS)
            return outcome.items[0].inscription


def load(path: Path, kind: Any, text: str, signers: Any = (ALICE, BOB)) -> Result:
    path.write_text(text)
    act = path.with_suffix(".act")
    act.write_bytes(msgspec.json.encode(load_act(path, kind, text.count("\n") - 1, signers)))
    return run("import", path, "--act", act, "--kind", kind, "--json")


@pytest.mark.usefixtures("wired")
def test_import_and_check_from_the_command_line(database: Database, tmp_path: Path) -> None:
    persons = f"ssin,deceasedOn\n{ssin(0)},\n{ssin(1)},\n"
    assert isinstance(load(tmp_path / "p.csv", "persons", persons, [ALICE]).exception, Refused)
    done = load(tmp_path / "p.csv", "persons", persons)
    assert (done.exit_code, printed(done)["lines"]) == (0, 2)

    lines = [f"{ssin(number)},{GHENT},{LIVING_WAGE},2026-01-01,,0,file 1" for number in (0, 1)]
    wrong = load(tmp_path / "i.csv", "inscriptions", "\n".join([HEADER, *lines, f"{ssin(9)}{lines[0][11:]}", ""]))
    assert (wrong.exit_code, printed(wrong)["faults"][0]["path"]) == (1, "line 4")
    assert load(tmp_path / "i.csv", "inscriptions", "\n".join([HEADER, *lines, ""])).exit_code == 0

    sound = run("check", "--json")
    assert (sound.exit_code, printed(sound)) == (
        0,
        {"inscriptions": 2, "persons": 2, "exclusive": 2, "conflicts": [], "known": []},
    )
    assert "In order: nobody stands twice" in run("check").output
    number = asyncio.run(merged_with_overlap(database, tmp_path))
    told = run("check")
    assert told.exit_code == 0
    assert "In order, but for what merges of numbers made" in told.output
    assert f"inscriptions 2 and {number} in {LIVING_WAGE}, by merge " in told.output
    (known,) = printed(run("check", "--json"))["known"]
    assert (known["inscriptions"], known["context"], known["since"]) == ([2, number], LIVING_WAGE, "2026-01-01")
    assert {"link", "recordedAt"} <= set(known)

    double = "INSERT INTO inscription (inscription, person, institution, context, start_date, phase, ticket)"
    same = "SELECT 77, person, 'pcsa-liege', context, start_date, phase, ticket FROM inscription LIMIT 1"
    asyncio.run(execute(database.url(), f"{double} {same}"))
    broken = run("check")
    assert broken.exit_code == 1
    assert "77" in broken.output
    assert "Not in order" in broken.output
    assert ssin(0) not in broken.output

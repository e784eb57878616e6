"""Rights without asking, through a whole network: sources say statuses, tables decide, clients learn yes or no."""

import json
import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from commands import typed
from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.kernel.codes import Code, StatusValue
from crossroads.kernel.period import Period
from crossroads.network.service import Network
from crossroads.participant.client import Client
from crossroads.participant.replies import Reply
from crossroads.statuses.buffer import Buffer
from crossroads.statuses.model import quarter_start
from crossroads.wire.usage import Outcome, UsageList
from database import Database
from entitling import (
    BUSES,
    CENTRE,
    CHILD,
    DISABILITY,
    DISABLED,
    ENERGY,
    FARE,
    FIRST,
    FUND,
    HELPED,
    INSURED,
    NEVER,
    NOBODY,
    PORTAL_OWN,
    PROTECTED,
    REGISTER,
    STATUSES,
    STRANGER,
    TARIFF,
    WATER,
    WHY,
    settle,
    statuses,
    statuses_network,
)
from looking import OWN, PORTAL, look, posted, read
from networks import BELGIUM


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    with statuses_network(tmp_path_factory.mktemp("statuses") / "net", module_database) as made:
        yield made


def run(built: Network, client: str, group: str, day: str, output: Path, *more: str) -> list[dict[str, Any]]:
    """Let a client ask about its customers, and give the lines of the result."""
    customers = output.with_suffix(".csv")
    everybody = {"child": CHILD, "disabled": DISABLED, "insured": INSURED, "stranger": STRANGER, "nameless": ""}
    customers.write_text("reference,ssin\n" + "".join(f"{name},{ssin}\n" for name, ssin in everybody.items()))
    ended = typed(
        "statuses", "run", str(built.member(client).settings), str(customers), "--data-group", group,
        "--legal-context", WHY[group], "--output", str(output), "--day", day, *more,
    )  # fmt: skip
    assert ended.code == 0, ended
    return [json.loads(one) for one in output.read_text().splitlines()]


def load(built: Network, *arguments: str) -> dict[str, Any]:
    """Load, and give what the command says of it."""
    loaded = statuses(built, "load", *arguments, "--json")
    assert loaded.code == 0, loaded
    said: dict[str, Any] = json.loads(loaded.stdout)
    return said


def verdicts(lines: list[dict[str, Any]]) -> dict[str, str]:
    return {one["reference"]: one["verdict"] for one in lines}


async def asked(built: Network, ssin: str, group: str = FARE, client: str = BUSES) -> Reply:
    """Let a client ask about one person, today."""
    today = brussels_day(SystemClock().now())
    why = WHY[PROTECTED if client == WATER else FARE]
    async with Client(built.member(client).client(built.installation.settings.public_url)) as opened:
        return await opened.ask(
            ssin=ssin, legal_context=why, data_groups=[group], agent="counter-3", period=Period(today, today)
        )


async def test_rights_without_asking(built: Network, tmp_path: Path) -> None:
    """One story: what is loaded, what clients learn, what people see, and what a silent source leaves standing."""
    noted = statuses(built, "propose", "-", text=f"{HELPED}\n{DISABLED}\n{INSURED}\n{NOBODY}\n")
    assert (noted.code, noted.stdout.strip()) == (0, "4 people are noted."), noted
    said = load(built, "--day", FIRST)
    assert (said["number"], said["stale"], list(said["leftOut"].values())) == (1, {}, [1])

    # Whom the hub does not know is left out. Of the others a household has the tariff by a living wage, one by an
    # allowance; a reimbursement opens it no more.
    tariff = run(built, ENERGY, TARIFF, FIRST, tmp_path / "first.jsonl")
    assert verdicts(tariff) == {
        "child": "yes",
        "disabled": "yes",
        "insured": "no",
        "stranger": "no",
        "nameless": "refused",
    }
    assert (tariff[0]["start_date"], tariff[0]["end_date"]) == ("2026-01-01", "2026-12-31")
    assert {key for one in tariff for key in one} == {
        "reference",
        "verdict",
        "start_date",
        "end_date",
        "reason",
        "change",
    }
    # A right of the person alone: the child has none by somebody else's status.
    fare = run(built, BUSES, FARE, FIRST, tmp_path / "fare.jsonl")
    assert verdicts(fare) == {
        "child": "no",
        "disabled": "yes",
        "insured": "yes",
        "stranger": "no",
        "nameless": "refused",
    }

    check_counts(built, tmp_path)

    # Who may see it: the person, with the rule, and every question that was asked.
    usages = read(posted(built, "/v1/usage/query", look(CHILD, OWN)), UsageList).usages
    assert {(one.institution, group.data_group) for one in usages for group in one.groups} >= {
        (STATUSES, "identification@1"), (ENERGY, TARIFF), (BUSES, FARE)
    }  # fmt: skip

    async with Client(built.member(PORTAL).client(built.installation.settings.public_url)) as portal:
        day = date.fromisoformat(FIRST)
        reply = await portal.ask(
            ssin=HELPED, legal_context=OWN, data_groups=[PORTAL_OWN], agent="session-1", reference_date=day
        )
    (view,) = (block.json for block in reply.blocks)
    (held,) = view["statuses"]
    assert (held["status"], held["source"], held["extracted"]) == ("living-wage", CENTRE, FIRST)
    assert {(one["right"], one["rule"]) for one in view["rights"]} >= {("social-tariff", 1), ("de-lijn", 2)}

    await check_a_silent_source(built, tmp_path)
    await check_households(built)


def check_counts(built: Network, tmp_path: Path) -> None:
    """Policy makers get counts, of which none is of a few; what is no table is told."""
    tariff = ("--right", "social-tariff")
    table = BELGIUM.parents[1] / "rights" / "belgium" / "social-tariff.dmn"
    same = statuses(built, "try", str(table), *tariff, "--json")
    assert same.code == 0, same
    hidden = {"gain": 0, "lose": 0, "other_days": 0, "same": None}
    assert json.loads(same.stdout) == [{"area": None, **hidden}, {"area": "9", **hidden}]
    missing = statuses(built, "absent", str(tmp_path / "first.csv"), *tariff)
    assert (missing.code, " ".join(missing.stdout.split())) == (
        0,
        "postcode entitled absent all hidden 0 9000 hidden 0",
    )
    (tmp_path / "no-table.dmn").write_text("<html/>")
    for wrong in ((str(table), "--right", "no-such-right"), (str(tmp_path / "no-table.dmn"), *tariff)):
        told = statuses(built, "try", *wrong)
        assert (told.code, bool(told.sentence)) == (1, True), told


async def check_a_silent_source(built: Network, tmp_path: Path) -> None:
    """One fund is silent at the next load, and an allowance has ended meanwhile."""
    built.processes.stop(FUND)
    with sqlite3.connect(built.member(DISABILITY).database) as files:
        files.execute("UPDATE held SET end_date = '2026-03-31'")
    files.close()
    settle(built, patience="PT7S")
    said = load(built)
    assert (said["number"], said["stale"]) == (2, {FUND: FIRST})
    shown = " ".join(statuses(built, "show").stdout.split())
    assert f"{FUND} did not say all that it was asked: what it said on {FIRST} stands, marked with that day" in shown
    today = brussels_day(SystemClock().now())
    later = run(built, ENERGY, TARIFF, str(today), tmp_path / "now.jsonl", "--previous", str(tmp_path / "first.jsonl"))
    changes = {one["reference"]: one["change"] for one in later}
    assert changes == {"child": "changed", "disabled": "ended", "insured": "same", "stranger": "same", "nameless": None}
    assert later[0]["start_date"] == str(quarter_start(today))

    # Asked alone, nothing is said of whose source is silent: never "no". Up again, it says what the file says.
    silent = await asked(built, INSURED)
    assert (silent.answer.status.value, silent.blocks) == (StatusValue.INCOMPLETE_DATA, ())
    built.start_members([FUND])
    told = {one["reference"]: one for one in run(built, BUSES, FARE, str(today), tmp_path / "today.jsonl")}
    assert verdicts(list(told.values())) == {"child": "no", "disabled": "no", "insured": "yes", **NEVER}
    for name, ssin in (("child", CHILD), ("disabled", DISABLED), ("insured", INSURED)):
        (block,) = (await asked(built, ssin)).blocks
        assert block.json["entitled"] == (told[name]["verdict"] == "yes"), name
        days = [(one["startDate"], one["endDate"]) for one in block.json["periods"]]
        assert days == ([(told[name]["start_date"], told[name]["end_date"])] if block.json["entitled"] else [])
    unknown = await asked(built, STRANGER)
    assert (unknown.answer.status.value, unknown.answer.sources) == (StatusValue.NO_DATA_FOUND, ())


async def check_households(built: Network) -> None:
    """Asked alone, the household is that of today: who is new in it is inscribed first, and can see that."""
    (block,) = (await asked(built, CHILD, PROTECTED, WATER)).blocks
    assert block.json["entitled"]
    (block,) = (await asked(built, DISABLED, PROTECTED, WATER)).blocks
    assert not block.json["entitled"]
    move(built, DISABLED, "one")
    (block,) = (await asked(built, DISABLED, PROTECTED, WATER)).blocks
    assert block.json["entitled"]
    move(built, STRANGER, "one")
    (block,) = (await asked(built, CHILD, PROTECTED, WATER)).blocks
    assert block.json["entitled"]
    usages = read(posted(built, "/v1/usage/query", look(STRANGER, OWN)), UsageList).usages
    assert [one.outcome for one in usages if one.institution == STATUSES and one.groups] == [Outcome.PARTLY]

    # Who wished to be left out is not asked about, and opens nothing for others.
    member = built.member(STATUSES)
    Buffer(member.folder / "buffer").withdraw(HELPED, date.fromisoformat(FIRST))
    withdrawn = await asked(built, HELPED, PROTECTED, WATER)
    assert (withdrawn.answer.status.value, withdrawn.blocks) == (StatusValue.NO_DATA_FOUND, ())
    (block,) = (await asked(built, CHILD, PROTECTED, WATER)).blocks
    assert not block.json["entitled"]


def move(built: Network, ssin: str, home: str) -> None:
    """Let somebody move, as the register has it."""
    with sqlite3.connect(built.member(REGISTER).database) as files:
        files.execute("UPDATE home SET home = ? WHERE ssin = ?", (home, ssin))
    files.close()


async def test_a_status_itself_is_not_for_a_client(built: Network) -> None:
    refused = await asked(built, INSURED, "status-increased-reimbursement@1")
    assert (refused.answer.status.code, refused.blocks) == (Code.NOT_AUTHORISED, ())
    refused = await asked(built, INSURED, TARIFF)
    assert (refused.answer.status.code, refused.blocks) == (Code.NOT_AUTHORISED, ())


def test_a_home_without_settings_is_told(tmp_path: Path) -> None:
    ended = typed("serve", "--role", "statuses", environment={"CROSSROADS_HOME": str(tmp_path)})
    assert (ended.code, "has no participant.yaml and no statuses.yaml" in ended.sentence) == (1, True), ended

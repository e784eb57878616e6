"""Rights without asking, through a whole network: sources say statuses, tables decide, clients learn yes or no."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from commands import typed
from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.kernel.codes import Code, StatusValue
from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Environment
from crossroads.network.service import Network
from crossroads.participant.batches_client import nobody
from crossroads.participant.client import BatchWish, Client, SyncClient
from crossroads.participant.replies import Reply
from crossroads.statuses.buffer import Buffer
from crossroads.statuses.customers import Customers, ask_all
from crossroads.statuses.customers import Outcome as Told
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
    UNNAMED,
    WATER,
    WHY,
    settle,
    statuses,
    statuses_network,
)
from looking import OWN, PORTAL, look, posted, read
from networks import BELGIUM
from raw import person


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
        view, childs = [
            (await portal.ask(ssin=ssin, legal_context=OWN, data_groups=[PORTAL_OWN], agent="s-1", reference_date=day))
            .blocks[0]
            .json
            for ssin in (HELPED, CHILD)
        ]
    (held,) = view["statuses"]
    assert (held["status"], held["source"], held["extracted"]) == ("living-wage", CENTRE, FIRST)
    assert {(one["right"], one["rule"]) for one in view["rights"]} >= {("social-tariff", 1), ("de-lijn", 2)}
    # By which rule the child has it would tell which status the mother has.
    assert childs["statuses"] == []
    assert "social-tariff" in {one["right"] for one in childs["rights"]}
    assert not any("rule" in one for one in childs["rights"])

    await check_a_silent_source(built, tmp_path)
    check_a_day_that_does_not_exist(built)
    await check_households(built, tmp_path)


def check_counts(built: Network, tmp_path: Path) -> None:
    """Policy makers get counts, of which none is of a few; what is no table is told."""
    tariff = ("--right", "social-tariff")
    table = BELGIUM / "tables" / "social-tariff.dmn"
    same = statuses(built, "try", str(table), *tariff, "--json")
    assert same.code == 0, same
    assert json.loads(same.stdout) == [{"area": None, "gain": None, "lose": None, "other_days": None, "same": None}]
    told = statuses(built, "try", str(table), *tariff)
    assert (told.code, "People, by the first digit of their postcode" in told.stdout) == (0, True), told
    page = tmp_path / "report.html"
    reported = statuses(built, "try", str(table), *tariff, "--report", str(page), "--language", "de")
    assert (reported.code, page.read_text("utf-8").count("verborgen")) == (0, 7), reported
    assert f"{page}: the same as a page" in reported.stdout, reported
    nowhere = statuses(built, "try", str(table), *tariff, "--report", str(tmp_path))
    assert (nowhere.code, "cannot be written" in nowhere.sentence) == (1, True), nowhere
    short = statuses(built, "absent", str(tmp_path / "first.csv"), *tariff)
    assert (short.code, "fewer than 20 people" in short.sentence) == (1, True), short
    many = "".join(f"contract-{number},{person(200 + number)}\n" for number in range(20))
    (tmp_path / "many.csv").write_text(f"reference,ssin\n{many}")
    missing = statuses(built, "absent", str(tmp_path / "many.csv"), *tariff)
    assert (missing.code, missing.stdout.split()[:3]) == (0, ["Households,", "by", "postcode,"]), missing
    assert " ".join(missing.stdout.split()).endswith("postcode entitled absent all together hidden hidden")
    (tmp_path / "no-table.dmn").write_text("<html/>")
    for wrong in ((str(table), "--right", "no-such-right"), (str(tmp_path / "no-table.dmn"), *tariff)):
        told = statuses(built, "try", *wrong)
        assert (told.code, wrong[0 if wrong[0].endswith("no-table.dmn") else 2] in told.sentence) == (1, True), told


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
    assert f"{FUND} did not say all that it was asked of" in shown
    assert f": what it said on {FIRST} stands, marked with that day" in shown
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
    check_one_asks_as_everybody_does(built)
    unknown = await asked(built, STRANGER)
    assert (unknown.answer.status.value, unknown.answer.sources) == (StatusValue.NO_DATA_FOUND, ())


def check_one_asks_as_everybody_does(built: Network) -> None:
    """Ask for a right by its name; the sources are asked for no status that its table does not name."""
    for ssin, verdict in ((CHILD, "no"), (INSURED, "yes")):
        given = ("--right", "de-lijn", "--legal-context", WHY[FARE], "--ssin", "-", "--json")
        ended = typed("statuses", "ask", str(built.member(BUSES).settings), *given, text=f"{ssin}\n")
        (told,) = json.loads(ended.stdout)["outcomes"]
        assert (ended.code, told["name"], told["verdict"]) == (0, "de-lijn", verdict)
        assert set(told) <= {"name", "verdict", "periods", "sources"}
    usages = read(posted(built, "/v1/usage/query", look(INSURED, OWN)), UsageList).usages
    groups = [{group.data_group for group in one.groups} for one in usages if one.institution == STATUSES]
    of_loads_and_questions = {UNNAMED in one for one in groups if "identification@1" in one}
    assert of_loads_and_questions == {True, False}


def check_a_day_that_does_not_exist(built: Network) -> None:
    """Let a source give a day that cannot be: what it said before stands, and everybody else is loaded."""
    files = sqlite3.connect(built.member(FUND).database)
    (start,) = files.execute("SELECT start_date FROM held").fetchone()
    with files:
        files.execute("UPDATE held SET start_date = '2026-02-30'")
    said = load(built)
    assert (said["number"], list(said["stale"]), said["failed"]) == (3, [FUND], {FUND: 1})
    assert f"{FUND} did not say all that it was asked of 1 person" in " ".join(statuses(built, "show").stdout.split())
    assert [one.source for one in Buffer(built.member(STATUSES).folder / "buffer").holdings(INSURED)] == [FUND]
    with files:
        files.execute("UPDATE held SET start_date = ?", (start,))
    files.close()


async def check_households(built: Network, tmp_path: Path) -> None:
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

    # Who withdraws is not asked about, and opens nothing for others, be it asked alone or in a file.
    ended = statuses(built, "withdraw", "--ssin", "-", text=f"{HELPED}\n")
    assert ended.code == 0, ended
    today = str(brussels_day(SystemClock().now()))
    told = verdicts(
        run(built, ENERGY, TARIFF, today, tmp_path / "left.jsonl", "--previous", str(tmp_path / "now.jsonl"))
    )
    assert (told["child"], told["disabled"]) == ("no", "no")
    withdrawn = await asked(built, HELPED, PROTECTED, WATER)
    assert (withdrawn.answer.status.value, withdrawn.blocks) == (StatusValue.NO_DATA_FOUND, ())
    (block,) = (await asked(built, CHILD, PROTECTED, WATER)).blocks
    assert not block.json["entitled"]

    # A household that is too large to be asked about in a moment: no answer for now, never "no".
    with sqlite3.connect(built.member(REGISTER).database) as files:
        files.executemany("INSERT INTO home (ssin, home) VALUES (?, 'one')", [(person(300 + n),) for n in range(51)])
    files.close()
    crowded = await asked(built, CHILD, PROTECTED, WATER)
    assert (crowded.answer.status.value, crowded.blocks) == (StatusValue.INCOMPLETE_DATA, ())


def lose(told: Iterable[Told]) -> None:
    """Take a whole result, and fail to keep it."""
    assert [one.reference for one in told] == ["c-1"]
    raise OSError("The disk is full.")


def test_a_result_is_acknowledged_when_it_is_in_safety(built: Network, tmp_path: Path) -> None:
    today = brussels_day(SystemClock().now())
    (tmp_path / "one.csv").write_text(f"reference,ssin\nc-1,{CHILD}\n")
    listed = Customers(tmp_path / "one.csv", Environment.TEST, today)
    wish = BatchWish(WHY[FARE], [FARE], "clerk-1", Period(today, today), today)
    with SyncClient(built.member(BUSES).client(built.installation.settings.public_url)) as client:
        with pytest.raises(OSError, match="full"), ask_all(client, listed, wish, nobody, tmp_path / "state") as told:
            lose(told)
        kept, *_ = client.batches.listed().batches
        assert [one.line.ssin.value for one in client.batches.results(kept.ticket)] == [CHILD]
    assert list((tmp_path / "state").iterdir()) == []


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

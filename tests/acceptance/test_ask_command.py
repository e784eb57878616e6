"""`crossroads ask`: answered, misspelt, and asked where there is no hub."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from commands import Ended, crossroads, typed
from crossroads.network.ports import free_ports
from crossroads.network.service import Network
from database import Database, value
from networks import line, network
from raw import person

KNOWN, STRANGER = person(1), person(3)
WORK = "employment-relations@1"
WORK_QUERY = {
    "sql": 'SELECT start_date AS "startDate", 100006 AS "employerNumber", \'OTH\' AS "workerType" '
    "FROM relations WHERE ssin = :ssin",
    "list": "relations",
}
ASKED = "SELECT count(*) FROM log_entry WHERE event LIKE 'exchange:%'"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    inscriptions = [line(KNOWN, "pcsw-gent", "17:2", "2020-01-01"), line(KNOWN, "nsso", "12:30", "2020-01-01")]
    members = {"pcsw-gent": {}, "nsso": {"groups": {WORK: WORK_QUERY}}}
    folder = tmp_path_factory.mktemp("ask") / "net"
    with network(folder, module_database, members, persons=[KNOWN, STRANGER], inscriptions=inscriptions) as running:
        running.member("nsso").store({"relations": (("ssin", "start_date"), [(KNOWN, "2024-01-01")])})
        yield running


def ask(settings: Path, *arguments: str, ssin: str = KNOWN, institution: str = "pcsw-gent") -> Ended:
    options = ("--as", institution, "--config", str(settings), "--legal-context", "PCSA:SOCIAL_INQUIRY")
    return typed("ask", *options, "--ssin", "-", *arguments, text=f"{ssin}\n")


def test_a_question_is_answered_by_the_settings_of_a_participant_or_of_a_client(made: Network, tmp_path: Path) -> None:
    settings = made.member("pcsw-gent").settings
    answered = ask(settings, WORK, "--json")
    assert answered.code == 0, answered
    reply = json.loads(answered.stdout)
    assert (reply["status"]["value"], reply["blocks"][0]["source"]) == ("DATA_FOUND", "nsso")

    plain = yaml.safe_load(settings.read_text("utf-8"))
    client = {name: plain[name] for name in ("institution", "hub", "keys")} | {
        "trust": str(settings.parent / "trust.json"),
        "state": str(tmp_path / "asking"),
    }
    for key in client["keys"].values():
        key["file"] = str(settings.parent / key["file"])
    (tmp_path / "client.yaml").write_text(yaml.safe_dump(client), "utf-8")
    assert ask(tmp_path / "client.yaml", WORK).stdout.startswith("DATA_FOUND MSG00000")


def test_a_refusal_ends_with_one_and_gives_its_reason(made: Network) -> None:
    refused = ask(made.member("pcsw-gent").settings, WORK, ssin=STRANGER)
    assert (refused.code, "CR-NOT-INSCRIBED" in refused.stdout) == (1, True), refused


def test_a_data_group_that_nobody_knows_is_told_as_such_and_nobody_is_asked(
    made: Network, module_database: Database
) -> None:
    asked = asyncio.run(value(module_database.url("crossroads_reader"), ASKED))
    for name, hint in (
        ("employment-relation@1", f"Did you mean {WORK}?"),
        ("employment-relations@7", f"Did you mean {WORK}?"),
        ("zzzzzzzzzzzz@1", "All that it has are at http://"),
    ):
        ended = ask(made.member("pcsw-gent").settings, WORK, name)
        assert ended.code == 2, ended
        assert f"The catalogue has no data group {name}. {hint}" in ended.sentence
        assert "authorisation" not in ended.sentence
    assert asyncio.run(value(module_database.url("crossroads_reader"), ASKED)) == asked


@pytest.mark.parametrize(
    ("arguments", "ssin", "hint"),
    [
        ((), KNOWN, "Missing argument 'GROUP…'"),
        (("identification",), KNOWN, "A data group is written name@version"),
        ((WORK,), f"{KNOWN[:6]}-{KNOWN[6:]}", "An SSIN is 11 digits"),
        ((WORK, "--period", "2026"), KNOWN, "A period is written 2026-01-01/2026-03-31"),
        ((WORK, "--period", "2026-02-01/2026-01-01"), KNOWN, "The first day is after the last"),
        ((WORK, "--reference-date", "today"), KNOWN, "'today' does not match"),
    ],
    ids=["no group", "no version", "no number", "no period", "backwards", "no date"],
)
def test_wrong_usage_ends_with_two_and_says_what(
    made: Network, arguments: tuple[str, ...], ssin: str, hint: str
) -> None:
    ended = ask(made.member("pcsw-gent").settings, *arguments, ssin=ssin)
    assert (ended.code, hint in ended.sentence) == (2, True), ended
    assert KNOWN[6:] not in ended.stderr


def test_who_asks_is_in_the_settings_or_must_be_said(made: Network) -> None:
    options = ("--legal-context", "PCSA:SOCIAL_INQUIRY", "--ssin", "-", WORK)
    named = crossroads("ask", "--config", str(made.member("pcsw-gent").settings), *options, text=f"{KNOWN}\n")
    assert (named.code, named.stdout.startswith("DATA_FOUND")) == (0, True), named
    nobody = typed("ask", *options, text=f"{KNOWN}\n")
    assert (nobody.code, "Say who asks" in nobody.sentence) == (2, True), nobody


def test_settings_that_are_missing_or_of_another_are_told(made: Network, tmp_path: Path) -> None:
    other = ask(made.member("nsso").settings, WORK)
    assert (other.code, "holds the settings of nsso, not of pcsw-gent" in other.sentence) == (1, True), other
    options = ("--as", "pcsw-gent", "--legal-context", "PCSA:SOCIAL_INQUIRY", "--ssin", "-", WORK)
    none = typed("ask", *options, environment={"CROSSROADS_HOME": str(tmp_path)}, text=f"{KNOWN}\n")
    assert none.code == 1
    assert f"There are no settings at {tmp_path}/demo/pcsw-gent/participant.yaml. Start `crossroads demo`." in (
        none.sentence
    )


def test_a_hub_that_is_down_is_told(made: Network) -> None:
    settings = made.member("pcsw-gent").settings
    lost = yaml.safe_load(settings.read_text("utf-8")) | {"hub": f"http://127.0.0.1:{free_ports(1)[0]}"}
    elsewhere = settings.with_name("lost.yaml")
    elsewhere.write_text(yaml.safe_dump(lost), "utf-8")
    ended = ask(elsewhere, WORK)
    assert (ended.code, f"The hub at {lost['hub']} does not answer. Is it up" in ended.sentence) == (1, True), ended

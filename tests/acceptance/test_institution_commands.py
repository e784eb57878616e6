"""What an institution types about persons, about errors, and for the data of a change. Real hub, source, register."""

import asyncio
import io
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from commands import crossroads
from crossroads.cli.ask import app as asking
from crossroads.demo.home import Cast, Made, Part
from crossroads.demo.mailboxes import Mail
from crossroads.demo.opening import Opening
from crossroads.demo.pages import Pages
from crossroads.demo.rights_pages import RightsPages
from crossroads.demo.running import Runner, StopSignals
from crossroads.demo.screen import Outcome, Screen
from crossroads.demo.stage import Stage
from crossroads.demo.tour import Step, play
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Refused
from crossroads.network.logins import Login
from crossroads.network.service import Network
from crossroads.participant.bis_command import app as bis
from crossroads.participant.client import Client, SyncClient
from crossroads.participant.error_command import app as errors
from crossroads.participant.mailbox_command import app as mailbox
from crossroads.wire.mutations import Mutation, MutationKind, NoticeKind, Pull
from crossroads.wire.persons import PersonCreation, PersonEvidence, PersonParticulars, PersonQuery
from database import Database
from networks import line, network
from raw import INQUIRY, QUARTER, person

CENTRE, SOURCE, REGISTER, WORK = "pcsw-gent", "nsso", "national-register", "employment-relations@1"
ANNA, NATIONAL, STRANGER = person(1), person(3), person(5)
RELATIONS = (
    'SELECT start_date AS "startDate", 100006 AS "employerNumber", \'OTH\' AS "workerType" '
    "FROM relations WHERE ssin = :ssin"
)
MEMBERS: dict[str, dict[str, Any]] = {
    CENTRE: {},
    SOURCE: {"groups": {WORK: {"sql": RELATIONS, "list": "relations"}}},
    REGISTER: {"register": "SELECT birth_date, last_name FROM people WHERE ssin = :ssin"},
}
PASSPORT = ("--evidence", "passport", "--evidence-number", "ILLUSTRATIVE-1", "--evidence-issuer", "Illustria")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    folder = tmp_path_factory.mktemp("typed")
    inscriptions = [line(ANNA, CENTRE, "17:2", "2020-01-01"), line(ANNA, SOURCE, "12:30", "2020-01-01")]
    with network(folder, module_database, MEMBERS, persons=[ANNA], inscriptions=inscriptions, start=False) as made:
        made.member(SOURCE).store({"relations": (("ssin", "start_date"), [(ANNA, "2024-01-01")])})
        people = [(NATIONAL, "1980-03-15", "Zandbergen"), (STRANGER, "1980-03-15", "Vreemdeling")]
        made.member(REGISTER).store({"people": (("ssin", "birth_date", "last_name"), people)})
        made.start_hub()
        made.start_members([SOURCE, REGISTER])
        yield made


class Typed:
    """A command of an institution, run to its end."""

    def __init__(self, app: typer.Typer, way: tuple[str, ...], settings: Path) -> None:
        self._app, self._begin = app, [*way, str(settings)]

    def __call__(self, *arguments: object, number: str = "", code: int = 0) -> str:
        """Give what it prints; what it says of an error where the code is another."""
        typed = [*self._begin, *map(str, arguments)]
        ended = CliRunner().invoke(self._app, typed, input=f"{number}\n", env={"COLUMNS": "300"})
        assert ended.exit_code == code, (ended.stdout, ended.stderr, ended.exception)
        return ended.stdout if code == 0 else ended.stderr


@pytest.fixture
def at(built: Network) -> Callable[..., Typed]:
    def made(app: typer.Typer, *way: str, institution: str = CENTRE) -> Typed:
        return Typed(app, way, built.member(institution).settings)

    return made


def shown(last: str, first: str = "", born: str = "1980-03-15") -> tuple[str, ...]:
    return ("--last-name", last, "--first-names", first, "--birth-date", born)


def test_a_person_is_searched_created_corrected_and_handed_over(at: Callable[..., Typed]) -> None:
    find, create = at(bis, "find"), at(bis, "create")
    assert "Nobody was found." in find("--legal-context", INQUIRY, *shown("Zantbergen"))
    said = create(*shown("Zantbergen", "Ilse"), *PASSPORT, "--reference", "c-1")
    number = said.split()[0]
    assert "has the number. Nobody is inscribed by this" in said
    again = create(*shown("Zantbergen", "Ilse"), *PASSPORT, "--reference", "c-1", "--json")
    assert json.loads(again)["ssin"] == {"value": number}

    refused = create(*shown("Zandbergen", "Ilse"), *PASSPORT, code=1)
    assert "1 person known here may be the same" in refused
    assert "crossroads bis find " in refused
    assert not [trace for trace in (number, "Zantbergen") if trace in refused]

    found = find("--legal-context", INQUIRY, *shown("Santbergen", "Ilse", "1980-00-00"))
    assert f"{number}  likeness 0." in found
    assert "Zantbergen Ilse, born 1980-03-15 (shown by the person)" in found
    at(bis, "correct")("--ssin", "-", *shown("Zandbergen", "Ilse"), *PASSPORT, "--reason", "misread", number=number)
    assert "Zandbergen Ilse" in find("--legal-context", INQUIRY, "--ssin", "-", number=number)

    replace = at(bis, "replace")
    why = ("--since", "2026-03-01", "--reason", "registered")
    unknown = replace("--ssin", "-", "--national", "-", *why, number=f"{number}\n{person(7)}", code=1)
    assert person(7) not in unknown
    told = replace("--ssin", "-", "--national", "-", *why, number=f"{number}\n{NATIONAL}")
    assert told.startswith(f"{NATIONAL} (was {number}) has the number.")
    assert f"{NATIONAL} (was {number})\n" in find("--legal-context", INQUIRY, "--ssin", "-", number=number)


def test_who_is_said_to_be_another_is_named_in_a_file(at: Callable[..., Typed], tmp_path: Path) -> None:
    create, others = at(bis, "create"), tmp_path / "others.txt"
    first = create(*shown("Duinen", "Ward"), *PASSPORT).split()[0]
    assert "may be the same" in create(*shown("Duinen", "Edward"), *PASSPORT, code=1)
    others.write_text(f"{first}\n")
    second = create(*shown("Duinen", "Edward"), *PASSPORT, "--others", others, "--reason", "two brothers").split()[0]
    assert second != first


def test_a_death_is_recorded_and_withdrawn(at: Callable[..., Typed]) -> None:
    number = at(bis, "create")(*shown("Haddad", "Ruth"), *PASSPORT).split()[0]
    decease = at(bis, "decease")
    dead = decease("--ssin", "-", "--on", "2026-05-05", "--reason", "certificate", number=number)
    assert dead.startswith(f"{number} is recorded as deceased.")
    assert "recorded already" in decease("--ssin", "-", "--on", "2026-05-05", "--reason", "same", number=number, code=1)
    alive = decease("--ssin", "-", "--withdrawn", "--reason", "another person", number=number)
    assert alive.startswith(f"{number} is recorded as alive.")
    assert "either --on or --withdrawn" in decease("--ssin", "-", "--reason", "why", number=number, code=2)


def test_the_register_confirms_a_number_or_not(at: Callable[..., Typed]) -> None:
    confirm = at(bis, "confirm")
    said = ("--ssin", "-", "--birth-date", "1980-03-15", "--last-name")
    refused = confirm(*said, "Somebody", number=STRANGER, code=1)
    assert STRANGER not in refused
    assert f"{STRANGER} is confirmed." in confirm(*said, "Vreemdeling", number=STRANGER)
    known = at(bis, "find")("--legal-context", INQUIRY, "--ssin", "-", number=STRANGER)
    assert "nothing is recorded of this person in the BIS register" in known


@pytest.mark.parametrize(
    ("way", "arguments", "hint"),
    [
        ("find", ("--legal-context", INQUIRY), "Give either --ssin, or --last-name and --birth-date."),
        ("find", ("--legal-context", INQUIRY, "--last-name", "Aerts"), "Give either --ssin"),
        ("find", ("--legal-context", INQUIRY, *shown("Aerts", born="15/03/1980")), "is written 1980-03-15"),
        ("find", ("--legal-context", INQUIRY, "--ssin", "-"), "11 digits"),
        ("create", (*shown("Aerts"), *PASSPORT, "--nationality", "Belgian"), "two capital letters"),
        ("create", (*shown("Aerts"), *PASSPORT[2:], "--evidence", "Passport!"), "in small letters"),
        ("create", (*shown("Aerts"), *PASSPORT, "--others", "1234"), "On each line stands an SSIN"),
    ],
)
def test_wrong_usage_ends_with_two(at: Callable[..., Typed], way: str, arguments: tuple[str, ...], hint: str) -> None:
    assert hint in " ".join(at(bis, way)(*arguments, code=2).replace("│", " ").split())


async def test_both_clients_find_and_create_and_a_reference_is_used_once(built: Network) -> None:
    config = built.member(CENTRE).client(built.installation.settings.public_url)
    particulars = PersonParticulars(last_name="Oostend", first_names="Tim", birth_date="1991-07-07")
    evidence = PersonEvidence(kind="passport", number="ILLUSTRATIVE-3", issuer="Illustria")
    creation = PersonCreation(reference=uuid4().hex, particulars=particulars, evidence=evidence)
    with SyncClient(config) as client:
        created = await asyncio.to_thread(client.create_person, creation)
    async with Client(config) as client:
        assert await client.create_person(creation) == created
        with pytest.raises(Refused) as reused:
            await client.create_person(msgspec.structs.replace(creation, evidence=_other(evidence)))
        query = PersonQuery(agent="clerk-7", legal_context=INQUIRY, ssin=created.ssin.value)
        (found,) = (await client.find_persons(query)).items
    assert reused.value.code is Code.REFERENCE_REUSED
    assert found.ssin == created.ssin
    assert found.known[0].last_name == "Oostend"


def _other(evidence: PersonEvidence) -> PersonEvidence:
    return msgspec.structs.replace(evidence, number="ILLUSTRATIVE-4")


def waiting(listed: Typed) -> dict[str, Any]:
    """Give the first report that waits for an answer, once the source was given its item."""
    while not (found := json.loads(listed("--json"))["items"]) or "item" not in found[0]:
        time.sleep(0.1)
    first: dict[str, Any] = found[0]
    return first


def corrected(built: Network) -> UUID:
    change = Mutation(
        reference=uuid4().hex,
        ssin=ANNA,
        data_group=WORK,
        context="12:30",
        period=QUARTER,
        kind=MutationKind.CORRECTED,
        happened_on=date(2026, 1, 1),
        wrong_since=datetime.now(UTC) - timedelta(days=1),
    )
    with SyncClient(built.member(SOURCE).client(built.installation.settings.public_url)) as client:
        (outcome,) = client.notify([change])
    assert outcome.ticket is not None, outcome
    return outcome.ticket


def taken(pull: Typed, kind: str) -> dict[str, Any]:
    """Give the item of a kind, once it came."""
    while True:
        items = json.loads(pull("--from", 1, "--json")).get("items", [])
        found = [item for item in items for what in ("change", "notice") if item.get(what, {}).get("kind") == kind]
        if found:
            return dict(found[-1])
        pull("--lease", 1)
        time.sleep(0.1)


def test_an_error_is_reported_confirmed_and_the_corrected_data_are_asked_for(
    built: Network, at: Callable[..., Typed]
) -> None:
    settings, days = built.member(CENTRE).settings, f"{QUARTER.start_date}/{QUARTER.end_date}"
    asked = ("--config", settings, "--legal-context", INQUIRY, "--ssin", "-", "--period", days)
    answer = json.loads(_ask(*asked, WORK, "--json"))
    listed, pull = at(errors, "list", institution=SOURCE), at(mailbox, "pull", institution=SOURCE)
    assert listed() == "No report waits for your answer.\n"

    about = (WORK, "--ssin", "-", "--ticket", answer["ticket"], "--period", days, "--presumed", "wrong-value")
    said = at(errors, "report")(*about, "--text", "The employer says otherwise.", number=ANNA)
    assert "crossroads mailbox pull" in said
    report = said.removeprefix("Reported as ").split(".")[0]
    assert ANNA not in listed()
    taken(pull, NoticeKind.PRESUMED_ERROR)
    open_ = waiting(listed)
    assert (open_["report"], open_["presumed"], open_["dataGroup"]) == (report, "wrong-value", WORK)
    assert f"item {open_['item']} of your mailbox" in listed()
    again = pull("--from", open_["item"], "--count", 1)
    assert f"report {report}" in again
    assert ANNA in again

    confirm = at(errors, "confirm", institution=SOURCE)
    why = ("--reason", "The employer was right.")
    assert "no such correction" in confirm(report, "--correction", uuid4(), *why, code=1)
    ticket = corrected(built)
    assert confirm(report, "--correction", ticket, *why).startswith("Answered: corrected.")
    assert listed() == "No report waits for your answer.\n"
    assert "answered" in at(errors, "reject", institution=SOURCE)(report, *why, code=1)

    item = taken(at(mailbox, "pull"), MutationKind.CORRECTED)
    assert item["ticket"] == str(ticket)
    hint = at(mailbox, "pull")("--from", item["number"], "--count", 1)
    assert f"--period {days} --mutation {ticket} {WORK}" in hint
    assert json.loads(_ask(*asked, WORK, "--mutation", ticket, "--json"))["blocks"][0]["source"] == SOURCE
    assert "CR-NO-MUTATION" in _ask(*asked, WORK, "--mutation", uuid4(), code=1)
    beyond = (*asked[:-1], "2026-01-01/2026-04-30")
    assert "CR-BEYOND-MUTATION" in _ask(*beyond, WORK, "--mutation", ticket, code=1)


def _ask(*arguments: object, code: int = 0) -> str:
    ended = CliRunner().invoke(asking, [*map(str, arguments)], input=f"{ANNA}\n", env={"COLUMNS": "300"})
    assert ended.exit_code == code, (ended.stdout, ended.stderr, ended.exception)
    return ended.stdout


def test_a_report_of_what_was_not_given_is_refused_without_the_number(at: Callable[..., Typed]) -> None:
    about = (WORK, "--ssin", "-", "--ticket", uuid4(), "--period", "2026-01-01/", "--presumed", "out-of-date")
    refused = at(errors, "report")(*about, number=ANNA, code=1)
    assert ANNA not in refused
    assert refused.count("\n") == 1


def test_a_hub_that_is_silent_is_named_and_the_reference_to_try_again(built: Network) -> None:
    settings = built.member(CENTRE).settings
    lost = settings.with_name("lost.yaml")
    lost.write_text(settings.read_text().replace(built.installation.settings.public_url, "http://127.0.0.1:9"))
    ended = crossroads("bis", "create", str(lost), *shown("Aerts", "An"), *PASSPORT, "--reference", "again-1")
    assert (ended.code, "The hub at http://127.0.0.1:9 does not answer." in ended.sentence) == (1, True), ended
    assert "--reference again-1: then it is done once." in ended.sentence


def received(stage: Stage) -> Outcome:
    """Wait for whatever comes."""
    item = Mail(stage).await_item(SOURCE, lambda _: True)
    return Outcome("an item", str(item.number), ok=True)


def test_the_tour_waits_for_a_lease_of_somebody_else_and_says_so(built: Network, tmp_path: Path) -> None:
    nobody = Part(STRANGER, "", date(2026, 1, 1))
    cast = Cast(nobody, nobody, nobody, nobody, STRANGER, STRANGER)
    text = io.StringIO()
    runner = Runner(built, StopSignals())
    rights = RightsPages(folder=tmp_path, port=2)
    pages = Pages(login=Login(folder=tmp_path, port=1), portal=built.member(SOURCE), rights=rights, desks=())
    stage = Stage(
        runner,
        Made("", 1, date(2026, 1, 1), 0, cast),
        Screen(Console(file=text, width=100)),
        Opening(runner, pages),
    )
    ticket = corrected(built)
    with SyncClient(built.member(SOURCE).client(built.installation.settings.public_url)) as client:
        while not (page := client.pull(Pull(lease_seconds=2))).lease:
            time.sleep(0.1)
    try:
        item = Mail(stage).await_item(SOURCE, lambda item: item.number == page.items[-1].number)
        assert item.ticket == page.items[-1].ticket != ticket
        assert "Somebody has the items of the mailbox of" in text.getvalue()
        corrected(built)
        with SyncClient(built.member(SOURCE).client(built.installation.settings.public_url)) as client:
            while not client.pull(Pull(lease_seconds=600)).lease:
                time.sleep(0.1)
        # As a desk has them, for longer than anybody watches: the step is left out, and says until when.
        title, outcome = play(stage, Step("A step", received), 1)
        assert (title, outcome.ok) == ("A step", None)
        assert "Start the demo again after that" in outcome.found
    finally:
        stage.close()

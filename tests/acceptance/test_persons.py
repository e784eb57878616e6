"""A person without national number, from the first search to the national one: a real hub, register and operators."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from chaos import until
from commands import Ended, typed
from crossroads.bootstrap.settling import settle
from crossroads.bootstrap.wiring import services
from crossroads.identity.bis_numbers import all_series
from crossroads.kernel.names.particulars import Sex
from crossroads.kernel.ssin import Environment, IncompleteDate
from crossroads.network.service import Network
from database import Database, execute
from networks import network
from raw import INQUIRY, Asker, Reply, person, send

CENTRE, OTHER, REGISTER = "pcsw-gent", "pcsw-liege", "national-register"
NATIONAL, FREE, STRANGER = person(1), person(3), person(5)
MEMBERS: dict[str, dict[str, Any]] = {
    CENTRE: {},
    OTHER: {},
    REGISTER: {"register": "SELECT birth_date, last_name FROM people WHERE ssin = :ssin"},
}
PASSPORT = {"kind": "passport", "number": "ZZ-4711", "issuer": "Illustria"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    folder = tmp_path_factory.mktemp("persons")
    with network(folder, module_database, MEMBERS, persons=[STRANGER], start=False) as made:
        people = [(NATIONAL, "1980-03-15", "Zandbergen"), (FREE, "1990-01-02", "Strand")]
        made.member(REGISTER).store({"people": (("ssin", "birth_date", "last_name"), people)})
        made.start_hub(workers=2)
        made.start_members([REGISTER])
        yield made


def post(made: Network, path: str, content: dict[str, Any], at: str = CENTRE) -> Reply:
    return send(Asker(made, at).signed_post(f"/v1/persons{path}", content))


def body(reply: Reply) -> dict[str, Any]:
    assert reply.status < 300, reply.body
    found: dict[str, Any] = json.loads(reply.body)
    return found


def creation(reference: str, last: str = "Zandbergen", first: str = "Ilse", **other: Any) -> dict[str, Any]:
    shown = {"lastName": last, "firstNames": first, "birthDate": "1980-03-15"}
    return {"reference": reference, "particulars": shown, "evidence": PASSPORT} | other


def search(last: str, first: str = "", born: str = "1980-00-00") -> dict[str, Any]:
    asked = {"lastName": last, "firstNames": first, "birthDate": born}
    return {"agent": "clerk-7", "legalContext": INQUIRY, "particulars": asked}


def by_number(made: Network, ssin: str) -> dict[str, Any]:
    query = {"agent": "clerk-7", "legalContext": INQUIRY, "ssin": ssin}
    (found,) = body(post(made, "/query", query))["items"]
    return dict(found)


def test_created_found_by_a_misspelt_name_corrected_and_replaced_by_a_national_number(built: Network) -> None:
    assert body(post(built, "/query", search("Zandbergen")))["items"] == []
    made = body(post(built, "", creation("c-1", last="Zantbergen")))
    number = made["ssin"]["value"]
    assert body(post(built, "", creation("c-1", last="Zantbergen"))) == made

    refused = post(built, "", creation("c-2"), at=OTHER)
    assert (refused.status, refused.problem.code) == (409, "CR-PERSON-SUSPECTED-DUPLICATE")
    for trace in (number, "Zantbergen", "Ilse", "1980"):
        assert trace.encode() not in refused.body

    (found,) = body(post(built, "/query", search("Santbergen", "Ilse"), at=OTHER))["items"]
    assert found["ssin"] == {"value": number}
    assert found["known"] == [
        {"truth": "shown", "lastName": "Zantbergen", "firstNames": "Ilse", "birthDate": "1980-03-15"}
    ]
    assert 0.5 <= found["score"] < 1

    corrected = creation("k-1") | {"ssin": number, "reason": "misread"}
    assert post(built, "/correct", corrected, at=OTHER).problem.code == "CR-PERSON-NOT-OWN"
    body(post(built, "/correct", corrected | {"reference": "k-2"}))
    assert by_number(built, number)["known"][0]["lastName"] == "Zandbergen"

    replacing = {"reference": "n-1", "ssin": number, "national": FREE, "since": "2026-03-01", "reason": "registered"}
    assert post(built, "/replace", replacing).problem.code == "CR-PERSON-NOT-IDENTIFIED"
    replaced = body(post(built, "/replace", replacing | {"national": NATIONAL}))
    assert replaced["ssin"] == {"value": NATIONAL, "replaces": number}
    now = by_number(built, number)
    assert now["ssin"] == {"value": NATIONAL, "replaces": number}
    assert [known["truth"] for known in now["known"]] == ["register", "shown"]
    late = post(built, "/correct", corrected | {"reference": "k-3"})
    assert (late.status, late.problem.code) == (403, "CR-PERSON-NOT-IN-BIS")


def test_many_at_once_get_a_number_each_and_one_person_only_one(built: Network) -> None:
    firsts = ["Tim", "Eva", "Oleg", "Ruth", "Zoe", "Max", "Lea", "Ugo"]
    wanted = [creation(f"p-{first}-{time}", last="Haddad", first=first) for first in firsts for time in (1, 2, 3)]
    with ThreadPoolExecutor(8) as several:
        replies = list(several.map(lambda content: post(built, "", content), wanted))
    numbers = [body(reply)["ssin"]["value"] for reply in replies if reply.status == 201]
    assert len(numbers) == len(set(numbers)) == len(firsts)
    assert {reply.problem.code for reply in replies if reply.status != 201} == {"CR-PERSON-SUSPECTED-DUPLICATE"}


async def test_when_all_numbers_of_a_year_are_used_up_that_is_said(built: Network, module_database: Database) -> None:
    asked = creation("used-up", last="Oudewater", first="Odo")
    asked["particulars"] |= {"birthDate": "1923-03-15", "sex": "MALE"}
    for series in all_series(IncompleteDate(1923, 3, 15), Sex.MALE, Environment.TEST):
        used_up = f"INSERT INTO bis_counter (series, last) VALUES ('{series.name}', {series.size})"  # noqa: S608 - ours
        await execute(module_database.url("crossroads_owner"), used_up)
    refused = post(built, "", asked)
    assert (refused.status, refused.problem.code) == (403, "CR-NO-NUMBER-LEFT")
    asked["particulars"] |= {"birthDate": "1924-03-15"}
    assert body(post(built, "", asked))["ssin"]["value"].startswith("246315")


@pytest.mark.parametrize(
    ("path", "change", "place"),
    [
        ("", {"particulars": {"lastName": "", "birthDate": "1980-03-15"}}, "$.particulars.lastName"),
        ("", {"particulars": {"lastName": "A\u2028B", "birthDate": "1980-03-15"}}, "$.particulars.lastName"),
        ("", {"particulars": {"lastName": "--", "birthDate": "1980-03-15"}}, "$.particulars.lastName"),
        ("", {"particulars": {"lastName": "Aerts", "birthDate": "15/03/1980"}}, "$.particulars.birthDate"),
        ("", {"particulars": {"lastName": "Aerts", "birthDate": "1980-02-30"}}, "$.particulars.birthDate"),
        ("", {"particulars": {"lastName": "Aerts", "birthDate": "1880-02-01"}}, "$.particulars.birthDate"),
        ("", {"particulars": {"lastName": "Aerts", "birthDate": "1980-03-15", "sex": "X"}}, "$.particulars.sex"),
        (
            "",
            {"particulars": {"lastName": "Aerts", "birthDate": "1980-03-15", "nationality": "Belgian"}},
            "nationality",
        ),
        ("", {"particulars": {"lastName": "Aerts", "birthDate": "1980-03-15", "ssin": STRANGER}}, "$.particulars"),
        ("", {"evidence": {"kind": "Passport!", "number": "1", "issuer": "x"}}, "$.evidence.kind"),
        ("", {"reference": STRANGER}, "$.reference"),
        ("", {"confirmed": ["12345678901"], "reason": "other"}, "$.confirmed[0]"),
        ("", {"confirmed": [STRANGER]}, "$.reason"),
        ("/correct", {"ssin": "12345678901", "reason": "misread"}, "$.ssin"),
        ("/correct", {"ssin": STRANGER, "reason": "misread", "truth": "rumour"}, "$.truth"),
        ("/correct", {"ssin": STRANGER, "reason": "misread", "since": "2999-01-01"}, "$.since"),
        ("/correct", {"ssin": STRANGER, "reason": STRANGER}, "$.reason"),
    ],
)
def test_bad_input_is_refused_with_its_place_and_without_its_value(
    built: Network, path: str, change: dict[str, Any], place: str
) -> None:
    reply = post(built, path, creation("w-1") | change)
    assert reply.status == 400
    (issue,) = reply.problem.issues
    assert place in (issue.name or "")
    for value in (STRANGER, "12345678901", "1980-02-30", "Belgian", "Passport!"):
        assert value.encode() not in reply.body


@pytest.mark.parametrize(
    ("path", "content", "place"),
    [
        ("/decease", {"ssin": STRANGER, "deceasedOn": "2999-01-01"}, "$.deceasedOn"),
        ("/decease", {"ssin": STRANGER}, "$"),
        ("/replace", {"ssin": STRANGER, "national": "12345678901", "since": "2026-01-01"}, "$.national"),
        ("/replace", {"ssin": STRANGER, "national": "80231512307", "since": "2026-01-01"}, "$.national"),
        ("/replace", {"ssin": STRANGER, "national": FREE, "since": "0001-01-01"}, "$.since"),
        (
            "/replace",
            {"ssin": STRANGER, "national": FREE, "since": "2026-01-01", "birthDate": "1980-13-01"},
            "$.birthDate",
        ),
    ],
)
def test_bad_acts_are_refused_with_their_place(built: Network, path: str, content: dict[str, Any], place: str) -> None:
    reply = post(built, path, {"reference": "w-2", "reason": "because"} | content)
    assert reply.status == 400
    assert [issue.name for issue in reply.problem.issues] == [place]


def crossroads(made: Network, *arguments: str, numbers: str = "") -> Ended:
    return typed(*arguments, environment=made.environment, text=numbers)


def signed(made: Network, file: Path, *operators: str) -> None:
    for name in operators:
        key = made.home / "operators" / f"{name}.pem"
        done = crossroads(made, "key", "sign", str(file), "--key-id", f"operator:{name}#1", "--key", str(key), "--yes")
        assert done.code == 0, done.stderr


def test_operators_merge_tell_apart_and_record_a_death(built: Network, tmp_path: Path) -> None:
    number = body(post(built, "", creation("m-1", last="Duinen", first="Ward")))["ssin"]["value"]
    numbers, why = f"{number}\n{STRANGER}\n", ["--reason", "found twice"]
    merge, apart, death = (tmp_path / name for name in ("merge.act", "apart.act", "death.act"))

    said = crossroads(
        built, "person", "link", "-", "-", "--since", "2026-01-01", *why, "-o", str(merge), numbers=numbers
    )
    assert said.code == 0, said.stderr
    assert "Two operators sign it" in said.stdout
    signed(built, merge, "alice")
    alone = crossroads(built, "person", "apply", str(merge), "--yes")
    assert (alone.code, "two different operators" in " ".join(alone.stderr.split())) == (1, True)
    signed(built, merge, "bob")
    done = crossroads(built, "person", "apply", str(merge), "--yes", "--json")
    assert done.code == 0, done.stderr
    assert json.loads(done.stdout)["ticket"]
    again = crossroads(built, "person", "apply", str(merge), "--yes")
    assert (again.code, STRANGER in again.stderr) == (1, False)
    assert by_number(built, number)["ssin"] == {"value": STRANGER, "replaces": number}

    assert crossroads(built, "person", "unlink", "-", "-", *why, "-o", str(apart), numbers=numbers).code == 0
    signed(built, apart, "alice", "bob")
    assert crossroads(built, "person", "apply", str(apart), "--yes").code == 0
    assert by_number(built, number)["ssin"] == {"value": number}

    dead = crossroads(built, "person", "decease", "-", "--on", "2026-05-05", *why, "-o", str(death), numbers=numbers)
    assert dead.code == 0, dead.stderr
    signed(built, death, "bob")
    assert crossroads(built, "person", "apply", str(death), "--yes").code == 0
    known = creation("m-2", last="Duinen", first="Ward") | {"ssin": number, "deceasedOn": "2026-05-05"}
    same = {name: known[name] for name in ("reference", "ssin", "deceasedOn")} | {"reason": "certificate"}
    assert post(built, "/decease", same).status == 409


@pytest.mark.usefixtures("built")
async def test_no_number_of_a_person_is_in_the_log_nor_in_the_outbox(module_database: Database) -> None:
    connection = await asyncpg.connect(module_database.url("crossroads_owner"))
    try:
        given = [row["ssin"] for row in await connection.fetch("SELECT ssin FROM bis_number")]

        async def told_of() -> bool:
            return not await connection.fetchval("SELECT EXISTS (SELECT FROM identity_event)")

        await until(told_of)
        told = await connection.fetch(
            "SELECT content->>'kind' AS kind FROM log_entry WHERE event = 'mutations:change:caused'"
        )
        entries = await connection.fetch("SELECT content FROM log_entry")
    finally:
        await connection.close()
    assert len(given) >= 2
    assert {"corrected", "deceased", "number-replaced", "merged", "unmerged"} <= {row["kind"] for row in told}
    text = "".join(row["content"] or "" for row in entries)
    for secret in (*given, NATIONAL, STRANGER, PASSPORT["number"], "Zandbergen"):
        assert secret not in text


def test_a_command_writes_what_operators_read_before_they_sign(built: Network, tmp_path: Path) -> None:
    act, why = tmp_path / "some.act", ["--reason", "seen together"]
    digest = "0a" * 32
    written = crossroads(built, "person", "distinguish", CENTRE, "file-12", digest, *why, "-o", str(act), "--json")
    assert json.loads(written.stdout) == {"file": str(act)}
    key = built.home / "operators" / "alice.pem"
    shown = crossroads(built, "key", "sign", str(act), "--key-id", "operator:alice#1", "--key", str(key), "--yes")
    for word in ("distinguish-person", CENTRE, "file-12", digest, "seen together", "crossroads.test"):
        assert word in shown.stdout
    again = crossroads(built, "person", "replace", STRANGER, FREE, "--since", "2026-01-01", *why, "-o", str(act))
    assert (again.code, "there already" in " ".join(again.stderr.split())) == (1, True)
    wrong = crossroads(built, "person", "decease", "1234", *why, "-o", str(tmp_path / "wrong.act"))
    assert (wrong.code, "$.ssin" in wrong.stderr, "1234" in wrong.stderr) == (1, True, False)
    assert not (tmp_path / "wrong.act").exists()
    other = crossroads(built, "person", "apply", str(act), "--yes")
    assert (other.code, "two different operators" in " ".join(other.stderr.split())) == (1, True)


async def test_what_has_served_is_removed_by_a_job_and_shown_to_operators(
    built: Network, module_database: Database
) -> None:
    made = body(post(built, "", creation("r-1", last="Waterloo", first="Otto")))
    died = {"reference": "r-2", "ssin": made["ssin"]["value"], "deceasedOn": "2026-05-05", "reason": "certificate"}
    body(post(built, "/decease", died))
    owner = module_database.url("crossroads_owner")
    await settle(owner, msgspec.structs.replace(built.installation.settings, bis_kept_days=29))
    async with services(built.installation, fills_mailboxes=False) as hub:
        (job,) = [kind for kind in hub.worker.kinds if kind.name == "bis-retention"]
        await hub.worker.work(job)
        await execute(owner, "UPDATE bis_served SET since = since - interval '30 days'")
        await hub.bis_retention.work()
    assert "known" not in by_number(built, made["ssin"]["value"])
    told = json.loads(typed("person", "removed", "--json", environment=built.environment).stdout)
    assert {one["why"]: one["persons"] for one in told["removed"]}["deceased"] >= 1
    assert "deceased" in typed("person", "removed", environment=built.environment).stdout

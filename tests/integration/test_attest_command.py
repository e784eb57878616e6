"""`crossroads statuses attest|check|verify|revoke|certify`, as people type them."""

import os
import pwd
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from attestations import MARIE, PAUL, RIGHT, SetClock, fill, write_settings
from commands import Ended, crossroads, typed
from crossroads.kernel.clock import brussels_day
from crossroads.kernel.period import Period
from crossroads.statuses.buffer import Buffer
from crossroads.statuses.deeds import Deeds
from crossroads.statuses.settings import read_status_settings
from fakehub import FakeHub

pytest_plugins = ["participant_fixtures"]

RIGHTS = Path(__file__).parents[2] / "rights" / "belgium"
TODAY = brussels_day(datetime.now(UTC))


@pytest.fixture
def settings(tmp_path: Path, hub: FakeHub) -> Path:
    """Set up an institution in a test environment, with a load in which Marie has the right."""
    hub.write_trust(tmp_path)
    client = {
        "institution": "statuses",
        "hub": hub.url,
        "trust": "trust.json",
        "keys": {kind: {"id": f"statuses#{kind}", "file": f"{kind}.pem"} for kind in ("sign", "seal")},
        "state": "state",
    }
    (tmp_path / "client.yaml").write_text(yaml.safe_dump(client))
    statuses = {
        "rights": str(RIGHTS),
        "client": "client.yaml",
        "legalContext": "STATUSES:DERIVED_RIGHTS",
        "candidates": "25:1",
        "members": "25:5",
        "statuses": {"living-wage": "status-living-wage@1"},
        "identification": "identification@1",
        "household": "household@1",
    }
    (tmp_path / "statuses.yaml").write_text(yaml.safe_dump(statuses))
    write_settings(tmp_path)
    year = Period(TODAY - timedelta(days=30), TODAY + timedelta(days=300))
    fill(Buffer(tmp_path / "buffer"), year, until=TODAY + timedelta(days=30))
    assert typed("statuses", "certify", str(tmp_path / "statuses.yaml")).code == 0
    return tmp_path / "statuses.yaml"


def attest(settings: Path, *options: str, ssin: str = MARIE, name: str = "mine.pdf") -> Ended:
    output = ["--output", str(settings.parent / name)]
    return typed(
        "statuses", "attest", str(settings), "--ssin", "-", "--right", RIGHT, *output, *options, text=f"{ssin}\n"
    )


def attested(settings: Path, name: str = "mine.pdf") -> Any:
    ended = attest(settings, "--json", name=name)
    assert ended.code == 0, ended.stderr
    return msgspec.json.decode(ended.stdout)


def check(settings: Path, code: str, *numbers: str) -> Ended:
    options = ["--ssin", "-"] if numbers else []
    return typed("statuses", "check", str(settings), "-", *options, text="\n".join([code, *numbers]) + "\n")


def verify(settings: Path, name: str = "mine.pdf", *options: str) -> Ended:
    certificate = str(settings.parent / "attestations.pem")
    return typed("statuses", "verify", str(settings.parent / name), "--trust", certificate, *options)


def test_an_attestation_from_its_making_to_its_revocation(settings: Path) -> None:
    said = attested(settings)
    assert (settings.parent / "mine.pdf").stat().st_mode & 0o777 == 0o600
    told = verify(settings)
    assert told.code == 0
    assert f"Sociaal tarief voor gas en elektriciteit ({RIGHT}), {TODAY} to" in told.stdout
    assert "only the institution can say" in told.stdout
    assert "test environment" in told.stdout
    assert msgspec.json.decode(verify(settings, "mine.pdf", "--json").stdout)["code"] == said["code"]
    mine, others = check(settings, said["code"], MARIE), check(settings, said["code"], PAUL)
    assert (mine.code, others.code) == (0, 1)
    assert "It is this person's." in mine.stdout
    assert "It is not this person's." in others.stdout
    assert "Whose it is was not asked." in check(settings, said["code"]).stdout
    assert typed("statuses", "revoke", str(settings), said["code"]).code == 0
    revoked = check(settings, said["code"], MARIE)
    assert (revoked.code, revoked.stdout.strip()) == (1, "It is revoked.")
    assert typed("statuses", "expire", str(settings)).code == 0


def test_a_forged_one_is_refused(settings: Path) -> None:
    attested(settings)
    content = (settings.parent / "mine.pdf").read_bytes()
    (settings.parent / "forged.pdf").write_bytes(content.replace(b"Sociaal", b"Asocial", 1))
    forged = verify(settings, "forged.pdf")
    assert forged.code == 1
    assert forged.sentence == "It was altered after it was signed, or signed by somebody else."
    (settings.parent / "longer.pdf").write_bytes(content + b"\n%%EOF\n")
    assert verify(settings, "longer.pdf").sentence == "Something was added after it was signed."
    assert verify(settings, "none.pdf").sentence.endswith("cannot be read: No such file or directory.")


def test_a_right_that_is_not_open_is_refused_and_nothing_is_written(settings: Path) -> None:
    refused = attest(settings, ssin=PAUL)
    assert (refused.code, refused.sentence) == (1, f"The right {RIGHT} is not open for this person on {TODAY}.")
    assert not (settings.parent / "mine.pdf").exists()
    before = attest(settings, "--day", str(TODAY - timedelta(days=31)))
    assert before.code == 1
    assert attest(settings, "--day", str(TODAY - timedelta(days=30)), "--language", "fr").code == 0


def deeds(settings: Path, *options: str) -> Ended:
    return typed("statuses", "deeds", str(settings), *options)


def test_what_is_attested_and_refused_by_command_is_logged(settings: Path) -> None:
    assert attest(settings, "--agent", "clerk-7").code == 0
    assert attest(settings, ssin=PAUL, name="other.pdf").code == 1
    told = deeds(settings, "--json")
    said = msgspec.json.decode(told.stdout)
    account = pwd.getpwuid(os.getuid()).pw_name
    of = {"what": "person:attested", "right": RIGHT, "by": account}
    assert [{name: value for name, value in one.items() if name != "at"} for one in said["deeds"]] == [
        of | {"state": state, "agent": agent}
        for state, agent in (
            ("refused", "command-line"),
            ("begun", "command-line"),
            ("done", "clerk-7"),
            ("begun", "clerk-7"),
        )
    ]
    shown = deeds(settings, "--count", "2", "--known", f"{said['size']}:{said['root']}")
    assert (shown.code, shown.stdout.count("person:attested")) == (0, 2)
    assert f"4 entries, head 4:{said['root']}" in shown.stdout
    assert not any(ssin in text for ssin in (MARIE, PAUL) for text in (told.stdout, shown.stdout))


def test_nothing_is_done_in_the_name_of_a_number_or_of_nobody(settings: Path) -> None:
    for agent, code in ((PAUL, 1), ("", 2), ("a" * 65, 2), ("two\nlines", 2)):
        ended = attest(settings, "--agent", agent)
        assert ended.code == code, agent
        assert PAUL not in ended.stderr
    assert not (settings.parent / "mine.pdf").exists()
    assert "No log is here" in deeds(settings).stdout


def test_a_withdrawal_by_command_is_logged_also_where_the_facts_go_later(settings: Path) -> None:
    withdraw = ("statuses", "withdraw", str(settings), "--ssin", "-")
    with Buffer(settings.parent / "buffer").loading():
        waits = typed(*withdraw, text=f"{MARIE}\n")
    assert (waits.code, "Another load is under way" in waits.sentence) == (1, True)
    assert Buffer(settings.parent / "buffer").withdrawals() == [MARIE]
    said = msgspec.json.decode(deeds(settings, "--json").stdout)["deeds"]
    assert [(one["what"], one["state"]) for one in said] == [("person:withdrew", "done"), ("person:withdrew", "begun")]


def test_what_the_log_says_goes_with_the_time_of_the_buffer(settings: Path) -> None:
    assert attest(settings).code == 0
    head = msgspec.json.decode(deeds(settings, "--json").stdout)
    assert typed("statuses", "expire", str(settings)).code == 0
    assert len(msgspec.json.decode(deeds(settings, "--json").stdout)["deeds"]) == 2
    state = settings.parent / "buffer" / "deeds" / "state.sqlite"
    # As if a long time had gone by since: all that is kept is over.
    Deeds(read_status_settings(settings), "statuses", SetClock(datetime.now(UTC) + timedelta(days=121))).forget()
    assert MARIE.encode() not in state.read_bytes()
    early = deeds(settings, "--json", "--known", f"{head['size']}:{head['root']}")
    said = msgspec.json.decode(early.stdout)
    assert (early.code, said["deeds"], said["size"]) == (1, [], 2)
    assert said["faults"] == [f"Entry {at} was removed before its time was over." for at in (0, 1)]


def test_a_code_that_nobody_has_is_told_so_and_guesses_end(settings: Path) -> None:
    guesses = [check(settings, f"GUES-{number}", MARIE) for number in range(21)]
    assert {(one.code, one.stdout.strip()) for one in guesses[:20]} == {(1, "No attestation has this code.")}
    assert "try again in an hour" in guesses[20].sentence


def test_no_number_of_a_person_is_in_a_name_a_message_or_a_file(settings: Path) -> None:
    ended = [
        attest(settings, name=f"{MARIE}.pdf"),
        attest(settings),
        attest(settings),
        attest(settings, ssin=MARIE[:-1] + "0", name="other.pdf"),
        attest(settings, ssin=MARIE[:-1], name="other.pdf"),
        attest(settings, name="no-folder/mine.pdf"),
    ]
    assert [one.code for one in ended] == [1, 0, 1, 1, 2, 1]
    assert "holds the number of a person" in ended[0].sentence
    assert "is there already" in ended[2].sentence
    assert not any(MARIE[:-1] in text for one in ended for text in (one.stdout, one.stderr))
    assert not any(MARIE in path.name for path in settings.parent.rglob("*"))
    kept = [path for path in (settings.parent / "attestations").iterdir() if MARIE.encode() in path.read_bytes()]
    assert kept == []


def test_a_certificate_is_made_once_and_in_a_test_environment_alone(settings: Path) -> None:
    again = typed("statuses", "certify", str(settings))
    assert again.code == 1
    assert "Nothing is made" in again.sentence
    assert (settings.parent / "attestations.key").stat().st_mode & 0o777 == 0o600
    trust = settings.parent / "trust.json"
    trust.write_text(trust.read_text().replace('"test"', '"production"'))
    refused = typed("statuses", "certify", str(settings))
    assert "Only a test environment signs its own certificate" in refused.sentence


def test_it_works_as_a_process_of_its_own(settings: Path) -> None:
    output = str(settings.parent / "own.pdf")
    command = ["statuses", "attest", str(settings), "--ssin", "-", "--right", RIGHT, "--output", output]
    ended = crossroads(*command, environment={"PYTHONWARNINGS": "error"}, text=f"{MARIE}\n")
    assert (ended.code, ended.stderr) == (0, "")
    # The right lasts longer than an attestation may.
    assert f"valid until {TODAY + timedelta(days=90)}" in " ".join(ended.stdout.split())
    assert date.fromisoformat(attested(settings)["until"]) == TODAY + timedelta(days=90)

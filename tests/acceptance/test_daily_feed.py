"""The daily feed of the national register, the whole way: to the right mailboxes, and to the hub itself."""

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, func, select

from commands import Ended, crossroads, typed
from crossroads.kernel.period import Period
from crossroads.network.service import Network
from crossroads.participant.client import SyncClient
from crossroads.participant.feed_tables import ERRANDS
from crossroads.participant.outbox import ACCEPTED, OUTBOX
from crossroads.wire.messages import InscriptionEvidence, InscriptionLine
from crossroads.wire.mutations import Item
from database import Database
from feeding import CONTEXT, DAY, GROUP, HOUSEHOLDS, ON, REGISTER, birth, born, move, person_row, register, written
from networks import line, network
from raw import person

GENT, LIEGE, PENSIONS, OFFICE = "pcsw-gent", "pcsw-liege", "pension-service", "nsso"
MOVER, RENUMBERED, DEAD, STRANGER, MOTHER, FATHER = (person(number) for number in (1, 3, 5, 7, 21, 23))
NEW, CHILD, SECOND_CHILD, THIRD_CHILD = person(9), born(3), born(7), born(11)
DESCENTS = "descent@1"
ANSWERS = """
    SELECT last_name AS "lastName", first_names AS "firstNames", birth_date AS "birthDate", sex, street,
      house_number AS "houseNumber", death_date AS "deathDate"
    FROM identification WHERE ssin = :ssin AND institution = :holder
      AND start_date <= :end_date AND (end_date IS NULL OR end_date >= :start_date)
    ORDER BY start_date DESC LIMIT 1
"""
HOME = """
    SELECT CASE WHEN collective THEN 'true' ELSE 'false' END AS collective,
      (SELECT json_group_array(json_object('ssin', ssin, 'position', position, 'startDate', start_date))
       FROM household AS member WHERE member.household = own.household AND member.end_date IS NULL) AS members
    FROM household AS own WHERE ssin = :ssin AND institution = :holder AND end_date IS NULL
      AND :start_date <= :end_date
"""
MATCHES = "SELECT DISTINCT birth_date, last_name FROM identification WHERE ssin = :ssin"
INQUIRY = "PCSA:SOCIAL_INQUIRY"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    people = [MOVER, RENUMBERED, DEAD, MOTHER, FATHER]
    inscriptions = [
        *(line(ssin, REGISTER, CONTEXT, "1980-03-15") for ssin in people),
        *(line(ssin, GENT, "17:2", "2020-01-01") for ssin in (MOVER, RENUMBERED, DEAD, MOTHER)),
        line(MOVER, PENSIONS, "5:100", "2020-01-01"),
        line(MOVER, LIEGE, "17:2", "2010-01-01", "2019-12-31"),
        line(MOVER, OFFICE, "12:10", "2020-01-01"),
    ]
    home = {"sql": HOME, "one": True, "json": ["collective", "members"]}
    groups = {GROUP: {"sql": ANSWERS, "one": True}, HOUSEHOLDS: home}
    own: dict[str, Any] = {"groups": groups, "register": MATCHES, "outbox": True}
    feed = {"context": CONTEXT, "dataGroup": GROUP, "householdGroup": HOUSEHOLDS, "descentGroup": DESCENTS}
    with network(
        tmp_path_factory.mktemp("feed"),
        module_database,
        {REGISTER: own | {"feed": feed}, GENT: {}, LIEGE: {}, PENSIONS: {}, OFFICE: {}},
        persons=[*people, STRANGER],
        inscriptions=inscriptions,
        start=False,
    ) as made:
        register(engine_of(made), *(person_row(ssin) for ssin in people))
        made.start_hub()
        made.start_members([REGISTER])
        yield made


def engine_of(built: Network) -> Engine:
    return create_engine(f"sqlite:///{built.member(REGISTER).database}")


class Feeder:
    """Gives the register feed after feed."""

    def __init__(self, built: Network, folder: Path) -> None:
        self.built, self.folder, self.numbers = built, folder, count(1)
        self.settings = str(built.member(REGISTER).settings)

    def write(self, *lines: Any) -> Path:
        number = next(self.numbers)
        day = DAY.replace(day=DAY.day + number).isoformat()
        return written(self.folder / f"feed-{number}", lines, sequence=number, day=day)

    def feed(self, *lines: Any) -> dict[str, Any]:
        ended = self.run(self.write(*lines))
        assert ended.code == 0, ended.stderr + ended.stdout
        sheet: dict[str, Any] = json.loads(ended.stdout)
        assert sheet["errands"] == {"waiting": 0, "refused": 0}
        return sheet

    def run(self, file: Path) -> Ended:
        return typed("register", "feed", str(file), "--config", self.settings, "--json")

    def errands(self, *options: str) -> Ended:
        return typed("register", "errands", "--config", self.settings, "--json", *options)


@pytest.fixture(scope="module")
def feeder(built: Network, tmp_path_factory: pytest.TempPathFactory) -> Feeder:
    return Feeder(built, tmp_path_factory.mktemp("feeds"))


def client(built: Network, institution: str) -> SyncClient:
    return SyncClient(built.member(institution).client(built.installation.settings.public_url))


def taken(built: Network, institution: str) -> list[Item]:
    """Give what is in a mailbox, and acknowledge it."""
    with client(built, institution) as one:
        page = one.pull()
        if page.lease:
            one.acknowledge(page.lease, up_to=page.items[-1].number)
        return list(page.items)


def awaited(built: Network, institution: str) -> list[Item]:
    """Give what comes into a mailbox."""
    while not (items := taken(built, institution)):
        time.sleep(0.1)
    return items


def test_a_move_in_the_feed_reaches_the_right_mailboxes_and_no_other(built: Network, feeder: Feeder) -> None:
    sheet = feeder.feed(move(MOVER), move(RENUMBERED))
    assert [kind for kind in sheet["kinds"] if kind["read"]] == [
        {"kind": "move", "announced": 2, "read": 2, "applied": 2, "refused": 0}
    ]
    items = awaited(built, GENT)
    while len(items) < 2:
        items += awaited(built, GENT)
    assert [item.change.ssin.value for item in items if item.change] == [MOVER, RENUMBERED]
    (item,) = awaited(built, PENSIONS)
    assert item.change is not None
    assert (item.change.data_group, item.change.source, item.change.content) == (GROUP, REGISTER, None)
    with client(built, PENSIONS) as pensions:
        (block,) = pensions.fetch(item, agent="file-7").blocks
    assert (block.json["street"], block.json["houseNumber"]) == ("New Street", "2 A")
    for other in (LIEGE, OFFICE, REGISTER):
        assert taken(built, other) == []


def test_who_is_born_comes_into_being_at_the_hub_and_may_be_inscribed(built: Network, feeder: Feeder) -> None:
    feeder.feed(birth(CHILD), move(CHILD, "2026-03-02"))
    evidence = InscriptionEvidence(kind="reference", value="file-8")
    since = Period(DAY)
    inscription = InscriptionLine(
        reference="child", institution=GENT, ssin=CHILD, context="17:2", period=since, evidence=evidence
    )
    with client(built, GENT) as gent:
        gent.inscribe(inscription)
    feeder.feed(move(CHILD, "2026-03-04", houseNumber="77"))
    told: list[tuple[str, date]] = []
    while (CHILD, date(2026, 3, 4)) not in told:
        told += [(item.change.ssin.value, item.change.happened_on) for item in awaited(built, GENT) if item.change]
    assert {ssin for ssin, _ in told} == {CHILD}


def test_a_birth_and_a_death_reach_those_who_have_somebody_of_the_household_on_file(
    built: Network, feeder: Feeder
) -> None:
    feeder.feed(
        {"kind": "household", "ssin": MOTHER, "on": ON, "position": "head"},
        {"kind": "household", "ssin": FATHER, "on": ON, "position": "spouse", "joins": MOTHER},
        birth(SECOND_CHILD, on="2026-03-02", joins=FATHER),
    )
    items = households(built, GENT, 3)
    assert [item.change.happened_on for item in items if item.change] == [
        date(2026, 3, 1),
        date(2026, 3, 1),
        date(2026, 3, 2),
    ]
    with client(built, GENT) as gent:
        (block,) = gent.fetch(items[-1], agent="file-9").blocks
    assert {member["ssin"] for member in block.json["members"]} == {MOTHER, FATHER, SECOND_CHILD}
    feeder.feed({"kind": "death", "ssin": FATHER, "on": "2026-03-03", "partner": MOTHER})
    (item,) = households(built, GENT, 1)
    with client(built, GENT) as gent:
        (block,) = gent.fetch(item, agent="file-9").blocks
    assert {member["ssin"] for member in block.json["members"]} == {MOTHER, SECOND_CHILD}
    assert [other for other in (LIEGE, PENSIONS, OFFICE) if taken(built, other)] == []


def test_a_birth_is_a_change_of_descent_of_the_child_and_of_its_parents(built: Network, feeder: Feeder) -> None:
    feeder.feed(birth(THIRD_CHILD, parents=[MOTHER, FATHER]))
    engine = engine_of(built)
    wanted = select(OUTBOX.c.ssin, OUTBOX.c.kind, OUTBOX.c.outcome).where(OUTBOX.c.data_group == DESCENTS)
    while True:
        with engine.connect() as connection:
            told = {tuple(row) for row in connection.execute(wanted)}
        if all(outcome for _, _, outcome in told):
            break
        time.sleep(0.1)
    engine.dispose()
    assert told == {
        (THIRD_CHILD, "created", ACCEPTED),
        (MOTHER, "changed", ACCEPTED),
        (FATHER, "changed", ACCEPTED),
    }


def households(built: Network, institution: str, count: int) -> list[Item]:
    """Give as many items about the mother's household as are awaited; what else comes meanwhile is passed over."""
    items = list[Item]()
    while len(items) < count:
        for item in awaited(built, institution):
            if item.change and item.change.data_group == HOUSEHOLDS:
                assert item.change.ssin.value == MOTHER
                items.append(item)
    return items


def test_a_number_is_replaced_once_the_hub_has_asked_the_register(built: Network, feeder: Feeder) -> None:
    feeder.feed({"kind": "number", "ssin": RENUMBERED, "to": NEW, "on": ON}, move(NEW, "2026-03-02", houseNumber="9"))
    with client(built, GENT) as gent:
        reply = gent.ask(
            ssin=RENUMBERED, legal_context=INQUIRY, data_groups=[GROUP], agent="clerk-7", reference_date=DAY
        )
    assert (reply.answer.ssin.value, reply.answer.ssin.replaces) == (NEW, RENUMBERED)
    assert [block.json["houseNumber"] for block in reply.blocks] == ["9"]
    assert feeder.run(feeder.write(move(RENUMBERED))).code == 1


def test_a_death_is_told_and_known_at_the_hub(built: Network, feeder: Feeder) -> None:
    feeder.feed({"kind": "death", "ssin": DEAD, "on": ON})
    with client(built, GENT) as gent:
        later = Period(DAY, DAY)
        reply = gent.ask(ssin=DEAD, legal_context=INQUIRY, data_groups=["living-wage@1"], agent="clerk-7", period=later)
    assert reply.answer.status.code == "MSG00009"


def test_while_the_hub_is_away_the_feed_is_applied_and_the_errands_wait(built: Network, feeder: Feeder) -> None:
    child = born(5)
    built.processes.stop("hub")
    ended = feeder.run(feeder.write(birth(child)))
    built.start_hub()
    assert ended.code == 1
    assert "The feed is applied." in ended.stderr
    assert json.loads(ended.stdout)["errands"] == {"waiting": 2, "refused": 0}
    done = feeder.errands()
    assert (done.code, json.loads(done.stdout)) == (0, {"waiting": 0, "refused": 0, "firstRefused": []})


def test_what_the_hub_refuses_is_shown_and_what_waits_behind_it_too(built: Network, feeder: Feeder) -> None:
    old, new = person(11), person(13)
    register(engine_of(built), person_row(old))
    ended = feeder.run(feeder.write({"kind": "number", "ssin": old, "to": new, "on": ON}, move(new)))
    assert ended.code == 1
    assert json.loads(ended.stdout)["errands"] == {"waiting": 0, "refused": 2}
    for options in ((), ("--again",)):
        refused = json.loads(feeder.errands(*options).stdout)["firstRefused"]
        assert [why["kind"] for why in refused] == ["renumber", "notify"]
        assert "CR-PERSON-NOT-OWN" in refused[0]["reason"]
        assert "behind" in refused[1]["reason"]


def test_errands_that_are_killed_are_done_in_the_end(built: Network, feeder: Feeder) -> None:
    chance = random.Random(20261122)
    engine = engine_of(built)
    settled = errands_of(engine)
    children = [born(number) for number in range(101, 161, 2)]
    file = feeder.write(*(birth(ssin) for ssin in children))
    killed = 0
    while killed < 3:
        command = [sys.executable, "-m", "crossroads", "register", "feed", str(file), "--config", feeder.settings]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        left = max(errands_of(engine) - settled, 0) or 2 * len(children)
        enough = left - chance.randrange(1, 12)
        try:
            while errands_of(engine) - settled not in range(1, enough + 1):
                assert process.poll() is None
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        killed += 1
    feeder.run(file)
    assert errands_of(engine) == settled
    engine.dispose()
    with client(built, GENT) as gent:
        for ssin in children:
            evidence = InscriptionEvidence(kind="document", value="passport-1")
            gent.inscribe(
                InscriptionLine(
                    reference=ssin[6:9],
                    institution=GENT,
                    ssin=ssin,
                    context="17:1",
                    period=Period(DAY),
                    evidence=evidence,
                )
            )


def test_the_sheet_of_an_earlier_feed_and_what_cannot_be_are_told_in_words(built: Network, feeder: Feeder) -> None:
    sheet = typed("register", "sheet", "--config", feeder.settings, "--sequence", "1")
    assert sheet.stdout.startswith("Feed 1 of 2026-03-03: applied.\n")
    assert typed("register", "create", "--config", feeder.settings).stdout == "The tables are there.\n"
    missing = typed("register", "feed", "no-such-file", "--config", feeder.settings)
    assert (missing.code, "no-such-file: cannot be read" in missing.sentence) == (1, True)
    pipe = crossroads("register", "feed", "/dev/stdin", "--config", feeder.settings)
    assert (pipe.code, "must be a file" in pipe.sentence) == (1, True)
    other = str(built.member(GENT).settings)
    none = typed("register", "feed", str(feeder.folder / "feed-1"), "--config", other)
    assert (none.code, "$.register.feed" in none.sentence) == (1, True)


def errands_of(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(ERRANDS)).scalar_one())

"""Households for which a right is open, and whom a client does not have, are invited in their box: each once."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from boxes import Boxes
from commands import typed
from crossroads.network.service import Network
from crossroads.participant.boxes import Opener
from crossroads.participant.client import SyncClient
from crossroads.wire.box import Sort
from database import Database
from entitling import (
    CHILD,
    DISABLED,
    FIRST,
    GROUPS,
    HELPED,
    INSURED,
    SETTINGS,
    STATUSES,
    statuses,
    statuses_network,
)
from looking import OWN, PORTAL
from networks import belgium
from raw import person
from warm import Warm

HOUSEHOLD, ALONE = "water-flanders", "culture-pass"
HIDDEN = {"households": None, "invited": None, "no_box": None, "nobody": None, "refused": None}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    with statuses_network(tmp_path_factory.mktemp("invited") / "net", module_database) as made:
        assert statuses(made, "propose", "-", text=f"{HELPED}\n{DISABLED}\n{INSURED}\n").code == 0
        loaded = statuses(made, "load", "--day", FIRST)
        assert loaded.code == 0, loaded
        yield made


@pytest.fixture
def customers(tmp_path: Path) -> Path:
    """Give the list of a client that has nobody of the network."""
    return listed(tmp_path / "customers.csv", (person(200 + number) for number in range(20)))


def listed(path: Path, people: Any) -> Path:
    path.write_text("reference,ssin\n" + "".join(f"c-{at},{ssin}\n" for at, ssin in enumerate(people)))
    return path


def invite(built: Network, customers: Path, right: str = HOUSEHOLD) -> dict[str, Any]:
    ended = statuses(built, "invite", str(customers), "--right", right, "--json")
    assert ended.code == 0, ended
    said: dict[str, Any] = json.loads(ended.stdout)
    return said


def test_one_of_a_household_is_invited_once(built: Network, customers: Path) -> None:
    boxes = Boxes(built)
    # Nobody has a box: nobody is written to, and that is known for this load.
    assert invite(built, customers, ALONE) == HIDDEN
    for ssin in (CHILD, DISABLED):
        boxes.activate(ssin)
    assert invite(built, customers) == HIDDEN
    invite(built, customers)
    assert [boxes.listed(ssin).total for ssin in (HELPED, CHILD, DISABLED, INSURED)] == [0, 1, 1, 0]

    # The other of the household has a box from now on, and is not written to as well.
    boxes.activate(HELPED)
    invite(built, customers)
    assert [boxes.listed(ssin).total for ssin in (HELPED, CHILD)] == [0, 1]
    (found,) = boxes.listed(CHILD).items
    assert (found.sender, found.sort, set(found.subject)) == (STATUSES, Sort.INVITATION, {"nl", "fr", "de", "en"})
    check_what_is_read(built, found)


def check_what_is_read(built: Network, found: Any) -> None:
    """Open every document as the person does: it names no status, and nobody."""
    names = {group.names for group in belgium().data_groups if group.status}
    statuses_named = {text for name in names for text in (name.nl, name.fr, name.de, name.en) if text} | set(GROUPS)
    config = built.member(PORTAL).client(built.installation.settings.public_url)
    with SyncClient(config) as portal:
        for card in found.documents:
            opened = portal.box.open(Opener(CHILD, OWN, "session-test"), found, card)
            text = opened.content.decode("utf-8-sig")
            assert text
            assert not any(name.lower() in text.lower() for name in statuses_named), card.name
            assert not any(ssin in text for ssin in (HELPED, CHILD))
    assert len(found.documents) == 4


def test_who_is_on_the_list_is_not_invited_nor_who_withdrew(built: Network, tmp_path: Path) -> None:
    boxes = Boxes(built)
    boxes.activate(INSURED)
    before = [boxes.listed(ssin).total for ssin in (DISABLED, INSURED)]
    known = listed(tmp_path / "known.csv", (DISABLED, INSURED, *(person(200 + number) for number in range(20))))
    invite(built, known, ALONE)
    assert [boxes.listed(ssin).total for ssin in (DISABLED, INSURED)] == before
    shelved = set((built.member(STATUSES).folder / "state" / "box").iterdir())
    ended = statuses(built, "withdraw", "--ssin", "-", text=f"{INSURED}\n")
    assert ended.code == 0, ended
    invite(built, listed(tmp_path / "others.csv", (person(300 + number) for number in range(20))), HOUSEHOLD)
    assert boxes.listed(INSURED).total == before[1]
    assert set((built.member(STATUSES).folder / "state" / "box").iterdir()) == shelved


def test_it_is_refused_where_the_right_does_not_say_so(built: Network, customers: Path, tmp_path: Path) -> None:
    for wrong, sentence in (
        ((str(customers), "--right", "social-tariff"), "nobody may be written to"),
        ((str(customers), "--right", "no-such-right"), "There is no right no-such-right."),
        ((str(listed(tmp_path / "few.csv", [HELPED])), "--right", HOUSEHOLD), "fewer than 20 people"),
    ):
        ended = statuses(built, "invite", *wrong)
        assert (ended.code, sentence in ended.sentence) == (1, True), ended
    elsewhere = tmp_path / "elsewhere.yaml"
    elsewhere.write_text(yaml.safe_dump(SETTINGS | {"client": str(built.member(STATUSES).settings)}))
    ended = typed("statuses", "invite", str(elsewhere), str(customers), "--right", HOUSEHOLD)
    assert (ended.code, "Nothing is loaded" in ended.sentence) == (1, True), ended


def test_killed_anywhere_it_goes_on(built: Network, customers: Path) -> None:
    """A load of another day, and the command killed ever later: in the end each has one message more."""
    boxes = Boxes(built)
    for ssin in (CHILD, DISABLED):
        boxes.activate(ssin)
    before = [boxes.listed(ssin).total for ssin in (HELPED, CHILD, DISABLED)]
    assert statuses(built, "load").code == 0
    settings = str(built.member(STATUSES).folder / "statuses.yaml")
    command = ["statuses", "invite", settings, str(customers), "--right", HOUSEHOLD]
    shelf = built.member(STATUSES).folder / "state" / "box"
    stood = len(list(shelf.glob("*")))
    for more in range(3):
        running = Warm(command, Path(os.devnull), os.environ)
        # Once another message stands on the shelf: before, while or after the hub takes it.
        while running.poll() is None and len(list(shelf.glob("*"))) <= stood + more:
            time.sleep(0.002)
        running.kill()
        running.wait()
    invite(built, customers)
    after = [boxes.listed(ssin).total for ssin in (HELPED, CHILD, DISABLED)]
    assert (sum(after[:2]), after[2]) == (sum(before[:2]) + 1, before[2] + 1)

"""No right is decided by a table that the catalogue does not have in force: at a load, at the start, when asked."""

import asyncio
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from commands import typed
from crossroads.bootstrap.wiring import services
from crossroads.catalogue.model import Document
from crossroads.catalogue.tables import digest
from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.kernel.codes import StatusValue
from crossroads.kernel.period import Period
from crossroads.network.service import Network
from crossroads.participant.client import Client
from crossroads.participant.replies import Reply
from database import Database
from entitling import BUSES, FARE, FIRST, INSURED, SETTINGS, STATUSES, WHY, settle, statuses, statuses_network
from networks import belgium
from plain import NO_TLS

OTHERWISE = (b"category 1: public", b"category 1:  public")
"""A space more in a remark of the table: no other rule, and another text."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    with statuses_network(tmp_path_factory.mktemp("granted") / "net", module_database) as made:
        yield made


@pytest.fixture
def own(built: Network, tmp_path: Path) -> Iterator[Path]:
    """Give a folder of rights of the institution's own, with the tables beside them."""
    copied = Path(shutil.copytree(str(SETTINGS["rights"]), tmp_path / "own"))
    for path in copied.glob("*.yaml"):
        text = path.read_text("utf-8").replace("../../catalogue/belgium/tables/", "")
        path.write_text(text)
        shutil.copy(Path(str(SETTINGS["rights"])).parents[1] / "catalogue/belgium/tables" / f"{path.stem}.dmn", copied)
    settle(built, rights=str(copied))
    yield copied
    settle(built)


async def believed(built: Network, document: Document) -> None:
    """Change the catalogue into another, and wait until the hub has it."""
    async with services(built.installation) as found:
        plan = await found.catalogue.plan(document)
        version = await found.catalogue.apply(built.founders.sign(plan.signable()))
    hub = built.installation.settings.public_url
    async with httpx.AsyncClient(base_url=hub, verify=NO_TLS, trust_env=False) as browser:
        for _ in range(200):
            if (await browser.get("/v1/sectors")).headers["etag"].startswith(f'"{version}-'):
                return
            await asyncio.sleep(0.1)
    pytest.fail("The hub does not follow the catalogue.")


def with_table(key: str, **parts: Any) -> Document:
    """Give the Belgian catalogue with a table otherwise."""
    tables = (msgspec.structs.replace(one, **parts) if one.id == key else one for one in belgium().decision_tables)
    return msgspec.structs.replace(belgium(), decision_tables=tuple(tables))


async def asked(built: Network, ssin: str) -> Reply:
    """Let the buses ask about one person, today."""
    today = brussels_day(SystemClock().now())
    async with Client(built.member(BUSES).client(built.installation.settings.public_url)) as opened:
        return await opened.ask(
            ssin=ssin, legal_context=WHY[FARE], data_groups=[FARE], agent="counter-3", period=Period(today, today)
        )


def refused(built: Network, *said: str) -> None:
    """Check that neither a load nor the institution begins, and that both say why."""
    home = {"CROSSROADS_HOME": str(built.member(STATUSES).folder)}
    for ended in (statuses(built, "load"), typed("serve", "--role", "statuses", environment=home)):
        assert ended.code == 1, ended
        assert [one for one in said if one not in ended.sentence] == [], ended.sentence
    assert "Nothing is loaded" in statuses(built, "show").sentence


def test_a_table_of_ones_own_is_refused(built: Network, own: Path) -> None:
    table = own / "social-tariff.dmn"
    before = digest(table.read_text("utf-8"))
    table.write_bytes(table.read_bytes().replace(*OTHERWISE))
    after = digest(table.read_text("utf-8"))
    assert before != after
    said = f"its table social-tariff is {before[:12]}…, and {table} here is {after[:12]}…"
    refused(built, "The right social-tariff is not decided for", said)


def test_a_reach_of_ones_own_is_refused(built: Network, own: Path) -> None:
    path = own / "de-lijn.yaml"
    path.write_text(path.read_text("utf-8").replace("reach: person", "reach: household"))
    refused(built, "The right de-lijn is not decided for", "reach person")


async def test_a_right_whose_authorisation_is_over_is_refused(built: Network) -> None:
    yesterday = brussels_day(SystemClock().now()) - timedelta(days=1)
    ended = (
        msgspec.structs.replace(one, valid_until=yesterday) if one.reference == "CR-ILL/right-de-lijn-1" else one
        for one in belgium().authorisations
    )
    await believed(built, msgspec.structs.replace(belgium(), authorisations=tuple(ended)))
    refused(built, "the authorisation CR-ILL/right-de-lijn-1 is not in force then")
    # As of a day on which it was, it is loaded.
    assert statuses(built, "propose", "-", text=f"{INSURED}\n").code == 0
    loaded = statuses(built, "load", "--day", FIRST)
    assert loaded.code == 0, loaded
    await believed(built, belgium())


async def test_a_question_is_compared_when_it_is_asked(built: Network) -> None:
    """The institution goes on while the catalogue changes its table: it answers with nothing, not by the old one."""
    table = next(one for one in belgium().decision_tables if one.id == "de-lijn")
    text = table.dmn.replace("</definitions>", "<!-- another --></definitions>")
    await believed(built, with_table("de-lijn", dmn=text, sha256=digest(text)))
    silent = await asked(built, INSURED)
    assert (silent.answer.status.value, silent.blocks) == (StatusValue.INCOMPLETE_DATA, ())
    await believed(built, belgium())
    (block,) = (await asked(built, INSURED)).blocks
    assert block.json["entitled"]

"""However many rights are asked about, the catalogue is read once a minute; what refuses is read anew."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from attestations import MARIE
from crossroads.catalogue.decision_tables import DecisionTable, DecisionTableCard
from crossroads.kernel.clock import brussels_day
from crossroads.kernel.errors import Unavailable
from crossroads.kernel.period import Period
from crossroads.participant.config import read_config
from crossroads.participant.datasources import Wanted
from crossroads.statuses import answering
from crossroads.statuses.answering import RightSource
from crossroads.wire.keys import SealingKey, SigningKey
from entitling import FARE, SETTINGS, STATUSES, TARIFF
from fakehub import FakeHub
from networks import belgium

pytest_plugins = ["participant_fixtures"]

READ = ("/v1/authorisations", "/v1/decision-tables")
WANTED = Wanted(MARIE, STATUSES, Period(day := brussels_day(datetime.now(UTC)), day))
TABLES = belgium().decision_tables


@pytest.fixture
def sources(tmp_path: Path, hub: FakeHub) -> list[RightSource]:
    """Give two rights of an institution, as its settings name them."""
    hub.write_trust(tmp_path)
    keys = {kind: {"id": f"{STATUSES}#{kind}", "file": f"{kind}.pem"} for kind in ("sign", "seal")}
    for kind, key in (("sign", SigningKey), ("seal", SealingKey)):
        key.generate(f"{STATUSES}#{kind}").write(tmp_path / f"{kind}.pem")
    settings: dict[str, Any] = {
        "institution": STATUSES,
        "listen": {"port": 1},
        "url": "http://127.0.0.1:1",
        "hub": hub.url,
        "trust": "trust.json",
        "keys": keys,
        "state": "state",
        "groups": {group: {"function": "crossroads.statuses.answering:right"} for group in (TARIFF, FARE)},
    }
    (tmp_path / "participant.yaml").write_text(yaml.safe_dump(settings))
    (tmp_path / "statuses.yaml").write_text(yaml.safe_dump(SETTINGS))
    config = read_config(tmp_path / "participant.yaml")
    hub.answers[READ[0]] = {"items": belgium().authorisations}
    publish(hub, TABLES)
    return [answering.right(config, group) for group in (TARIFF, FARE)]


def publish(hub: FakeHub, tables: Iterable[DecisionTable]) -> None:
    hub.answers[READ[1]] = {"items": [msgspec.convert(one, DecisionTableCard, from_attributes=True) for one in tables]}


async def unanswered(sources: Iterable[RightSource]) -> list[str]:
    """Ask about a person at once by all; the hub answers no question here. Give what each says."""
    said = await asyncio.gather(*(one.read(WANTED) for one in sources), return_exceptions=True)
    assert {type(one) for one in said} == {Unavailable}
    return [str(one) for one in said]


def reads(hub: FakeHub) -> list[int]:
    return [hub.asked.count(path) for path in READ]


async def test_all_rights_read_the_catalogue_once(hub: FakeHub, sources: list[RightSource]) -> None:
    for _ in range(3):
        assert not any("is not decided" in one for one in await unanswered(sources * 3))
    assert reads(hub) == [1, 1]
    for one in sources:
        await one.close()


async def test_what_refuses_is_read_anew(hub: FakeHub, sources: list[RightSource]) -> None:
    publish(hub, (msgspec.structs.replace(one, sha256="0" * 64) if one.id == "de-lijn" else one for one in TABLES))
    tariff, fare = sources
    assert "its table de-lijn is 000000000000…" in (await unanswered([fare]))[0]
    assert "is not decided" not in (await unanswered([tariff]))[0]
    publish(hub, TABLES)
    assert "is not decided" in (await unanswered([fare]))[0]
    assert "is not decided" not in (await unanswered([fare]))[0]
    assert reads(hub) == [3, 3]
    for one in sources:
        await one.close()

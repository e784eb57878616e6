"""A data group that a function of the institution's own answers for."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from crossroads.kernel.errors import Unavailable
from crossroads.kernel.period import Period
from crossroads.participant.bulk_sources import StrangeRows, many_sources
from crossroads.participant.closing import close_sources
from crossroads.participant.config import Config, GroupSource, Listen, OwnKeys
from crossroads.participant.datagroups import JSON
from crossroads.participant.datasources import Found, Wanted, WantedMany, data_sources
from crossroads.participant.settings import KeyFile
from crossroads.participant.yamlfile import WrongSetting

GROUP, SSIN, OTHER = "a-b@1", "80650112345", "80650112246"
PERIOD = Period(date(2026, 1, 1), date(2026, 3, 31))


class Given:
    """What the function makes: it says which settings and data group it was made for."""

    media_type = JSON

    def __init__(self, said: dict[str, str], strangers: frozenset[str] = frozenset()) -> None:
        """Give the same to all but those whose number ends in 6."""
        self.said, self.strangers, self.closed = said, strangers, False

    async def read(self, wanted: Wanted) -> bytes | None:
        """Give it."""
        return None if wanted.ssin == OTHER else json.dumps(self.said).encode()

    async def read_many(self, wanted: WantedMany) -> Found:
        """Give it of many."""
        return {ssin: b"{}" for ssin in {*wanted.ssins, *self.strangers} if ssin != OTHER}

    async def close(self) -> None:
        """Note it."""
        self.closed = True


def made(config: Config, group: str) -> Given:
    return Given({"institution": config.institution, "group": group})


def straying(_config: Config, _group: str) -> Given:
    return Given({}, frozenset({"80650112147"}))


def settings(folder: Path, function: str) -> Config:
    return Config(
        institution="pps-si",
        listen=Listen(port=1),
        url="https://pps-si.example",
        state="state",
        keys=OwnKeys(sign=KeyFile(id="pps-si#sign-1", file="sign.pem")),
        trust="trust.json",
        hub="https://hub.example",
        groups={GROUP: GroupSource(function=f"{__name__}:{function}")},
        folder=folder,
    )


async def test_a_function_answers_about_one_and_about_many(tmp_path: Path) -> None:
    config = settings(tmp_path, "made")
    source = data_sources(config, None)[GROUP]
    content = await source.read(Wanted(SSIN, "pps-si", PERIOD))
    assert json.loads(content or b"") == {"institution": "pps-si", "group": GROUP}
    assert await source.read(Wanted(OTHER, "pps-si", PERIOD)) is None
    many = many_sources(config, None)[GROUP]
    assert await many.read(WantedMany((SSIN, OTHER), "pps-si", PERIOD, 1000)) == {SSIN: b"{}"}


async def test_what_it_keeps_open_is_closed(tmp_path: Path) -> None:
    sources = data_sources(settings(tmp_path, "made"), None)
    await close_sources(sources)
    assert getattr(sources[GROUP], "closed", False)


async def test_nothing_leaves_of_a_person_who_was_not_asked_about(tmp_path: Path) -> None:
    many = many_sources(settings(tmp_path, "straying"), None)[GROUP]
    with pytest.raises(StrangeRows, match="not asked about") as raised:
        await many.read(WantedMany((SSIN,), "pps-si", PERIOD, 1000))
    assert isinstance(raised.value, Unavailable)
    assert "80650112147" not in str(raised.value)


@pytest.mark.parametrize("function", ["absent", "made.more"])
def test_a_function_that_is_not_there_refuses_to_start(tmp_path: Path, function: str) -> None:
    with pytest.raises(WrongSetting, match=r"\$\.groups\.a-b@1\.function: .* cannot be imported"):
        data_sources(settings(tmp_path, function), None)


@pytest.mark.parametrize(
    ("beside", "told"),
    [
        ({"sql": "select 1"}, "either sql or documents or function"),
        ({"documents": "folder"}, "either sql or documents or function"),
        ({"list": "periods"}, "beside function stand only schema and inTheClear"),
        ({"mediaType": "application/xml"}, "beside function stand only schema and inTheClear"),
        ({"one": True}, "beside function stand only schema and inTheClear"),
    ],
)
def test_what_does_not_belong_beside_a_function_is_refused(beside: dict[str, Any], told: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=told):
        msgspec.convert({"function": "module:name", **beside}, GroupSource)

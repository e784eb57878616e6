"""The database stops and starts under load: clear errors, nothing hangs, and the hub goes on by itself."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from random import Random

import httpx
import pytest

from account import Received, check_all
from chaos import Asker, client, problem, until
from crashes import ASKER, GROUPS, PEOPLE, SOURCES, Crashes, Load, fragile_network, own_database
from crossroads.bootstrap.postgres_processes import server_processes
from crossroads.network.service import Network
from database import Database


@pytest.fixture(scope="module")
def own() -> Iterator[Database]:
    with own_database() as made:
        yield made


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, own: Database) -> Iterator[Network]:
    with fragile_network(tmp_path_factory.mktemp("stops") / "network", own) as made:
        yield made


@pytest.fixture(scope="module")
def received() -> list[Received]:
    """Give all that was received in the tests of this module."""
    return []


@pytest.fixture
async def load(built: Network, received: list[Received]) -> AsyncIterator[Load]:
    async with Load(built, Random(7)) as made:
        yield made
    received += made.received


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with client() as opened:
        yield opened


@pytest.fixture
def asker(built: Network) -> Asker:
    return Asker(built, ASKER)


async def refused_for_now(asker: Asker, http: httpx.AsyncClient) -> None:
    """Check that a question is refused, clearly and for now."""
    response = await asker.send(http, asker.question(PEOPLE[0], *GROUPS))
    assert (response.status_code, problem(response).code) == (503, "CR-UNAVAILABLE")
    assert int(response.headers["retry-after"]) >= 1


async def test_stopped_and_started(own: Database, asker: Asker, http: httpx.AsyncClient, load: Load) -> None:
    await load.goes_on(30)
    used = asker.question(PEOPLE[0], *GROUPS)
    asker.read(await asker.send(http, used), used)
    await asyncio.to_thread(own.server.stop)
    for _ in range(5):
        await refused_for_now(asker, http)
    await asyncio.to_thread(own.server.start)
    await load.goes_on(30)
    replayed = await asker.send(http, used)
    assert (replayed.status_code, problem(replayed).code) == (401, "CR-NONCE-REPLAYED")
    # The nonces outlived the stop: nobody had to ask anew.
    assert (401, "CR-BEFORE-RESTART") not in load.refused


async def test_killed_and_started(
    built: Network, own: Database, asker: Asker, http: httpx.AsyncClient, load: Load
) -> None:
    await load.goes_on(10)
    before = asker.question(PEOPLE[0], *GROUPS)
    Crashes(built, own, Random(7)).cluster()
    await asyncio.to_thread(own.server.start)
    await load.goes_on(10)
    refused = await asker.send(http, before)
    assert (refused.status_code, problem(refused).code) == (401, "CR-BEFORE-RESTART")


async def test_frozen_and_thawed(own: Database, asker: Asker, http: httpx.AsyncClient, load: Load) -> None:
    await load.goes_on(10)
    frozen = server_processes(own.server.place.data)
    try:
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        await asyncio.gather(*(refused_for_now(asker, http) for _ in range(3)))
    finally:
        for pid in frozen:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
    await load.goes_on(10)


async def test_a_hub_that_stops_and_starts_while_the_database_is_down(
    built: Network, own: Database, asker: Asker, http: httpx.AsyncClient
) -> None:
    hub = built.processes["hub"]
    await asyncio.to_thread(own.server.stop)
    hub.ask_to_stop()
    assert await asyncio.to_thread(hub.wait, 20)
    hub = built.processes.start("hub", ["serve"], built.home / "logs" / "hub.log", built.environment)

    async def listens() -> bool:
        with suppress(httpx.TransportError):
            await http.get(f"{asker.hub}/health")
            return True
        return False

    await until(listens)
    await refused_for_now(asker, http)
    await asyncio.to_thread(own.server.start)
    await asyncio.to_thread(hub.wait_for, f"{asker.hub}/health")
    question = asker.question(PEOPLE[0], *GROUPS)
    asker.read(await asker.send(http, question), question)


async def test_every_answer_of_those_days_is_in_the_log(
    built: Network, own: Database, received: list[Received]
) -> None:
    assert received
    await check_all(built, own, SOURCES, received)

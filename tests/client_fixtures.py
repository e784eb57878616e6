"""Fixtures of the tests of the client; a test module that wants them names this plugin."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from clients import Exchange
from crossroads.participant.client import ClientConfig, ClientKeys, KeyFile, SyncClient
from fakehub import FakeAsker, FakeHub
from participants import Running


@pytest.fixture
def exchange(hub: FakeHub, asker: FakeAsker, participant: Running) -> Exchange:
    return Exchange(hub, asker, participant)


@pytest.fixture
def config(tmp_path: Path, hub: FakeHub, asker: FakeAsker) -> ClientConfig:
    folder = tmp_path / "client"
    asker.sign.write(folder / "sign.pem")
    asker.seal.write(folder / "seal.pem")
    hub.write_trust(folder)
    return ClientConfig(
        institution=asker.name,
        hub=hub.url,
        trust="trust.json",
        keys=ClientKeys(
            sign=KeyFile(id=asker.sign.key_id, file="sign.pem"), seal=KeyFile(id=asker.seal.key_id, file="seal.pem")
        ),
        state="state",
        folder=folder,
    )


@pytest.fixture
def client(config: ClientConfig) -> Iterator[SyncClient]:
    with SyncClient(config) as one:
        yield one

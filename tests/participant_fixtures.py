"""Fixtures of the tests of a participant; a test module that wants them names this plugin."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fakehub import FakeAsker, FakeHub, Question
from participants import NAME, SSIN, WAGE, Running, running, write_config


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    hub = FakeHub()
    yield hub
    hub.close()


@pytest.fixture
def asker(hub: FakeHub) -> FakeAsker:
    return FakeAsker(hub)


@pytest.fixture
def participant(tmp_path: Path, hub: FakeHub) -> Iterator[Running]:
    with running(write_config(tmp_path, hub), hub) as one:
        yield one


@pytest.fixture
def question(asker: FakeAsker) -> Question:
    return Question(asker, NAME, SSIN, WAGE)

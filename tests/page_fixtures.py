"""Fixtures of the size of pages; a test module that wants them names this plugin."""

from collections.abc import Iterator

import pytest

from small_pages import small_pages


@pytest.fixture
def small() -> Iterator[int]:
    """Let pages be small, and give how many records they have."""
    with small_pages() as records:
        yield records

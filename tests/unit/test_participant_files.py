"""Files that are put in place are there whole, and also after a loss of power."""

from collections.abc import Callable
from pathlib import Path

import pytest

from crossroads.participant.files import placed, write_atomically


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, list[str]]]:
    """Give the folders that were flushed, each with the files that it had then."""
    seen: list[tuple[Path, list[str]]] = []

    def note(folder: Path) -> None:
        seen.append((folder, [file.name for file in folder.iterdir()]))

    monkeypatch.setattr("crossroads.participant.files.flush", note)
    return seen


def _placed(path: Path) -> None:
    with placed(path) as file:
        file.write(b"result")


@pytest.mark.parametrize("place", [_placed, lambda path: write_atomically(path, b"result")])
def test_its_name_is_on_the_disk_when_it_is_said_to_be_there(
    tmp_path: Path, flushed: list[tuple[Path, list[str]]], place: Callable[[Path], None]
) -> None:
    place(tmp_path / "result.jsonl")
    assert flushed == [(tmp_path, ["result.jsonl"])]
    assert (tmp_path / "result.jsonl").read_bytes() == b"result"


def test_what_is_not_whole_is_nowhere(tmp_path: Path) -> None:
    def fail() -> None:
        with placed(tmp_path / "result.jsonl") as file:
            file.write(b"half")
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        fail()
    assert list(tmp_path.iterdir()) == []

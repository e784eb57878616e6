"""What the institution changes of its rights is seen by what runs."""

import shutil
from pathlib import Path

import pytest

from crossroads.participant.yamlfile import WrongSetting
from crossroads.statuses import current_rights
from crossroads.statuses.current_rights import CurrentRights
from crossroads.statuses.rights import Right, read_rights
from networks import BELGIUM

RIGHTS = BELGIUM.parents[1] / "rights" / "belgium"
TABLE = "culture-pass.dmn"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with one right and its table."""
    shutil.copy(BELGIUM / "tables" / TABLE, tmp_path)
    write(tmp_path)
    return tmp_path


def write(folder: Path, *lines: str) -> None:
    text = (RIGHTS / "culture-pass.yaml").read_text("utf-8").replace("../../catalogue/belgium/tables/", "")
    (folder / "culture-pass.yaml").write_text("\n".join((text, *lines)), "utf-8")


def only(rights: CurrentRights) -> Right:
    (right,) = rights.values()
    return right


def test_a_right_that_is_changed_is_seen(folder: Path) -> None:
    rights = CurrentRights(folder)
    assert tuple(rights.values()) == read_rights(folder)
    assert only(rights).withdrawal
    write(folder, "withdrawal: false", "withdrawalReference: illustrative act, article 1")
    assert not only(rights).withdrawal
    version = only(rights).version
    (folder / TABLE).write_bytes((folder / TABLE).read_bytes() + b"\n")
    assert only(rights).version != version
    (folder / "culture-pass.yaml").unlink()
    assert (len(rights), "culture-pass" in rights) == (0, False)
    write(folder)
    assert list(rights) == ["culture-pass"]


def test_what_cannot_be_read_changes_nothing_until_it_can(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current_rights, "_AGAIN_SECONDS", 0)
    rights = CurrentRights(folder)
    before = only(rights)
    new = folder / "new.dmn"
    text = (folder / "culture-pass.yaml").read_text("utf-8")
    (folder / "culture-pass.yaml").write_text(text.replace(TABLE, new.name), "utf-8")
    assert only(rights) == before
    new.write_bytes(b"<x/>")
    assert only(rights) == before
    new.write_bytes((folder / TABLE).read_bytes() + b"\n")
    assert only(rights).table == str(new)
    (folder / "culture-pass.yaml").write_text("id: [", "utf-8")
    with pytest.raises(WrongSetting):
        CurrentRights(folder)
    assert only(rights).table == str(new)

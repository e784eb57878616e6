"""The reference pages say what the code does."""

import re
from pathlib import Path

import pytest

import crossroads
from crossroads.kernel.codes import Code
from reference import FOLDER, PAGES

ROOT = Path(crossroads.__file__).parent


@pytest.mark.parametrize("name", PAGES)
def test_a_page_made_from_the_code_is_up_to_date(name: str) -> None:
    assert (FOLDER / name).read_text("utf-8") == PAGES[name](), "run `make reference`"


def test_every_setting_has_its_sentence() -> None:
    rows = (FOLDER / "settings.md").read_text("utf-8").splitlines()
    assert not [row for row in rows if row.startswith("| `") and row.endswith("|  |")]


def test_every_code_is_used() -> None:
    sources = "\n".join(path.read_text("utf-8") for path in ROOT.rglob("*.py") if path.name != "codes.py")
    assert [code.name for code in Code if not re.search(rf"\bCode\.{code.name}\b", sources)] == []


def test_links_between_pages_lead_somewhere() -> None:
    repository = FOLDER.parent.parent
    pages = [*repository.glob("*.md"), *(repository / "docs").rglob("*.md")]
    broken = [
        f"{page.name}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []

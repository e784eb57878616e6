"""The reference pages say what the code does."""

import re
from pathlib import Path

import pytest

import crossroads
import limits_page
from crossroads.kernel.codes import Code
from reference import FOLDER, PAGES

ROOT = Path(crossroads.__file__).parent


@pytest.mark.parametrize("name", PAGES)
def test_a_page_made_from_the_code_is_up_to_date(name: str) -> None:
    assert (FOLDER / name).read_text("utf-8") == PAGES[name](), "run `make reference`"


def test_every_setting_has_its_sentence() -> None:
    rows = (FOLDER / "settings.md").read_text("utf-8").splitlines()
    assert not [row for row in rows if row.startswith("| `") and row.endswith("|  |")]


def test_every_limit_of_the_messages_is_on_its_page() -> None:
    page = Path(limits_page.__file__).read_text("utf-8")
    limits = {
        name
        for path in (ROOT / "wire").glob("*.py")
        for name in re.findall(r"^((?:MAXIMUM|MOST)[A-Z_]*)\b.* = ", path.read_text("utf-8"), re.MULTILINE)
    }
    assert {name for name in limits if not re.search(rf"\.{name}\b", page)} == set()


def test_every_page_is_named_where_readers_begin() -> None:
    docs = FOLDER.parent
    begin = docs / "README.md"
    named = re.findall(r"\]\(([^)#:]+)", begin.read_text("utf-8"))
    assert {page.relative_to(docs).as_posix() for page in docs.rglob("*.md")} - {begin.name, *named} == set()


def test_every_code_is_used() -> None:
    sources = "\n".join(path.read_text("utf-8") for path in ROOT.rglob("*.py") if path.name != "codes.py")
    assert [code.name for code in Code if not re.search(rf"\bCode\.{code.name}\b", sources)] == []


def test_every_code_is_expected_by_a_test() -> None:
    tests = "\n".join(path.read_text("utf-8") for path in Path(__file__).parents[1].rglob("*.py"))
    named = {code for code in Code if re.search(rf'\bCode\.{code.name}\b|"{code.value}"', tests)}
    assert [code.name for code in Code if code not in named] == []


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

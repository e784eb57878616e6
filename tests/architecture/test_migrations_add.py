"""Migrations add: processes of the last version work while one is applied, and afterwards. What does more says why."""

import re
from pathlib import Path

import pytest

from crossroads.bootstrap.migrations import _LOCK_TIMEOUT, FOLDER

SINCE = "0170_service_levels"
"""The last migration of the version before this rule."""
FILES = sorted(path for path in FOLDER.glob("*.sql") if path.stem > SINCE)
WITHIN = re.compile(r"\$\$.*?\$\$|'(?:[^']|'')*'", re.DOTALL)
"""The bodies of functions, and words."""
MARK = re.compile(r"^-- (?:compatible: \S.{20,}|breaks: processes before \d{4}_\w+)$", re.MULTILINE)
"""Why processes of the last version go on working all the same, or that they do not."""
ADDS = re.compile(
    r"create (?:unlogged )?table |create (?:or replace )?(?:function|view) |comment on |grant |insert into "
    r"|revoke all on function |alter table \w+ set \("
    r"|alter table \w+ alter column \w+ set (?:storage|statistics|default) "
)
"""A table, a function, a view, rights, words, rows; how rows are stored."""
COLUMN = re.compile(r"alter table \w+ add column (?!.*\b(?:unique|primary|check|references)\b)(.*)")
MAKES = re.compile(r"create (?:unlogged )?table (\w+)")
ABOUT = re.compile(r"(?:create (?:unique )?index \w+ on|alter table) (\w+)")
"""What may be done to a table that the same file made before: nobody waits for it, and nobody knows it."""


def takes_away(path: Path) -> list[str]:
    """Give the statements of a migration that do more than add, or make who writes wait while an index is made."""
    script = path.read_text("utf-8").partition("-- migrate: apply")[2].partition("-- migrate: rollback")[0]
    code = "\n".join(line for line in script.splitlines() if not line.startswith("--"))
    statements = [" ".join(one.split()).lower() for one in WITHIN.sub("''", code).split(";")]
    made = [set(re.findall(MAKES, " ".join(statements[:at]))) for at in range(len(statements))]
    return [one for one, before in zip(statements, made, strict=True) if one and not _adds(one, before)]


def _adds(statement: str, made: set[str]) -> bool:
    column, about = COLUMN.match(statement), ABOUT.match(statement)
    if column:
        return "not null" not in column[1] or "default" in column[1]
    return bool(ADDS.match(statement) or (about and about[1] in made))


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_a_migration_adds_or_says_why_not(path: Path) -> None:
    header = path.read_text("utf-8").partition("-- migrate: apply")[0]
    assert MARK.search(header) or takes_away(path) == []


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_who_waits_longer_for_locks_that_nobody_wants_gives_way_again_at_the_end(path: Path) -> None:
    settings = re.findall(r"^SET lock_timeout = (.+);$", path.read_text("utf-8"), re.MULTILINE)
    assert settings in ([], ["0", f"'{_LOCK_TIMEOUT}'"])


@pytest.mark.parametrize(
    ("statement", "adds"),
    [
        ("CREATE TABLE a (b text NOT NULL)", True),
        ("ALTER TABLE a ADD COLUMN b text", True),
        ("ALTER TABLE a ADD COLUMN b int NOT NULL DEFAULT 0", True),
        ("ALTER TABLE a ADD COLUMN b int NOT NULL", False),
        ("ALTER TABLE a ADD COLUMN b int UNIQUE", False),
        ("CREATE TABLE a (b text); CREATE UNIQUE INDEX a_b ON a (b); ALTER TABLE a ADD PRIMARY KEY (b)", True),
        ("CREATE INDEX a_b ON a (b)", False),
        ("CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN UPDATE a SET b = 1; END $$", True),
        ("ALTER TABLE a DROP COLUMN b", False),
        ("ALTER TABLE a RENAME TO b", False),
        ("ALTER TABLE a RENAME TO b; CREATE TABLE a (c text)", False),
        ("ALTER TABLE a ALTER COLUMN b SET NOT NULL", False),
        ("ALTER TABLE a ADD PRIMARY KEY (b)", False),
        ("REVOKE SELECT ON a FROM crossroads_hub", False),
        ("DROP INDEX a_b", False),
        ("UPDATE a SET b = 1", False),
        ("DO $$ BEGIN DROP TABLE a; END $$", False),
    ],
)
def test_the_rule_knows_what_adds(tmp_path: Path, statement: str, adds: bool) -> None:
    path = tmp_path / "9000_sample.sql"
    path.write_text(
        f"-- a sample\n\n-- migrate: apply\n\n-- and why\n{statement};\n\n-- migrate: rollback\n\nDROP TABLE c;\n"
    )
    assert (takes_away(path) == []) is adds

"""Who follows a how-to finds the command, and a file to try it on."""

import re
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "how-to"
COMMAND = re.compile(r"(?:^ *(?:\w+=\S+ )*|`)(?:\S*/bin/)?(?:crossroads|hub) [a-z]", re.MULTILINE)


def test_each_with_a_command_begins_with_where_commands_are() -> None:
    pages = {page.name: page.read_text("utf-8") for page in FOLDER.glob("*.md") if page.name != "commands.md"}
    typing = {name: text for name, text in pages.items() if COMMAND.search(text)}
    assert {"statuses.md", "batch.md", "keys.md", "log.md"} <= set(typing)
    assert [name for name, text in typing.items() if "](commands.md)" not in text.split("\n\n")[1]] == []

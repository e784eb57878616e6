"""The messages of the programs with pages for people: those that stand in code and templates, and their translations.

`python messages.py` writes into each `.po` what is missing, untranslated, and takes out what nothing says any more.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

import crossroads
from crossroads.web.languages import LANGUAGES, SOURCE

ROOT = Path(crossroads.__file__).parent
OTHERS = [language for language in LANGUAGES if language != SOURCE]
_METHODS = [("**.py", "python"), ("**.html", "jinja2.ext:babel_extract")]
_OPTIONS = {
    "**.html": {"newstyle_gettext": "true", "trimmed": "true", "silent": "false", "extensions": "jinja2.ext.do"}
}
_KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "text": None, "plural": (1, 2)}


class Program(NamedTuple):
    """A folder with pages, whose translations stand in its `locale`."""

    name: str
    folder: Path

    def path(self, language: str) -> Path:
        """Give the file of a language."""
        return self.folder / "locale" / f"{language}.po"


PROGRAMS = [
    Program(name, folder)
    for name, folder in (
        ("web", ROOT / "web"),
        ("portal", ROOT / "portal"),
        ("desk", ROOT / "participant" / "desk"),
        ("statuses", ROOT / "statuses" / "pages"),
    )
    if (folder / "locale").is_dir()
]


def said(program: Program) -> Iterator[str | tuple[str, ...]]:
    """Give every message that stands in the code and templates of a program."""
    for found in extract_from_dir(program.folder, _METHODS, _OPTIONS, _KEYWORDS):
        yield found[2]


def translated(program: Program, language: str) -> Catalog:
    """Give what a program says in a language."""
    with program.path(language).open("rb") as file:
        return read_po(file, locale=language)


def update(program: Program, language: str) -> int:
    """Bring a file up to date with the code. Gives how many messages still need a translation."""
    elsewhere = {key(one.id) for one in translated(PROGRAMS[0], language) if one.id} if program.name != "web" else set()
    messages = {message for message in said(program) if key(message) not in elsewhere}
    return write(program, language, translated(program, language), messages)


def write(program: Program, language: str, old: Catalog, messages: Iterable[str | tuple[str, ...]]) -> int:
    """Write the file of a language, with what is translated already. Gives how many are not."""
    new = Catalog(locale=language, project="Crossroads", charset="utf-8")
    for message in sorted(messages, key=str):
        known = old.get(message[0] if isinstance(message, tuple) else message)
        new.add(message, known.string if known else ("", "") if isinstance(message, tuple) else "")
    header = f"Words of {program.name} in {LANGUAGES[language]}."
    new.header_comment = f"# {header}"
    with program.path(language).open("wb") as file:
        write_po(file, new, width=0, omit_header=False, sort_output=True)
    lines = program.path(language).read_text("utf-8").splitlines(keepends=True)
    kept = [
        line
        for line in lines
        if not line.startswith(
            ('"POT-Creation', '"PO-Revision', '"Generated-By', '"Last-Tr', '"Report-', '"Project-', '"Language-Team')
        )
    ]
    program.path(language).write_text("".join(kept), "utf-8")
    return sum(1 for one in new if one.id and not all(one.string if isinstance(one.string, tuple) else [one.string]))


def key(message: str | tuple[str, ...] | list[str]) -> str:
    """Give what a message is known by."""
    return message if isinstance(message, str) else message[0]


if __name__ == "__main__":
    for one in PROGRAMS:
        for code in OTHERS:
            print(f"{one.path(code)}: {update(one, code)} to translate")  # noqa: T201 - a command for people

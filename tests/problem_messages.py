"""What problems say: the texts that stand in the code of the hub, and their translations.

`python problem_messages.py` writes into each `.po` what is missing, untranslated, and takes out what nothing says.
"""

import ast
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import NamedTuple

import crossroads
from crossroads.api.languages import LOCALE, OF_THE_READER
from crossroads.kernel.codes import Code
from messages import OTHERS, Program, translated, write

ROOT = Path(crossroads.__file__).parent
PROBLEMS = Program("problems", LOCALE.parent)
ELSEWHERE = (
    *("bench", "bootstrap", "cli", "demo", "dmn", "network"),
    *("participant", "portal", "serving", "statuses", "web"),
)
"""Rooms that answer no request to the hub; pages have their own words, commands speak English."""
SILENT = {
    "audit/archive*.py": "run by commands",
    "audit/folders.py": "run by commands",
    "audit/manifests.py": "run by commands",
    "audit/parquet.py": "run by commands",
    "audit/retention.py": "run by commands",
    "audit/terms.py": "run by commands",
    "audit/whole_log.py": "run by commands",
    "batch/asking.py": "what a source answered: kept with the batch",
    "batch/checking.py": "what is wrong with a file: kept with the batch",
    "batch/paging.py": "what a source answered: kept with the batch",
    "batch/reading.py": "what is wrong with a file: kept with the batch",
    "catalogue/acts.py": "run by commands",
    "catalogue/changes.py": "run by commands",
    "catalogue/check.py": "run by commands",
    "catalogue/keys.py": "run by commands",
    "catalogue/loader.py": "run by commands",
    "directory/imports.py": "run by commands",
    "identity/acts.py": "run by commands",
    "identity/changes.py": "run by commands",
    "identity/database.py": "run by commands",
    "identity/files.py": "run by commands",
    "identity/first_load.py": "run by commands",
    "identity/imports.py": "run by commands",
    "identity/service.py": "run by commands, but for a conflict of two requests",
    "jobs/claims.py": "run by jobs",
    "jobs/service.py": "run by commands",
    "mutations/bringing.py": "what an endpoint answered: logged",
    "mutations/rules.py": "told in the outcome of a change, which is kept",
    "mutations/writer.py": "run by tasks",
    "wire/blocks.py": "checked by clients",
    "wire/bulk.py": "checked by participants",
    "wire/chunks.py": "checked by participants and clients",
    "wire/contents.py": "told in the outcome of a change, which is kept",
    "wire/keys.py": "files of keys",
    "wire/merkle.py": "checked by clients",
    "wire/notes.py": "checked by clients",
    "wire/packing.py": "what is wrong with a file: kept with the batch",
    "wire/pages.py": "checked by participants",
    "wire/proofs.py": "checked by clients",
    "wire/registrations.py": "run by commands",
    "wire/rows.py": "what is wrong with a file: kept with the batch",
}
"""Modules whose errors no problem tells, and why."""


class Text(NamedTuple):
    """A text of the code, and where it stands."""

    text: str
    place: str
    composed: bool = False
    """Whether parts are put together so that no other language can say it."""


@cache
def said() -> frozenset[str]:
    """Give every message of which a problem may be made."""
    fixed = {*(code.description for code in Code), *OF_THE_READER}
    return frozenset(fixed | {found.text for found in texts() if not found.composed})


@cache
def texts() -> tuple[Text, ...]:
    """Give every text that is raised, by the modules that are not silent."""
    return tuple(
        found
        for path, tree in _trees().items()
        if path.split("/")[0] not in ELSEWHERE and not any(fnmatch(path, pattern) for pattern in SILENT)
        for node in ast.walk(tree)
        for found in _texts(node, path)
    )


def _texts(node: ast.AST, path: str) -> Iterator[Text]:
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Name):
        yield from _default(node.exc.id, path)
    if isinstance(node, ast.Call):
        name = _name(node.func)
        if name == "ValueError" and path.startswith("wire/") and isinstance(node.args[0], ast.Constant):
            # The reader of messages tells these as it tells its own.
            yield Text(f"{str(node.args[0].value).rstrip('.')}.", path)
        elif name in {"Fault", "Sentence", "Problem", "_problem"} or name in errors():
            given = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "detail")]
            yield from (found for value in given for found in _literals(value, path))
        if name in errors() and not node.args and not any(keyword.arg == "code" for keyword in node.keywords):
            yield from _default(name, path)


def _literals(value: ast.expr, path: str) -> Iterator[Text]:
    if isinstance(value, ast.IfExp):
        yield from _literals(value.body, path)
        yield from _literals(value.orelse, path)
    elif isinstance(value, ast.JoinedStr) and " " in ast.unparse(value):
        yield Text(ast.unparse(value), path, composed=True)
    elif isinstance(value, ast.Constant) and " " in str(value.value):
        yield Text(str(value.value), path)


def _default(name: str, path: str) -> Iterator[Text]:
    if name in errors() and errors()[name]:
        yield Text(errors()[name], path)


@cache
def errors() -> dict[str, str]:
    """Give the names of all errors of ours, with the docstring, which is the message where none is given."""
    classes = [node for tree in _trees().values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    found = {"CrossroadsError": ""}
    while new := {
        node.name: (ast.get_docstring(node) or "")
        for node in classes
        if node.name not in found and any(_name(base) in found for base in node.bases)
    }:
        found |= new
    return found


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


@cache
def _trees() -> dict[str, ast.Module]:
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8")) for path in ROOT.rglob("*.py")}


def update(language: str) -> int:
    """Bring a file up to date with the code. Gives how many messages still need a translation."""
    return write(PROBLEMS, language, translated(PROBLEMS, language), said())


if __name__ == "__main__":
    for one in OTHERS:
        print(f"{PROBLEMS.path(one)}: {update(one)} to translate")  # noqa: T201 - a command for people

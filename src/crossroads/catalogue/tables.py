"""What the text of a decision table must be to stand in the catalogue: XML that reaches nowhere, and not too much.

Whether it is a right model is said by `catalogue check` at the command line: this room does not read models.
"""

import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError, ParserCreate

from crossroads.catalogue.decision_tables import DecisionTable

MOST_BYTES = 256 * 1024
"""Of one model: it goes to everybody who reads the catalogue."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,80}\.dmn")


class Unfit(Exception):
    """The text has no place in the catalogue; the message is a sentence without its subject."""


def with_text(item: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Give a decision table of YAML with the text of the file that it names. Raises Unfit."""
    name = item.get("file")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise Unfit("names by `file` a model beside this file, such as social-tariff.dmn")
    text = _read(folder / name)
    return {key: value for key, value in item.items() if key != "file"} | {"dmn": text, "sha256": digest(text)}


def digest(text: str) -> str:
    """Give the SHA-256 of a model, in hexadecimal."""
    return sha256(text.encode()).hexdigest()


def faults(table: DecisionTable) -> Iterator[tuple[str, str]]:
    """Give what is wrong with the text of a table, and in which of its parts."""
    try:
        _check(table.dmn)
    except Unfit as error:
        yield ".dmn", f"the model {error}"
    if table.sha256 != digest(table.dmn):
        yield ".sha256", "sha256 is not that of the model"


def _read(path: Path) -> str:
    try:
        if path.is_symlink() or not path.is_file():
            raise Unfit(f"names {path.name}, and there is no such file beside this one")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        return data.decode("utf-8")
    except OSError as error:
        raise Unfit(f"names {path.name}, which cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise Unfit(f"names {path.name}, which is not UTF-8, or larger than {MOST_BYTES // 1024} KiB") from None


def _check(text: str) -> None:
    data = text.encode()
    if len(data) > MOST_BYTES:
        raise Unfit(f"is larger than {MOST_BYTES // 1024} KiB")
    parser = ParserCreate("utf-8")
    # Without a document type there are no entities: nothing grows, and nothing is fetched.
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(data, True)
    except ExpatError as error:
        raise Unfit(f"is not well-formed XML: {error}") from None


def _refuse(*_: object) -> None:
    raise Unfit("has a document type, which is refused")

"""Files of a first load: CSV with a header line, or JSON Lines.

Always streamed: a file may be larger than the memory.
"""

import csv
import hashlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec

from crossroads.identity.database import Connection, NotStaged, copy_into
from crossroads.kernel.errors import Fault, InvalidValue, Malformed
from crossroads.wire.canonical import b64url
from crossroads.wire.merkle import leaf_hash, root_of

CHUNK = 10_000
"""Lines under one root in the log."""
MAXIMUM_FAULTS = 100
"""Faults of a file that are reported; the rest shows once these are mended."""

_BLOCK = 1024 * 1024
_KIND = "urn:problem-type:belgif:input-validation:schemaViolation"
_decode_object = msgspec.json.Decoder(dict[str, Any]).decode


class Form(NamedTuple):
    """What the lines of a kind of file hold."""

    struct: type[msgspec.Struct]
    """The fields of a line with all that can be checked of a line alone; their names are those of the file."""
    table: str
    """The staging table, with a column of its own for each field."""

    @property
    def names(self) -> list[str]:
        """The names in the file, in the order of a CSV."""
        return [field.encode_name for field in msgspec.structs.fields(self.struct)]

    @property
    def columns(self) -> list[str]:
        """The columns of the staging table."""
        return [field.name for field in msgspec.structs.fields(self.struct)]


class Scan(NamedTuple):
    """What names a file: its SHA-256 in base64url, its number of lines, and the Merkle root of each 10,000 of them."""

    digest: str
    lines: int
    roots: tuple[bytes, ...]


def fault(line: int, why: str) -> Fault:
    """Give what is wrong with a line; never its content."""
    return Fault(f"line {line}", _KIND, why)


def staged_faults(path: Path, lines: Iterable[int], why: str) -> list[Fault]:
    """Give what is wrong with lines by their number in the staging table, which counts no header."""
    return [fault(line + _is_csv(path), why) for line in lines]


def scan(path: Path) -> Scan:
    """Read the whole file. The header of a CSV is no line. Raises Malformed for a form that is not known."""
    digest, roots, leaves, lines = hashlib.sha256(), [], list[bytes](), 0
    with path.open("rb") as file:
        if _is_csv(path):
            digest.update(file.readline())
        for line in file:
            digest.update(line)
            leaves.append(leaf_hash(line.rstrip(b"\r\n")))
            if len(leaves) == CHUNK:
                roots.append(root_of(leaves))
                lines, leaves = lines + CHUNK, []
    if leaves:
        roots.append(root_of(leaves))
    return Scan(b64url(digest.digest()), lines + len(leaves), tuple(roots))


def digest_of(path: Path) -> str:
    """Give the SHA-256 of the file in base64url."""
    with path.open("rb") as file:
        return b64url(hashlib.file_digest(file, "sha256").digest())


async def stage(connection: Connection, path: Path, form: Form) -> str:
    """Copy the lines into the staging table, and give the digest of what was read. Raises Malformed.

    The database checks the form of each value as it reads; if it refuses, a slower look says all that is wrong.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        source = _csv_blocks(file, digest, form) if _is_csv(path) else _json_blocks(file, digest, form)
        try:
            await copy_into(connection, form.table, form.columns, source)
        except (NotStaged, msgspec.MsgspecError) as error:
            raise Malformed(*(faults_of(path, form) or [Fault("file", _KIND, _class_of(error))])) from None
    return b64url(digest.digest())


def faults_of(path: Path, form: Form, check: Callable[[Any], object] = lambda _: None) -> list[Fault]:
    """Give what is wrong with single lines. `check` raises InvalidValue for a line that it refuses."""
    faults: list[Fault] = []
    for number, value in _values(path):
        try:
            check(msgspec.convert(value(), form.struct, strict=False))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            faults.append(fault(number, _without_values(error)))
        except InvalidValue as error:
            faults.append(fault(number, str(error)))
        if len(faults) == MAXIMUM_FAULTS:
            break
    return faults


def _is_csv(path: Path) -> bool:
    if path.suffix not in {".csv", ".jsonl"}:
        raise Malformed(Fault("file", _KIND, "The name of the file ends with .csv or .jsonl."))
    return path.suffix == ".csv"


async def _csv_blocks(file: BinaryIO, digest: Any, form: Form) -> AsyncIterator[bytes]:
    """Give the file as it is; the database reads CSV."""
    header = file.readline()
    digest.update(header)
    if header.decode("utf-8", "replace").strip() != ",".join(form.names):
        raise Malformed(fault(1, f"The header of the file is {','.join(form.names)}."))
    while block := file.read(_BLOCK):
        digest.update(block)
        yield block


async def _json_blocks(file: BinaryIO, digest: Any, form: Form) -> AsyncIterator[bytes]:
    """Give the lines as CSV, with values of any kind as text: the database checks them."""
    loose = msgspec.defstruct(
        "Loose", [(name, str | int | None, None) for name in form.names], forbid_unknown_fields=True
    )
    decoder = msgspec.json.Decoder(loose)
    while lines := file.readlines(_BLOCK):
        block = b"".join(lines)
        digest.update(block)
        text = StringIO()
        csv.writer(text).writerows(map(msgspec.structs.astuple, decoder.decode_lines(block)))
        yield text.getvalue().encode()


def _values(path: Path) -> Iterator[tuple[int, Callable[[], Any]]]:
    """Give the number of each line in the file, and what reads it."""
    if _is_csv(path):
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            for number, row in enumerate(csv.DictReader(file), 2):
                yield number, partial(_filled, row)
        return
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            yield number, partial(_decode_object, line)


def _filled(row: dict[str, Any]) -> dict[str, Any]:
    return {str(name): text for name, text in row.items() if text}


def _without_values(error: Exception) -> str:
    """Give the message of msgspec, which names the field and repeats no value, but for unknown names."""
    text = str(error)
    return "The line holds something beside its fields." if "unknown field" in text else f"{text}."


def _class_of(error: Exception) -> str:
    return f"The file cannot be read ({error if isinstance(error, NotStaged) else type(error).__name__})."

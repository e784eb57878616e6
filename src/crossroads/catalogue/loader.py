"""Reads a folder of YAML files into a catalogue. Every fault is named with its file, line and path.

The model of a decision table is a file of its own, beside the YAML that names it.

Only plain YAML is read: no tags, no anchors, no duplicate keys. What is not plain has two readings; auditors need one.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import yaml

from crossroads.catalogue.errors import Fault, FaultyCatalogue
from crossroads.catalogue.kinds import YAML_NAMES, AnyEntry, Kind, document_of
from crossroads.catalogue.model import Document
from crossroads.catalogue.tables import Unfit, with_text
from crossroads.kernel.errors import InvalidValue
from crossroads.wire.canonical import canonical

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PLAIN = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp")}
_STRING = "tag:yaml.org,2002:str"
_PLACE = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<path>[^`]*)`)?", re.DOTALL)
_FIELD = re.compile(r"unknown field `(\w+)`")
_LAST_STEP = re.compile(r"(\.[^.\[\]]+|\[[^\[\]]*\])$")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Located(NamedTuple):
    """An entry and where it stands: its file, and the line of each of its parts by path (`.parties[0].sector`)."""

    kind: Kind
    entry: AnyEntry
    file: str = ""
    lines: Mapping[str, int] = {}

    def fault(self, what: str, path: str = "") -> Fault:
        """Say what is wrong with the entry, or with the part of it at `path`."""
        return Fault(self.file, nearest(self.lines, path), f"{self.kind.words} {self.entry.key}: {what}")


class Loaded(NamedTuple):
    """What a folder holds."""

    entries: tuple[Located, ...]

    @property
    def document(self) -> Document:
        """All entries as one document."""
        return document_of((located.kind, located.entry) for located in self.entries)


def load(folder: Path) -> Loaded:
    """Read every `*.yaml` below the folder, in the order of their names. Raises FaultyCatalogue with all faults."""
    entries: list[Located] = []
    faults: list[Fault] = []
    files = sorted(folder.rglob("*.yaml"))
    for path in files:
        reader = _Reader(path)
        entries += reader.entries(path.read_bytes())
        faults += reader.faults
    if not files:
        faults.append(Fault(str(folder), 0, "there is no YAML file in this folder"))
    if faults:
        raise FaultyCatalogue(*faults)
    return Loaded(tuple(entries))


def nearest(lines: Mapping[str, int], path: str) -> int:
    """Give the line of the path, or of the closest part around it that has one; 0 where nothing has."""
    while path and path not in lines:
        path = _LAST_STEP.sub("", path, count=1) if _LAST_STEP.search(path) else ""
    return lines.get(path, 0)


class _Reader:
    """Reads one file and keeps the line of each value by its path."""

    def __init__(self, path: Path) -> None:
        self.file, self._folder = str(path), path.parent
        self.faults: list[Fault] = []
        self._lines: dict[str, int] = {}
        self._seen: set[int] = set()

    def entries(self, data: bytes) -> list[Located]:
        lists = self._read(data)
        if not isinstance(lists, dict):
            self._add(1, "a file of the catalogue has lists by name, such as `sectors:`")
            return []
        return [located for name, items in lists.items() for located in self._list(name, items)]

    def _list(self, name: str, items: Any) -> Iterator[Located]:
        kind = YAML_NAMES.get(name)
        if kind is None:
            self._add(self._line(f".{name}"), f"`{name}` is none of {', '.join(YAML_NAMES)}")
        elif not isinstance(items, list):
            self._add(self._line(f".{name}"), f"`{name}` is a list: begin each entry with a dash")
        else:
            for index, item in enumerate(items):
                yield from self._entry(kind, item, f".{name}[{index}]")

    def _entry(self, kind: Kind, item: Any, path: str) -> Iterator[Located]:
        try:
            if kind is Kind.DECISION_TABLE and isinstance(item, dict):
                item = with_text(item, self._folder)
            entry = msgspec.convert(item, kind.struct)
            canonical(entry)
        except msgspec.ValidationError as error:
            self._misfit(str(error), path)
        except InvalidValue as error:
            self._add(self._line(path), f"{path[1:]}: {error}")
        except Unfit as error:
            self._add(self._line(f"{path}.file"), f"{path[1:]}: {error}")
        else:
            lines = {at[len(path) :]: line for at, line in self._lines.items() if at == path or _below(at, path)}
            yield Located(kind, entry, self.file, lines)

    def _misfit(self, message: str, path: str) -> None:
        """Take apart what msgspec says: "what - at `$.path`"."""
        match = _PLACE.fullmatch(message)
        what, inner = (match["what"], match["path"] or "") if match else (message, "")
        unknown = _FIELD.search(what)
        at = f"{path}{inner}.{unknown[1]}" if unknown else path + inner
        self._add(self._line(at), f"{path[1:]}{inner}: {what[:1].lower()}{what[1:]}")

    def _read(self, data: bytes) -> Any:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            self._add(data.count(b"\n", 0, error.start) + 1, "the file is not UTF-8")
            return {}
        try:
            loader = _Loader(text)
            try:
                node = loader.get_single_node()
                return {} if node is None else self._value(loader, node, "")
            finally:
                loader.dispose()
        except yaml.MarkedYAMLError as error:
            self._add(error.problem_mark.line + 1 if error.problem_mark else 1, f"not YAML: {error.problem}")
        except yaml.YAMLError as error:
            self._add(1, f"not YAML: {' '.join(str(error).split())}")
        return {}

    def _value(self, loader: Any, node: Any, path: str) -> Any:
        line = node.start_mark.line + 1
        self._lines.setdefault(path, line)
        if id(node) in self._seen:
            self._add(line, f"{path[1:]}: write the value out; a catalogue has no anchors and aliases")
            return None
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(loader, node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(loader, item, f"{path}[{index}]") for index, item in enumerate(node.value)]
        return self._scalar(loader, node, path)

    def _mapping(self, loader: Any, node: Any, path: str) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key, line = key_node.value, key_node.start_mark.line + 1
            if key_node.tag != _STRING:
                self._add(line, f"{path[1:]}: a key is text; put {key!r} between quotes")
                continue
            if key in result:
                self._add(line, f"{path[1:]}: the key `{key}` stands here twice".lstrip(": "))
            self._lines[f"{path}.{key}"] = line
            result[key] = self._value(loader, value_node, f"{path}.{key}")
        return result

    def _scalar(self, loader: Any, node: Any, path: str) -> Any:
        line = node.start_mark.line + 1
        if node.tag not in _PLAIN:
            self._add(line, f"{path[1:]}: the tag {node.tag} has no place in a catalogue")
            return None
        try:
            value = loader.construct_object(node)
        except ValueError as error:
            self._add(line, f"{path[1:]}: {node.value} is not a value: {error}")
            return None
        if isinstance(value, str) and _UNSTORABLE.search(value):
            self._add(line, f"{path[1:]}: text has a character that cannot be stored")
        # A date inside a JSON Schema is text there; in a field of ours msgspec reads the text back as a date.
        return value.isoformat() if isinstance(value, date) else value

    def _line(self, path: str) -> int:
        return nearest(self._lines, path)

    def _add(self, line: int, what: str) -> None:
        self.faults.append(Fault(self.file, line, what))


def _below(path: str, parent: str) -> bool:
    return path.startswith(parent) and path[len(parent)] in ".["

"""The names that the catalogue has for things, in all its languages. Pure."""

from datetime import date
from typing import Any

import msgspec

from crossroads.catalogue.entries import Entry, Text
from crossroads.catalogue.institutions import Sector
from crossroads.catalogue.kinds import Kind
from crossroads.catalogue.snapshot import Snapshot
from crossroads.wire.usage import Words


def words(text: Text | None) -> Words:
    """Give a text by language."""
    found: Words = msgspec.to_builtins(text) if text else {}
    return found


class Names:
    """The names of things as they were on a day; what was not in force then has none."""

    def __init__(self, snapshot: Snapshot, on: date) -> None:
        """Look them up here."""
        self._snapshot, self._on = snapshot, on

    def institution(self, name: str | None) -> Words:
        """Give the name of an institution."""
        return _named(self._snapshot.institution(name, self._on) if name else None)

    def purpose(self, legal_context: str | None) -> Words:
        """Give the name of a legal context."""
        return _named(self._snapshot.legal_context(legal_context, self._on) if legal_context else None)

    def explanation(self, legal_context: str | None) -> Words:
        """Give what a legal context is, in plain words."""
        found = self._snapshot.legal_context(legal_context, self._on) if legal_context else None
        return words(found.description) if found else {}

    def group(self, data_group: str) -> Words:
        """Give the name of a data group."""
        return _named(self._snapshot.data_group(data_group, self._on))

    def context(self, context: str | None) -> Words:
        """Give the name of an inscription context."""
        return _named(self._snapshot.context(context, self._on) if context else None)

    def sector(self, number: int) -> Words:
        """Give the name of a sector."""
        listed = self._snapshot.listed(Kind.SECTOR, self._on)
        return _named(next((one for one in listed if isinstance(one, Sector) and one.number == number), None))


def _named(entry: Entry | None) -> Words:
    named: Any = entry
    return words(named.names) if named is not None else {}


def words_in(names: Words, language: str = "en") -> str:
    """Give a name in a language, or in the first that it has; empty where it has none."""
    return names.get(language) or next(iter(names.values()), "")

"""Between what a decision of the committee chooses: entries of the catalogue, by name. Pure."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from crossroads.catalogue.kinds import Kind
from crossroads.portal.register import Register
from crossroads.web.languages import Words
from crossroads.web.look import Option, option


def _message(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


_ = _message

_KINDS: Mapping[str, Mapping[Kind, str]] = {
    "reference": {Kind.AUTHORISATION: ""},
    "decisionTable": {Kind.DECISION_TABLE: ""},
    "parties": {
        Kind.INSTITUTION: _("Institutions"),
        Kind.INSTITUTION_TYPE: _("Types of institution"),
        Kind.SECTOR: _("Sectors"),
    },
    "legalContexts": {Kind.LEGAL_CONTEXT: ""},
    "dataGroups": {Kind.DATA_GROUP: ""},
    "inscriptionContexts": {Kind.INSCRIPTION_CONTEXT: ""},
}
"""By field of the form: which kinds of entries, and what stands above them where there are several."""


class Group(NamedTuple):
    """Some of what may be chosen, and what stands above it."""

    heading: str
    options: list[Option]


class Choices:
    """What may be chosen on a day, in the language of a page."""

    def __init__(self, register: Register, words: Words) -> None:
        """Choose from this."""
        self._register, self._words = register, words

    @cached_property
    def _entries(self) -> dict[str, dict[Kind, dict[str, Any]]]:
        register = self._register
        return {
            field: {kind: {one.key: one for one in register.choosable(kind)} for kind in kinds}
            for field, kinds in _KINDS.items()
        }

    def groups(self, field: str) -> list[Group]:
        """Give what may be chosen in a field, by name."""
        return [
            Group(self._words.text(heading) if heading else "", [self._option(entry) for entry in entries.values()])
            for (kind, entries), heading in zip(self._entries[field].items(), _KINDS[field].values(), strict=True)
        ]

    def chosen(self, field: str, keys: Iterable[str]) -> list[Option]:
        """Give what is chosen; what is not known by its key."""
        return [self._chosen(field, key) for key in keys]

    def between(self, field: str, none: str, key: str) -> list[Option]:
        """Give what one thing is chosen from: none, all that there is, and what is chosen though it is not there."""
        found = [one for group in self.groups(field) for one in group.options]
        return [Option("", none), *found, *([] if not key or self.known(field, key) else self.chosen(field, [key]))]

    def named(self, field: str, key: str) -> Option | None:
        """Give what may be chosen under a key; None for what may not."""
        return self._chosen(field, key) if self.known(field, key) else None

    def known(self, field: str, key: str) -> bool:
        """Tell whether something may be chosen."""
        return any(key in entries for entries in self._entries[field].values())

    def _chosen(self, field: str, key: str) -> Option:
        found = next((entries[key] for entries in self._entries[field].values() if key in entries), None)
        return self._option(found) if found else Option(key, key)

    def _option(self, entry: Any) -> Option:
        return option(self._words, entry.names, entry.key, after=f" ({entry.key})")

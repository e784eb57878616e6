"""What the public pages show of the catalogue: looked up, searched and ordered, as of a day. No input or output."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple, TypeVar
from unicodedata import combining, normalize

from crossroads.catalogue.decision_tables import DecisionTable
from crossroads.catalogue.entries import Entry, Text
from crossroads.catalogue.institutions import Institution, InstitutionType, Party, Sector
from crossroads.catalogue.kinds import Kind
from crossroads.catalogue.model import Authorisation, Availability, DataGroup, InscriptionContext, LegalContext
from crossroads.catalogue.snapshot import Snapshot
from crossroads.web.contents import Schema, part
from crossroads.web.languages import SOURCE

E = TypeVar("E", bound=Entry)
T = TypeVar("T")
PAGE = 50
"""Lines of a list that are shown at once."""


class Page(NamedTuple):
    """A part of a list."""

    lines: Sequence[Any]
    number: int
    total: int
    older: int | None
    newer: int | None


class Field(NamedTuple):
    """One field of a data group, as its schema says."""

    path: str
    """Where it stands: `list[].field` for a field of an object in a list."""
    name: str
    within: Schema
    """The schema in which it stands."""
    required: bool

    @property
    def schema(self) -> Schema:
        """What the schema says of it."""
        return part(part(self.within, "properties"), self.name)


class Register:
    """The catalogue as it is in force on a day, its lists by name in the language of who reads."""

    def __init__(self, snapshot: Snapshot, day: date, language: str = SOURCE) -> None:
        """Look at this snapshot."""
        self.snapshot, self.day, self._language = snapshot, day, language

    def called(self, entry: Any) -> str:
        """Give by what an entry is ordered: its name without case and accents; an identifier as it is."""
        names = getattr(entry, "names", None)
        return folded(names.in_language(self._language)) if names else str(entry or "")

    def sectors(self) -> list[Sector]:
        """Give all sectors, by number."""
        return sorted(self._all(Sector, Kind.SECTOR), key=lambda one: one.number)

    def sector(self, number: int) -> Sector | None:
        """Give a sector."""
        return next((one for one in self._all(Sector, Kind.SECTOR) if one.number == number), None)

    def sector_sizes(self) -> Counter[int]:
        """Give the number of institutions of each sector."""
        return Counter(one.sector for one in self.snapshot.institutions(self.day))

    def institution_type(self, sector: int, number: int) -> InstitutionType | None:
        """Give a type of institution."""
        every = self._all(InstitutionType, Kind.INSTITUTION_TYPE)
        return next((one for one in every if (one.sector, one.type) == (sector, number)), None)

    def institutions(self, words: str = "", sector: int | None = None) -> list[Institution]:
        """Give the institutions in whose name or identifier all words stand, by name."""
        found = (one for one in self.snapshot.institutions(self.day) if sector in (None, one.sector))
        return sorted((one for one in found if matches(words, one.id, one.names)), key=self.called)

    def institution(self, key: str) -> Institution | None:
        """Give an institution."""
        return self.snapshot.institution(key, self.day)

    def data_groups(self, words: str = "") -> list[DataGroup]:
        """Give the data groups in whose name, description or identifier all words stand, by name."""
        found = self._all(DataGroup, Kind.DATA_GROUP)
        wanted = (one for one in found if matches(words, one.id, one.names, one.description))
        return sorted(wanted, key=self.called)

    def data_group(self, key: str) -> DataGroup | None:
        """Give a data group."""
        return self.snapshot.data_group(key, self.day)

    def legal_context(self, key: str) -> LegalContext | None:
        """Give a legal context."""
        return self.snapshot.legal_context(key, self.day)

    def context(self, key: str) -> InscriptionContext | None:
        """Give an inscription context."""
        return self.snapshot.context(key, self.day)

    def authorisations(
        self,
        words: str = "",
        *,
        sector: int | None = None,
        data_group: str = "",
        institution: Institution | None = None,
    ) -> list[Authorisation]:
        """Give the authorisations that say all words somewhere, of who and what is asked for, by name."""
        found = [
            one
            for one in self._all(Authorisation, Kind.AUTHORISATION)
            if (not data_group or data_group in one.data_groups)
            and (sector is None or any(self._sector_of(party) == sector for party in one.parties))
            and (institution is None or any(party.includes(institution) for party in one.parties))
            and matches(words, *self._said_by(one))
        ]
        return sorted(found, key=lambda one: (self.called(one), one.reference))

    def decidable(self, words: str) -> list[Authorisation]:
        """Give the authorisations that are in force or will be, and say all words, by name."""
        return [one for one in self.choosable(Kind.AUTHORISATION) if matches(words, *self._said_by(one))]

    def authorisation(self, reference: str) -> Authorisation | None:
        """Give an authorisation."""
        return next((one for one in self._all(Authorisation, Kind.AUTHORISATION) if one.reference == reference), None)

    def decision_tables(self, words: str = "") -> list[DecisionTable]:
        """Give the decision tables in whose name, identifier or owner all words stand, by name."""
        found = self._all(DecisionTable, Kind.DECISION_TABLE)
        return sorted((one for one in found if matches(words, *self._said_of(one))), key=self.called)

    def decision_table(self, key: str) -> DecisionTable | None:
        """Give a decision table."""
        return next((one for one in self._all(DecisionTable, Kind.DECISION_TABLE) if one.id == key), None)

    def deciding(self, right: str, version: str) -> str | None:
        """Give the table that has such a version, by the first characters of its digest; else the one of the right."""
        every = (one for one in self.snapshot.listed(Kind.DECISION_TABLE) if isinstance(one, DecisionTable))
        if version and (found := next((one.id for one in every if one.sha256.startswith(version)), None)):
            return found
        groups = {one.id for one in self._all(DataGroup, Kind.DATA_GROUP) if one.right == right}
        resting = (one for one in self._all(Authorisation, Kind.AUTHORISATION) if groups & set(one.data_groups))
        return next((one.decision_table for one in resting if one.decision_table), None)

    def statuses(self) -> dict[str, Text]:
        """Give the names of the statuses that data groups tell of."""
        return {one.status: one.names for one in self._all(DataGroup, Kind.DATA_GROUP) if one.status}

    def resting_on(self, table: str) -> list[Authorisation]:
        """Give the authorisations that rest on a decision table, by name."""
        return [one for one in self.authorisations() if one.decision_table == table]

    def versions(self, kind: Kind, key: str) -> list[Any]:
        """Give all versions of an entry, whenever they are in force, the newest first."""
        found = (one for one in self.snapshot.listed(kind) if one.key == key)
        return sorted(found, key=lambda one: one.valid_from, reverse=True)

    def choosable(self, kind: Kind) -> list[Any]:
        """Give the entries of a kind that are in force or will be, by name; the newest version of each."""
        every = sorted(self.snapshot.listed(kind), key=lambda one: one.valid_from)
        newest = {one.key: one for one in every if one.valid_until is None or one.valid_until >= self.day}
        return sorted(newest.values(), key=lambda one: (self.called(one), one.key))

    def availabilities(self, data_group: str = "", context: str = "") -> list[Availability]:
        """Give where data exists, by the names of data group and capacity."""
        found = [
            one
            for one in self._all(Availability, Kind.AVAILABILITY)
            if data_group in ("", one.data_group) and context in ("", one.inscription_context)
        ]
        return sorted(
            found,
            key=lambda one: (
                self.called(self.data_group(one.data_group)),
                self.called(self.context(one.inscription_context)),
            ),
        )

    def purposes(self) -> list[LegalContext]:
        """Give all purposes, by name."""
        return sorted(self._all(LegalContext, Kind.LEGAL_CONTEXT), key=self.called)

    def legal_contexts_of(self, institution: Institution) -> list[LegalContext]:
        """Give the purposes that an institution has, by name."""
        return [one for one in self.purposes() if one.assigned(institution)]

    def _all(self, struct: type[E], kind: Kind) -> Iterable[E]:
        return (entry for entry in self.snapshot.listed(kind, self.day) if isinstance(entry, struct))

    def _sector_of(self, party: Party) -> int | None:
        if party.institution is None:
            return party.sector
        found = self.institution(party.institution)
        return found.sector if found else None

    def _said_of(self, one: DecisionTable) -> Iterable[str | Text]:
        owner = self.institution(one.owner)
        yield from (one.id, one.names, one.owner)
        if owner:
            yield owner.names

    def _said_by(self, one: Authorisation) -> Iterable[str | Text]:
        yield from (one.reference, one.names, one.deliberation or "")
        for party in one.parties:
            if party.institution and (institution := self.institution(party.institution)):
                yield from (institution.id, institution.names)
            elif party.sector is not None and (sector := self.sector(party.sector)):
                yield sector.names
        for group in one.data_groups:
            known = self.data_group(group)
            yield from (group, known.names) if known else (group,)
        for purpose in one.legal_contexts:
            context = self.legal_context(purpose)
            yield from (purpose, context.names) if context else (purpose,)


def page_of(lines: Sequence[T], number: int) -> Page:
    """Give a page of a list, which begins at 1; beyond its end the last one."""
    last = max(1, -(-len(lines) // PAGE))
    at = min(max(number, 1), last)
    shown = lines[(at - 1) * PAGE : at * PAGE]
    return Page(shown, at, len(lines), at + 1 if at < last else None, at - 1 if at > 1 else None)


def matches(words: str, *texts: str | Text) -> bool:
    """Tell whether all words stand somewhere in the texts, whatever their case and accents."""
    if not words.strip():
        return True
    whole = " ".join(folded(text) for text in texts)
    return all(word in whole for word in folded(words).split())


def folded(text: str | Text) -> str:
    """Give a text without case and accents; one that exists in several languages as all of them."""
    if isinstance(text, Text):
        text = " ".join(one for one in (text.nl, text.fr, text.de, text.en) if one)
    return "".join(letter for letter in normalize("NFKD", text.casefold()) if not combining(letter))


def fields_of(schema: Schema | None, within: str = "") -> list[Field]:
    """Give the fields of a schema, required ones first; those of an object in a list are `list[].field`."""
    found: list[Field] = []
    always, properties = set((schema or {}).get("required", ())), part(schema or {}, "properties")
    for name in sorted(properties, key=lambda one: one not in always):
        path, inner = f"{within}{name}", part(properties, name)
        if inner.get("type") == "array":
            path, inner = f"{path}[]", part(inner, "items")
        found.append(Field(path, name, schema or {}, name in always))
        found += fields_of(inner, f"{path}.")
    return found

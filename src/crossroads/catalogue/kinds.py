"""The kinds of entry, and where each stands in a `Document`, in YAML and in a URL."""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

import msgspec

from crossroads.catalogue.decision_tables import DecisionTable
from crossroads.catalogue.institutions import Institution, InstitutionType, Sector
from crossroads.catalogue.model import (
    Authorisation,
    Availability,
    DataGroup,
    Document,
    Embargo,
    InscriptionContext,
    LegalContext,
    Subscription,
)
from crossroads.wire.canonical import canonical

AnyEntry: TypeAlias = (
    Sector
    | InstitutionType
    | Institution
    | InscriptionContext
    | DataGroup
    | LegalContext
    | DecisionTable
    | Authorisation
    | Availability
    | Subscription
    | Embargo
)


class Kind(StrEnum):
    """What an entry is. Later kinds refer to earlier ones, so a plan in this order reads from the ground up."""

    SECTOR = "sector"
    INSTITUTION_TYPE = "institution-type"
    INSTITUTION = "institution"
    INSCRIPTION_CONTEXT = "inscription-context"
    DATA_GROUP = "data-group"
    LEGAL_CONTEXT = "legal-context"
    DECISION_TABLE = "decision-table"
    AUTHORISATION = "authorisation"
    AVAILABILITY = "availability"
    SUBSCRIPTION = "subscription"
    EMBARGO = "embargo"

    @property
    def struct(self) -> type[AnyEntry]:
        """The struct that its entries decode into."""
        return _STRUCTS[self]

    @property
    def attribute(self) -> str:
        """The list of a `Document` that holds it."""
        return _PLURALS.get(self, f"{self.value.replace('-', '_')}s")

    @property
    def plural(self) -> str:
        """The name of its collection in a URL."""
        return self.attribute.replace("_", "-")

    @property
    def words(self) -> str:
        """The kind as a sentence names it."""
        return self.value.replace("-", " ")


_PLURALS = {Kind.AVAILABILITY: "availabilities", Kind.EMBARGO: "embargoes"}
_STRUCTS: dict[Kind, type[AnyEntry]] = {
    Kind.SECTOR: Sector,
    Kind.INSTITUTION_TYPE: InstitutionType,
    Kind.INSTITUTION: Institution,
    Kind.INSCRIPTION_CONTEXT: InscriptionContext,
    Kind.DATA_GROUP: DataGroup,
    Kind.LEGAL_CONTEXT: LegalContext,
    Kind.DECISION_TABLE: DecisionTable,
    Kind.AUTHORISATION: Authorisation,
    Kind.AVAILABILITY: Availability,
    Kind.SUBSCRIPTION: Subscription,
    Kind.EMBARGO: Embargo,
}
YAML_NAMES: dict[str, Kind] = {
    field.encode_name: kind
    for field in msgspec.structs.fields(Document)
    for kind in Kind
    if kind.attribute == field.name
}
"""The lists of a YAML file, by the name they have there."""

_DIGITS = re.compile(r"([0-9]+)")
_ORDER = {kind: number for number, kind in enumerate(Kind)}

Body: TypeAlias = dict[str, Any]
"""An entry as plain JSON."""


class EntryId(NamedTuple):
    """What tells one entry from all others: two entries of one key are in force at different times."""

    kind: Kind
    key: str
    valid_from: str


Entries: TypeAlias = dict[EntryId, AnyEntry]


def place(identity: EntryId) -> tuple[int, list[str | int], str]:
    """Give what to sort by: the order of the kinds, then keys as people count (2 before 10), then dates."""
    # Splitting by a group gives text and digits in turn, so like is compared with like.
    natural = [int(part) if at % 2 else part for at, part in enumerate(_DIGITS.split(identity.key))]
    return _ORDER[identity.kind], natural, identity.valid_from


def identify(kind: Kind, entry: AnyEntry) -> EntryId:
    """Give the identity of an entry."""
    return EntryId(kind, entry.key, entry.valid_from.isoformat())


def listed(document: Document) -> Iterator[tuple[Kind, AnyEntry]]:
    """Give every entry of a document with its kind, in the order of the kinds."""
    return ((kind, entry) for kind in Kind for entry in getattr(document, kind.attribute))


def by_id(document: Document) -> Entries:
    """Give the entries of a document by identity."""
    return {identify(kind, entry): entry for kind, entry in listed(document)}


def document_of(entries: Iterable[tuple[Kind, AnyEntry]]) -> Document:
    """Put entries into one document."""
    lists: dict[str, list[AnyEntry]] = {kind.attribute: [] for kind in Kind}
    for kind, entry in entries:
        lists[kind.attribute].append(entry)
    return Document(**{name: tuple(items) for name, items in lists.items()})  # type: ignore[arg-type] # one kind each


def to_body(entry: AnyEntry) -> Body:
    """Give the entry as plain JSON."""
    body: Body = msgspec.json.decode(msgspec.json.encode(entry))
    return body


def from_body(kind: Kind, body: Body) -> AnyEntry:
    """Give the entry that is written so. Raises msgspec.ValidationError."""
    return msgspec.convert(body, kind.struct)


def same(one: AnyEntry, other: AnyEntry) -> bool:
    """Tell whether two entries say the same; `true` and 1 in a JSON Schema do not."""
    return one == other and canonical(one) == canonical(other)

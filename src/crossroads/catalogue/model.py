"""What the catalogue holds: dated entries, each with its provenance. The YAML of `catalogue/` decodes into this.

Keys and endpoints of institutions are registered with signatures and are never in the YAML: see `keys.py`.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any

import msgspec

from crossroads.kernel.identifiers import ContextId, DataGroupId, InstitutionId, LegalContextId
from crossroads.kernel.period import Period

SectorNumber = Annotated[int, msgspec.Meta(ge=0, le=999)]
TypeNumber = Annotated[int, msgspec.Meta(ge=0, le=999)]
ToldName = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,60}\Z")]
"""The name of a status or a right, as decision tables and those who ask use it."""


class Provenance(StrEnum):
    """Where an entry comes from."""

    OFFICIAL = "official"
    """Stands so in a published official source."""
    DERIVED = "derived"
    """Follows from published facts; the form is ours."""
    ILLUSTRATIVE = "illustrative"
    """Invented to make the network work; nobody granted or published it."""


class Mode(StrEnum):
    """How data may travel under an authorisation."""

    ONLINE = "online"
    BATCH = "batch"
    PUSH = "push"


class Temporality(StrEnum):
    """Whether a data group is asked for a reference date or for a period."""

    MOMENT = "moment"
    PERIOD = "period"


class Network(StrEnum):
    """Whether an institution is connected itself, or reached through the one that manages it."""

    PRIMARY = "primary"
    SECONDARY = "secondary"


class Evidence(StrEnum):
    """What an inscription in a context must show."""

    NONE = "none"
    REFERENCE = "reference"
    """The reference of the file or decision at the institution."""
    DOCUMENT = "document"
    """The number of an identity document the person showed."""


class _Struct(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True
):
    """The form shared by all: camelCase in YAML and JSON, unknown fields refused."""


class Text(_Struct, frozen=True, kw_only=True):
    """A name or sentence in the languages in which the facts have it; never translated by guess."""

    nl: str | None = None
    fr: str | None = None
    de: str | None = None
    en: str | None = None

    def in_language(self, language: str) -> str:
        """Give the text in the language, or in the first that exists of en, nl, fr, de."""
        return next((text for text in (getattr(self, language, None), self.en, self.nl, self.fr, self.de) if text), "")


class Entry(_Struct, frozen=True, kw_only=True):
    """What every entry has: its period of validity, where it comes from, and the source to check it by."""

    valid_from: date
    valid_until: date | None = None
    provenance: Provenance
    source: Annotated[str, msgspec.Meta(min_length=3)]

    @property
    def validity(self) -> Period:
        """The days on which the entry is in force."""
        return Period(self.valid_from, self.valid_until)

    def in_force(self, on: date) -> bool:
        """Tell whether the entry is in force on a day."""
        return self.valid_from <= on and (self.valid_until is None or on <= self.valid_until)


class Party(_Struct, frozen=True, kw_only=True):
    """To whom something is granted: one institution, one type within a sector, or a whole sector."""

    institution: InstitutionId | None = None
    sector: SectorNumber | None = None
    type: TypeNumber | None = None

    def __post_init__(self) -> None:
        """Refuse a party that names nobody, or an institution and a sector at once."""
        if (self.institution is None) == (self.sector is None):
            raise ValueError("a party is either an institution or a sector")
        if self.type is not None and self.sector is None:
            raise ValueError("a type needs its sector")

    def includes(self, institution: "Institution") -> bool:
        """Tell whether the institution is, or belongs to, this party."""
        if self.institution is not None:
            return self.institution == institution.id
        return self.sector == institution.sector and self.type in (None, institution.type)


class Sector(Entry, frozen=True, kw_only=True):
    """A branch of social security, or a body outside it, with its number."""

    number: SectorNumber
    names: Text

    @property
    def key(self) -> str:
        """The identifier within its kind."""
        return str(self.number)


class InstitutionType(Entry, frozen=True, kw_only=True):
    """A type of institution within a sector; type 0 is usually the managing institution."""

    sector: SectorNumber
    type: TypeNumber
    names: Text

    @property
    def key(self) -> str:
        """The identifier within its kind."""
        return f"{self.sector}/{self.type}"


class Management(_Struct, frozen=True, kw_only=True):
    """That an institution of the secondary network is reached through another, dated, per legal context."""

    manager: InstitutionId
    start_date: date
    end_date: date | None = None
    legal_contexts: tuple[LegalContextId, ...] | None = None
    """Those it manages it for; absent means all."""

    def applies(self, legal_context: str, on: date) -> bool:
        """Tell whether it manages the institution in the legal context on a day."""
        return Period(self.start_date, self.end_date).contains(Period(on, on)) and (
            self.legal_contexts is None or legal_context in self.legal_contexts
        )


class Institution(Entry, frozen=True, kw_only=True):
    """An organisation on the network. Its identifier is never given to another."""

    id: InstitutionId
    sector: SectorNumber
    type: TypeNumber = 0
    names: Text
    network: Network = Network.PRIMARY
    managed_by: tuple[Management, ...] = ()
    enterprise_number: str | None = None
    push_items: bool = False
    """Whether the hub brings the items of its mailbox to its endpoint; it may empty the mailbox itself all the same."""

    @property
    def key(self) -> str:
        """The identifier within its kind."""
        return self.id

    def manager(self, legal_context: str, on: date) -> str | None:
        """Give the institution through which this one is reached: itself in the primary network."""
        if self.network is Network.PRIMARY:
            return self.id
        return next((m.manager for m in self.managed_by if m.applies(legal_context, on)), None)


class InscriptionContext(Entry, frozen=True, kw_only=True):
    """The capacity in which an institution of a sector knows a person."""

    id: ContextId
    names: Text
    evidence: Evidence = Evidence.REFERENCE
    exclusive: bool = False
    """No two institutions of the sector may have the same person in it on the same day (the anti-fraud rule)."""
    provisional_groups: tuple[DataGroupId, ...] = ()
    """What may be asked on a provisional inscription."""

    @property
    def key(self) -> str:
        """The identifier within its kind."""
        return self.id

    @property
    def sector(self) -> int:
        """The sector it belongs to."""
        return int(self.id.split(":")[0])


class DataGroup(Entry, frozen=True, kw_only=True):
    """The unit that is authorised, asked for and delivered: a named, versioned group of fields, or a document."""

    id: DataGroupId
    names: Text
    description: Text
    authentic_source: SectorNumber
    temporality: Temporality
    json_schema: dict[str, Any] | None = msgspec.field(default=None, name="schema")
    """JSON Schema 2020-12 of the content; absent for documents."""
    media_type: str = "application/json"
    unsealed_because: str | None = None
    """Why the hub may see it. Absent: every block is sealed to the asker."""
    status: ToldName | None = None
    """The status of which it tells when a person has it."""
    right: ToldName | None = None
    """The right of which it tells whether it is open for a person, and when."""

    def __post_init__(self) -> None:
        """Refuse JSON without a schema, a document with one, and what tells of a status and of a right."""
        if (self.json_schema is None) == (self.media_type == "application/json"):
            raise ValueError("a JSON data group needs a schema, a document a media type of its own")
        if self.status is not None and self.right is not None:
            raise ValueError("a data group tells of a status or of a right, not of both")

    @property
    def key(self) -> str:
        """The identifier within its kind."""
        return self.id

    @property
    def family(self) -> str:
        """The name that its versions share."""
        return self.id.partition("@")[0]

    @property
    def sealed(self) -> bool:
        """Whether its blocks are sealed to the asker."""
        return self.unsealed_because is None


class LegalContext(Entry, frozen=True, kw_only=True):
    """The purpose a question is asked for, and who has that purpose."""

    id: LegalContextId
    names: Text
    description: Text | None = None
    """The purpose in plain words, for the people whose data it is."""
    assigned_to: tuple[Party, ...]

    @property
    def key(self) -> str:
        """The identifier within its kind."""
        return self.id

    def assigned(self, institution: Institution) -> bool:
        """Tell whether the institution has this purpose."""
        return any(party.includes(institution) for party in self.assigned_to)


class Reach(StrEnum):
    """Whose facts open a right."""

    PERSON = "person"
    HOUSEHOLD = "household"
    """Of the person, or of anybody who lives with them."""


class DecisionTable(Entry, frozen=True, kw_only=True):
    """By which rules a right is open: a decision model (DMN), and the table in it that answers."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,60}\Z")]
    names: Text
    owner: InstitutionId
    """Whose rules they are."""
    legal_reference: Text
    """Where they stand; of those that are invented, that they are."""
    reach: Reach
    decision: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    """Which decision of the model answers."""
    dmn: str
    """The model. In YAML `file` names the file beside it that holds the model."""
    sha256: str
    """Of the model, in hexadecimal: by it an institution tells that it decides by the same."""

    @property
    def key(self) -> str:
        """The identifier within its kind."""
        return self.id


class Authorisation(Entry, frozen=True, kw_only=True):
    """Who may get which data groups, for which legal contexts, about people inscribed how. Always published."""

    reference: Annotated[str, msgspec.Meta(min_length=2, max_length=80, pattern=r"^[^\x00-\x1f\x7f]*\Z")]
    """Our reference; the deliberation it rests on, where known, stands in `deliberation`."""
    deliberation: str | None = None
    names: Text
    parties: tuple[Party, ...]
    legal_contexts: tuple[LegalContextId, ...]
    data_groups: tuple[DataGroupId, ...]
    modes: tuple[Mode, ...]
    inscription_contexts: tuple[ContextId, ...] = ()
    """The asker must have the person inscribed in one of these, for every day asked."""
    no_inscription_because: str | None = None
    """Why none is needed. Given exactly when `inscription_contexts` is empty."""
    look_back_months: Annotated[int, msgspec.Meta(ge=0, le=1200)] | None = None
    """How far before the day of receipt a period may begin; absent means without bound."""
    decision_table: str | None = None
    """By which rules the right is open that its data tells of; absent where it tells of none."""

    def __post_init__(self) -> None:
        """Refuse an authorisation that neither demands an inscription nor says why it does not."""
        if bool(self.inscription_contexts) == bool(self.no_inscription_because):
            raise ValueError("give either inscriptionContexts or noInscriptionBecause")

    @property
    def key(self) -> str:
        """The identifier within its kind."""
        return self.reference


class Availability(Entry, frozen=True, kw_only=True):
    """That a data group exists for people whom an institution of the context's sector inscribed in it (what-where)."""

    data_group: DataGroupId
    inscription_context: ContextId

    @property
    def key(self) -> str:
        """The identifier within its kind."""
        return f"{self.data_group} {self.inscription_context}"


class Subscription(Entry, frozen=True, kw_only=True):
    """Who asked to be told of changes to which data groups, about people it has inscribed how."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{1,79}\Z")]
    party: Party
    data_groups: tuple[DataGroupId, ...]
    inscription_contexts: tuple[ContextId, ...]
    authorisation: str

    @property
    def key(self) -> str:
        """The identifier within its kind."""
        return self.id


class Embargo(Entry, frozen=True, kw_only=True):
    """That people see only later what was done about them for a purpose, while the entry is in force.

    For so many days after it was done, or until a day. What was done on other days is seen at once.
    """

    id: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{1,79}\Z")]
    legal_context: LegalContextId
    days: Annotated[int, msgspec.Meta(ge=1, le=3660)] | None = None
    until: date | None = None
    """The first day on which it is seen."""
    names: Text
    """Why, in plain words."""

    def __post_init__(self) -> None:
        """Refuse an embargo without an end, and one with two."""
        if (self.days is None) == (self.until is None):
            raise ValueError("give either days or until")

    @property
    def key(self) -> str:
        """The identifier within its kind."""
        return self.id


class Document(_Struct, frozen=True, kw_only=True):
    """All entries of a catalogue, or those of one YAML file of it. A file has any of these lists."""

    sectors: tuple[Sector, ...] = ()
    institution_types: tuple[InstitutionType, ...] = ()
    institutions: tuple[Institution, ...] = ()
    inscription_contexts: tuple[InscriptionContext, ...] = ()
    data_groups: tuple[DataGroup, ...] = ()
    legal_contexts: tuple[LegalContext, ...] = ()
    decision_tables: tuple[DecisionTable, ...] = ()
    authorisations: tuple[Authorisation, ...] = ()
    availabilities: tuple[Availability, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    embargoes: tuple[Embargo, ...] = ()

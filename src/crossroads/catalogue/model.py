"""What the catalogue holds: dated entries, each with its provenance. The YAML of `catalogue/` decodes into this.

Keys and endpoints of institutions are registered with signatures and are never in the YAML: see `keys.py`.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any

import msgspec

from crossroads.catalogue.decision_tables import DecisionTable
from crossroads.catalogue.entries import Entry, Struct, Text
from crossroads.catalogue.institutions import Institution, InstitutionType, Party, Sector, SectorNumber
from crossroads.kernel.identifiers import ContextId, DataGroupId, LegalContextId

ToldName = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,60}\Z")]
"""The name of a status or a right, as decision tables and those who ask use it."""


class Mode(StrEnum):
    """How data may travel under an authorisation."""

    ONLINE = "online"
    BATCH = "batch"
    PUSH = "push"


class Temporality(StrEnum):
    """Whether a data group is asked for a reference date or for a period."""

    MOMENT = "moment"
    PERIOD = "period"


class Evidence(StrEnum):
    """What an inscription in a context must show."""

    NONE = "none"
    REFERENCE = "reference"
    """The reference of the file or decision at the institution."""
    DOCUMENT = "document"
    """The number of an identity document the person showed."""


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


class Document(Struct, frozen=True, kw_only=True):
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

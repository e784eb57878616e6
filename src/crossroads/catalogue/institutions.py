"""Who there is: sectors, the types of institution in each, institutions, and those to whom something is granted."""

from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec

from crossroads.catalogue.entries import Entry, Struct, Text
from crossroads.kernel.identifiers import InstitutionId, LegalContextId
from crossroads.kernel.period import Period

SectorNumber = Annotated[int, msgspec.Meta(ge=0, le=999)]
TypeNumber = Annotated[int, msgspec.Meta(ge=0, le=999)]


class Network(StrEnum):
    """Whether an institution is connected itself, or reached through the one that manages it."""

    PRIMARY = "primary"
    SECONDARY = "secondary"


class Party(Struct, frozen=True, kw_only=True):
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


class Management(Struct, frozen=True, kw_only=True):
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

"""The catalogue as this process believes it now: built once, never changed, each look-up one step in a dictionary.

Entries stay dated: a key may have several versions, of which at most one is in force on a day.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from crossroads.catalogue.decision_tables import DecisionTable
from crossroads.catalogue.entries import Entry
from crossroads.catalogue.errors import NotFounded
from crossroads.catalogue.institutions import Institution
from crossroads.catalogue.keys import Endpoint, Genesis, OperatorKey, RegisteredKey
from crossroads.catalogue.kinds import AnyEntry, Entries, Kind, by_id, document_of
from crossroads.catalogue.model import Authorisation, Availability, DataGroup, InscriptionContext, LegalContext, Mode
from crossroads.wire.keys import VerifyKey
from crossroads.wire.registrations import KeyUse

E = TypeVar("E", bound=Entry)


class Facts(NamedTuple):
    """What a snapshot is built from, all read at one moment."""

    version: int
    """Bumped by every change that a decision may depend on."""
    catalogue_version: int
    """The version at which the entries were last changed: the base of the next plan."""
    genesis: Genesis | None
    entries: tuple[tuple[Kind, AnyEntry], ...]
    operators: tuple[OperatorKey, ...]
    keys: tuple[RegisteredKey, ...]
    endpoints: Mapping[str, Endpoint]


class Snapshot:
    """The catalogue at one version."""

    def __init__(self, facts: Facts) -> None:
        """Build every index."""
        self._facts = facts
        self._by_kind: dict[Kind, list[AnyEntry]] = defaultdict(list)
        self._by_key: dict[tuple[Kind, str], list[AnyEntry]] = defaultdict(list)
        for kind, entry in facts.entries:
            self._by_kind[kind].append(entry)
            self._by_key[kind, entry.key].append(entry)
        self._authorisations = _authorisations(self._of(Authorisation, Kind.AUTHORISATION))
        self._availabilities = _availabilities(self._of(Availability, Kind.AVAILABILITY))
        self._keys = {key.key_id: key for key in facts.keys}
        self._by_thumbprint = {key.thumbprint: key for key in facts.keys}
        self._keys_of = _grouped((key.registration.institution, key) for key in facts.keys)
        self.operators: Mapping[str, VerifyKey] = MappingProxyType(
            {key.key_id: VerifyKey(key.jwk) for key in facts.operators if key.revoked_at is None}
        )

    @property
    def version(self) -> int:
        """The number that every change bumps, of entries, keys or endpoints."""
        return self._facts.version

    @property
    def catalogue_version(self) -> int:
        """The version at which entries were last changed: what a new plan starts from."""
        return self._facts.catalogue_version

    @property
    def genesis(self) -> Genesis:
        """What founded the installation: its name, environment, hub and log key. Raises NotFounded."""
        if self._facts.genesis is None:
            raise NotFounded
        return self._facts.genesis

    @property
    def founded(self) -> bool:
        """Whether the log has its first entry."""
        return self._facts.genesis is not None

    @property
    def all_operators(self) -> tuple[OperatorKey, ...]:
        """The keys of all operators, revoked ones included."""
        return self._facts.operators

    @property
    def entries(self) -> Entries:
        """All entries by identity: what a plan is made against."""
        return by_id(document_of(self._facts.entries))

    def listed(self, kind: Kind, on: date | None = None) -> tuple[AnyEntry, ...]:
        """Give the entries of a kind that are in force on a day; without a day, all."""
        return tuple(entry for entry in self._by_kind.get(kind, ()) if on is None or entry.in_force(on))

    def institution(self, institution: str, on: date) -> Institution | None:
        """Give the institution as it is on a day; None where it is not active."""
        return self._version(Institution, Kind.INSTITUTION, institution, on)

    def known_institution(self, institution: str) -> bool:
        """Tell whether there is such an institution, active or not."""
        return (Kind.INSTITUTION, institution) in self._by_key

    def institutions(self, on: date) -> tuple[Institution, ...]:
        """Give all institutions that are active on a day."""
        return tuple(entry for entry in self._of(Institution, Kind.INSTITUTION) if entry.in_force(on))

    def legal_context(self, legal_context: str, on: date) -> LegalContext | None:
        """Give the legal context as it is on a day."""
        return self._version(LegalContext, Kind.LEGAL_CONTEXT, legal_context, on)

    def data_group(self, data_group: str, on: date) -> DataGroup | None:
        """Give the data group as it is on a day."""
        return self._version(DataGroup, Kind.DATA_GROUP, data_group, on)

    def decision_table(self, table: str, on: date) -> DecisionTable | None:
        """Give the decision table as it is on a day."""
        return self._version(DecisionTable, Kind.DECISION_TABLE, table, on)

    def context(self, context: str, on: date) -> InscriptionContext | None:
        """Give the inscription context as it is on a day."""
        return self._version(InscriptionContext, Kind.INSCRIPTION_CONTEXT, context, on)

    def authorisations(self, legal_context: str, data_group: str, mode: Mode) -> tuple[Authorisation, ...]:
        """Give the authorisations for a purpose, data group and mode; the caller looks at their dates."""
        return self._authorisations.get((legal_context, data_group, mode), ())

    def availabilities(self, data_group: str) -> tuple[Availability, ...]:
        """Give where a data group exists; the caller looks at the dates."""
        return self._availabilities.get(data_group, ())

    def key(self, key_id: str) -> RegisteredKey | None:
        """Give a key of an institution by its id, revoked and expired ones included."""
        return self._keys.get(key_id)

    def key_with(self, thumbprint: str) -> RegisteredKey | None:
        """Give a key of an institution by its thumbprint, revoked and expired ones included."""
        return self._by_thumbprint.get(thumbprint)

    def sealing_key(self, thumbprint: str) -> RegisteredKey | None:
        """Give a key to seal to by its thumbprint, revoked and expired ones included."""
        key = self._by_thumbprint.get(thumbprint)
        return key if key is not None and key.registration.use is KeyUse.SEAL else None

    @property
    def keys(self) -> tuple[RegisteredKey, ...]:
        """All keys of institutions, revoked and expired ones included."""
        return self._facts.keys

    def keys_of(self, institution: str) -> tuple[RegisteredKey, ...]:
        """Give all keys of an institution, revoked and expired ones included."""
        return self._keys_of.get(institution, ())

    def endpoint(self, institution: str) -> str | None:
        """Give the URL at which an institution answers."""
        known = self._facts.endpoints.get(institution)
        return known and known.url

    def endpoint_issued_at(self, institution: str) -> datetime | None:
        """Give when the act that registered its endpoint was issued."""
        known = self._facts.endpoints.get(institution)
        return known and known.issued_at

    def _of(self, struct: type[E], kind: Kind) -> Iterator[E]:
        return (entry for entry in self._by_kind.get(kind, ()) if isinstance(entry, struct))

    def _version(self, struct: type[E], kind: Kind, key: str, on: date) -> E | None:
        for entry in self._by_key.get((kind, key), ()):
            if isinstance(entry, struct) and entry.in_force(on):
                return entry
        return None


K = TypeVar("K")
V = TypeVar("V")


def _authorisations(every: Iterable[Authorisation]) -> dict[tuple[str, str, Mode], tuple[Authorisation, ...]]:
    return _grouped(
        ((legal_context, data_group, mode), authorisation)
        for authorisation in every
        for legal_context in authorisation.legal_contexts
        for data_group in authorisation.data_groups
        for mode in authorisation.modes
    )


def _availabilities(every: Iterable[Availability]) -> dict[str, tuple[Availability, ...]]:
    return _grouped((availability.data_group, availability) for availability in every)


def _grouped(pairs: Iterable[tuple[K, V]]) -> dict[K, tuple[V, ...]]:
    groups: dict[K, list[V]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return {key: tuple(values) for key, values in groups.items()}

"""What each entry refers to. One place lists every reference, so that none goes unchecked."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from crossroads.catalogue.decision_tables import DecisionTable
from crossroads.catalogue.institutions import Institution, InstitutionType, Party
from crossroads.catalogue.kinds import AnyEntry, Kind
from crossroads.catalogue.model import (
    Authorisation,
    Availability,
    DataGroup,
    Embargo,
    InscriptionContext,
    LegalContext,
    Subscription,
)


class Reference(NamedTuple):
    """That the part of an entry at `path` names another entry."""

    path: str
    kind: Kind
    key: str


def references(entry: AnyEntry) -> Iterator[Reference]:  # noqa: C901 - a case for each kind
    """Give every reference of an entry; a sector has none."""
    match entry:
        case InstitutionType():
            yield _sector(".sector", entry.sector)
        case Institution():
            yield from _of_institution(entry)
        case InscriptionContext():
            yield _sector(".id", entry.sector)
            yield from _each(".provisionalGroups", Kind.DATA_GROUP, entry.provisional_groups)
        case DataGroup():
            yield _sector(".authenticSource", entry.authentic_source)
        case LegalContext():
            yield from _of_parties(".assignedTo", entry.assigned_to)
        case DecisionTable():
            yield Reference(".owner", Kind.INSTITUTION, entry.owner)
        case Authorisation():
            yield from _of_authorisation(entry)
        case Availability():
            yield Reference(".dataGroup", Kind.DATA_GROUP, entry.data_group)
            yield Reference(".inscriptionContext", Kind.INSCRIPTION_CONTEXT, entry.inscription_context)
        case Subscription():
            yield _of_party(".party", entry.party)
            yield from _each(".dataGroups", Kind.DATA_GROUP, entry.data_groups)
            yield from _each(".inscriptionContexts", Kind.INSCRIPTION_CONTEXT, entry.inscription_contexts)
            yield Reference(".authorisation", Kind.AUTHORISATION, entry.authorisation)
        case Embargo():
            yield Reference(".legalContext", Kind.LEGAL_CONTEXT, entry.legal_context)


def _of_institution(entry: Institution) -> Iterator[Reference]:
    yield _sector(".sector", entry.sector)
    yield Reference(".type", Kind.INSTITUTION_TYPE, f"{entry.sector}/{entry.type}")
    for at, management in enumerate(entry.managed_by):
        yield Reference(f".managedBy[{at}].manager", Kind.INSTITUTION, management.manager)
        yield from _each(f".managedBy[{at}].legalContexts", Kind.LEGAL_CONTEXT, management.legal_contexts or ())


def _of_authorisation(entry: Authorisation) -> Iterator[Reference]:
    yield from _of_parties(".parties", entry.parties)
    yield from _each(".legalContexts", Kind.LEGAL_CONTEXT, entry.legal_contexts)
    yield from _each(".dataGroups", Kind.DATA_GROUP, entry.data_groups)
    yield from _each(".inscriptionContexts", Kind.INSCRIPTION_CONTEXT, entry.inscription_contexts)
    if entry.decision_table is not None:
        yield Reference(".decisionTable", Kind.DECISION_TABLE, entry.decision_table)


def _of_parties(path: str, parties: Iterable[Party]) -> Iterator[Reference]:
    return (_of_party(f"{path}[{at}]", party) for at, party in enumerate(parties))


def _of_party(path: str, party: Party) -> Reference:
    if party.institution is not None:
        return Reference(f"{path}.institution", Kind.INSTITUTION, party.institution)
    if party.type is not None:
        return Reference(f"{path}.type", Kind.INSTITUTION_TYPE, f"{party.sector}/{party.type}")
    return Reference(f"{path}.sector", Kind.SECTOR, str(party.sector))


def _each(path: str, kind: Kind, keys: Iterable[str]) -> Iterator[Reference]:
    return (Reference(f"{path}[{at}]", kind, key) for at, key in enumerate(keys))


def _sector(path: str, number: int) -> Reference:
    return Reference(path, Kind.SECTOR, str(number))

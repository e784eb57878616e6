"""Whether the entries of a catalogue fit together. Pure: the same rules hold for files and for what a plan would make.

A reference is good when the entry that it names exists and is in force on a day on which it is needed.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any, TypeVar

import jsonschema_rs

from crossroads.catalogue.decision_tables import DecisionTable
from crossroads.catalogue.errors import Fault
from crossroads.catalogue.institutions import Institution, Network, Party
from crossroads.catalogue.kinds import AnyEntry, Kind, listed
from crossroads.catalogue.loader import Located
from crossroads.catalogue.model import (
    Authorisation,
    Availability,
    DataGroup,
    Document,
    LegalContext,
    Mode,
    Subscription,
)
from crossroads.catalogue.references import references
from crossroads.catalogue.schemas import unclear
from crossroads.catalogue.tables import faults as table_faults
from crossroads.kernel.errors import InvalidIdentifier
from crossroads.kernel.identifiers import parse_context, parse_enterprise_number
from crossroads.kernel.period import Period, covered

E = TypeVar("E")


def check_document(document: Document) -> list[Fault]:
    """Give what is wrong with a catalogue that did not come from files."""
    return check(Located(kind, entry) for kind, entry in listed(document))


def check(entries: Iterable[Located]) -> list[Fault]:
    """Give everything that is wrong, in the order of the entries."""
    every = list(entries)
    faults = [located.fault(why, ".validUntil") for located in every if (why := _period_fault(located.entry))]
    catalogue = _Catalogue(located for located in every if not _period_fault(located.entry))
    for located in catalogue.every:
        faults += catalogue.repeated(located)
        faults += catalogue.dangling(located)
        for rule in _RULES.get(located.kind, ()):
            faults += [located.fault(what, path) for path, what in rule(located.entry, catalogue)]
    return faults


def _period_fault(entry: AnyEntry) -> str | None:
    if entry.valid_until == date.max:
        return "an open period has no end date: leave validUntil out"
    if entry.valid_until is not None and entry.valid_until < entry.valid_from:
        return "validUntil lies before validFrom"
    return None


class _Catalogue:
    """The entries by kind and key."""

    def __init__(self, entries: Iterable[Located]) -> None:
        self.every = list(entries)
        self._by_key: dict[tuple[Kind, str], list[Located]] = defaultdict(list)
        for located in self.every:
            self._by_key[located.kind, located.entry.key].append(located)
        self._available = {(a.data_group, a) for a in self.of(Availability)}

    def of(self, struct: type[E]) -> Iterator[E]:
        """Give the entries of one kind."""
        return (located.entry for located in self.every if isinstance(located.entry, struct))

    def named(self, struct: type[E], kind: Kind, key: str, period: Period) -> list[E]:
        """Give the entries of this kind and key that are in force on a day of the period."""
        found = (located.entry for located in self._by_key.get((kind, key), ()))
        return [entry for entry in found if entry.validity.overlaps(period) and isinstance(entry, struct)]

    def available(self, data_group: str, period: Period) -> bool:
        """Tell whether anybody holds the data group on a day of the period."""
        return any(group == data_group and a.validity.overlaps(period) for group, a in self._available)

    def repeated(self, located: Located) -> Iterator[Fault]:
        """Find an earlier entry of the same key in force on the same day."""
        for other in self._by_key[located.kind, located.entry.key]:
            if other is located:
                return
            if other.entry.validity.overlaps(located.entry.validity):
                where = f" at {other.file}:{other.lines.get('', 0)}" if other.file else ""
                yield located.fault(f"there is another one, in force on the same day{where}")

    def dangling(self, located: Located) -> Iterator[Fault]:
        """Find references to what does not exist, or is not in force when it is needed."""
        for path, kind, key in references(located.entry):
            if (kind, key) not in self._by_key:
                yield located.fault(f"there is no {kind.words} {key}", path)
            elif not any(other.entry.validity.overlaps(located.entry.validity) for other in self._by_key[kind, key]):
                yield located.fault(f"{kind.words} {key} is never in force while this is", path)

    def sectors(self, party: Party, period: Period) -> set[int]:
        """Give the sectors to which the members of a party belong."""
        if party.sector is not None:
            return {party.sector}
        found = self.named(Institution, Kind.INSTITUTION, party.institution or "", period)
        return {institution.sector for institution in found}

    def covers(self, granted: Iterable[Party], party: Party, period: Period) -> bool:
        """Tell whether everybody in `party` is in one of the parties granted."""
        if party.institution is None:
            return any(g.sector == party.sector and g.type in (None, party.type) for g in granted)
        found = self.named(Institution, Kind.INSTITUTION, party.institution, period)
        return bool(found) and all(any(g.includes(institution) for g in granted) for institution in found)


Findings = Iterator[tuple[str, str]]
"""Path within the entry, and what is wrong there."""
Rule = Callable[[Any, _Catalogue], Findings]
_NEVER_EMPTY = {
    "parties": "parties",
    "legal_contexts": "legalContexts",
    "data_groups": "dataGroups",
    "modes": "modes",
}
"""The lists of an authorisation, by the name they have in YAML."""


def _enterprise_number(institution: Institution, _: _Catalogue) -> Findings:
    if institution.enterprise_number is not None:
        try:
            parse_enterprise_number(institution.enterprise_number)
        except InvalidIdentifier:
            yield ".enterpriseNumber", f"{institution.enterprise_number} is not an enterprise number"


def _network(institution: Institution, _: _Catalogue) -> Findings:
    if institution.network is Network.PRIMARY and institution.managed_by:
        yield ".managedBy", "an institution of the primary network is reached itself and has no manager"
    if institution.network is Network.SECONDARY and not institution.managed_by:
        yield ".network", "an institution of the secondary network needs a manager in managedBy"


def _management(institution: Institution, catalogue: _Catalogue) -> Findings:
    for at, management in enumerate(institution.managed_by):
        path = f".managedBy[{at}]"
        if management.end_date == date.max:
            yield f"{path}.endDate", "an open period has no end date: leave endDate out"
            continue
        if management.end_date is not None and management.end_date < management.start_date:
            yield f"{path}.endDate", "the management ends before it starts"
            continue
        period = Period(management.start_date, management.end_date)
        if not period.overlaps(institution.validity):
            yield path, "the management lies outside the period of the institution"
        managers = catalogue.named(Institution, Kind.INSTITUTION, management.manager, period)
        if any(manager.network is not Network.PRIMARY for manager in managers):
            yield (
                f"{path}.manager",
                f"{management.manager} is not of the primary network, so nobody is reached through it",
            )


def _schema(group: DataGroup, _: _Catalogue) -> Findings:
    if group.json_schema is None:
        return
    if remote := next(_remote(group.json_schema), None):
        # A schema is read by every participant: none may be made to fetch something.
        yield ".schema", f"the schema refers outside itself: {remote}"
        return
    try:
        jsonschema_rs.Draft202012Validator(group.json_schema, validate_formats=True, ignore_unknown_formats=False)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        yield ".schema", f"not a JSON Schema (2020-12): {str(error).splitlines()[0]}"
        return
    yield from ((".schema", f"schema{path}: {what}") for path, what in unclear(group.json_schema))


def _told(group: DataGroup, catalogue: _Catalogue) -> Findings:
    """Find what else tells of the same status or right: who asks by its name would not know which is meant."""
    for attribute in ("status", "right"):
        name = getattr(group, attribute)
        if name is None:
            continue
        if "periods" not in (group.json_schema or {}).get("properties", {}):
            yield f".{attribute}", f"it tells of {name}, and its schema has no periods"
        for other in catalogue.of(DataGroup):
            told_twice = getattr(other, attribute) == name and other.family != group.family
            if told_twice and other.validity.overlaps(group.validity):
                yield f".{attribute}", f"{other.id} tells of the {attribute} {name} too"


def _remote(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        for name, part in schema.items():
            if name in ("$ref", "$dynamicRef") and isinstance(part, str) and not part.startswith("#"):
                yield part
            yield from _remote(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _remote(part)


def _complete(authorisation: Authorisation, _: _Catalogue) -> Findings:
    for attribute, name in _NEVER_EMPTY.items():
        values = getattr(authorisation, attribute)
        if not values:
            yield f".{name}", f"{name} is empty: it authorises nothing"
        if len(set(values)) != len(values):
            yield f".{name}", f"{name} names the same twice"


def _own_contexts(entry: Authorisation | Subscription, catalogue: _Catalogue) -> Findings:
    parties = entry.parties if isinstance(entry, Authorisation) else (entry.party,)
    sectors = {sector for party in parties for sector in catalogue.sectors(party, entry.validity)}
    for at, context in enumerate(entry.inscription_contexts):
        if sectors and parse_context(context).sector not in sectors:
            yield f".inscriptionContexts[{at}]", f"{context} belongs to a sector of none of the parties"


def _purposes(authorisation: Authorisation, catalogue: _Catalogue) -> Findings:
    for at, context in enumerate(authorisation.legal_contexts):
        found = catalogue.named(LegalContext, Kind.LEGAL_CONTEXT, context, authorisation.validity)
        granted = [party for legal_context in found for party in legal_context.assigned_to]
        for party in authorisation.parties:
            if found and not catalogue.covers(granted, party, authorisation.validity):
                yield f".legalContexts[{at}]", f"{context} is not assigned to {_name(party)}"


def _somebody_holds(authorisation: Authorisation, catalogue: _Catalogue) -> Findings:
    for at, group in enumerate(authorisation.data_groups):
        if Mode.ONLINE in authorisation.modes and not catalogue.available(group, authorisation.validity):
            yield f".dataGroups[{at}]", f"{group} may be asked online, but no availability says who holds it"


def _decided(authorisation: Authorisation, catalogue: _Catalogue) -> Findings:
    key, period = authorisation.decision_table, authorisation.validity
    tables = catalogue.named(DecisionTable, Kind.DECISION_TABLE, key or "", period)
    if tables and not covered(period, (table.validity for table in tables)):
        yield ".decisionTable", f"decision table {key} is not in force on every day on which this is"


def _model(table: DecisionTable, _: _Catalogue) -> Findings:
    # In a file the text stands under `file`.
    return ((".file" if path == ".dmn" else path, what) for path, what in table_faults(table))


def _own_source(availability: Availability, catalogue: _Catalogue) -> Findings:
    sector = parse_context(availability.inscription_context).sector
    for group in catalogue.named(DataGroup, Kind.DATA_GROUP, availability.data_group, availability.validity):
        # A document comes as it stands, so an integrator of another sector may pass it on.
        if group.json_schema is not None and group.authentic_source != sector:
            yield (
                ".inscriptionContext",
                (
                    f"{availability.inscription_context} is of sector {sector}, "
                    f"and the authentic source of {group.id} is sector {group.authentic_source}"
                ),
            )


def _authorised(subscription: Subscription, catalogue: _Catalogue) -> Findings:
    key, period = subscription.authorisation, subscription.validity
    for authorisation in catalogue.named(Authorisation, Kind.AUTHORISATION, key, period):
        if Mode.PUSH not in authorisation.modes:
            yield ".authorisation", f"{key} does not allow mode push"
        if not catalogue.covers(authorisation.parties, subscription.party, period):
            yield ".party", f"{_name(subscription.party)} is not a party of {key}"
        for at, group in enumerate(subscription.data_groups):
            if group not in authorisation.data_groups:
                yield f".dataGroups[{at}]", f"{key} does not cover {group}"
        for at, context in enumerate(subscription.inscription_contexts):
            if authorisation.inscription_contexts and context not in authorisation.inscription_contexts:
                yield f".inscriptionContexts[{at}]", f"{key} does not name {context}"


def _name(party: Party) -> str:
    if party.institution is not None:
        return party.institution
    return f"sector {party.sector}" if party.type is None else f"type {party.sector}/{party.type}"


_RULES: dict[Kind, tuple[Rule, ...]] = {
    Kind.INSTITUTION: (_enterprise_number, _network, _management),
    Kind.DATA_GROUP: (_schema, _told),
    Kind.DECISION_TABLE: (_model,),
    Kind.AUTHORISATION: (_complete, _own_contexts, _purposes, _somebody_holds, _decided),
    Kind.AVAILABILITY: (_own_source,),
    Kind.SUBSCRIPTION: (_own_contexts, _authorised),
}

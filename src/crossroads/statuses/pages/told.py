"""What a page tells of a person: statuses and rights under the names that the catalogue has for them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import msgspec

from crossroads.kernel.period import Period
from crossroads.participant.desk.published import Authorisation, Catalogue
from crossroads.statuses.model import Entitlement, Holding
from crossroads.statuses.own_rule import is_own_rule
from crossroads.statuses.rights import Right
from crossroads.web.languages import nearest

_SHORT = 12
"""Of the digest of a table, for people to compare."""


Name = Mapping[str, str]
"""By language, as far as there is one."""


class Held(NamedTuple):
    """A status that is held here."""

    status: Name
    source: Name
    period: Period
    extracted: date


class Opened(NamedTuple):
    """A right that a person has."""

    right: Right | None
    """None for one that was taken out of the settings since the load."""
    id: str
    period: Period
    rule: int | None
    """None where it would tell a status of somebody who lives with the person, and none of its own."""
    table: str
    clients: Sequence[Name]
    """The institutions that may learn of it."""
    decision: str | None
    """The decision table, as the catalogue calls it; None where it does not know it."""

    def holds(self, today: date) -> bool:
        """Tell whether it is open on a day, and still granted."""
        granted = self.right is not None and self.right.in_force(today)
        return granted and self.period.start_date <= today <= self.period.last


class Naming(NamedTuple):
    """The names of a catalogue, in one language."""

    catalogue: Catalogue
    groups: dict[str, str]
    """The data group that tells of each status."""
    language: str

    def held(self, one: Holding) -> Held:
        """Tell of a status."""
        group = self.groups.get(one.status)
        status = self._name("data_groups", group) if group else {self.language: one.status}
        return Held(status, self._name("institutions", one.source), one.period, one.extracted)

    def opened(self, one: Entitlement, right: Right | None, statuses: Collection[str]) -> Opened:
        """Tell of a right to a person who has these statuses."""
        short = one.version[:_SHORT]
        if right is None:
            return Opened(right, one.right, one.period, None, short, (), None)
        rule = one.rule if is_own_rule(one, right, statuses) else None
        granted = [found for found in self.catalogue.authorisations if right.data_group in found.data_groups]
        decision = next((found.decision_table for found in granted if found.reference == right.authorisation), None)
        return Opened(right, one.right, one.period, rule, short, self._clients(right, granted), decision)

    def _clients(self, right: Right, granted: Sequence[Authorisation]) -> list[Name]:
        """Give who is authorised to learn of a right; where that is not known, whose rule it is."""
        parties = [party for one in granted for party in one.parties]
        found = {one.id for one in self.catalogue.institutions if any(party.includes(one) for party in parties)}
        names = [self._name("institutions", one) for one in found or {right.owner}]
        return sorted(names, key=self._text)

    def _text(self, name: Name) -> str:
        return (nearest(self.language, name) or ("", ""))[1]

    def _name(self, kind: str, key: str) -> Name:
        """Give the name of an entry; where the catalogue has no such entry today, its key."""
        names = msgspec.structs.asdict(self.catalogue.names_of(kind, key))
        return {language: text for language, text in names.items() if text} or {self.language: key}

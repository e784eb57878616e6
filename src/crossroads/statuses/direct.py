"""Deciding about one person, from facts at hand: the same tables and the same answer as for everybody at once."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

import msgspec

from crossroads.dmn.evaluation import Model
from crossroads.dmn.naming import named
from crossroads.dmn.reading import read
from crossroads.kernel.period import Period, merged
from crossroads.statuses.facts import lives, opens_for, rows
from crossroads.statuses.model import Entitlement, Holding, Home, Reach, Resident, Undecided, WrongDefinition
from crossroads.statuses.rights import Right


class Opens(msgspec.Struct, frozen=True, kw_only=True):
    """What a table answers about one status."""

    opens: bool
    start: date | None
    end: date | None


class Person(NamedTuple):
    """What is known of a person on a day."""

    resident: Resident | None
    home: Home | None
    holdings: tuple[Holding, ...]


class Direct:
    """A right, its table made ready."""

    def __init__(self, right: Right) -> None:
        """Make it ready. Raises BadModel, and WrongDefinition for a table with a cell that cannot be read."""
        self.right = right
        definitions = read(right.xml)
        self._model = Model(definitions)
        self.statuses = named(definitions, right.decision, "status", "opens")
        """Those that may open it; None where any may."""
        if faults := self._model.faults:
            raise WrongDefinition(f"{right.table}: {faults[0]}")

    def entitlements(self, ssin: str, people: Mapping[str, Person], day: date) -> list[Entitlement]:
        """Give when the right is open for one of the people. Raises Undecided."""
        person = people[ssin]
        if not lives(person.resident, day):
            return []
        opened = [one for opener in self._openers(ssin, people) for one in self._opened(people[opener], day)]
        return [self._entitlement(ssin, period, opened) for period in merged(period for period, _ in opened)]

    def _openers(self, ssin: str, people: Mapping[str, Person]) -> Iterator[str]:
        yield ssin
        if self.right.reach is Reach.HOUSEHOLD:
            home = people[ssin].home
            yield from (one for one in people if one != ssin and opens_for(people[one].home, ssin, home))

    def _opened(self, opener: Person, day: date) -> Iterator[tuple[Period, int]]:
        """Give the days for which each status of a person opens the right, with the rule that says so."""
        for row in rows(opener.holdings, opener.resident, opener.home, day):
            outcome = self._model.evaluate(self.right.decision, row)
            if not isinstance(outcome.value, dict) or not isinstance(outcome.value.get("opens"), bool):
                raise Undecided(f"The table of {self.right.id} gives no answer: {'; '.join(outcome.notes) or 'null'}")
            answer = msgspec.convert(outcome.value, Opens)
            if answer.opens and not outcome.fired:
                raise Undecided(f"The table of {self.right.id} opens the right by none of its rules.")
            if answer.opens and answer.start and (answer.end is None or answer.start <= answer.end):
                yield Period(answer.start, answer.end), outcome.fired[-1].rule

    def _entitlement(self, ssin: str, period: Period, opened: list[tuple[Period, int]]) -> Entitlement:
        rule = min(rule for one, rule in opened if one.overlaps(period))
        return Entitlement(ssin=ssin, right=self.right.id, period=period, rule=rule, version=self.right.version)

"""Permits of many questions, by holder: what one source may be asked in one request."""

from collections.abc import Iterable

from crossroads.access.model import _MADE_BY_ACCESS, Decision, Permit, PermitSet, Permitted
from crossroads.wire.bulk import Scope


def permit_sets(decisions: Iterable[Decision]) -> dict[str, PermitSet]:
    """Give the permits of decisions taken together, for each holder. Alike scopes are one."""
    gathered: dict[str, _Gathered] = {}
    for index, decision in enumerate(decisions):
        for permit in decision.permits:
            at = gathered.get(permit.holder) or gathered.setdefault(permit.holder, _Gathered(permit))
            at.add(index, permit)
    return {holder: at.permits() for holder, at in sorted(gathered.items())}


class _Gathered:
    """What one holder may be asked so far."""

    def __init__(self, first: Permit) -> None:
        self._first = first
        self._numbers: dict[object, int] = {}
        self._scopes: list[Scope] = []
        self._persons: list[Permitted] = []

    def add(self, index: int, permit: Permit) -> None:
        self._persons.append(Permitted(index, self._scope(permit), permit.ssin, permit.known_as))

    def _scope(self, permit: Permit) -> int:
        groups, authorisations = permit.data_groups, permit.authorisations
        key = (*groups.items(), *authorisations.items(), permit.rule)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._scopes)
            self._scopes.append(Scope(data_groups=groups, authorisations=authorisations, rule=permit.rule))
        return number

    def permits(self) -> PermitSet:
        first = self._first
        return PermitSet(
            holder=first.holder,
            audience=first.audience,
            asker=first.asker,
            on_behalf_of=first.on_behalf_of,
            legal_context=first.legal_context,
            catalogue_version=first.catalogue_version,
            scopes=tuple(self._scopes),
            persons=tuple(self._persons),
            made_by=_MADE_BY_ACCESS,
        )

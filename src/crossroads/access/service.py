"""Preventive access control: a pure function of question, asker, catalogue and directory."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from crossroads.access import rules
from crossroads.access.model import _MADE_BY_ACCESS, Decision, Permit, Request, Withheld
from crossroads.catalogue.institutions import Institution
from crossroads.catalogue.model import Authorisation, Mode
from crossroads.catalogue.snapshot import Snapshot
from crossroads.directory.model import Facts, Line
from crossroads.kernel.codes import Code, StatusValue
from crossroads.kernel.period import Period

RULE = "authorised-and-inscribed"
RULE_WITHOUT_INSCRIPTION = "authorised-without-inscription"
RULE_PUSH = "told-of-a-change"


def decide(request: Request, snapshot: Snapshot, facts: Facts) -> Decision:
    """Decide which holders may be asked which data groups. The asker's institution exists and its key is valid."""
    return Ruling(request, snapshot).decide(request.ssin, facts)


class _Part(NamedTuple):
    """One data group at one holder."""

    group: str
    holder: str
    period: Period
    authorisation: Authorisation
    lines: frozenset[int]


class _Open(NamedTuple):
    """A data group that nothing stops so far, before it is known whom it is about."""

    group: str
    period: Period
    authorisations: Sequence[Authorisation]
    contexts: frozenset[str]
    """In which its holders have people inscribed."""


class Ruling:
    """What is decided of a question whoever it is about: made once for many people, `decide` says the rest for one."""

    def __init__(self, request: Request, snapshot: Snapshot) -> None:
        """Go through the rules that need no person."""
        self._request, self._snapshot = request, snapshot
        self._provisional = rules.provisional_groups(request, snapshot)
        self._institutions: dict[str, Institution | None] = {}
        self._concerned = request.asker.concerned
        self._groups = self._judged(self._institution(self._concerned))

    def decide(self, ssin: str, facts: Facts) -> Decision:
        """Decide the question about the person with this number. The number in the request does not count here."""
        own = [line for line in facts.inscriptions if line.institution == self._concerned]
        withheld: list[Withheld] = []
        parts: list[_Part] = []
        for group in self._groups:
            outcome = group if isinstance(group, Withheld) else self._about(group, own, facts)
            if isinstance(outcome, Withheld):
                withheld.append(outcome)
            else:
                parts.extend(outcome)
        return _decision(ssin, facts, self._permits(ssin, facts, parts), withheld)

    def _judged(self, concerned: Institution | None) -> list[Withheld | _Open]:
        code: Code | None = Code.LEGAL_CONTEXT_NOT_ALLOWED
        if concerned is not None:
            code = rules.assigned(self._request, self._snapshot, concerned)
            if code is None:
                return [self._judged_group(concerned, group) for group in self._request.data_groups]
        detail = None if code is Code.LEGAL_CONTEXT_NOT_ALLOWED else code
        return [rules.refused(group, 3, Code.LEGAL_CONTEXT_NOT_ALLOWED, detail) for group in self._request.data_groups]

    def _judged_group(self, concerned: Institution, group: str) -> Withheld | _Open:
        request, snapshot = self._request, self._snapshot
        period = rules.asked_period(request, snapshot, group)
        if period is None:
            return rules.refused(group, 4, Code.NOT_AUTHORISED)
        if beyond := rules.pointed(request, group, period):
            return beyond
        authorisations, stopped = rules.authorised(request, snapshot, concerned, group, period)
        return stopped or _Open(group, period, authorisations, rules.held_in(snapshot, group, request.received_on))

    def _about(self, asked: _Open, own: list[Line], facts: Facts) -> Withheld | list[_Part]:
        group, period = asked.group, asked.period
        authorisation, lines, stopped = rules.inscribed(asked.authorisations, own, self._provisional, group, period)
        stopped = stopped or rules.alive(facts, group, period)
        if stopped or authorisation is None:
            return stopped or rules.refused(group, 5, Code.NOT_INSCRIBED, Code.DETAIL_NOT_INSCRIBED)
        holders = rules.holders(facts, asked.contexts, period, self._institution)
        if not holders:
            return rules.withheld(group, 9, StatusValue.NO_DATA_FOUND, Code.NO_HOLDER)
        asking = frozenset([line.inscription for line in lines])
        return [_Part(group, holder, part, authorisation, asking | ids) for holder, (part, ids) in holders.items()]

    def _institution(self, name: str) -> Institution | None:
        """Give an institution that is active on the day of receipt."""
        if name not in self._institutions:
            self._institutions[name] = self._snapshot.institution(name, self._request.received_on)
        return self._institutions[name]

    def _permits(self, ssin: str, facts: Facts, parts: list[_Part]) -> list[Permit]:
        if facts.person is None:
            return []
        by_holder: dict[str, list[_Part]] = defaultdict(list)
        for part in parts:
            by_holder[part.holder].append(part)
        request, permits = self._request, []
        for holder, own in sorted(by_holder.items()):
            institution = self._institution(holder)
            inscription = any(part.authorisation.inscription_contexts for part in own)
            permits.append(
                Permit(
                    holder=holder,
                    audience=institution.manager(request.legal_context, request.received_on) if institution else None,
                    person=facts.person.person,
                    ssin=facts.person.ssin,
                    known_as=ssin if facts.person.replaced else None,
                    asker=request.asker.institution,
                    on_behalf_of=request.asker.on_behalf_of,
                    legal_context=request.legal_context,
                    data_groups={part.group: part.period for part in own},
                    authorisations={part.group: part.authorisation.reference for part in own},
                    rule=_rule(request, inscription=inscription),
                    catalogue_version=self._snapshot.version,
                    lines=tuple(sorted(frozenset().union(*(part.lines for part in own)))),
                    made_by=_MADE_BY_ACCESS,
                )
            )
        return permits


def _rule(request: Request, *, inscription: bool) -> str:
    if request.mode is Mode.PUSH:
        return RULE_PUSH
    return RULE if inscription else RULE_WITHOUT_INSCRIPTION


def _decision(ssin: str, facts: Facts, permits: list[Permit], withheld: list[Withheld]) -> Decision:
    # A replaced number is told only with an answer: a refusal says nothing of the person.
    told = facts.person if permits or any(w.stage >= 8 for w in withheld) else None  # noqa: PLR2004 - the table's number
    return Decision(
        permits=tuple(permits),
        withheld=tuple(withheld),
        person=facts.person.person if facts.person else None,
        ssin=told.ssin if told else ssin,
        replaces=ssin if told and told.replaced else None,
    )

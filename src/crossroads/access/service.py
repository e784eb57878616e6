"""Preventive access control: a pure function of question, asker, catalogue and directory."""

from collections import defaultdict

from crossroads.access import rules
from crossroads.access.model import _MADE_BY_ACCESS, Decision, Permit, Request, Withheld
from crossroads.catalogue.model import Authorisation, Institution, Mode
from crossroads.catalogue.snapshot import Snapshot
from crossroads.directory.model import Facts, Line
from crossroads.kernel.codes import Code, StatusValue
from crossroads.kernel.period import Period

RULE = "authorised-and-inscribed"
RULE_WITHOUT_INSCRIPTION = "authorised-without-inscription"
RULE_PUSH = "told-of-a-change"


def decide(request: Request, snapshot: Snapshot, facts: Facts) -> Decision:
    """Decide which holders may be asked which data groups. The asker's institution exists and its key is valid."""
    concerned = snapshot.institution(request.asker.concerned, request.received_on)
    code = Code.LEGAL_CONTEXT_NOT_ALLOWED
    if concerned is not None:
        not_assigned = rules.assigned(request, snapshot, concerned)
        if not_assigned is None:
            return _decide_groups(request, snapshot, facts, concerned)
        code = not_assigned
    return _decision(request, facts, [], [_context_refused(group, code) for group in request.data_groups])


def _context_refused(group: str, code: Code) -> Withheld:
    detail = None if code is Code.LEGAL_CONTEXT_NOT_ALLOWED else code
    return rules.refused(group, 3, Code.LEGAL_CONTEXT_NOT_ALLOWED, detail)


def _decide_groups(request: Request, snapshot: Snapshot, facts: Facts, concerned: Institution) -> Decision:
    own = [line for line in facts.inscriptions if line.institution == concerned.id]
    withheld: list[Withheld] = []
    parts: list[_Part] = []
    for group in request.data_groups:
        outcome = _decide_group(request, snapshot, facts, concerned, group, own)
        if isinstance(outcome, Withheld):
            withheld.append(outcome)
        else:
            parts.extend(outcome)
    return _decision(request, facts, _permits(request, snapshot, facts, parts), withheld)


class _Part:
    """One data group at one holder."""

    def __init__(
        self, group: str, holder: str, period: Period, authorisation: Authorisation, lines: frozenset[int]
    ) -> None:
        self.group = group
        self.holder = holder
        self.period = period
        self.authorisation = authorisation
        self.lines = lines


def _decide_group(
    request: Request, snapshot: Snapshot, facts: Facts, concerned: Institution, group: str, own: list[Line]
) -> Withheld | list[_Part]:
    period = rules.asked_period(request, snapshot, group)
    if period is None:
        return rules.refused(group, 4, Code.NOT_AUTHORISED)
    if beyond := rules.pointed(request, group, period):
        return beyond
    authorisations, stopped = rules.authorised(request, snapshot, concerned, group, period)
    if stopped:
        return stopped
    provisional = rules.provisional_groups(request, snapshot)
    authorisation, lines, stopped = rules.inscribed(authorisations, own, provisional, group, period)
    stopped = stopped or rules.alive(facts, group, period)
    if stopped or authorisation is None:
        return stopped or rules.refused(group, 5, Code.NOT_INSCRIBED, Code.DETAIL_NOT_INSCRIBED)
    holders = rules.holders(facts, snapshot, group, period, request.received_on)
    if not holders:
        return rules.withheld(group, 9, StatusValue.NO_DATA_FOUND, Code.NO_HOLDER)
    asking = frozenset(line.inscription for line in lines)
    return [_Part(group, holder, part, authorisation, asking | ids) for holder, (part, ids) in holders.items()]


def _rule(request: Request, *, inscription: bool) -> str:
    if request.mode is Mode.PUSH:
        return RULE_PUSH
    return RULE if inscription else RULE_WITHOUT_INSCRIPTION


def _permits(request: Request, snapshot: Snapshot, facts: Facts, parts: list[_Part]) -> list[Permit]:
    if facts.person is None:
        return []
    by_holder: dict[str, list[_Part]] = defaultdict(list)
    for part in parts:
        by_holder[part.holder].append(part)
    permits = []
    for holder, own in sorted(by_holder.items()):
        institution = snapshot.institution(holder, request.received_on)
        inscription = any(part.authorisation.inscription_contexts for part in own)
        permits.append(
            Permit(
                holder=holder,
                audience=institution.manager(request.legal_context, request.received_on) if institution else None,
                person=facts.person.person,
                ssin=facts.person.ssin,
                known_as=request.ssin if facts.person.replaced else None,
                asker=request.asker.institution,
                on_behalf_of=request.asker.on_behalf_of,
                legal_context=request.legal_context,
                data_groups={part.group: part.period for part in own},
                authorisations={part.group: part.authorisation.reference for part in own},
                rule=_rule(request, inscription=inscription),
                catalogue_version=snapshot.version,
                lines=tuple(sorted(frozenset().union(*(part.lines for part in own)))),
                made_by=_MADE_BY_ACCESS,
            )
        )
    return permits


def _decision(request: Request, facts: Facts, permits: list[Permit], withheld: list[Withheld]) -> Decision:
    # A replaced number is told only with an answer: a refusal says nothing of the person.
    told = facts.person if permits or any(w.stage >= 8 for w in withheld) else None  # noqa: PLR2004 - the table's number
    return Decision(
        permits=tuple(permits),
        withheld=tuple(withheld),
        person=facts.person.person if facts.person else None,
        ssin=told.ssin if told else request.ssin,
        replaces=request.ssin if told and told.replaced else None,
    )

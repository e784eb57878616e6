"""The rules, in the order in which they are tried, so that a refusal never tells an outsider that a person exists.

Each rule stops a data group or lets it pass; no rule that lets it pass means refused. Precedence numbers are those of
the table in `docs/reference/status.md`.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date

from msgspec import structs

from crossroads.access.model import Request, Withheld
from crossroads.catalogue.institutions import Institution
from crossroads.catalogue.kinds import Kind
from crossroads.catalogue.model import Authorisation, Mode, Subscription, Temporality
from crossroads.catalogue.snapshot import Snapshot
from crossroads.directory.model import Facts, Line
from crossroads.kernel.codes import Code, StatusValue
from crossroads.kernel.period import Period, covered, day
from crossroads.wire.acting import ACTING

Provisional = Callable[[str], Sequence[str]]
"""Gives the data groups that a provisional inscription in a context allows."""

PROVISIONAL = 902
SSIN_REPLACED = 999
_MONTHS = 12


def asked_period(request: Request, snapshot: Snapshot, group: str) -> Period | None:
    """Give the days a data group is asked for: the reference date of a moment group, the period of a period group."""
    data_group = snapshot.data_group(group, request.received_on)
    if data_group is None:
        return None
    if data_group.temporality is Temporality.MOMENT:
        return day(request.reference_date) if request.reference_date else None
    return request.period


def assigned(request: Request, snapshot: Snapshot, concerned: Institution) -> Code | None:
    """Tell why the legal context is not one of the asker's, or None when it is: on both days, where there are two."""
    reason = _assigned_on(request, snapshot, concerned, request.received_on)
    if reason is None and request.legal_context in ACTING and not request.acting:
        return Code.NOT_ACTING
    decided_on = request.decided_on or request.received_on
    if reason is not None or decided_on == request.received_on:
        return reason
    # What ended since the question came in counts no more.
    still = snapshot.institution(concerned.id, decided_on)
    return _assigned_on(request, snapshot, still, decided_on) if still else Code.LEGAL_CONTEXT_NOT_ALLOWED


def _assigned_on(request: Request, snapshot: Snapshot, concerned: Institution, on: date) -> Code | None:
    context = snapshot.legal_context(request.legal_context, on)
    if context is None or not context.assigned(concerned):
        return Code.LEGAL_CONTEXT_NOT_ALLOWED
    if concerned.id == request.asker.institution:
        return None
    managers = [m.manager for m in concerned.managed_by if m.applies(request.legal_context, on)]
    return None if request.asker.institution in managers else Code.NOT_MANAGED


def pointed(request: Request, group: str, period: Period) -> Withheld | None:
    """Stop what is asked in mode push beyond the change that the asker was told of; nothing in the other modes."""
    if request.mode is not Mode.PUSH:
        return None
    told = request.pointer
    if told is None:
        return refused(group, 4, Code.NOT_AUTHORISED, Code.DETAIL_NO_MUTATION)
    same = (group, request.legal_context) == (told.data_group, told.legal_context)
    if not same or not told.period.contains(period):
        return refused(group, 4, Code.NOT_AUTHORISED, Code.DETAIL_BEYOND_MUTATION)
    return None


def authorised(
    request: Request, snapshot: Snapshot, concerned: Institution, group: str, period: Period
) -> tuple[list[Authorisation], Withheld | None]:
    """Give the authorisations that cover the data group, or why there are none."""
    in_force = [
        authorisation
        for authorisation in _naming(request, snapshot, concerned, group)
        if authorisation.in_force(request.received_on)
        and authorisation.in_force(request.decided_on or request.received_on)
        and any(party.includes(concerned) for party in authorisation.parties)
    ]
    within = [a for a in in_force if period.start_date >= look_back(a, request.received_on)]
    if within:
        return within, None
    reference = in_force[0].reference if in_force else None
    detail = Code.DETAIL_LOOK_BACK if in_force else None
    return [], refused(group, 4, Code.NOT_AUTHORISED, detail, reference)


def _naming(request: Request, snapshot: Snapshot, concerned: Institution, group: str) -> Iterable[Authorisation]:
    """Give the authorisations of a question; in mode push that of the pointer, as far as it serves to ask.

    Who was told of a correction may have an authorisation of another mode alone: it serves as it does in that mode. One
    for push alone serves who subscribes still, in the contexts of the subscription: inscribed in none, nobody is told.
    """
    if request.mode is not Mode.PUSH or request.pointer is None:
        return snapshot.authorisations(request.legal_context, group, request.mode)
    every = (one for mode in Mode for one in snapshot.authorisations(request.legal_context, group, mode))
    named = {one.valid_from: one for one in every if one.reference == request.pointer.authorisation}
    return [
        serving
        for one in named.values()
        for serving in (
            [one] if set(one.modes) != {Mode.PUSH} else _subscribed(request, snapshot, concerned, group, one)
        )
    ]


def _subscribed(
    request: Request, snapshot: Snapshot, concerned: Institution, group: str, authorisation: Authorisation
) -> Iterable[Authorisation]:
    """Give an authorisation as each subscription of an institution lets it serve."""
    for one in snapshot.listed(Kind.SUBSCRIPTION, request.received_on):
        if not isinstance(one, Subscription) or one.authorisation != authorisation.reference:
            continue
        contexts = pushed(authorisation, one) if group in one.data_groups and one.party.includes(concerned) else ()
        if contexts:
            yield structs.replace(authorisation, inscription_contexts=contexts, no_inscription_because=None)


def pushed(authorisation: Authorisation, subscription: Subscription) -> tuple[str, ...]:
    """Give the contexts in which a subscription tells of people: its own, as far as the authorisation goes."""
    named = authorisation.inscription_contexts or subscription.inscription_contexts
    return tuple(context for context in subscription.inscription_contexts if context in named)


def look_back(authorisation: Authorisation, received: date) -> date:
    """Give the first day that an authorisation lets a period begin with."""
    if authorisation.look_back_months is None:
        return date.min
    months = received.year * _MONTHS + received.month - 1 - authorisation.look_back_months
    if months < _MONTHS:
        return date.min
    first = date(months // _MONTHS, months % _MONTHS + 1, 1)
    return first.replace(day=min(received.day, _last_day(first)))


def inscribed(
    authorisations: Sequence[Authorisation], lines: Iterable[Line], provisional: Provisional, group: str, period: Period
) -> tuple[Authorisation | None, tuple[Line, ...], Withheld | None]:
    """Give the first authorisation of whose contexts the asker's lines cover every day asked, and those lines.

    Lines of different authorisations are never added up, and a period partly covered is refused, not trimmed.
    """
    own = tuple(lines)
    furthest: Withheld | None = None
    for authorisation in authorisations:
        if not authorisation.inscription_contexts:
            return authorisation, (), None
        counting = tuple(line for line in own if counts(line, authorisation, provisional, group))
        if covered(period, [line.period for line in counting]):
            return authorisation, counting, None
        if counting:
            furthest = refused(group, 6, Code.NOT_INSCRIBED, Code.DETAIL_PERIOD_NOT_COVERED, authorisation.reference)
        elif furthest is None:
            furthest = refused(group, 5, Code.NOT_INSCRIBED, Code.DETAIL_NOT_INSCRIBED, authorisation.reference)
    return None, (), furthest


def provisional_groups(request: Request, snapshot: Snapshot) -> Provisional:
    """Give what looks up the data groups that a provisional inscription in a context allows."""

    def allowed(context: str) -> Sequence[str]:
        known = snapshot.context(context, request.received_on)
        return known.provisional_groups if known else ()

    return allowed


def counts(line: Line, authorisation: Authorisation, provisional: Provisional, group: str) -> bool:
    """Tell whether a line is in a context of the authorisation; a provisional one serves the groups allowed then."""
    if line.phase == SSIN_REPLACED or line.context not in authorisation.inscription_contexts:
        return False
    return line.phase != PROVISIONAL or group in provisional(line.context)


def alive(facts: Facts, group: str, period: Period) -> Withheld | None:
    """Stop a data group about a person who does not exist, or was dead before the period."""
    if facts.person is None:
        return refused(group, 7, Code.SSIN_DOES_NOT_EXIST)
    if facts.person.deceased_on is not None and facts.person.deceased_on < period.start_date:
        return withheld(group, 8, StatusValue.NO_DATA_FOUND, Code.DECEASED)
    return None


def held_in(snapshot: Snapshot, group: str, on: date) -> frozenset[str]:
    """Give the contexts in which those who hold the data group have people inscribed, on a day."""
    return frozenset(a.inscription_context for a in snapshot.availabilities(group) if a.in_force(on))


def holders(
    facts: Facts, contexts: Collection[str], period: Period, active: Callable[[str], Institution | None]
) -> dict[str, tuple[Period, set[int]]]:
    """Give who has the person inscribed in one of the contexts on days of the period: those days, and its lines.

    `active` gives an institution that may be asked.
    """
    found: dict[str, tuple[Period, set[int]]] = {}
    for line in facts.inscriptions:
        if line.context not in contexts or line.phase == SSIN_REPLACED or active(line.institution) is None:
            continue
        part = line.period.intersection(period)
        if part is not None:
            known, ids = found.get(line.institution, (part, set()))
            found[line.institution] = (known.hull(part), ids | {line.inscription})
    return found


def refused(
    group: str, stage: int, code: Code, detail: Code | None = None, authorisation: str | None = None
) -> Withheld:
    """Make a refusal of a data group."""
    return Withheld(
        data_group=group,
        stage=stage,
        value=StatusValue.NO_RESULT,
        code=code,
        detail=detail,
        authorisation=authorisation,
    )


def withheld(group: str, stage: int, value: StatusValue, code: Code) -> Withheld:
    """Make the account of a data group that is allowed and cannot be given."""
    return Withheld(data_group=group, stage=stage, value=value, code=code)


def _last_day(first: date) -> int:
    following = date(first.year + first.month // _MONTHS, first.month % _MONTHS + 1, 1)
    return (following - first).days

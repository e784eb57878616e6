"""What a decision makes of the catalogue. Pure."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from crossroads.catalogue.changes import Change, Plan, applied, diff
from crossroads.catalogue.check import check_document
from crossroads.catalogue.kinds import AnyEntry, Entries, Kind, document_of, identify
from crossroads.catalogue.model import Authorisation, Subscription
from crossroads.kernel.errors import Fault, Malformed
from crossroads.wire.committee import Decision, DecisionKind
from crossroads.wire.decoding import convert

_REQUIRED = "urn:problem-type:belgif:input-validation:requiredInput"
_INVALID = "urn:problem-type:belgif:input-validation:invalidInput"
_DAY = timedelta(days=1)


class Effect(NamedTuple):
    """What a decision would change, and what is wrong with that."""

    changes: tuple[Change, ...]
    faults: tuple[str, ...]


def check_decision(decision: Decision) -> None:
    """Refuse a text that says too little or contradicts itself. Raises Malformed with the place."""
    if decision.kind is DecisionKind.GRANT:
        _granted(decision)
        return
    if decision.first_day is None:
        raise Malformed(Fault("$.decision.firstDay", _REQUIRED, "Name the first day on which it is not in force."))
    if decision.last_day is None:
        return
    if decision.kind is DecisionKind.WITHDRAW:
        raise Malformed(Fault("$.decision.lastDay", _INVALID, "What is withdrawn does not come back by itself."))
    if decision.last_day < decision.first_day:
        raise Malformed(Fault("$.decision.lastDay", _INVALID, "The last day comes before the first."))


def check_stands(decision: Decision, entries: Entries) -> None:
    """Refuse to suspend or withdraw what the catalogue never had. Raises Malformed with the place."""
    if decision.kind is not DecisionKind.GRANT and not any(_versions(decision.reference, entries)):
        raise Malformed(Fault("$.decision.reference", _INVALID, "There is no such authorisation."))


def effect(decision: Decision, entries: Entries, on: date) -> Effect:
    """Give what a decision, put in force on a day, changes of the catalogue as it stands."""
    changes = diff(entries, _after(decision, entries, on))
    if not changes:
        return Effect((), ())
    result = applied(entries, changes)
    faults = check_document(document_of((identity.kind, entry) for identity, entry in result.items()))
    return Effect(changes, tuple(fault.what for fault in faults))


class Believed(NamedTuple):
    """A version of an authorisation, and from when until when the catalogue had it."""

    authorisation: Authorisation
    since: datetime
    until: datetime | None


def in_force_since(decision: Decision, believed: Iterable[Believed], decided_at: datetime) -> datetime | None:
    """Give when, after it was decided, the catalogue came to say so; None where it never did."""
    every = [one for one in believed if one.authorisation.reference == decision.reference]
    moments = {moment for one in every for moment in (one.since, one.until) if moment and moment >= decided_at}
    return next((moment for moment in sorted(moments) if _says(decision, _at(every, moment))), None)


def _at(every: Iterable[Believed], moment: datetime) -> list[Authorisation]:
    return [one.authorisation for one in every if one.since <= moment and (one.until is None or moment < one.until)]


def _says(decision: Decision, standing: Iterable[Authorisation]) -> bool:
    if decision.kind is DecisionKind.GRANT:
        return _granted(decision) in standing
    first, last = decision.first_day or date.max, decision.last_day or date.max
    return not any(one.valid_from <= last and one.validity.last >= first for one in standing)


def plan(decision: Decision, changes: tuple[Change, ...], base: tuple[str, int], why: str) -> Plan:
    """Give the plan that operators sign; `base` is the installation, and the version of its catalogue."""
    installation, version = base
    reason = f"{why} {decision.reason}"[:500]
    return Plan(installation=installation, base_version=version, reason=reason, changes=changes)


def _after(decision: Decision, entries: Entries, on: date) -> Entries:
    if decision.kind is DecisionKind.GRANT:
        return _with_granted(_granted(decision), entries)
    first = decision.first_day or on
    last = decision.last_day if decision.kind is DecisionKind.SUSPEND else None
    concerned = {identity: one for identity, one in entries.items() if _rests_on(one, decision.reference)}
    parts = ((identity.kind, part) for identity, one in concerned.items() for part in _without(one, first, last))
    return {identity: one for identity, one in entries.items() if identity not in concerned} | {
        identify(kind, part): part for kind, part in parts
    }


def _with_granted(granted: Authorisation, entries: Entries) -> Entries:
    """Give the entries with an authorisation; a version of it that began before ends when this one begins."""
    result = dict(entries)
    for one in _versions(granted.reference, entries):
        if one.valid_from < granted.valid_from <= one.validity.last:
            result[identify(Kind.AUTHORISATION, one)] = msgspec.structs.replace(
                one, valid_until=granted.valid_from - _DAY
            )
    return result | {identify(Kind.AUTHORISATION, granted): granted}


def _rests_on(entry: AnyEntry, reference: str) -> bool:
    """Tell whether an entry is the authorisation, or is nothing without it."""
    if isinstance(entry, Subscription):
        return entry.authorisation == reference
    return isinstance(entry, Authorisation) and entry.reference == reference


def _without(one: AnyEntry, first: date, last: date | None) -> Iterator[AnyEntry]:
    """Give what is left of an entry without some days."""
    if one.validity.last < first or (last is not None and one.valid_from > last):
        yield one
        return
    if one.valid_from < first:
        yield msgspec.structs.replace(one, valid_until=first - _DAY)
    if last is not None and one.validity.last > last:
        yield msgspec.structs.replace(one, valid_from=last + _DAY)


def _versions(reference: str, entries: Entries) -> Iterator[Authorisation]:
    return (one for one in entries.values() if isinstance(one, Authorisation) and one.reference == reference)


def _granted(decision: Decision) -> Authorisation:
    """Read the authorisation that is granted. Raises Malformed with the place."""
    body: dict[str, Any] | None = decision.authorisation
    if body is None:
        raise Malformed(Fault("$.decision.authorisation", _REQUIRED, "Say what is granted."))
    try:
        granted = convert(body, Authorisation)
    except Malformed as error:
        places = (one._replace(path=one.path.replace("$", "$.decision.authorisation", 1)) for one in error.faults)
        raise Malformed(*places) from None
    if granted.reference != decision.reference:
        raise Malformed(Fault("$.decision.reference", _INVALID, "The authorisation has another reference."))
    return granted

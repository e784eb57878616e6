"""What a person reads of an entry of the log. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from crossroads.audit.events import Event
from crossroads.audit.seen_store import Ending, Seen
from crossroads.catalogue.snapshot import Snapshot
from crossroads.kernel.clock import brussels_day
from crossroads.kernel.codes import Code, StatusValue
from crossroads.kernel.period import Period
from crossroads.transparency.model import REFUSALS, SHOWN
from crossroads.transparency.words import Names
from crossroads.wire.usage import Acted, Action, LogPlace, Outcome, Usage, UsedGroup

Given = Sequence[tuple[str, str]]
"""Data groups that were given, each with its source."""


class Told(NamedTuple):
    """An entry with what else the log says of it."""

    seen: Seen
    ending: Ending | None = None
    given: Given | None = ()
    """None for a record of a batch whose page is not answered."""
    acted: Acted | None = None


class Lines:
    """Makes lines of entries, with the names of the day on which each was made."""

    def __init__(self, snapshot: Snapshot, *, supervises: bool) -> None:
        """Take the names from here; only a supervisor is shown agents."""
        self._snapshot, self._supervises = snapshot, supervises
        self._names: dict[date, Names] = {}

    def usage(self, told: Told) -> Usage:
        """Give the line of an entry."""
        seen, fields, names = told.seen, told.seen.fields, self._named(told.seen)
        action = SHOWN[seen.event]
        who, why, context = _who(action, seen), fields.get("legalContext"), fields.get("context")
        code = _code(action, told)
        return Usage(
            at=seen.place.at,
            action=action,
            outcome=_outcome(action, told),
            code=code,
            institution=who,
            institution_names=names.institution(who),
            legal_context=why or None,
            purpose=names.purpose(why),
            # What a purpose means is said of who has it, not of who only named it.
            explanation={} if code == Code.LEGAL_CONTEXT_NOT_ALLOWED else names.explanation(why),
            groups=_groups(told, names),
            period=_period(fields.get("period")),
            reference_date=_day(fields.get("referenceDate")),
            context=context,
            context_names=names.context(context),
            kind=_kind(action, seen),
            acted=told.acted,
            catalogue_version=fields.get("catalogueVersion"),
            ticket=seen.ticket,
            batch=UUID(fields["batch"]) if fields.get("batch") else None,
            places=_places(told),
            agent=fields.get("agent") if self._supervises else None,
        )

    def _named(self, seen: Seen) -> Names:
        day = brussels_day(seen.place.at)
        return self._names.setdefault(day, Names(self._snapshot, day))


def _who(action: Action, seen: Seen) -> str | None:
    """Give who did it: of what was refused who signed, for anybody can name another institution."""
    named: str | None = seen.fields.get("institution")
    return seen.asker or named if action in REFUSALS else named or seen.asker


def _groups(told: Told, names: Names) -> tuple[UsedGroup, ...]:
    fields = told.seen.fields
    if alone := fields.get("dataGroup"):
        told_of = SHOWN[told.seen.event] is Action.CHANGE_TOLD
        source = fields.get("source")
        sources, granted = (source,) if source else (), fields.get("authorisation")
        one = UsedGroup(
            data_group=alone, names=names.group(alone), given=told_of, sources=sources, authorisation=granted or None
        )
        return (one,)
    why_not = {one["dataGroup"]: one for one in fields.get("withheld", ())}
    granted = {group: ref for one in fields.get("permits", ()) for group, ref in one["authorisations"].items()}
    return tuple(
        UsedGroup(
            data_group=group,
            names=names.group(group),
            given=any(group == given for given, _ in told.given or ()),
            sources=tuple(sorted({source for given, source in told.given or () if given == group})),
            code=_reason(why_not.get(group)),
            authorisation=granted.get(group) or why_not.get(group, {}).get("authorisation"),
        )
        for group in fields.get("groupsAsked", ())
    )


def _reason(withheld: Mapping[str, Any] | None) -> str | None:
    return (withheld["detail"] or withheld["code"]) if withheld else None


def _outcome(action: Action, told: Told) -> Outcome:
    if action in REFUSALS:
        return Outcome.REFUSED
    if action not in (Action.QUESTION, Action.BATCH):
        return Outcome.GRANTED
    status = _status(told)
    if not told.seen.fields.get("permits"):
        return Outcome.REFUSED if status.get("value") == StatusValue.NO_RESULT else Outcome.NOTHING
    if told.given:
        return Outcome.PARTLY if told.seen.fields.get("withheld") else Outcome.GRANTED
    return Outcome.UNKNOWN if _unknown(action, told) else Outcome.NOTHING


def _unknown(action: Action, told: Told) -> bool:
    if action is Action.BATCH:
        return told.given is None
    return told.ending is None or told.ending.event == Event.OUTCOME_UNKNOWN


def _code(action: Action, told: Told) -> str | None:
    fields = told.seen.fields
    if action in REFUSALS:
        return fields.get("code") or fields.get("rule")
    status = _status(told)
    return status.get("detail") or status.get("code")


def _status(told: Told) -> Mapping[str, Any]:
    """Give the status with which a question ended."""
    return told.seen.fields.get("status") or (told.ending.fields.get("status") if told.ending else None) or {}


def _kind(action: Action, seen: Seen) -> str | None:
    if action in (Action.IDENTITY_RECORDED, Action.IDENTITY_REFUSED):
        return seen.event.rsplit(":", 1)[1]
    kind = seen.fields.get("kind") or seen.fields.get("presumed") or seen.fields.get("outcome")
    return str(kind) if kind else None


def _places(told: Told) -> tuple[LogPlace, ...]:
    own = LogPlace(stream=told.seen.place.stream, index=told.seen.place.number)
    ending = told.ending
    if ending is None or ending.event != Event.ANSWER_SENT:
        return (own,)
    return own, LogPlace(stream=ending.stream, index=ending.number)


def _period(value: Any) -> Period | None:
    return msgspec.convert(value, Period) if value else None


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if value else None

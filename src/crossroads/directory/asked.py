"""What institutions ask of their lines, what comes of it, and what the log says of it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

import msgspec
from uuid6 import uuid7

from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.directory import changes
from crossroads.directory.changes import Operation
from crossroads.directory.model import Held, Line
from crossroads.directory.store import Placed
from crossroads.identity.model import Closure
from crossroads.kernel.errors import Conflict, CrossroadsError, Refused
from crossroads.kernel.guards import Signed
from crossroads.wire.canonical import b64url, canonical, sha256
from crossroads.wire.inscriptions import Action, BulkOutcome
from crossroads.wire.messages import Inscribed, InscriptionLine, InscriptionOutcome


class Kind(NamedTuple):
    """An operation: what it does to lines, and under which event it is logged."""

    operation: Operation
    event: Event
    inscribes: bool = False


KINDS: Mapping[Action, Kind] = {
    Action.REGISTER: Kind(changes.opened, Event.INSCRIPTION_OPENED, inscribes=True),
    Action.CLOSE: Kind(changes.closed, Event.INSCRIPTION_CLOSED),
    Action.CUT: Kind(changes.cut, Event.INSCRIPTION_CUT),
    Action.CANCEL: Kind(changes.cancelled, Event.INSCRIPTION_CANCELLED),
}

Outcome: TypeAlias = InscriptionOutcome | CrossroadsError
"""What came of a line: the error is what its own route would have raised."""


_INSCRIBED, _CHANGED = 201, 200
_STATUSES = ((Refused, 403), (Conflict, 409), (CrossroadsError, 400))
"""Of what is refused: the first that fits. What is left has not its form."""


class Asked(NamedTuple):
    """A line, and what is to be done with it."""

    action: Action
    line: InscriptionLine

    @property
    def kind(self) -> Kind:
        """The operation."""
        return KINDS[self.action]

    @property
    def digest(self) -> bytes:
        """What tells this request from another under the same reference."""
        return sha256(self.kind.event.encode() + b"\x00" + canonical(self.line))


class Decided(NamedTuple):
    """A line that may be kept: whom it is about, what the institution has in this context, and what changes."""

    asked: Asked
    closure: Closure
    own: Sequence[Held]
    placed: Placed


def outcome_of(decided: Decided, written: Sequence[Line]) -> InscriptionOutcome:
    """Give what came of a line, once it is written."""
    placed = decided.placed
    ended = tuple(held.line.inscription for held in placed.change.ended)
    kept = [held.line for held in decided.own if held.line.inscription not in ended]
    items = sorted([*kept, *written], key=lambda item: item.period.start_date)
    return InscriptionOutcome(
        reference=decided.asked.line.reference,
        ticket=placed.ticket,
        ended=ended,
        items=tuple(inscribed(item) for item in items),
    )


def bulk_outcome(asked: Asked, outcome: Outcome) -> BulkOutcome:
    """Give what came of one line among many."""
    if isinstance(outcome, InscriptionOutcome):
        return BulkOutcome(
            reference=outcome.reference,
            status=_INSCRIBED if asked.kind.inscribes else _CHANGED,
            ticket=outcome.ticket,
            ended=outcome.ended,
            items=tuple(item.inscription for item in outcome.items),
        )
    status = next(status for kind, status in _STATUSES if isinstance(outcome, kind))
    return BulkOutcome(reference=asked.line.reference, status=status, code=outcome.code, reason=str(outcome))


def inscribed(line: Line) -> Inscribed:
    """Give a line as its institution sees it."""
    return Inscribed(
        inscription=line.inscription,
        institution=line.institution,
        context=line.context,
        period=line.period,
        phase=line.phase,
    )


def entry_of(decided: Decided, written: Sequence[Line], signed: Signed) -> Entry:
    """Give what the log says of a line that is kept."""
    placed = decided.placed
    return Entry(
        event=decided.asked.kind.event,
        ticket=placed.ticket,
        person=decided.closure.asked,
        asker=signed.institution,
        fields={
            **_fields(decided.asked.line, signed),
            "ended": [held.line.inscription for held in placed.change.ended],
            "written": [item.inscription for item in written],
        },
    )


def refusal_of(asked: Asked, error: CrossroadsError, closures: Mapping[str, Closure], signed: Signed) -> Entry:
    """Give what the log says of a line that is refused."""
    closure = closures.get(asked.line.ssin)
    rule = error.code or type(error).__name__
    return Entry(
        event=Event.INSCRIPTION_REFUSED,
        ticket=uuid7(),
        person=closure.asked if closure else None,
        asker=signed.institution,
        fields={**_fields(asked.line, signed), "asked": asked.kind.event.value, "rule": rule},
    )


def _fields(line: InscriptionLine, signed: Signed) -> dict[str, object]:
    """Give what was asked, without the number of the person: entries name persons by their key."""
    return {
        "institution": line.institution,
        "context": line.context,
        "period": msgspec.to_builtins(line.period),
        "phase": line.phase,
        "reference": line.reference,
        "evidence": msgspec.to_builtins(line.evidence),
        "keyId": signed.key_id,
        "request": b64url(sha256(signed.body)),
        "requestSignature": signed.signature,
    }

"""Which entries of the log a person sees, and as what. Pure."""

from collections.abc import Mapping
from typing import Final

from crossroads.audit.events import Event
from crossroads.wire.usage import Action

SHOWN: Final[Mapping[str, Action]] = {
    Event.QUESTION_DECIDED: Action.QUESTION,
    Event.QUESTION_REFUSED: Action.QUESTION,
    Event.BATCH_RECORD_DECIDED: Action.BATCH,
    Event.ITEM_DELIVERED: Action.CHANGE_TOLD,
    Event.CHANGE_NOTIFIED: Action.CHANGE_NOTIFIED,
    Event.INSCRIPTION_OPENED: Action.INSCRIBED,
    Event.INSCRIPTION_CLOSED: Action.INSCRIPTION_CLOSED,
    Event.INSCRIPTION_CUT: Action.INSCRIPTION_CUT,
    Event.INSCRIPTION_CANCELLED: Action.INSCRIPTION_CANCELLED,
    Event.INSCRIPTION_REFUSED: Action.INSCRIPTION_REFUSED,
    Event.PERSON_SHOWN: Action.SEARCHED,
    Event.MATCH_ANSWERED: Action.SEARCHED,
    Event.PERSON_CREATED: Action.IDENTITY_RECORDED,
    Event.PERSON_LINKED: Action.IDENTITY_RECORDED,
    Event.PERSON_UNLINKED: Action.IDENTITY_RECORDED,
    Event.SSIN_ASSIGNED: Action.IDENTITY_RECORDED,
    Event.SSIN_REPLACED: Action.IDENTITY_RECORDED,
    Event.PERSON_DECEASED: Action.IDENTITY_RECORDED,
    Event.BIS_CREATED: Action.IDENTITY_RECORDED,
    Event.BIS_CORRECTED: Action.IDENTITY_RECORDED,
    Event.BIS_REMOVED: Action.IDENTITY_RECORDED,
    Event.BIS_REFUSED: Action.IDENTITY_REFUSED,
    Event.DUPLICATE_SUSPECTED: Action.IDENTITY_REFUSED,
    Event.ERROR_REPORTED: Action.ERROR_REPORTED,
    Event.ERROR_ANSWERED: Action.ERROR_ANSWERED,
    Event.USAGE_SHOWN: Action.USAGE_SHOWN,
    Event.HOLDERS_SHOWN: Action.HOLDERS_SHOWN,
    Event.PROOF_SHOWN: Action.PROOF_SHOWN,
    Event.LOOK_REFUSED: Action.LOOK_REFUSED,
    Event.BOX_PUBLISHED: Action.BOX_PUBLISHED,
    Event.BOX_NOT_ACTIVE: Action.BOX_NOT_ACTIVE,
    Event.BOX_REMINDED: Action.BOX_REMINDED,
    Event.BOX_EVIDENCE_SHOWN: Action.BOX_PROVEN,
    Event.BOX_SHOWN: Action.BOX_SHOWN,
    Event.BOX_ACTIVATED: Action.BOX_CONSENT,
    Event.BOX_ENDED: Action.BOX_CONSENT,
    Event.BOX_DOCUMENT_GIVEN: Action.BOX_OPENED,
    Event.BOX_DOCUMENT_FAILED: Action.BOX_FAILED,
    Event.WATCH_SET: Action.WATCHED,
    Event.WATCH_ENDED: Action.WATCH_ENDED,
    Event.MANDATE_TRIED: Action.MANDATE_TRIED,
    Event.MANDATE_GIVEN: Action.MANDATE_GIVEN,
    Event.MANDATE_ACCEPTED: Action.MANDATE_ACCEPTED,
    Event.MANDATE_ENDED: Action.MANDATE_ENDED,
    Event.MANDATES_SHOWN: Action.MANDATES_SHOWN,
    Event.ACTING_BEGUN: Action.ACTING_BEGUN,
    Event.ACTING_REFUSED: Action.ACTING_REFUSED,
}
"""What a person sees, and as what."""

NOT_SHOWN: Final[Mapping[str, str]] = {
    Event.ANSWER_SENT: "it stands with its question",
    Event.OUTCOME_UNKNOWN: "it stands with its question",
    Event.BOX_DOCUMENT_ASKED: "that the document was given, or was not, stands there by itself",
    Event.CHANGE_CAUSED: "whoever is told of it stands there by itself",
    Event.ITEM_VOIDED: "nothing was told",
    Event.ERRORS_SHOWN: "an institution is shown what it reported itself; that it reported stands there",
    Event.DUPLICATE_ALLOWED: "it is about somebody else, who is not this person",
}
"""What names a person and is not shown as a line of its own, with the reason. What names nobody is not here."""

REFUSALS: Final = frozenset(
    {Action.INSCRIPTION_REFUSED, Action.IDENTITY_REFUSED, Action.LOOK_REFUSED, Action.ACTING_REFUSED}
)

OPENED: Final = frozenset(
    {"event", "ticket", "person", "asker", "at", "legalContext", "groupsAsked", "period", "referenceDate", "receivedAt"}
    | {"permits", "withheld", "status", "groupsGiven", "sources", "answerDigest", "repliedAt", "catalogueVersion"}
    | {"batch", "number", "dataGroup", "source", "kind", "happenedOn", "authorisation", "content", "lines", "code"}
    | {"institution", "context", "phase", "ended", "written", "asked", "rule", "report", "seen", "presumed", "outcome"}
    | {"correction", "ssin", "what", "onBehalfOf"}
    | {"reference", "message", "documents", "digest", "request", "receivedOn", "expiresOn", "lastDay"}
    | {"mandate", "scopes", "side", "by"}
)
"""The fields that a proof opens to the person: none that tells who of the staff acted."""


def events_of(actions: tuple[Action, ...]) -> list[str]:
    """Give the events of some actions; of all when none is named."""
    return [str(event) for event, action in SHOWN.items() if not actions or action in actions]

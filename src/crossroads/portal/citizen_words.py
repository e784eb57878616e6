"""How the pages of a citizen say what the hub answers in codes. Plain words; what has none keeps its code."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from markupsafe import Markup

from crossroads.catalogue.entries import Text
from crossroads.kernel.clock import brussels_day
from crossroads.kernel.codes import Code
from crossroads.portal.acted import Acted, acted_for
from crossroads.portal.register import folded
from crossroads.web.languages import Words
from crossroads.web.look import clean, said
from crossroads.web.view import View
from crossroads.wire.acting import Scope, Side
from crossroads.wire.error_reports import ErrorOutcome, Presumed
from crossroads.wire.mutations import MutationKind, NoticeKind
from crossroads.wire.usage import Action, Outcome, Usage, UsedGroup


def _message(text: str) -> str:
    """Mark a text for translation; the page translates it."""
    return text


_ = _message

ACTIONS: Mapping[str, str] = {
    Action.QUESTION: _("Asked for data about you"),
    Action.BATCH: _("Asked for data about many people, you among them"),
    Action.CHANGE_TOLD: _("Was told of a change"),
    Action.CHANGE_NOTIFIED: _("Announced a change of its own data"),
    Action.INSCRIBED: _("Opened a file about you"),
    Action.INSCRIPTION_CLOSED: _("Closed its file about you"),
    Action.INSCRIPTION_CUT: _("Took days out of its file about you"),
    Action.INSCRIPTION_CANCELLED: _("Withdrew its file about you: it was never right"),
    Action.INSCRIPTION_REFUSED: _("Wanted to change its file about you"),
    Action.SEARCHED: _("Looked up who you are"),
    Action.IDENTITY_RECORDED: _("What is recorded of who you are changed"),
    Action.IDENTITY_REFUSED: _("Wanted to record who you are"),
    Action.ERROR_REPORTED: _("Reported that something may be wrong"),
    Action.ERROR_ANSWERED: _("Answered a report that something may be wrong"),
    Action.USAGE_SHOWN: _("Looked at this list"),
    Action.HOLDERS_SHOWN: _("Looked at who knows you"),
    Action.PROOF_SHOWN: _("Fetched a proof from the log"),
    Action.LOOK_REFUSED: _("Wanted to see this list"),
    Action.MANDATE_TRIED: _("Asked the register about somebody who is to get a mandate"),
    Action.MANDATE_GIVEN: _("Noted a mandate"),
    Action.MANDATE_ACCEPTED: _("Noted that a mandate was accepted"),
    Action.MANDATE_ENDED: _("Noted that a mandate ended"),
    Action.MANDATES_SHOWN: _("Looked at who acts for whom"),
    Action.ACTING_BEGUN: _("Let somebody act for somebody else"),
    Action.ACTING_REFUSED: _("Did not let somebody act for somebody else"),
    Action.BOX_PUBLISHED: _("Put a message into your box"),
    Action.BOX_NOT_ACTIVE: _("Had a message for you, and writes on paper: your box is not active"),
    Action.BOX_REMINDED: _("A message in your box is long unread"),
    Action.BOX_PROVEN: _("Looked up whether its message to you was read"),
    Action.BOX_SHOWN: _("Looked into your box"),
    Action.BOX_CONSENT: _("Made your box active, or ended that"),
    Action.BOX_OPENED: _("Opened a document in your box"),
    Action.BOX_FAILED: _("Wanted to open a document in your box, which its sender did not give"),
    Action.WATCHED: _("Watches who asks about you, because many may be curious"),
    Action.WATCH_ENDED: _("Watches no longer who asks about you"),
}
OUTCOMES: Mapping[str, tuple[str, str]] = {
    Outcome.GRANTED: (_("Granted"), "green"),
    Outcome.PARTLY: (_("Partly granted"), "yellow"),
    Outcome.NOTHING: (_("Granted, nothing found"), "grey"),
    Outcome.REFUSED: (_("Refused"), "red"),
    Outcome.UNKNOWN: (_("Granted, result not known"), "grey"),
}
ASKED = frozenset(
    {Action.QUESTION, Action.BATCH, Action.SEARCHED, Action.BOX_SHOWN, Action.BOX_OPENED, Action.BOX_PROVEN}
    | {Action.USAGE_SHOWN, Action.HOLDERS_SHOWN, Action.PROOF_SHOWN, Action.MANDATES_SHOWN, Action.ACTING_BEGUN}
)
"""What somebody asked for, and may have been granted. Of anything else it is only said where it was refused."""
PRESUMED: Mapping[str, str] = {
    Presumed.WRONG_VALUE: _("A value is wrong"),
    Presumed.WRONG_PERIOD: _("The dates are wrong"),
    Presumed.WRONG_PERSON: _("This is about somebody else"),
    Presumed.OUT_OF_DATE: _("It is out of date"),
    Presumed.INCOMPLETE: _("Something is missing"),
}
ENDINGS: Mapping[str, str] = {
    ErrorOutcome.CORRECTED: _("Corrected"),
    ErrorOutcome.REJECTED: _("Found to be right"),
}
KINDS: Mapping[str, str] = {
    MutationKind.CREATED: _("New"),
    MutationKind.CHANGED: _("Changed"),
    MutationKind.ENDED: _("Ended"),
    MutationKind.CORRECTED: _("Corrected"),
    MutationKind.CANCELLED: _("Cancelled"),
    NoticeKind.NUMBER_REPLACED: _("Another number"),
    NoticeKind.MERGED: _("Two persons found to be one"),
    NoticeKind.UNMERGED: _("Two persons told apart"),
    NoticeKind.EXCLUSIVE_OVERLAP: _("Two institutions have this file"),
    NoticeKind.DECEASED: _("A death"),
    NoticeKind.DEATH_WITHDRAWN: _("A death that was recorded wrongly"),
    NoticeKind.INSCRIPTION_ENDED: _("The file ended"),
    NoticeKind.PRESUMED_ERROR: _("Something may be wrong"),
    NoticeKind.ERROR_ANSWERED: _("The answer to a report"),
    NoticeKind.CORRECTION_TOLD: _("Who is told of a correction"),
    "linked": _("Two persons found to be one"),
    "unlinked": _("Two persons told apart"),
    "ssin-assigned": _("A number was given"),
    "replaced": _("Another number"),
    "removed": _("What was recorded was removed"),
    "refused": _("Refused"),
    "duplicate-suspected": _("The person may have a number already."),
    "parent": _("A parent for a child"),
    "mandate": _("Under a mandate"),
    Side.GIVER: _("A mandate that you gave"),
    Side.RECEIVER: _("A mandate that you got"),
}
SCOPES: Mapping[str, str] = {
    Scope.USAGE: _("See who looked and who has a file"),
    Scope.DATA: _("See what the institutions have recorded"),
    Scope.BOX: _("Read what institutions send"),
    Scope.REPORTS: _("Say that something is wrong"),
}
CODES: Mapping[str, str] = {
    Code.NOT_INSCRIBED: _("The institution has no file about you, or none that allows this."),
    Code.DETAIL_NOT_INSCRIBED: _("The institution has no file about you, or none that allows this."),
    Code.DETAIL_PERIOD_NOT_COVERED: _("The file of the institution does not cover the whole period."),
    Code.DETAIL_LOOK_BACK: _("The institution may not look so far back."),
    Code.LEGAL_CONTEXT_NOT_ALLOWED: _("The institution does not have this purpose."),
    Code.NOT_AUTHORISED: _("No authorisation allows this."),
    Code.NO_HOLDER: _("No source has a file about you."),
    Code.NO_DATA: _("The sources have no such data about you."),
    Code.DECEASED: _("The person is recorded as deceased."),
    Code.SSIN_DOES_NOT_EXIST: _("This number is not known."),
    Code.SOURCE_FAILED: _("A source did not answer."),
    Code.DETAIL_NO_MUTATION: _("The institution was told of no such change."),
    Code.DETAIL_BEYOND_MUTATION: _("The institution asked for more than it was told of."),
    Code.SOURCE_LATE: _("A source did not answer."),
    Code.SOURCE_UNREACHABLE: _("A source did not answer."),
    Code.SOURCE_BUSY: _("A source did not answer."),
    Code.SOURCE_SUSPENDED: _("A source did not answer."),
    Code.SOURCE_REFUSED: _("A source refused the question."),
    Code.SOURCE_INVALID_ANSWER: _("What a source answered was not in order, so it was not passed on."),
    Code.SOURCE_BLOCK_DROPPED: _("What a source answered was not in order, so it was not passed on."),
    Code.PERMIT_WITHDRAWN: _("It was allowed at first, and not any more when it came to it."),
    Code.NOT_MANAGED: _("The institution may not ask this for another one."),
    Code.INSCRIPTION_UNKNOWN: _("There is no such file."),
    Code.REFERENCE_REUSED: _("The institution sent the same twice, and not alike."),
    Code.PERSON_NOT_IDENTIFIED: _("The register does not confirm that it is this person."),
    Code.PERSON_SUSPECTED_DUPLICATE: _("The person may have a number already."),
    Code.PERSON_NOT_IN_BIS: _("Only the National Register can change this."),
    Code.PERSON_NOT_OWN: _("The institution may not change what is recorded of this person."),
    Code.PERSON_DIFFERS: _("Name and birth date are not those of this person."),
    Code.MANDATE_UNKNOWN: _("There is no such mandate, or it is over."),
    Code.MANDATES_TOO_MANY: _("There are as many mandates as there may be."),
    Code.MANDATES_TODAY: _("As many mandates were given or tried today as may be on one day."),
    Code.BOX_UNKNOWN: _("There is no such message, or its days are over."),
    Code.BOX_DOCUMENT_DIFFERS: _("The document is not the one that the sender published, so it was not shown."),
    Code.USAGE_UNKNOWN: _("There is no such line about you."),
    Code.NOT_ACTING: _("Nobody acted for this person, or not for this."),
    Code.MAY_NOT_ACT: _("No mandate and no descent allows it."),
    Code.EVIDENCE_MISSING: _("The evidence that is needed was not given."),
    Code.INSCRIPTION_EXCLUSIVE: _("Another institution has this file already."),
    Code.CONTEXT_NOT_OWN: _("The institution may not have such files."),
}


def _worded(words: Words, names: Mapping[str, str], instead: str | None = None) -> Markup:
    """Write a name of the catalogue, in the language of the page where it has it; else what stands for it."""
    return said(words, msgspec.convert(dict(names), Text)) or Markup("<bdi>%s</bdi>") % clean(instead or "")


def _action(words: Words, action: str) -> str:
    return words.text(ACTIONS[action])


def _outcome(words: Words, outcome: str) -> tuple[str, str]:
    text, colour = OUTCOMES[outcome]
    return words.text(text), colour


def _was_asked(_: Words, one: Usage) -> bool:
    """Tell whether a result is to be shown: somebody asked, or was refused."""
    return one.outcome is not Outcome.GRANTED or (one.institution is not None and one.action in ASKED)


def _reason(words: Words, code: str | None) -> str:
    """Say a code in plain words; a code without any stands for itself, and success says nothing."""
    if code is None or code == Code.OK:
        return ""
    return words.text(CODES[code]) if code in CODES else words.text("Code %(code)s", code=code)


def _why(words: Words, code: str | None) -> str:
    """Say a code to a person in plain words; the code itself stands apart."""
    if code is None or code in CODES or code == Code.OK:
        return _reason(words, code)
    return words.text("The reason has a code: it stands below.")


def _choice(words: Words, value: str | None) -> str:
    """Say one of the short words: what is presumed, what came of it, what kind of change."""
    found = {**PRESUMED, **ENDINGS, **KINDS, **SCOPES}.get(value or "")
    return words.text(found) if found else (value or "").replace("-", " ")


def _acted(_: Words, view: View) -> Acted | None:
    """Give for whom the one who looks acts, if for anybody else."""
    return acted_for(view)


def _day_of(_: Words, moment: datetime) -> str:
    """Write the day of a moment for an address."""
    return brussels_day(moment).isoformat()


def _by_name(words: Words, groups: Iterable[UsedGroup]) -> list[UsedGroup]:
    """Give data groups by their names in the language of the page."""

    def called(one: UsedGroup) -> str:
        return folded(msgspec.convert(one.names, Text).in_language(words.language) or one.data_group)

    return sorted(groups, key=called)


CITIZEN: Mapping[str, Any] = {
    "by_name": _by_name,
    "worded": _worded,
    "action": _action,
    "outcome": _outcome,
    "was_asked": _was_asked,
    "reason": _reason,
    "why": _why,
    "choice": _choice,
    "acted": _acted,
    "day_of": _day_of,
}
"""Filters of the templates."""

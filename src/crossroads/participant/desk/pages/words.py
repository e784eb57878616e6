"""Sentences of the desk for what has a name in the code: why an act is refused, how a question ended, what happened.

They are not code but words: a page gives each in its language.
"""

from typing import Any

from crossroads.kernel.codes import Code, StatusValue
from crossroads.participant.desk.model import Power
from crossroads.participant.desk.pages.refusals import REFUSALS
from crossroads.participant.desk.rules import Why
from crossroads.web.contents import contents
from crossroads.web.languages import Words
from crossroads.wire.batches import BatchState
from crossroads.wire.error_reports import ErrorOutcome, Presumed
from crossroads.wire.mutations import MutationKind, NoticeKind


def _message(text: str) -> str:
    """Mark a text for translation; the page translates it."""
    return text


_ = _message


_SENTENCES: dict[str, str] = {
    **REFUSALS,
    # Why an act about users is refused.
    Why.NOT_STAFF.name: _("You have no role as staff for this legal context today."),
    Why.NOT_A_MANAGER.name: _("You are not a local manager for this legal context today."),
    Why.TO_ONESELF.name: _("Nobody gives a role to himself or herself, or changes an own one."),
    Why.LAST_MANAGER.name: _("This is the only local manager for this legal context. Appoint another one first."),
    Why.HAS_A_MANAGER.name: _("There is a local manager for this legal context today, who grants its roles."),
    Why.ONLY_MANAGERS.name: _("On the command line only users and local managers are made."),
    Why.NOT_ASSIGNED.name: _("Your institution does not have this legal context."),
    Why.CHANGED_MEANWHILE.name: _("Somebody else changed this while you looked at it. Look at it again first."),
    Why.UNKNOWN.name: _("There is no such user, role, delegation or mandate."),
    Why.OVER.name: _("It has ended already."),
    Why.IN_THE_PAST.name: _("Nothing is given or ended on a day before today."),
    Why.WITHOUT_END.name: _("Give the last day: nothing is given without an end."),
    Why.GIVEN_ALREADY.name: _("This user has this role on some of these days already."),
    Why.APPOINTED_ALREADY.name: _("There is a user with this account already."),
    Why.NOT_OWN.name: _("Only whoever has a role as staff can have a colleague act on it."),
    Why.BEYOND_ROLE.name: _("On some of these days the role does not hold."),
    Why.OWN_INSTITUTION.name: _("A mandate is for another institution than your own."),
    # How a question ended.
    StatusValue.DATA_FOUND: _("There are data"),
    StatusValue.NO_DATA_FOUND: _("There are no data"),
    StatusValue.NO_RESULT: _("The question was refused"),
    StatusValue.INCOMPLETE_DATA: _("The answer is not complete"),
    StatusValue.TECHNICAL_ERROR: _("The source did not answer"),
    Code.SSIN_DOES_NOT_EXIST: _("There is no person with this number."),
    Code.DECEASED: _("The person died before these days."),
    Code.NOT_INSCRIBED: _("Your institution has no inscription of this person that allows this question."),
    Code.DETAIL_NOT_INSCRIBED: _("Your institution has no inscription of this person that allows this question."),
    Code.DETAIL_PERIOD_NOT_COVERED: _("Your inscription of this person does not cover all days that you asked about."),
    Code.LEGAL_CONTEXT_NOT_ALLOWED: _("Your institution does not have this legal context."),
    Code.NOT_AUTHORISED: _("No authorisation allows this."),
    Code.NO_HOLDER: _("Nobody holds such data about this person for the days you asked about."),
    Code.NO_DATA: _("The sources that were asked have no data about these days."),
    Code.SOURCE_FAILED: _("A source failed or was late. Ask again later; the rest is shown."),
    Code.SOURCE_LATE: _("The source did not answer in time."),
    # Roles.
    Power.STAFF: _("Staff"),
    Power.MANAGER: _("Local manager"),
    # Changes, notices and errors.
    MutationKind.CREATED: _("New data"),
    MutationKind.CHANGED: _("Data changed"),
    MutationKind.ENDED: _("Data ended"),
    MutationKind.CORRECTED: _("Data corrected"),
    MutationKind.CANCELLED: _("Data cancelled"),
    NoticeKind.NUMBER_REPLACED: _("The person has another number"),
    NoticeKind.MERGED: _("Two numbers are of one person"),
    NoticeKind.UNMERGED: _("Two persons had been taken for one"),
    NoticeKind.EXCLUSIVE_OVERLAP: _("Another institution has days of your inscription too"),
    NoticeKind.DECEASED: _("The person died"),
    NoticeKind.DEATH_WITHDRAWN: _("It was wrong that the person died"),
    NoticeKind.INSCRIPTION_ENDED: _("Your inscription of the person ended"),
    NoticeKind.PRESUMED_ERROR: _("Somebody presumes an error in your data"),
    NoticeKind.ERROR_ANSWERED: _("The source answered your report of an error"),
    NoticeKind.CORRECTION_TOLD: _("Who was told of your correction"),
    Presumed.WRONG_VALUE: _("A value is wrong"),
    Presumed.WRONG_PERIOD: _("The dates are wrong"),
    Presumed.WRONG_PERSON: _("This is about somebody else"),
    Presumed.OUT_OF_DATE: _("It is out of date"),
    Presumed.INCOMPLETE: _("Something is missing"),
    f"outcome {ErrorOutcome.CORRECTED}": _("It was an error, and it is corrected"),
    f"outcome {ErrorOutcome.REJECTED}": _("It was no error"),
    # Batches.
    BatchState.ANNOUNCED: _("Being sent"),
    BatchState.CHECKING: _("Being checked"),
    BatchState.RUNNING: _("Being answered"),
    BatchState.PAUSED: _("Paused; it goes on by itself"),
    BatchState.COMPLETED: _("Completed"),
    BatchState.REFUSED: _("Refused"),
    BatchState.CANCELLED: _("Given up"),
    # What was done.
    "desk:question": _("Question about a person"),
    "desk:inscription": _("Inscriptions"),
    "desk:mailbox": _("Mailbox"),
    "desk:batch": _("Batch"),
    "desk:error": _("Error report"),
    "desk:users": _("Users and their roles"),
    "desk:inscription query": _("Own inscriptions looked at"),
    "desk:inscription open": _("Person inscribed"),
    "desk:inscription close": _("Inscription ended"),
    "desk:mailbox take": _("Items taken from the mailbox"),
    "desk:mailbox look": _("Item looked up that was dealt with"),
    "desk:mailbox done": _("Item of the mailbox dealt with"),
    "desk:mailbox park": _("Item of the mailbox set aside"),
    "desk:batch send": _("Batch sent"),
    "desk:batch cancel": _("Batch given up"),
    "desk:batch result": _("Result of a batch fetched"),
    "desk:batch acknowledge": _("Result of a batch removed"),
    "desk:error report": _("Error reported"),
    "desk:error read": _("Report of an error opened"),
    "desk:error answer": _("Report of an error answered"),
    "NOT_FOR_YOU": _("This page is for people with another role."),
    "NO_USER": _("There is no user with this account."),
    "begun": _("begun"),
    "done": _("done"),
    "refused": _("refused"),
    "desk:user:appointed": _("User appointed"),
    "desk:role:granted": _("Role granted"),
    "desk:role:changed": _("Last day of a role changed"),
    "desk:role:revoked": _("Role revoked"),
    "desk:delegation:given": _("Delegation given"),
    "desk:delegation:ended": _("Delegation ended"),
    "desk:mandate:recorded": _("Mandate recorded"),
    "desk:mandate:ended": _("Mandate ended"),
    "command-line": _("Whoever holds the keys, on the command line"),
}


def sentence(words: Words, name: object) -> str:
    """Say what has a name in the code; of what has no sentence here, the name itself."""
    found = _SENTENCES.get(str(name))
    return words.text(found) if found else str(name)


def why(words: Words, reason: Why) -> str:
    """Say why an act is refused."""
    return sentence(words, reason.name)


FILTERS: dict[str, Any] = {
    "sentence": sentence,
    "contents": contents,
    "known": lambda _words, name: str(name) in _SENTENCES,
}
"""Filters of the templates; each gets the words of the page first."""

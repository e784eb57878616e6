"""Why the hub or a source refused, in words for staff: by the code, which the log of the desk keeps."""

from crossroads.kernel.codes import Code


def _message(text: str) -> str:
    """Mark a text for translation; the page translates it."""
    return text


_ = _message

_LATER = _("Crossroads could not do it at that moment. Try again later.")
_OWN_KEY = _("Something is wrong with the key or the clock of your institution. Tell whoever runs this desk.")
_NOT_PROVEN = _("What came is not proven to be right, so it is not shown. Tell whoever runs this desk.")
_SOURCE_AWAY = _("The source could not be reached. Ask again later.")
_FILE = _("Crossroads could not use the file.")
_SENT_BEFORE = _("This file was sent before.")
_NOT_IN_TIME = _("The batch was not finished in its time.")
_WRONG_STATE = _("That cannot be done to the batch as it is now.")
_ITEM_OVER = _("The time for this item was over. Take it from the mailbox again.")
_BEYOND_CHANGE = _("This goes further than the change that your institution was told of.")

REFUSALS: dict[str, str] = {
    Code.INTERNAL_ERROR: _LATER,
    Code.TOO_MANY_REQUESTS: _LATER,
    Code.OVERLOADED: _LATER,
    Code.UNAVAILABLE: _LATER,
    Code.BODY_LATE: _LATER,
    Code.BEFORE_RESTART: _LATER,
    Code.SIGNATURE_INVALID: _OWN_KEY,
    Code.KEY_UNKNOWN: _OWN_KEY,
    Code.KEY_EXPIRED: _OWN_KEY,
    Code.KEY_REVOKED: _OWN_KEY,
    Code.INSTITUTION_INACTIVE: _OWN_KEY,
    Code.CLOCK_SKEW: _OWN_KEY,
    Code.ENCRYPTION_KEY_UNKNOWN: _OWN_KEY,
    Code.STATEMENT_INVALID: _OWN_KEY,
    Code.STATEMENT_EXPIRED: _OWN_KEY,
    Code.SOURCE_INVALID_ANSWER: _NOT_PROVEN,
    Code.SOURCE_BLOCK_DROPPED: _NOT_PROVEN,
    Code.BLOCK_INVALID: _NOT_PROVEN,
    Code.BLOCK_OUT_OF_SCHEMA: _NOT_PROVEN,
    Code.ANSWER_UNSIGNED: _NOT_PROVEN,
    Code.KEY_NOT_PROVEN: _NOT_PROVEN,
    Code.LOG_FORKED: _NOT_PROVEN,
    Code.SOURCE_UNREACHABLE: _SOURCE_AWAY,
    Code.SOURCE_BUSY: _SOURCE_AWAY,
    Code.SOURCE_SUSPENDED: _SOURCE_AWAY,
    Code.SOURCE_REFUSED: _("The source refused the question."),
    Code.NOT_MANAGED: _("Your institution does not manage the one that you act for in this legal context."),
    Code.DETAIL_LOOK_BACK: _("You asked about days that lie further back than the authorisation allows."),
    Code.DETAIL_NO_MUTATION: _BEYOND_CHANGE,
    Code.DETAIL_BEYOND_MUTATION: _BEYOND_CHANGE,
    Code.INSCRIPTION_EXCLUSIVE: _(
        "Only one institution may inscribe this person for these days, and another has done so."
    ),
    Code.INSCRIPTION_UNKNOWN: _("Your institution has no such inscription."),
    Code.CONTEXT_NOT_OWN: _("Your institution inscribes nobody in this capacity."),
    Code.EVIDENCE_MISSING: _("What shows that you may inscribe this person was missing."),
    Code.REFERENCE_REUSED: _("This was sent before, with something else in it."),
    Code.PERSON_NOT_IDENTIFIED: _("The register does not confirm this person."),
    Code.ERROR_NOT_GIVEN: _("Your institution was not given these data under this ticket."),
    Code.ERROR_UNKNOWN: _("There is no such report."),
    Code.ERROR_ANSWERED: _("The report was answered before, in another way."),
    Code.ERROR_NOT_CORRECTED: _("No such correction was notified. Notify it first, then answer with its ticket."),
    Code.LEASE_UNKNOWN: _ITEM_OVER,
    Code.NUMBER_NOT_LEASED: _ITEM_OVER,
    Code.NUMBER_EXPIRED: _("This item was dealt with long ago and is kept no longer."),
    Code.FILE_UNREADABLE: _FILE,
    Code.FILE_RECORD_INVALID: _FILE,
    Code.FILE_DIGEST: _FILE,
    Code.FILE_COUNT: _FILE,
    Code.FILE_ROOT: _FILE,
    Code.FILE_REPEATED: _SENT_BEFORE,
    Code.FILE_NUMBER_RECEIVED: _SENT_BEFORE,
    Code.BATCH_LIMIT: _("Your institution has as many batches as it may. Fetch results and have them removed first."),
    Code.BATCH_DEADLINE: _NOT_IN_TIME,
    Code.BATCH_LATE: _NOT_IN_TIME,
    Code.BATCH_HELD: _NOT_IN_TIME,
    Code.BATCH_PAUSED: _("The batch waits, and goes on by itself."),
    Code.BATCH_OVER: _WRONG_STATE,
    Code.RESULT_NOT_READY: _WRONG_STATE,
    Code.RESULT_GONE: _("The result was removed."),
}
"""By code; several say the same."""

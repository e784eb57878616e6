"""Status values and codes, one closed list.

`MSG…` and those of six digits are the codes of the Belgian Crossroads Bank, used only with their known meaning (facts:
cbss.md 4.2 and 4.4). Codes that begin with `CR-` are ours; `docs/reference/codes.md` is made from this file and a test
holds the two together.
"""

from enum import StrEnum
from typing import Self


class StatusValue(StrEnum):
    """How a question ended, as a whole or at one source."""

    DATA_FOUND = "DATA_FOUND"
    NO_DATA_FOUND = "NO_DATA_FOUND"
    NO_RESULT = "NO_RESULT"
    INCOMPLETE_DATA = "INCOMPLETE_DATA"
    TECHNICAL_ERROR = "TECHNICAL_ERROR"


class Code(StrEnum):
    """Why, in one word that never changes."""

    description: str

    def __new__(cls, value: str, description: str) -> Self:
        """Keep the sentence beside the code."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.description = description
        return member

    # The Crossroads Bank's own
    OK = "MSG00000", "Treatment successful."
    INTERNAL_ERROR = "MSG00003", "Unexpected internal error."
    SSIN_DOES_NOT_EXIST = "MSG00005", "The SSIN does not exist."
    DECEASED = "MSG00009", "The person is deceased."
    NOT_INSCRIBED = "MSG00012", "The person is not sufficiently inscribed at the institution that asks."
    LEGAL_CONTEXT_NOT_ALLOWED = (
        "MSG00013",
        "The legal context is not known, or not assigned to the institution that asks.",
    )
    NOT_AUTHORISED = "MSG00015", "No authorisation covers the question."
    NO_HOLDER = "MSG00021", "No provider of the data has the person sufficiently inscribed."
    NO_DATA = "MSG00100", "Treated; the sources have no data."

    # Details of a refusal
    DETAIL_NOT_INSCRIBED = (
        "CR-NOT-INSCRIBED",
        "The institution has no inscription of the person in a context that the authorisation names.",
    )
    DETAIL_PERIOD_NOT_COVERED = (
        "CR-PERIOD-NOT-COVERED",
        "The inscriptions of the institution do not cover the whole period asked.",
    )

    DETAIL_LOOK_BACK = "CR-LOOK-BACK-EXCEEDED", "The period begins further back than the authorisation allows."

    DETAIL_NO_MUTATION = (
        "CR-NO-MUTATION",
        "No change with this ticket, about this person, was delivered to the institution that asks.",
    )
    DETAIL_BEYOND_MUTATION = (
        "CR-BEYOND-MUTATION",
        "It is asked for another data group, purpose or day than those of the change that was delivered.",
    )

    # Changes
    NOT_THE_SOURCE = "CR-NOT-THE-SOURCE", "The institution is not of the sector that answers for the data group."
    NOT_AVAILABLE = "CR-NOT-AVAILABLE", "There is no such data group for people inscribed in this context."
    PERSON_NOT_HELD = (
        "CR-PERSON-NOT-HELD",
        "The institution has no such person inscribed in this context for the whole period.",
    )
    MUTATION_MALFORMED = "CR-MUTATION-MALFORMED", "A value of the change is not one that it can have."
    CONTENT_SEALED = "CR-CONTENT-SEALED", "The data group is sealed: its changes travel without content."
    CONTENT_OUT_OF_SCHEMA = "CR-CONTENT-OUT-OF-SCHEMA", "The content does not follow the schema of its data group."
    NOT_TOLD_SOURCE = "CR-SOURCE-ITSELF", "The institution is the source of the change."
    NOT_TOLD_PERIOD = "CR-OUTSIDE-PERIOD", "The inscriptions of the institution share no day with the change."
    NOT_SUBSCRIBED = "CR-NOT-SUBSCRIBED", "The institution has no subscription in force to the data group."
    ERROR_NOT_GIVEN = (
        "CR-ERROR-NOT-GIVEN",
        "No one source gave the institution this data about this person for these days under this ticket.",
    )
    ERROR_UNKNOWN = "CR-ERROR-UNKNOWN", "There is no such report of an error to the institution."
    ERROR_ANSWERED = "CR-ERROR-ANSWERED", "The report was answered before, in another way."
    ERROR_NOT_CORRECTED = (
        "CR-ERROR-NOT-CORRECTED",
        "The source notified no such correction of this data about this person, for days of the report.",
    )
    LEASE_UNKNOWN = "CR-LEASE-UNKNOWN", "There is no such lease of the mailbox, or another took the items over."
    NUMBER_NOT_LEASED = "CR-NUMBER-NOT-LEASED", "A number is not one that was given under this lease."
    NUMBER_EXPIRED = (
        "CR-NUMBER-EXPIRED",
        "Items from that number on were acknowledged long ago and removed; begin with the first number that is kept.",
    )

    # Sources
    SOURCE_FAILED = "CR-SOURCE-FAILED", "A source failed or was late; the answer is incomplete."
    SOURCE_LATE = "CR-SOURCE-LATE", "The source did not answer within the time budget."
    SOURCE_UNREACHABLE = "CR-SOURCE-UNREACHABLE", "The source could not be reached."
    SOURCE_BUSY = "CR-SOURCE-BUSY", "Too many questions wait for the source."
    SOURCE_SUSPENDED = "CR-SOURCE-SUSPENDED", "The source failed repeatedly and is not asked for a while."
    SOURCE_REFUSED = "CR-SOURCE-REFUSED", "The source refused the question."
    SOURCE_INVALID_ANSWER = (
        "CR-SOURCE-INVALID-ANSWER",
        "The answer of the source is not valid: signature, form or ticket.",
    )
    SOURCE_BLOCK_DROPPED = (
        "CR-SOURCE-BLOCK-DROPPED",
        "The source sent a block that was not asked for; it was dropped and reported.",
    )
    PERMIT_WITHDRAWN = (
        "CR-PERMIT-WITHDRAWN",
        "What was permitted when the batch was decided is not permitted any more, so the source was not asked.",
    )

    # Limits, before anything is read
    PAYLOAD_TOO_LARGE = "CR-PAYLOAD-TOO-LARGE", "The request is larger than the limit."
    TOO_MANY_REQUESTS = "CR-TOO-MANY-REQUESTS", "The limit of requests is reached."
    BODY_LATE = "CR-BODY-LATE", "The body of the request did not come in time."
    OVERLOADED = "CR-OVERLOADED", "The hub is busy; try again later."
    UNAVAILABLE = "CR-UNAVAILABLE", "The hub cannot record the question now, so it does not treat it."

    # Signature, key, nonce, clock
    SIGNATURE_MISSING = "CR-SIGNATURE-MISSING", "The request carries no signature of the form that is required."
    SIGNATURE_INVALID = "CR-SIGNATURE-INVALID", "The signature does not hold over the request as it was received."
    DIGEST_MISMATCH = "CR-DIGEST-MISMATCH", "The body is not the one whose digest was signed."
    KEY_UNKNOWN = "CR-KEY-UNKNOWN", "The key is not registered."
    KEY_EXPIRED = "CR-KEY-EXPIRED", "The key is not in its period of validity."
    KEY_REVOKED = "CR-KEY-REVOKED", "The key was revoked."
    INSTITUTION_INACTIVE = "CR-INSTITUTION-INACTIVE", "The institution is not active."
    CLOCK_SKEW = "CR-CLOCK-SKEW", "The signature was created too long ago, or in the future."
    NONCE_REPLAYED = "CR-NONCE-REPLAYED", "A request with this nonce was received before."
    BEFORE_RESTART = "CR-BEFORE-RESTART", "The request was made before the hub restarted; sign it anew."

    # Statement
    STATEMENT_INVALID = "CR-STATEMENT-INVALID", "The statement is not validly signed by the institution that asks."
    STATEMENT_MISMATCH = "CR-STATEMENT-MISMATCH", "The statement does not say what the request says."
    STATEMENT_EXPIRED = "CR-STATEMENT-EXPIRED", "The statement is not, or no longer, valid."
    STATEMENT_REUSED = "CR-STATEMENT-REUSED", "A statement with this nonce came with another voucher before."
    NOT_MANAGED = "CR-NOT-MANAGED", "The institution does not manage the one it asks for in this legal context."
    ENCRYPTION_KEY_UNKNOWN = (
        "CR-ENCRYPTION-KEY-UNKNOWN",
        "The encryption key is not a valid registered key of the institution that asks.",
    )

    # Directory
    INSCRIPTION_EXCLUSIVE = (
        "CR-INSCRIPTION-EXCLUSIVE",
        "The context is exclusive in its sector and the period is taken.",
    )
    INSCRIPTION_UNKNOWN = "CR-INSCRIPTION-UNKNOWN", "There is no such inscription of the institution."
    CONTEXT_NOT_OWN = "CR-CONTEXT-NOT-OWN", "The inscription context is not one of the institution's sector."
    EVIDENCE_MISSING = "CR-EVIDENCE-MISSING", "The inscription context demands evidence that was not given."
    REFERENCE_REUSED = "CR-REFERENCE-REUSED", "The reference was used before for something else."
    PERSON_NOT_IDENTIFIED = (
        "CR-PERSON-NOT-IDENTIFIED",
        "The register does not confirm this person with these particulars.",
    )

    # The BIS register
    PERSON_SUSPECTED_DUPLICATE = (
        "CR-PERSON-SUSPECTED-DUPLICATE",
        "The person may have a number already.",
    )
    PERSON_NOT_IN_BIS = (
        "CR-PERSON-NOT-IN-BIS",
        "The person is not one of the BIS register; what the national register says is not changed here.",
    )
    PERSON_NOT_OWN = (
        "CR-PERSON-NOT-OWN",
        "The institution neither created this person nor has the person inscribed today, or there is no such person.",
    )
    PERSON_DIFFERS = (
        "CR-PERSON-DIFFERS",
        "Name and birth date to be confirmed are hardly those of the person: two operators can give the number.",
    )
    NO_NUMBER_LEFT = "CR-NO-NUMBER-LEFT", "All numbers of the year of birth are used up."

    # Mailboxes: the Crossroads Bank's own numbers (facts: cbss.md 4.4)
    MAILBOX_DUPLICATE = "200000", "The number of the mailbox was received before."
    MAILBOX_GAP = "200001", "A number of the mailbox is missing."

    # Batches. The first three are what the Crossroads Bank's 200000, 200001 and 133 say (facts: cbss.md 4.4, 8)
    FILE_NUMBER_RECEIVED = (
        "CR-FILE-NUMBER-RECEIVED",
        "A file with this sequence number was announced before, under another reference (200000).",
    )
    FILE_NUMBER_GAP = "CR-FILE-NUMBER-GAP", "A sequence number before that of this file is missing (200001)."
    FILE_REPEATED = "CR-FILE-REPEATED", "The same file was announced before, under another reference (133)."
    BATCH_DEADLINE = "CR-BATCH-DEADLINE", "The deadline of a batch lies ahead, and at most 31 days."
    BATCH_LIMIT = (
        "CR-BATCH-LIMIT",
        "The institution has as many batches as it may that are under way, or whose result it did not acknowledge.",
    )
    BATCH_LATE = "CR-BATCH-LATE", "The file was not there, and read, before the deadline of its batch."
    BATCH_HELD = "CR-BATCH-HELD", "An operator held the batch until its deadline was over; nothing of it was kept."
    BATCH_PAUSED = "CR-BATCH-PAUSED", "The batch waits, and goes on by itself when what is wrong at the hub is mended."
    BATCH_OVER = "CR-BATCH-OVER", "The batch is over, so that this cannot be done to it any more."
    UPLOAD_OFFSET = "CR-UPLOAD-OFFSET", "A part of a file begins where the part before it ended."
    UPLOAD_SIZE = "CR-UPLOAD-SIZE", "A part of a file holds at least a byte, and no more than the voucher announced."
    FILE_UNREADABLE = "CR-FILE-UNREADABLE", "The file cannot be read as its voucher says that it is written."
    FILE_RECORD_INVALID = "CR-FILE-RECORD-INVALID", "A record of the file has not its form, or asks what cannot be."
    FILE_DIGEST = "CR-FILE-DIGEST", "The file is not the one whose digest stands in its voucher."
    FILE_COUNT = "CR-FILE-COUNT", "The file has not as many records as its voucher says."
    FILE_ROOT = "CR-FILE-ROOT", "The records of the file are not those that the statement was made over."
    RESULT_NOT_READY = "CR-RESULT-NOT-READY", "The batch is not completed, so that there is no result yet."
    RESULT_GONE = "CR-RESULT-GONE", "The result was acknowledged, or its days are over, and it was removed."

    # What a person may know
    USAGE_UNKNOWN = (
        "CR-USAGE-UNKNOWN",
        "There is no such entry about this person that the asker may see, or not yet.",
    )

    # Supervision and the committee
    SEARCH_TOO_WIDE = (
        "CR-SEARCH-TOO-WIDE",
        "The search would read too much of the log: name an institution, or fewer days.",
    )
    WATCH_OVER = "CR-WATCH-OVER", "There is no such person who is watched, or it was ended before."
    DRAFT_CHANGED = "CR-DRAFT-CHANGED", "Somebody saved another text of the draft meanwhile: read it first."
    DRAFT_OVER = "CR-DRAFT-OVER", "There is no such draft that can still be changed: it was decided or given up."
    DRAFT_UNFIT = "CR-DRAFT-UNFIT", "The draft makes no right catalogue, or changes nothing; it says what is wrong."
    DRAFT_AGREED = "CR-DRAFT-AGREED", "The same person agreed before: two different people decide."

    # Acting for somebody else
    NOT_ACTING = "CR-NOT-ACTING", "Nobody acts here for this person today, or not for this."
    MAY_NOT_ACT = (
        "CR-MAY-NOT-ACT",
        "Neither a mandate nor the descent that the register signed lets the one act for the other.",
    )
    MANDATE_UNKNOWN = "CR-MANDATE-UNKNOWN", "There is no such mandate of this person, or it is over."
    MANDATES_TOO_MANY = (
        "CR-MANDATES-TOO-MANY",
        "The person gave as many mandates as may be in force at once, or as one other may get in a year.",
    )
    MANDATES_TODAY = (
        "CR-MANDATES-TODAY",
        "The person gave, or tried to give, as many mandates as may be on one day; from tomorrow on it may be again.",
    )

    # The box of a person
    BOX_UNKNOWN = "CR-BOX-UNKNOWN", "There is no such message, or no such document of it, or its days are over."
    BOX_FULL_TODAY = (
        "CR-BOX-FULL-TODAY",
        "The sender put as many messages into this box, today or for the day of receipt, as one may in a day.",
    )
    BOX_DOCUMENT_DIFFERS = (
        "CR-BOX-DOCUMENT-DIFFERS",
        "The document is not the one that the sender published, so it is not shown.",
    )

    # Participants and clients
    PERMIT_INVALID = "CR-PERMIT-INVALID", "The permit does not hold: signature, audience, holder or form."
    PERMIT_EXPIRED = "CR-PERMIT-EXPIRED", "The permit has expired."
    PERMIT_STATEMENT_DIFFER = "CR-PERMIT-STATEMENT-DIFFER", "Permit and statement do not cover the same question."
    QUESTION_REPEATED = "CR-QUESTION-REPEATED", "This question was answered before."
    KEY_NOT_PROVEN = (
        "CR-KEY-NOT-PROVEN",
        "The registration of the key is not signed by two operators and by the key, or is not in the log.",
    )
    LOG_FORKED = "CR-LOG-FORKED", "The checkpoint does not extend the one known here: the hub shows two logs."
    BLOCK_INVALID = "CR-BLOCK-INVALID", "A block is not signed by its source, or answers another question."
    BLOCK_OUT_OF_SCHEMA = (
        "CR-BLOCK-OUT-OF-SCHEMA",
        "The content of a block does not follow the schema of its data group.",
    )
    ANSWER_UNSIGNED = "CR-ANSWER-UNSIGNED", "The answer is not validly signed by the hub."

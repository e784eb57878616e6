"""What the log records: one closed list, `source:subject:action`, each with a sentence."""

from enum import StrEnum
from typing import Self


class Event(StrEnum):
    """Something that happened and is kept."""

    sentence: str

    def __new__(cls, value: str, sentence: str) -> Self:
        """Keep the sentence beside the event."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        return member

    INSTALLATION_FOUNDED = "installation:log:founded", "The log began; the entry names the keys of the operators."

    QUESTION_DECIDED = (
        "exchange:question:decided",
        "A question was permitted; no source was contacted before this entry.",
    )
    QUESTION_REFUSED = "exchange:question:refused", "A question was refused, wholly; no source was contacted."
    ANSWER_SENT = "exchange:answer:sent", "An answer was about to leave; the entry holds its digest."
    OUTCOME_UNKNOWN = (
        "exchange:outcome:unknown",
        "A question was decided, and the hub stopped before its answer was logged.",
    )
    BLOCK_DROPPED = "source:block:dropped", "A source sent what it was not asked for, or badly signed; it was dropped."

    INSCRIPTION_OPENED = "directory:inscription:opened", "An institution inscribed a person."
    INSCRIPTION_CLOSED = "directory:inscription:closed", "An institution ended an inscription."
    INSCRIPTION_CUT = "directory:inscription:cut", "An institution took days out of an inscription."
    INSCRIPTION_CANCELLED = "directory:inscription:cancelled", "An institution withdrew an inscription as never right."
    INSCRIPTION_REFUSED = "directory:inscription:refused", "An inscription was refused; the entry holds the rule."
    IMPORT_CHUNK = (
        "directory:import:chunk",
        "A part of a bulk import was stored; the entry holds the root of its lines.",
    )

    MATCH_ASKED = (
        "identity:match:asked",
        "The register was about to be asked whether a person with these particulars exists; its own log has the rest.",
    )
    MATCH_ANSWERED = "identity:match:answered", "The register was asked, and nobody came into being here by it."
    PERSON_CREATED = "identity:person:created", "A person came into being here, confirmed by the register."
    PERSON_LINKED = "identity:person:linked", "Two persons were found to be one."
    PERSON_UNLINKED = "identity:person:unlinked", "Two persons taken for one were told apart again."
    SSIN_ASSIGNED = "identity:person:ssin-assigned", "A number was assigned to a person."
    SSIN_REPLACED = "identity:person:replaced", "A number of a person was replaced by another."
    PERSON_DECEASED = "identity:person:deceased", "It was recorded that a person died, or that this was wrong."
    BIS_CREATED = "identity:bis:created", "An institution had a person without national number brought into being."
    BIS_CORRECTED = "identity:bis:corrected", "An institution corrected what the BIS register says of a person."
    BIS_REFUSED = "identity:bis:refused", "A request about the BIS register was refused; the entry holds the rule."
    DUPLICATE_SUSPECTED = (
        "identity:bis:duplicate-suspected",
        "Somebody was to be created who may be this person; the institution was shown nothing of the person.",
    )
    BIS_REMOVED = (
        "identity:bis:removed",
        "What the BIS register held of this person was removed at the end of its days; the entry holds why.",
    )
    DUPLICATE_ALLOWED = (
        "identity:bis:duplicate-allowed",
        "Two operators said that somebody to be created is another than those who agree closely.",
    )
    PERSON_SEARCHED = (
        "identity:person:searched",
        "An institution searched a person; the entry holds how many were found.",
    )
    SEARCH_REFUSED = "identity:person:search-refused", "A search of a person was refused; the entry holds the rule."
    PERSON_SHOWN = (
        "identity:person:shown",
        "A search showed number, name, birth date and sex of this person, as far as they are recorded here.",
    )
    PERSONS_LOADED = "identity:person:loaded", "A first load of persons was imported, signed by two operators."

    CHANGE_NOTIFIED = "mutations:change:notified", "A source notified a change of data about a person; it was taken."
    CHANGE_REFUSED = "mutations:change:refused", "A notified change was refused; the entry holds the code."
    CHANGE_CAUSED = (
        "mutations:change:caused",
        "The hub itself has to tell of a person, or of an inscription; the entry holds what kind of thing.",
    )
    ERROR_REPORTED = (
        "mutations:error:reported",
        "An institution presumed an error in what it was given; the source will be told.",
    )
    ERROR_REFUSED = "mutations:error:refused", "A report of a presumed error, or an answer to one, was refused."
    ERRORS_LISTED = (
        "mutations:error:listed",
        "It was about to be shown which reports wait for an answer of a source; the entry holds how many, no person.",
    )
    ERRORS_SHOWN = (
        "mutations:error:shown",
        "An institution was about to be shown what it reported itself about this person, and what came of it.",
    )
    ERROR_ANSWERED = "mutations:error:answered", "A source answered a report of a presumed error."
    ITEM_DELIVERED = (
        "mutations:item:delivered",
        "An institution was about to be told of a change; nothing was told before this entry.",
    )
    ITEM_REPEATED = (
        "mutations:item:repeated",
        "An institution was about to be told again of items as it was told before; the entry holds their numbers.",
    )
    ITEM_VOIDED = (
        "mutations:item:voided",
        "An institution that waited to be told of a change may no longer know of it; the entry holds the code.",
    )

    BATCH_RECORD_DECIDED = (
        "batch:record:decided",
        "A question of a file was permitted or refused; no source was contacted before this entry.",
    )
    BATCH_PAGE_ANSWERED = (
        "batch:page:answered",
        "The answers to a page of a file were ready; the entry holds their digest, and who gave what of which records.",
    )
    BATCH_CHUNK_DROPPED = (
        "batch:chunk:dropped",
        "A source answered a page with what it was not asked for, or badly signed; all of it was dropped.",
    )
    BATCH_COMPLETED = "batch:file:completed", "All questions of a file were answered; the entry holds how."
    BATCH_ACCEPTED = "batch:voucher:accepted", "A file of questions was announced, and its voucher accepted."
    BATCH_REFUSED = "batch:voucher:refused", "The voucher of a file of questions was refused; the entry holds the code."
    BATCH_FILE_REFUSED = (
        "batch:file:refused",
        "A file of questions was not what its voucher announced, or late; nobody was asked anything of it.",
    )
    BATCH_CANCELLED = (
        "batch:file:cancelled",
        "A file of questions was given up before it was all answered; the entry holds by whom.",
    )

    JOB_HELD = "jobs:job:held", "An operator stopped a job until it is resumed; the entry holds which."
    JOB_RESUMED = "jobs:job:resumed", "An operator let a job go on that was held, failed or waited."
    JOBS_STARTED = "jobs:process:started", "An operator started a process that works on jobs, beside those of the hub."

    USAGE_SHOWN = (
        "transparency:usage:shown",
        "It was about to be shown what was logged about this person; the entry holds to whom, and why.",
    )
    HOLDERS_SHOWN = "transparency:holders:shown", "It was about to be shown who has this person inscribed."
    PROOF_SHOWN = "transparency:proof:shown", "Entries about this person were about to be proven."
    LOOK_REFUSED = (
        "transparency:look:refused",
        "Somebody wanted to see what is logged or inscribed about this person, and was refused, with the code.",
    )
    MANDATE_TRIED = (
        "transparency:mandate:tried",
        "This person is about to let another act: the register is asked whether it knows that one.",
    )
    MANDATE_GIVEN = "transparency:mandate:given", "A person lets another act; the entry holds for what and how long."
    MANDATE_ACCEPTED = "transparency:mandate:accepted", "Who got a mandate accepted it: it counts from now on."
    MANDATE_ENDED = "transparency:mandate:ended", "A mandate was ended at once; the entry holds by which of the two."
    MANDATES_SHOWN = "transparency:mandates:shown", "It was about to be shown which mandates this person gave or got."
    ACTING_BEGUN = (
        "transparency:acting:begun",
        "Somebody acts for this person today, as a parent or under a mandate; the entry holds which.",
    )
    ACTING_REFUSED = (
        "transparency:acting:refused",
        "Somebody wanted to act for this person, or with a mandate; refused.",
    )

    LOG_SEARCHED = (
        "transparency:log:searched",
        "A supervisor was about to be shown entries of the log, patterns, or by which numbers; the entry holds why.",
    )
    WATCHES_SHOWN = (
        "transparency:watches:shown",
        "A supervisor was about to be shown who is watched; the entry holds who looked and why.",
    )
    WATCH_SET = (
        "transparency:watch:set",
        "A supervisor has questions about this person flagged until a day; the entry holds who and why.",
    )
    WATCH_ENDED = "transparency:watch:ended", "A supervisor has questions about this person flagged no longer."
    PARAMETER_SET = (
        "transparency:parameter:set",
        "A supervisor set a number by which patterns in the log are flagged, from a day on.",
    )

    DRAFT_SAVED = "committee:draft:saved", "A text of a decision on an authorisation was saved; it decides nothing."
    DRAFT_AGREED = "committee:draft:agreed", "A member of the committee agreed to a text."
    DRAFT_DECIDED = (
        "committee:draft:decided",
        "Two members of the committee agreed to a text; it is in force when operators have signed and applied it.",
    )
    DRAFT_DROPPED = "committee:draft:dropped", "A draft of a decision was given up."

    BOX_PUBLISHED = (
        "box:message:published",
        "A message was put into the box of this person; its documents stayed with the sender.",
    )
    BOX_NOT_ACTIVE = (
        "box:message:not-active",
        "A message was meant for the box of this person, who has none that is active; the sender was told so.",
    )
    BOX_REFUSED = "box:message:refused", "A message for a box was refused; the entry holds the code, and no person."
    BOX_REMINDED = "box:message:reminded", "A message was long unread, and was marked so in the box of this person."
    BOX_EVIDENCE_SHOWN = (
        "box:message:proven",
        "A sender was about to be shown what became of a message for this person.",
    )
    BOX_SHOWN = "box:list:shown", "It was about to be shown what is in the box of this person."
    BOX_ACTIVATED = "box:consent:given", "This person wants messages in the box, from this entry on."
    BOX_ENDED = "box:consent:ended", "This person wants no messages in the box any more."
    BOX_DOCUMENT_ASKED = (
        "box:document:asked",
        "This person opened a document of a message; its sender was not contacted before this entry.",
    )
    BOX_DOCUMENT_GIVEN = "box:document:given", "A document that this person opened was about to leave, sealed."
    BOX_DOCUMENT_FAILED = (
        "box:document:failed",
        "The sender did not give a document that this person opened; the entry holds the code.",
    )

    CATALOGUE_APPLIED = "catalogue:version:applied", "A new version of the catalogue came into force."
    KEY_REGISTERED = "catalogue:key:registered", "A key of an institution was registered."
    KEY_REVOKED = "catalogue:key:revoked", "A key of an institution was revoked."
    ENDPOINT_REGISTERED = "catalogue:endpoint:registered", "The endpoint of an institution was registered."

    RANGE_EXPIRED = "log:range:expired", "The content of a range of entries was removed at the end of its retention."
    MONTH_ARCHIVED = (
        "log:month:archived",
        "The entries of a month are in a file and about to leave the database; the entry holds its digest.",
    )


CLOSING = frozenset({Event.ANSWER_SENT, Event.QUESTION_REFUSED, Event.OUTCOME_UNKNOWN})
"""What ends a question that was decided."""


class LogClass(StrEnum):
    """What is kept for the same number of days: what is said by events from the same parts of the house."""

    EXCHANGE = "exchange"
    DIRECTORY = "directory"
    CHANGES = "changes"
    BATCH = "batch"


_CLASSES = {
    "exchange": LogClass.EXCHANGE,
    "source": LogClass.EXCHANGE,
    "directory": LogClass.DIRECTORY,
    "identity": LogClass.DIRECTORY,
    "mutations": LogClass.CHANGES,
    "batch": LogClass.BATCH,
    "transparency": LogClass.EXCHANGE,
    "box": LogClass.CHANGES,
}
EXPIRING = {event: _CLASSES[source] for event in Event if (source := event.value.partition(":")[0]) in _CLASSES}
"""The class of each event that expires."""

KEPT = frozenset(Event) - EXPIRING.keys()
"""What never expires: acts of operators and of the committee. They are about no person, and others rely on them."""

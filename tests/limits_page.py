"""The limits that are set in the code, in the order and words of the reference page."""

from crossroads.api import guarding
from crossroads.audit import prover
from crossroads.audit import service as audit
from crossroads.batch import checking, paging, places, running, running_store, uploads
from crossroads.batch import model as batch
from crossroads.batch import service as announcing
from crossroads.directory import facts
from crossroads.directory import service as directory
from crossroads.exchange import service as exchange
from crossroads.jobs import claims, own
from crossroads.jobs import model as jobs
from crossroads.mutations import bringing, hub_changes, tasks, turns
from crossroads.mutations import model as changes
from crossroads.participant import bulk, bulk_worker, client, feed, participant, routes, steps
from crossroads.serving import connection, one
from crossroads.sources import breaker, bulkhead
from crossroads.sources import service as sources
from crossroads.web import sent
from crossroads.wire import (
    acting,
    batches,
    box,
    error_reports,
    inscriptions,
    messages,
    mutations,
    packing,
    persons,
    proofs,
    signatures,
    statements,
    supervision,
    usage,
)
from crossroads.wire import bulk as pages

Limit = tuple[int, str, str]

_OVERLOADED = "more are refused with `CR-OVERLOADED`"

LIMITS: dict[str, list[Limit]] = {
    "Every connection, to any program": [
        (
            connection.MAXIMUM_HEAD,
            "bytes",
            "without a head being complete, or a piece of a body; more is answered with 431",
        ),
        (connection.HEAD_SECONDS, "seconds", "within which a head must have come; then the connection is closed"),
        (one.IDLE_SECONDS, "seconds", "for which a connection is kept after an answer"),
        (one.PATIENCE_SECONDS, "seconds", "for answers under way when a program is told to stop"),
    ],
    "Every form of a page": [
        (sent.FORM_SECONDS, "seconds", "within which it must have come whole; later is answered with 408"),
        (sent.FILES_SECONDS, "seconds", "the same, where the page takes files"),
    ],
    "Every request to the hub": [
        (messages.MAXIMUM_REQUEST, "bytes", "a request body; larger is refused with `CR-PAYLOAD-TOO-LARGE`"),
        (guarding.BODY_SECONDS, "seconds", "within which it must have come; later is refused with `CR-BODY-LATE`"),
        (signatures.MAXIMUM_HEADER, "characters", "in each of the two headers of a signature"),
        (signatures.MAXIMUM_AGE, "seconds", "age of a signature"),
        (signatures.MAXIMUM_AHEAD, "seconds", "that a signature may lie in the future"),
        (facts.BATCH, "requests", "that are read from the directory together at most"),
        (facts.QUEUE, "requests", f"that wait for the directory in one process; {_OVERLOADED}"),
        (audit.QUEUE, "entries", f"that wait to be written to the log in one process; {_OVERLOADED}"),
        (prover.OUTSIDERS, "proofs", "made for the public at the same time by one process"),
        (prover.OUTSIDERS_WAITING, "requests", f"for such proofs that wait; {_OVERLOADED}"),
        (proofs.MAXIMUM_SIZES, "checkpoints", "in one query for extensions of the log"),
    ],
    "A question and its sources": [
        (messages.MAXIMUM_DATA_GROUPS, "data groups", "in one question"),
        (messages.MAXIMUM_STATEMENT, "characters", "a statement"),
        (statements.MAXIMUM_LIFE.seconds, "seconds", "life of a statement"),
        (sources.PERMIT_LIFE.seconds, "seconds", "life of a permit"),
        (exchange.TIME_BUDGET.seconds, "seconds", "for all sources of a question together, from receipt"),
        (messages.MAXIMUM_SOURCE_ANSWER, "bytes", "the answer of one source"),
        (bulkhead.CONCURRENT, "questions", "under way at one participant, from one process of the hub"),
        (bulkhead.WAITING, "questions", "that wait for a place at one participant, in one process"),
        (breaker.FAILURES, "failures", "in a row, after which a participant is left alone"),
        (int(breaker.PAUSE.total_seconds()), "seconds", "for which it is left alone"),
    ],
    "The directory and persons": [
        (inscriptions.MAXIMUM_LINES, "lines", "of the directory kept by one request"),
        (inscriptions.MAXIMUM_BULK, "bytes", "such a request"),
        (inscriptions.MAXIMUM_COMPARED, "lines", "compared by one request"),
        (inscriptions.MAXIMUM_COMPARISON, "bytes", "such a request"),
        (directory.AT_ONCE, "requests", "of these two kinds at once, in one process"),
        (directory.WAITING, "requests", f"of these that wait; {_OVERLOADED}"),
        (persons.MAXIMUM_CANDIDATES, "persons", "that one search shows"),
        (persons.MAXIMUM_CONFIRMED, "persons", "of whom a creation or a correction can say that they are others"),
        (sources.MATCH_BUDGET.seconds, "seconds", "for the register to confirm a person"),
    ],
    "Changes, mailboxes and reports of errors": [
        (mutations.MAXIMUM_MUTATIONS, "changes", "in one notification"),
        (mutations.MAXIMUM_NOTIFICATION, "bytes", "a notification of changes"),
        (mutations.MAXIMUM_CONTENT, "bytes", "the content of one change, in canonical form"),
        (mutations.MAXIMUM_ITEMS, "items", "in one pull of a mailbox, and numbers in one acknowledgement"),
        (mutations.MAXIMUM_LEASE_SECONDS, "seconds", "for which a consumer may lease items of a mailbox"),
        (mutations.SLOTS, "lanes", "of a mailbox at most"),
        (error_reports.MAXIMUM_OPEN_REPORTS, "reports", "of errors without answer that are listed at once, at most"),
        (changes.CONTENT_LIFE.days, "days", "for which the content of a change of an unsealed data group is kept"),
        (changes.POINTER_LIFE.days, "days", "after it was first given, for which an item serves to ask for the data"),
        (turns.AT_ONCE, "requests", "to notify, and so many about a mailbox, at once of one institution in a process"),
        (turns.WAITING, "requests", f"of each of these kinds that wait; {_OVERLOADED}"),
        (tasks.BATCH, "changes", "that are brought to the mailboxes together at most"),
        (hub_changes.BATCH, "inscriptions", "that ended, or changes of who people are, looked at together at most"),
        (bringing.ITEMS, "items", "that the hub brings to an endpoint at once"),
        (bringing.LEASE.seconds, "seconds", "for which it leases them"),
        (sources.BRING_BUDGET.seconds, "seconds", "for the endpoint to deal with them"),
        (bringing.LONGEST_PAUSE.seconds, "seconds", "between two tries at an endpoint that fails, at most"),
    ],
    "Batches": [
        (batches.MAXIMUM_RECORDS, "records", "of a batch"),
        (batches.PAGE, "records", "of a page of a batch"),
        (batches.MAXIMUM_LINE, "bytes", "a line of its file"),
        (batches.MAXIMUM_FILE, "bytes", "its file, packed or unpacked"),
        (packing.MAXIMUM_RATIO, "times", "as large unpacked as it was sent, 16 MiB apart"),
        (batches.MAXIMUM_PART, "bytes", "a part of an upload"),
        (batches.MAXIMUM_SEQUENCE, "files", "numbered in one sequence: the highest number of a file"),
        (batches.MAXIMUM_LIFE.days, "days", "from its voucher to its deadline"),
        (batch.PAGE_OF_BATCHES, "batches", "in one page of the list"),
        (announcing.AT_ONCE, "vouchers", "that a process deals with at once for one institution"),
        (announcing.WAITING, "vouchers", f"of it that wait; {_OVERLOADED}"),
        (uploads.AT_ONCE, "parts", "that a process takes, and so many that it gives, at once for one institution"),
        (uploads.WAITING, "parts", f"of each of these kinds that wait; {_OVERLOADED}"),
        (checking.CHECKS_AT_ONCE, "files", "that a process reads at once"),
        (running.RUN_AT_ONCE, "batches", "that it decides and composes at once"),
        (running.WAIT_AT_ONCE, "batches", "more of them that only wait for their sources"),
        (claims.LEASE.seconds, "seconds", "for which a job stays with a process that stands still"),
        (jobs.KEPT.days, "days", "for which a job is known that is over"),
        (own.PAGE_OF_JOBS, "batches", "in one page of `GET /v1/jobs`"),
        (places.ASKED_AT_ONCE, "requests", "about pages with sources at once, from one process"),
        (places.ASKED_AT_ONE, "requests", "of them with the same source"),
        (running_store.LONGEST_PAUSE.seconds, "seconds", "between two requests to a source that fails, at most"),
        (places.HELD_BYTES, "bytes", "of answers that wait in the memory of a process; more wait in the database"),
        (pages.MAXIMUM_BULK_REQUEST, "bytes", "a request about a page, at a participant"),
        (routes.PAGE_TIME.seconds, "seconds", "within which that must have come"),
        (pages.MAXIMUM_BULK_ANSWER, "bytes", "its answer; what does not fit is asked for again"),
        (paging.MAXIMUM_GIVEN, "bytes", "all answers to a page; the answer with which there are more is dropped"),
        (bulk.MAXIMUM_PAGES, "pages", "that a participant works on or that wait; more get `CR-OVERLOADED`"),
        (bulk_worker.PATIENCE.seconds, "seconds", "for which a participant works on a page"),
    ],
    "Who looked": [
        (usage.MAXIMUM_USAGES, "entries", "in one page"),
        (usage.MAXIMUM_FOUND, "entries", "in one page of `POST /v1/usage/find`"),
        (usage.MAXIMUM_SKIPPED, "entries", "that such a page may leave out before it"),
        (usage.MAXIMUM_PROVEN, "entries", "proven by one request"),
        (supervision.MAXIMUM_SEARCHED_DAYS, "days", "of a supervisor's search about no person and no ticket"),
        (supervision.MAXIMUM_WATCHED_DAYS, "days", "for which a person is watched"),
    ],
    "Acting for another": [
        (acting.MAXIMUM_MANDATES, "mandates", "that one person gave and that are not over"),
        (acting.MAXIMUM_GIVEN, "mandates", "that one person gives on a day"),
        (
            acting.MAXIMUM_TRIES,
            "mandates",
            "that one person tries to give on a day, to whom the register does not know",
        ),
        (acting.MAXIMUM_BETWEEN, "mandates", "that one person gives to the same other within a year"),
        (acting.MAXIMUM_YEARS, "years", "for which a mandate is given"),
    ],
    "The box": [
        (box.MAXIMUM_DOCUMENTS, "documents", "of a message"),
        (box.MAXIMUM_DOCUMENT, "bytes", "a document"),
        (box.MAXIMUM_WORDS, "bytes", "subject, and names and kinds of the documents, of a message"),
        (box.MAXIMUM_LISTED, "messages", "listed at once"),
        (box.MAXIMUM_A_DAY, "messages", "that a sender puts into one box in a day"),
    ],
    "Participant and client": [
        (routes.MAXIMUM_BODY, "bytes", "a request body at a participant"),
        (routes.BODY_TIME.seconds, "seconds", "within which it must have come; later is refused with `CR-BODY-LATE`"),
        (participant.MAXIMUM_AT_ONCE, "requests", f"that a participant works on at once; {_OVERLOADED}"),
        (steps.MAXIMUM_ANSWER, "bytes", "an answer that client or participant reads from the hub"),
        (steps.MAXIMUM_LARGE_ANSWER, "bytes", "a page of the result of a batch that the client reads"),
        (feed.MAXIMUM_LINE, "bytes", "a line of the daily feed of a register"),
        (int(client.TIMEOUT.total_seconds()), "seconds", "that the client waits for the hub"),
    ],
}

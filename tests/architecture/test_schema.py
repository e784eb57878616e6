"""What rests at the hub. Content of data groups may rest only in named classes."""

import asyncpg

from database import Database

# Every table with every column. Who adds one writes it here, under what it holds; content of a data group has no place.
WHO_KNOWS_WHOM = {
    "person": "person ssin deceased_on recorded_at ticket",
    "ssin_assignment": "ssin person valid_from valid_until recorded_at ticket",
    "person_link": "from_person into_person since recorded_at ticket",
    "inscription": "inscription person institution context start_date end_date phase recorded_at ticket",
}
WHO_ACTS_FOR_WHOM = {
    # The names that each of the two is shown of the other, and the number that was typed.
    # What is seen under a mandate is nowhere here.
    "mandate": "mandate institution reference giver receiver giver_name receiver_name receiver_ssin scopes"
    " start_date end_date recorded_at",
    "mandate_try": "person ticket day",
    "mandate_act": "mandate kind side ticket recorded_at",
    "acting": "person ticket acting_person institution agent legal_context mandate day",
}
BIS_REGISTER = {
    "bis_particulars": "person truth start_date end_date last_name first_names birth_date sex birth_place nationality"
    " address evidence_kind evidence_number evidence_issuer recorded_by name_keys recorded_at ticket",
}
"""Content, in a class of its own: it goes some days after the person died or got a number of another register."""
NUMBERS = {
    "bis_number": "person ssin creator recorded_at ticket",
    "bis_counter": "series last",
    "bis_turn": "singleton",
    "bis_removal": "person ticket why lines removed_at",
    "bis_served": "person since",
    "bis_term": "days",
    "bis_exception": "institution reference recorded_at ticket digest",
}
OUTBOXES = {"identity_event": "event person kind related_person happened_on recorded_at ticket payload"}
CHANGED = "recorded_until replaced_by reason actor"
RULES = {
    "catalogue_entry": "kind key valid_from body recorded_version recorded_at",
    "catalogue_head": "singleton version",
    "catalogue_version": "version kind act digest actors recorded_at log_stream log_index",
}
KEYS = {
    "institution_key": "key_id institution use thumbprint valid_from valid_until registration"
    " recorded_version recorded_at log_stream log_index",
    "institution_endpoint": "institution recorded_version url issued_at act recorded_at",
    "key_revocation": "key_id reason act recorded_version revoked_at",
    "operator_key": "key_id jwk recorded_version recorded_at",
    "used_act": "digest kind ticket recorded_at",
}
SEEN_BEFORE = {
    "inscription_reference": "institution reference digest outcome recorded_at",
    "person_reference": "institution reference digest person ticket",
    "person_request": "institution reference digest outcome recorded_at",
    "person_search_rate": "institution minute searches",
    "nonce": "institution nonce slot",
    "nonce_store": "one accepted_since",
    "request_rate": "institution reader second requests",
    "source_breaker": "participant failures open_until failing_since",
}
MAILBOXES = {
    "mutation": "mutation person ssin ticket source context data_group start_date end_date kind happened_on wrong_since"
    # Of data groups that the catalogue leaves unsealed alone, and until content_until.
    " content content_until accepted_at addressee report told content_signature",
    "mutation_reference": "institution reference digest ticket log_stream log_index leaf recorded_at",
    "mutation_queue": "mutation person",
    "mutation_writer": "one epoch leased_by lease_until",
    "mailbox": "recipient last_number tails",
    "mailbox_progress": "recipient acknowledged parked reached first_kept",
    "mailbox_lease": "recipient lease numbers open slots leased_until beyond",
    "mailbox_item": "recipient number previous slot person mutation ticket institution added_at state reason"
    " delivered_at start_date end_date whole legal_context authorisation void",
}
CORRECTION_REQUESTS = {
    "error_report": "report person ssin reporter reference source data_group start_date end_date seen presumed text"
    # text and reason: content, of people at institutions; they go after the answer.
    " reported_at answer_by delivered_at outcome reason correction answered_at",
}
BOXES = {
    # content: subject, and names and digests of documents, in the clear (catalogue: box@1 says why); it goes at expiry.
    "box_message": "person message ssin sender reference legal_context content received_on published_at expires_on"
    " remind_on published_stream published_index reminded_at reminded_stream reminded_index opened_at opened_stream"
    " opened_index",
    "box_reference": "institution reference digest message person active published_at log_stream log_index leaf",
    "box_consent": "person consent active_from active_until",
}
JOBS = {
    "job": "job kind institution subject priority state turn due_at deadline done total lease_owner lease_until epoch"
    " attempts problem created_at finished_at",
}
BATCHES = {
    "batch_sequence": "institution last_number",
    # The voucher holds no number of a person; it goes when the batch is over.
    "batch": "ticket institution reference file_sequence_number voucher_digest file_digest voucher signer"
    " request_signature accepted_at deadline state size received records decided answered counts source_counts parts"
    " problem_code problem problem_line finished_at kept_until fetched nonce",
}
BATCH_INPUT = {
    # Whom a file asks about; gone when it was read, or refused, and when its page is answered.
    "batch_part": "ticket start_at content",
    "batch_page": "ticket page records root state decisions decided_at job",
}
BATCH_RESULT = {
    # Sealed to who asks, but for data groups that the catalogue leaves unsealed; until it is acknowledged, or its days
    # are over.
    "batch_chunk": "ticket page source first_index state due_at attempts code answer",
    "batch_result": "ticket part content",
}
PROGRESS = {"inscription_ends": "singleton day person inscription"}
LOG = {
    "log_entry": "stream index epoch event ticket person asker at content salts leaf",
    "log_leaf": "stream first leaves",
    "log_term": "event class days",
    "log_expired": "class before",
    "log_stream": "stream epoch size frontier settled leased_by lease_until",
    "log_subtree": "stream level position root",
    "log_top": "index heads leaf at",
    "log_checkpoint": "size note at",
}
SERVED = {
    "service_level": "day questions known lost within_one_second within_two_seconds minutes minutes_lost batches"
    " batches_in_time"
}
SUPERVISION = {
    # The reason is written by a supervisor, and goes a year after the last day.
    "supervision_watch": "watch person reason first_day last_day agent name recorded_at"
    " ended_at ended_agent ended_name",
    "supervision_parameter": "parameter valid_from recorded_at value reason agent name ticket",
}
COMMITTEE = {
    "committee_draft": "draft begun_at decided_at dropped_at",
    "committee_version": "draft version content agent name saved_at ticket",
    "committee_agreement": "draft version agent name agreed_at ticket",
}
SESSIONS = {
    # Sealed under what only the browser holds.
    "portal_session": "key subject provider_session content version created_at used_at ends_at",
}
MIGRATIONS = {
    "_pogo_migration": "migration_hash migration_id applied schema_name",
    "_pogo_version": "version installed",
}
HISTORIES = {f"{name}_history": f"{columns} {CHANGED}" for name, columns in (WHO_KNOWS_WHOM | BIS_REGISTER).items()}
HISTORIES |= {"catalogue_entry_history": f"{RULES['catalogue_entry']} {CHANGED}"}
EXPECTED = (
    WHO_KNOWS_WHOM
    | WHO_ACTS_FOR_WHOM
    | BIS_REGISTER
    | NUMBERS
    | OUTBOXES
    | RULES
    | KEYS
    | SEEN_BEFORE
    | MAILBOXES
    | CORRECTION_REQUESTS
    | BOXES
    | JOBS
    | BATCHES
    | BATCH_INPUT
    | BATCH_RESULT
    | PROGRESS
    | LOG
    | SERVED
    | SUPERVISION
    | COMMITTEE
    | SESSIONS
    | MIGRATIONS
    | HISTORIES
)

TABLES = """
SELECT relname AS name, string_agg(attname, ' ' ORDER BY attnum) AS columns
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped
    AND NOT relispartition
GROUP BY relname
"""


async def test_every_column_at_the_hub_is_accounted_for(database: Database) -> None:
    connection = await asyncpg.connect(database.url("crossroads_owner"))
    try:
        found = {row["name"]: row["columns"] for row in await connection.fetch(TABLES)}
    finally:
        await connection.close()
    assert found == EXPECTED

-- Queries of batches: vouchers, uploads, what was read, results. Those of the run are in running.sql.

-- name: durable_commit
-- Wait for the disk at the end of this transaction, also where the database is set not to: what is said to be there outlives a crash.
SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') IN ('off', 'local');

-- name: hold_on
-- Keep the locks of this transaction for as long as whoever has them stands still; from a machine that vanished they are taken after half a minute.
SELECT set_config('idle_in_transaction_session_timeout', '0', true),
    set_config('tcp_keepalives_idle', '15', true),
    set_config('tcp_keepalives_interval', '5', true),
    set_config('tcp_keepalives_count', '3', true);

-- name: last_number$
-- Give the number of the last file that an institution announced, 0 for none, and put its vouchers in order by the lock.
INSERT INTO batch_sequence AS known (institution, last_number)
VALUES (:institution, 0)
ON CONFLICT (institution) DO UPDATE SET last_number = known.last_number
RETURNING last_number;

-- name: count_number!
-- Note the number of the file that an institution announced last.
UPDATE batch_sequence SET last_number = :number WHERE institution = :institution;

-- name: add!
-- Write a batch that was announced.
INSERT INTO batch (
    ticket, institution, reference, file_sequence_number, voucher_digest, file_digest, voucher, signer, nonce,
    request_signature, accepted_at, deadline, size, records
)
VALUES (
    :ticket, :institution, :reference, :file_sequence_number, :voucher_digest, :file_digest, :voucher, :signer, :nonce,
    :request_signature, :accepted_at, :deadline, :size, :records
);

-- name: one^
-- Give a batch.
SELECT ticket, institution, reference, file_sequence_number, voucher_digest, voucher, signer, accepted_at, deadline,
    state, size, received, records, decided, answered, counts, parts, problem_code, problem, problem_line, finished_at,
    kept_until, fetched
FROM batch
WHERE ticket = :ticket;

-- name: locked^
-- Give a batch, and let nobody else change it until the transaction ends.
SELECT ticket, institution, reference, file_sequence_number, voucher_digest, voucher, signer, accepted_at, deadline,
    state, size, received, records, decided, answered, counts, parts, problem_code, problem, problem_line, finished_at,
    kept_until, fetched
FROM batch
WHERE ticket = :ticket
FOR NO KEY UPDATE;

-- name: of_reference^
-- Give the batch that an institution announced under a reference.
SELECT ticket, institution, reference, file_sequence_number, voucher_digest, voucher, signer, accepted_at, deadline,
    state, size, received, records, decided, answered, counts, parts, problem_code, problem, problem_line, finished_at,
    kept_until, fetched
FROM batch
WHERE institution = :institution AND reference = :reference;

-- name: listed
-- Give batches of an institution without their vouchers, the newest first, from before a number on.
SELECT ticket, institution, reference, file_sequence_number, voucher_digest, CAST(NULL AS bytea) AS voucher, signer,
    accepted_at, deadline, state, size, received, records, decided, answered, counts, parts, problem_code, problem,
    problem_line, finished_at, kept_until, fetched
FROM batch
WHERE institution = :institution AND (CAST(:before AS bigint) IS NULL OR file_sequence_number < :before)
ORDER BY file_sequence_number DESC
LIMIT :count;

-- name: same_file$
-- Give the reference under which an institution announced the same file before, unless nothing came of that.
SELECT reference
FROM batch
WHERE institution = :institution AND file_digest = :file_digest AND state NOT IN ('REFUSED', 'CANCELLED')
LIMIT 1;

-- name: same_nonce$
-- Tell whether a statement with this nonce came with a voucher of the institution before, whatever came of it.
SELECT EXISTS (SELECT FROM batch WHERE institution = :institution AND nonce = :nonce);

-- name: open_batches$
-- Count the batches of an institution that are not over, and those whose result was not acknowledged and is still here.
SELECT count(*)
FROM batch
WHERE institution = :institution AND (state IN ('ANNOUNCED', 'CHECKING', 'RUNNING', 'PAUSED') OR parts > 0);

-- name: add_part!
-- Keep a part of an upload.
INSERT INTO batch_part (ticket, start_at, content) VALUES (:ticket, :start_at, :content);

-- name: part$
-- Give the part of an upload that begins at a byte.
SELECT content FROM batch_part WHERE ticket = :ticket AND start_at = :start_at;

-- name: note_received!
-- Note how many bytes of the file are there, and whether that is all.
UPDATE batch
SET received = :received, state = CASE WHEN :received = size THEN 'CHECKING' ELSE state END
WHERE ticket = :ticket;

-- name: add_page!
-- Keep a page as it was read; one that was read before, and perhaps not whole, is read again.
INSERT INTO batch_page (ticket, page, records, root) VALUES (:ticket, :page, :records, :root)
ON CONFLICT (ticket, page) DO UPDATE SET records = excluded.records, root = excluded.root;

-- name: roots
-- Give the roots of all pages of a file that were read.
SELECT root FROM batch_page WHERE ticket = :ticket ORDER BY page;

-- name: start_running!
-- Begin to ask what the file asks.
UPDATE batch SET state = 'RUNNING' WHERE ticket = :ticket AND state = 'CHECKING';

-- name: complete!
-- End a batch that was answered whole.
UPDATE batch
SET state = 'COMPLETED',
    voucher = NULL,
    decided = records,
    answered = records,
    counts = :counts,
    source_counts = :source_counts,
    parts = :parts,
    finished_at = :finished_at,
    kept_until = :kept_until
WHERE ticket = :ticket;

-- name: refuse!
-- End a batch whose file is not what was announced, and say why.
UPDATE batch
SET state = 'REFUSED',
    voucher = NULL,
    problem_code = :code,
    problem = :detail,
    problem_line = :line,
    finished_at = :finished_at
WHERE ticket = :ticket;

-- name: cancel!
-- End a batch that its institution gives up.
UPDATE batch
SET state = 'CANCELLED', voucher = NULL, parts = 0, finished_at = :finished_at
WHERE ticket = :ticket;

-- name: explain!
-- Say why a batch ended.
UPDATE batch SET problem_code = :code, problem = :detail WHERE ticket = :ticket;

-- name: remove_parts!
-- Remove the file as it was uploaded.
DELETE FROM batch_part WHERE ticket = :ticket;

-- name: remove_pages!
-- Remove what was read from the file.
DELETE FROM batch_page WHERE ticket = :ticket;

-- name: remove_chunks!
-- Remove what sources were asked, and answered.
DELETE FROM batch_chunk WHERE ticket = :ticket;

-- name: remove_result!
-- Remove the result.
DELETE FROM batch_result WHERE ticket = :ticket;

-- name: result$
-- Give a part of a result.
SELECT content FROM batch_result WHERE ticket = :ticket AND part = :part;

-- name: forget_result!
-- Note that the result is gone, and whether because it was acknowledged.
UPDATE batch SET parts = 0, fetched = (fetched OR :fetched) WHERE ticket = :ticket;

-- name: expired
-- Give batches whose results have been kept long enough.
SELECT ticket FROM batch WHERE parts > 0 AND kept_until <= :now ORDER BY kept_until LIMIT :count;

-- name: awaited_in_vain
-- Give batches whose deadline passed before their file was there.
SELECT ticket FROM batch WHERE state = 'ANNOUNCED' AND deadline <= :now ORDER BY deadline LIMIT :count;

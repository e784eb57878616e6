-- name: count_failure(participant, limit, pause)!
-- Counts a failure of a participant; from the given number in a row on it is left alone for the pause.
INSERT INTO source_breaker AS b (participant, failures, open_until)
VALUES (:participant, 1, CASE WHEN :limit::int <= 1 THEN clock_timestamp() + :pause::interval END)
ON CONFLICT (participant) DO UPDATE
SET failures = b.failures + 1,
    open_until = CASE WHEN b.failures + 1 >= :limit::int THEN clock_timestamp() + :pause::interval ELSE b.open_until END;

-- name: reset_failures(participant)!
-- Forgets the failures of a participant that answered.
DELETE FROM source_breaker WHERE participant = :participant;

-- name: read_breakers()
-- The participants that failed since they last answered, and for how many seconds they are left alone.
SELECT participant, failures,
       coalesce(extract(epoch FROM open_until - clock_timestamp()), 0)::float8 AS open_seconds
FROM source_breaker;

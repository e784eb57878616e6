-- an institution finds its own jobs without all others being read
-- depends: 0262_queue_beside_changes
-- compatible: an index over the jobs of a month is made in a moment; who queues one waits for that long at most

-- migrate: apply

CREATE INDEX job_institution ON job (institution, subject);

-- migrate: rollback

DROP INDEX job_institution;

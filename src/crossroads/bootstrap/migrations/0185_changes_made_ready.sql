-- changes are made ready to stand in months, while they are used: nothing of them is copied, and nobody waits
-- depends: 0181_log_archive
-- compatible: changes are read and written as before; those of a clock more than ten days ahead are refused until 0191
-- transaction: false

-- migrate: apply

SELECT bound_by_months('mutation', 'accepted_at');

-- From here on nobody waits for this migration, and it may wait for whoever reads all changes.
SET lock_timeout = 0;

SELECT keep_bound('mutation');

DROP INDEX CONCURRENTLY IF EXISTS mutation_key;

CREATE UNIQUE INDEX CONCURRENTLY mutation_key ON mutation (person, mutation, accepted_at);

DROP INDEX CONCURRENTLY IF EXISTS mutation_old_report;

CREATE INDEX CONCURRENTLY mutation_old_report ON mutation (report) WHERE report IS NOT NULL;

SET lock_timeout = '400ms';

-- migrate: rollback

DROP INDEX IF EXISTS mutation_key, mutation_old_report;

ALTER TABLE mutation DROP CONSTRAINT IF EXISTS mutation_bound;

-- the statement of a batch serves once
-- depends: 0191_changes_by_months
-- compatible: the version before leaves the new column empty, and the index with it; few rows

-- migrate: apply

ALTER TABLE batch ADD COLUMN nonce text;

COMMENT ON COLUMN batch.nonce IS
    'Of the statement: no other voucher of the institution may have it. Empty in batches from before this was kept.';

CREATE UNIQUE INDEX batch_nonce ON batch (institution, nonce);

-- migrate: rollback

DROP INDEX batch_nonce;

ALTER TABLE batch DROP COLUMN nonce;

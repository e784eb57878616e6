-- what two operators allow is one request, not whatever comes under its reference
-- depends: 0090_mailbox_pace

-- migrate: apply

ALTER TABLE bis_exception ADD COLUMN digest text NOT NULL DEFAULT '';

ALTER TABLE bis_exception ALTER COLUMN digest DROP DEFAULT,
    DROP CONSTRAINT bis_exception_pkey, ADD PRIMARY KEY (institution, reference, digest);

COMMENT ON TABLE bis_exception IS
    'Requests, by institution, reference and digest, of which two operators said that the person is another than those who agree so closely. One without digest, from before there were any, allows nothing. Distributed by institution.';

-- migrate: rollback

DELETE FROM bis_exception;

ALTER TABLE bis_exception DROP CONSTRAINT bis_exception_pkey, ADD PRIMARY KEY (institution, reference);

ALTER TABLE bis_exception DROP COLUMN digest;

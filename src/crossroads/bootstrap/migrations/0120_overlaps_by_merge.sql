-- a merge is carried out also where inscriptions overlap by it: there are no refused ones to tell of
-- depends: 0110_mailbox_progress

-- migrate: apply

DELETE FROM identity_event WHERE kind = 'link-refused';

ALTER TABLE identity_event DROP CONSTRAINT identity_event_kind_check, ADD CONSTRAINT identity_event_kind_check
    CHECK (kind IN ('created', 'corrected', 'deceased', 'number-replaced', 'merged', 'unmerged'));

-- migrate: rollback

ALTER TABLE identity_event DROP CONSTRAINT identity_event_kind_check, ADD CONSTRAINT identity_event_kind_check
    CHECK (kind IN ('created', 'corrected', 'deceased', 'number-replaced', 'merged', 'unmerged', 'link-refused'));

-- mailboxes are pulled at one pace, however many items lie behind
-- depends: 0080_hub_changes

-- migrate: apply

ALTER TABLE mailbox_slot ADD COLUMN reached bigint NOT NULL DEFAULT 0;

COMMENT ON TABLE mailbox_slot IS
    'Who empties a slot of a mailbox now, and how many items of it were acknowledged and are parked. A lease that ended keeps its name until another takes the slot. No item below reached waits any more: a pull need not look there. Distributed by recipient.';

ALTER TABLE mailbox_item SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);

-- migrate: rollback

ALTER TABLE mailbox_item SET (fillfactor = 80);

ALTER TABLE mailbox_item RESET (autovacuum_vacuum_scale_factor);

ALTER TABLE mailbox_slot DROP COLUMN reached;

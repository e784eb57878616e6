-- acknowledged items stay for some days, and the changes that nothing else leads to go with them
-- depends: 0140_batch

-- migrate: apply

ALTER TABLE mailbox_progress ADD COLUMN first_kept bigint NOT NULL DEFAULT 1;

COMMENT ON TABLE mailbox_progress IS
    'How many items of a mailbox were acknowledged and are parked, and for each slot the number below which nothing waits any more: a pull need not look there. From first_kept on all items are there; below it, those that were not acknowledged. Who gives, settles or removes items locks the row. Distributed by recipient.';

DROP INDEX mailbox_item_ticket;

CREATE INDEX mailbox_item_ticket ON mailbox_item (ticket, recipient);

GRANT DELETE ON mailbox_item, mutation TO crossroads_hub;

-- migrate: rollback

REVOKE DELETE ON mailbox_item, mutation FROM crossroads_hub;

DROP INDEX mailbox_item_ticket;

CREATE INDEX mailbox_item_ticket ON mailbox_item (recipient, ticket);

ALTER TABLE mailbox_progress DROP COLUMN first_kept;

-- items of a mailbox are dealt with where they are: no index knows their state
-- depends: 0185_changes_made_ready
-- compatible: processes of the version before find the same items, by their numbers; nobody waits while indexes are made
-- transaction: false

-- migrate: apply

ALTER TABLE mailbox_lease ADD COLUMN IF NOT EXISTS beyond bigint;

SET lock_timeout = 0;

DROP INDEX CONCURRENTLY IF EXISTS mailbox_item_lane;

CREATE INDEX CONCURRENTLY mailbox_item_lane ON mailbox_item (recipient, slot, number);

DROP INDEX CONCURRENTLY IF EXISTS mailbox_item_parked;

CREATE INDEX CONCURRENTLY mailbox_item_parked ON mailbox_item (recipient, number) WHERE reason IS NOT NULL;

DROP INDEX CONCURRENTLY IF EXISTS mailbox_item_next;

DROP INDEX CONCURRENTLY IF EXISTS mailbox_item_slot;

SET lock_timeout = '400ms';

COMMENT ON TABLE mailbox_lease IS
    'The items that a consumer was given, those it has not dealt with, the slots it has and until when. A lease that ended keeps its slots until another takes them. Of all items of its slots below beyond, only those not dealt with wait: a pull need not look there. Distributed by recipient.';

COMMENT ON TABLE mailbox_item IS
    'What an institution is told, without content: a change, for itself or for an institution it manages. What it may know of it is decided at the first delivery, and kept. What changes of a row when it is dealt with is in no index: it is written beside the row, on its page, which has room. A reason has only what is parked. Distributed by recipient.';

-- migrate: rollback

CREATE INDEX mailbox_item_next ON mailbox_item (recipient, state, number) WHERE state <> 'acknowledged';

CREATE INDEX mailbox_item_slot ON mailbox_item (recipient, state, slot, number) WHERE state <> 'acknowledged';

DROP INDEX mailbox_item_lane, mailbox_item_parked;

ALTER TABLE mailbox_lease DROP COLUMN beyond;

COMMENT ON TABLE mailbox_lease IS
    'The items that a consumer was given, those it has not dealt with, the slots it has and until when. A lease that ended keeps its slots until another takes them. Distributed by recipient.';

COMMENT ON TABLE mailbox_item IS
    'What an institution is told, without content: a change, for itself or for an institution it manages. What it may know of it is decided at the first delivery, and kept. Distributed by recipient.';

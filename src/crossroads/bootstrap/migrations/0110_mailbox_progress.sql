-- how far a mailbox is emptied is one row, not one for each of its slots; a lease knows its slots
-- depends: 0100_one_request_excepted

-- migrate: apply

CREATE TABLE mailbox_progress (
    recipient text PRIMARY KEY,
    acknowledged bigint NOT NULL DEFAULT 0,
    parked bigint NOT NULL DEFAULT 0,
    reached bigint[] NOT NULL DEFAULT array_fill(0::bigint, ARRAY[64])
) WITH (fillfactor = 50);

COMMENT ON TABLE mailbox_progress IS
    'How many items of a mailbox were acknowledged and are parked, and for each slot the number below which nothing waits any more: a pull need not look there. Who gives or settles items locks the row. Distributed by recipient.';

INSERT INTO mailbox_progress (recipient, acknowledged, parked, reached)
SELECT recipient, sum(acknowledged), sum(parked), array_agg(reached ORDER BY slot) FROM mailbox_slot GROUP BY recipient;

ALTER TABLE mailbox_lease ADD COLUMN slots smallint[] NOT NULL DEFAULT '{}', ADD COLUMN leased_until timestamptz;

UPDATE mailbox_lease AS l SET slots = s.slots, leased_until = s.leased_until
FROM (
    SELECT recipient, lease, array_agg(slot ORDER BY slot) AS slots, max(leased_until) AS leased_until
    FROM mailbox_slot WHERE lease IS NOT NULL GROUP BY recipient, lease
) AS s
WHERE s.recipient = l.recipient AND s.lease = l.lease;

ALTER TABLE mailbox_lease ALTER COLUMN slots DROP DEFAULT;

COMMENT ON TABLE mailbox_lease IS
    'The items that a consumer was given, those it has not dealt with, the slots it has and until when. A lease that ended keeps its slots until another takes them. Distributed by recipient.';

DROP TABLE mailbox_slot;

GRANT SELECT, INSERT, UPDATE ON mailbox_progress TO crossroads_hub;

GRANT SELECT ON mailbox_progress TO crossroads_reader;

-- migrate: rollback

CREATE TABLE mailbox_slot (
    recipient text NOT NULL,
    slot smallint NOT NULL,
    lease uuid,
    leased_until timestamptz,
    acknowledged bigint NOT NULL DEFAULT 0,
    parked bigint NOT NULL DEFAULT 0,
    reached bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (recipient, slot)
) WITH (fillfactor = 50);

COMMENT ON TABLE mailbox_slot IS
    'Who empties a slot of a mailbox now, and how many items of it were acknowledged and are parked. A lease that ended keeps its name until another takes the slot. No item below reached waits any more: a pull need not look there. Distributed by recipient.';

INSERT INTO mailbox_slot (recipient, slot, lease, leased_until, acknowledged, parked, reached)
SELECT p.recipient, s.slot, l.lease, l.leased_until, CASE WHEN s.slot = 0 THEN p.acknowledged ELSE 0 END,
       CASE WHEN s.slot = 0 THEN p.parked ELSE 0 END, p.reached[s.slot + 1]
FROM mailbox_progress AS p CROSS JOIN generate_series(0, 63) AS s (slot)
LEFT JOIN mailbox_lease AS l ON l.recipient = p.recipient AND s.slot = ANY (l.slots);

GRANT SELECT, INSERT, UPDATE ON mailbox_slot TO crossroads_hub;

GRANT SELECT ON mailbox_slot TO crossroads_reader;

COMMENT ON TABLE mailbox_lease IS
    'The items that a consumer was given, and those it has not dealt with. Distributed by recipient.';

ALTER TABLE mailbox_lease DROP COLUMN slots, DROP COLUMN leased_until;

DROP TABLE mailbox_progress;

-- signatures seen once, and requests counted: unlogged, emptied by the recovery after a crash
-- depends: 0040_directory

-- migrate: apply

CREATE TABLE nonce (
    institution text NOT NULL,
    nonce text NOT NULL,
    slot smallint NOT NULL,
    PRIMARY KEY (institution, nonce, slot)
) PARTITION BY LIST (slot);

COMMENT ON TABLE nonce IS
    'Nonces of requests that were seen. The slot is the minute in which the request expires, modulo 16: a ring, of which the slots that are long past are emptied, so that no process makes or drops tables. Distributed by institution.';

CREATE UNLOGGED TABLE nonce_0 PARTITION OF nonce FOR VALUES IN (0);

CREATE UNLOGGED TABLE nonce_1 PARTITION OF nonce FOR VALUES IN (1);

CREATE UNLOGGED TABLE nonce_2 PARTITION OF nonce FOR VALUES IN (2);

CREATE UNLOGGED TABLE nonce_3 PARTITION OF nonce FOR VALUES IN (3);

CREATE UNLOGGED TABLE nonce_4 PARTITION OF nonce FOR VALUES IN (4);

CREATE UNLOGGED TABLE nonce_5 PARTITION OF nonce FOR VALUES IN (5);

CREATE UNLOGGED TABLE nonce_6 PARTITION OF nonce FOR VALUES IN (6);

CREATE UNLOGGED TABLE nonce_7 PARTITION OF nonce FOR VALUES IN (7);

CREATE UNLOGGED TABLE nonce_8 PARTITION OF nonce FOR VALUES IN (8);

CREATE UNLOGGED TABLE nonce_9 PARTITION OF nonce FOR VALUES IN (9);

CREATE UNLOGGED TABLE nonce_10 PARTITION OF nonce FOR VALUES IN (10);

CREATE UNLOGGED TABLE nonce_11 PARTITION OF nonce FOR VALUES IN (11);

CREATE UNLOGGED TABLE nonce_12 PARTITION OF nonce FOR VALUES IN (12);

CREATE UNLOGGED TABLE nonce_13 PARTITION OF nonce FOR VALUES IN (13);

CREATE UNLOGGED TABLE nonce_14 PARTITION OF nonce FOR VALUES IN (14);

CREATE UNLOGGED TABLE nonce_15 PARTITION OF nonce FOR VALUES IN (15);

CREATE UNLOGGED TABLE nonce_store (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    accepted_since timestamptz NOT NULL
);

COMMENT ON TABLE nonce_store IS
    'One row while the store of nonces is whole. It is unlogged as the store is: the recovery that empties one empties the other. Requests made before accepted_since are refused.';

CREATE UNLOGGED TABLE request_rate (
    institution text NOT NULL,
    reader integer NOT NULL,
    second bigint NOT NULL,
    requests integer NOT NULL,
    PRIMARY KEY (institution, reader)
) WITH (fillfactor = 50);

COMMENT ON TABLE request_rate IS
    'How many requests of an institution a connection of the hub saw in its latest second; their sum is the rate. A row for each connection, so that none waits for another.';

GRANT SELECT, INSERT ON nonce TO crossroads_hub;

GRANT TRUNCATE ON nonce_0, nonce_1, nonce_2, nonce_3, nonce_4, nonce_5, nonce_6, nonce_7, nonce_8, nonce_9, nonce_10, nonce_11, nonce_12, nonce_13, nonce_14, nonce_15 TO crossroads_hub;

GRANT SELECT ON nonce_0, nonce_1, nonce_2, nonce_3, nonce_4, nonce_5, nonce_6, nonce_7, nonce_8, nonce_9, nonce_10, nonce_11, nonce_12, nonce_13, nonce_14, nonce_15 TO crossroads_hub;

GRANT SELECT, INSERT ON nonce_store TO crossroads_hub;

GRANT SELECT, INSERT, UPDATE, DELETE ON request_rate TO crossroads_hub;

-- migrate: rollback

DROP TABLE request_rate, nonce_store, nonce;

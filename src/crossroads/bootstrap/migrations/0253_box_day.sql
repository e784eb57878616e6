-- what a sender published for a person in a day is counted, also where the box was not active
-- depends: 0240_bis_term
-- compatible: only an index is new; processes of the version before write the table as they did

-- migrate: apply

CREATE INDEX box_reference_day ON box_reference (institution, person, published_at) WHERE NOT active;

-- migrate: rollback

DROP INDEX box_reference_day;

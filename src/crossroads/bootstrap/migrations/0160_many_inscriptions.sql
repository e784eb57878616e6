-- institutions keep many lines at once, and compare their own list with those of the directory
-- depends: 0150_items_kept

-- migrate: apply

CREATE INDEX inscription_institution ON inscription (institution, inscription);

GRANT DELETE ON inscription_reference TO crossroads_hub;

-- migrate: rollback

REVOKE DELETE ON inscription_reference FROM crossroads_hub;

DROP INDEX inscription_institution;

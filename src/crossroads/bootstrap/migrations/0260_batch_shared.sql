-- several jobs share a batch: each page is of the job that took it
-- depends: 0253_box_day
-- compatible: processes of the version before know only batches that one job has, and none of the jobs that share one

-- migrate: apply

ALTER TABLE batch_page ADD COLUMN job uuid;

COMMENT ON COLUMN batch_page.job IS
    'The job that took the page, and alone goes on with it. Nobody took one that is not decided, nor one of a batch that one job has.';

-- migrate: rollback

ALTER TABLE batch_page DROP COLUMN job;

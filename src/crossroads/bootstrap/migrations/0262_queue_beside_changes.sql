-- the queue to the mailboxes can stand beside the changes: its key has the person, by whom both are spread
-- depends: 0260_batch_shared
-- compatible: the queue keeps its rows; processes of the version before write and read it as they did

-- migrate: apply

ALTER TABLE mutation_queue DROP CONSTRAINT mutation_queue_pkey, ADD PRIMARY KEY (mutation, person);

-- migrate: rollback

ALTER TABLE mutation_queue DROP CONSTRAINT mutation_queue_pkey, ADD PRIMARY KEY (mutation);

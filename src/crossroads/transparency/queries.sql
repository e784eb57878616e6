-- Queries of supervision: the numbers by which patterns are flagged, and who is watched. Both tables are small.

-- name: parameters
-- Give every version of every number, the newest last.
SELECT parameter, value, valid_from, name, reason, recorded_at FROM supervision_parameter
ORDER BY parameter, valid_from, recorded_at;

-- name: set_parameter!
-- Store a number from a day on.
INSERT INTO supervision_parameter (parameter, valid_from, recorded_at, value, reason, agent, name, ticket)
VALUES (:parameter, :valid_from, :recorded_at, :value, :reason, :agent, :name, :ticket);

-- name: watched
-- Give who is or was watched, the newest first.
SELECT watch, person, reason, first_day, last_day, name, recorded_at, ended_at, ended_name FROM supervision_watch
ORDER BY recorded_at DESC, watch LIMIT :limit;

-- name: watched_on
-- Give whom somebody has watched on a day, less what was ended before it began.
SELECT watch, person FROM supervision_watch
WHERE :day BETWEEN first_day AND last_day AND (ended_at IS NULL OR ended_at > :begins) ORDER BY watch;

-- name: add_watch!
-- Store that a person is watched.
INSERT INTO supervision_watch (watch, person, reason, first_day, last_day, agent, name, recorded_at)
VALUES (:watch, :person, :reason, :first_day, :last_day, :agent, :name, :recorded_at);

-- name: end_watch$
-- End a watch that lasts, and give the person.
UPDATE supervision_watch SET ended_at = :ended_at, ended_agent = :agent, ended_name = :name
WHERE watch = :watch AND ended_at IS NULL RETURNING person;

-- name: forget_watches!
-- Remove what was over before a day.
DELETE FROM supervision_watch WHERE last_day < :before;

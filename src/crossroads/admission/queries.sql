-- Queries of the gate.

-- name: take_search$
-- Count a search of an institution, and give how many there were in this minute, in whatever process.
INSERT INTO person_search_rate AS r (institution, minute, searches)
VALUES (:institution, floor(extract(epoch FROM clock_timestamp()) / 60), 1)
ON CONFLICT (institution) DO UPDATE SET
    searches = CASE r.minute WHEN excluded.minute THEN r.searches ELSE 0 END + 1,
    minute = excluded.minute
RETURNING searches;

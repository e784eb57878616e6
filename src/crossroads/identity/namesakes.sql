-- Who has the same last name, as far as the hub holds names: of people in the BIS register.

-- name: namesakes
-- Give, of several lists of people, those who have one last name: the list, and the people. Each list is numbered.
SELECT l.list, array_agg(DISTINCT b.person) AS persons
FROM unnest(:lists::int[], :persons::bigint[]) AS l (list, person) JOIN bis_particulars AS b ON b.person = l.person
GROUP BY l.list, lower(b.last_name) HAVING count(DISTINCT b.person) >= :least ORDER BY l.list;

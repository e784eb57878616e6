-- What a table is asked about: a row for each status of each person who lived on the day. `facts.py` says the same of one.
CREATE VIEW row AS
SELECT
  holding.ssin,
  holding.status,
  holding.start_date AS "statusStart",
  holding.end_date AS "statusEnd",
  holding.start_date <= DATE '{day}' AND (holding.end_date IS NULL OR holding.end_date >= DATE '{day}') AS active,
  date_sub('year', resident.birth, DATE '{day}') AS age,
  resident.birth AS "birthDate",
  resident.postcode,
  coalesce(home.collective, FALSE) AS collective,
  coalesce(home.size, 1) AS "householdSize",
  DATE '{day}' AS "day",
  DATE '{quarter}' AS "quarterStart",
  date_trunc('year', DATE '{day}')::DATE AS "yearStart",
  DATE '{year}' AS "yearEnd"
FROM holding
LEFT JOIN resident ON resident.ssin = holding.ssin
LEFT JOIN (SELECT ssin, bool_or(collective) AS collective, count(*) AS size FROM member GROUP BY ssin) AS home
  ON home.ssin = holding.ssin
WHERE (resident.death IS NULL OR resident.death > DATE '{day}') AND (resident.birth IS NULL OR resident.birth <= DATE '{day}');

-- Whom a right reaches that somebody opens, and for which days: `opened` has ssin, start, end and rule of each row that opens it.
WITH reached AS (
  SELECT opened.ssin, opened.start_date, opened.end_date, opened.rule
  FROM opened
  UNION ALL
  -- Of a household: each must be in the other's, where the register was asked about both; see `facts.opens_for`.
  SELECT home.member, opened.start_date, opened.end_date, opened.rule
  FROM opened
  JOIN member AS home ON home.ssin = opened.ssin AND home.member <> home.ssin AND NOT home.collective
  LEFT JOIN member AS back ON back.ssin = home.member AND back.member = home.ssin AND NOT back.collective
  LEFT JOIN (SELECT DISTINCT ssin FROM member) AS asked ON asked.ssin = home.member
  LEFT JOIN resident ON resident.ssin = home.member
  WHERE {household} AND (back.ssin IS NOT NULL OR asked.ssin IS NULL)
    AND (resident.death IS NULL OR resident.death > DATE '{day}')
    AND (resident.birth IS NULL OR resident.birth <= DATE '{day}')
),
-- Days that touch or overlap are one period; the rule that is named is the first of the table among those that opened it.
begun AS (
  SELECT *, coalesce(start_date > 1 + max(end_date) OVER (
    PARTITION BY ssin ORDER BY start_date, end_date ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  ), TRUE) AS anew
  FROM reached
),
numbered AS (
  SELECT *, count(*) FILTER (WHERE anew) OVER (PARTITION BY ssin ORDER BY start_date, end_date) AS part FROM begun
)
SELECT ssin, min(start_date) AS start_date, max(end_date) AS end_date, min(rule) AS rule
FROM numbered
GROUP BY ssin, part
ORDER BY ssin, min(start_date);

-- Queries of the reports that an institution made.

-- name: made_reports
-- Give the reports that an institution made about a person, under all keys of that person, the newest first.
SELECT report, reference, source, data_group, start_date, end_date, seen, presumed, text, reported_at, answer_by, delivered_at,
       outcome, reason, correction, answered_at
FROM error_report
WHERE person = ANY (:persons::bigint[]) AND reporter = :reporter
ORDER BY reported_at DESC, report LIMIT :limit;

-- Queries of presumed errors.

-- name: reports
-- Give reports, each by its person and key.
SELECT r.* FROM unnest(:persons::bigint[], :reports::uuid[]) AS asked (person, report)
JOIN error_report AS r ON r.person = asked.person AND r.report = asked.report;

-- name: person_of_report$
-- Give whom a report is about (over all persons).
SELECT person FROM error_report WHERE report = :report;

-- name: report^
-- Give a report, which nobody else may answer until the transaction ends.
SELECT * FROM error_report WHERE person = :person AND report = :report FOR UPDATE;

-- name: add_report!
-- Write a report.
INSERT INTO error_report (report, person, ssin, reporter, reference, source, data_group, start_date, end_date, seen, presumed,
                          text, reported_at, answer_by)
VALUES (:report, :person, :ssin, :reporter, :reference, :source, :data_group, :start_date, :end_date, :seen, :presumed,
        :text, :reported_at, :answer_by);

-- name: answer_report!
-- Keep what a source made of a report.
UPDATE error_report SET outcome = :outcome, reason = :reason, correction = :correction, answered_at = :moment
WHERE person = :person AND report = :report;

-- name: reports_delivered!
-- Keep that the source was told of reports.
UPDATE error_report AS r SET delivered_at = statement_timestamp()
FROM unnest(:persons::bigint[], :reports::uuid[]) AS d (person, report)
WHERE r.person = d.person AND r.report = d.report AND r.delivered_at IS NULL;

-- name: listed_reports
-- Give reports, those that wait longest first (over all persons): those without answer, whose day has passed, or all.
SELECT report, reporter, source, data_group, reported_at, delivered_at, answer_by, outcome, answered_at, correction
FROM error_report
WHERE (:answered OR outcome IS NULL) AND (:before::date IS NULL OR (outcome IS NULL AND answer_by < :before))
ORDER BY answer_by, reported_at, report;

-- name: report_place^
-- Give where a report of a source stands among those that wait (over all persons); no row where it is none of the source.
SELECT answer_by, reported_at FROM error_report WHERE report = :report AND source = :source;

-- name: open_reports
-- Give the reports that wait for an answer of a source (over all persons), those due first, from a place on, with the ticket
-- of the item that tells of each.
SELECT r.report, r.data_group, r.start_date, r.end_date, r.presumed, r.reported_at, r.answer_by, m.ticket
FROM error_report AS r JOIN mutation AS m ON m.person = r.person AND m.report = r.report AND m.kind = 'presumed-error'
WHERE r.outcome IS NULL AND r.source = :source
  AND (r.answer_by, r.reported_at, r.report) > (:answer_by::date, :reported_at::timestamptz, :report::uuid)
ORDER BY r.answer_by, r.reported_at, r.report LIMIT :limit;

-- name: count_open_reports$
-- Count the reports that wait for an answer of a source (over all persons).
SELECT count(*) FROM error_report WHERE outcome IS NULL AND source = :source;

-- name: given_items
-- Give the numbers of items of a mailbox that were given, by their tickets.
SELECT ticket, number FROM mailbox_item
WHERE recipient = :recipient AND ticket = ANY (:tickets::uuid[]) AND delivered_at IS NOT NULL;

-- name: correction^
-- Give what a change of a ticket corrected; no row where it corrected nothing (all persons).
SELECT person, source, data_group, start_date, end_date FROM mutation
WHERE ticket = :ticket AND kind = 'corrected' AND wrong_since IS NOT NULL;

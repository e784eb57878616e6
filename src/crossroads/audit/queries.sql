-- Queries of the log. No query touches rows of more than one stream unless it says so: the tables may be distributed by
-- stream.

-- name: add_streams(streams)!
-- Make the rows of streams that are not there yet, and of the tree above them.
INSERT INTO log_stream (stream) SELECT unnest(:streams::smallint[]) ON CONFLICT DO NOTHING;

-- name: durable_commits()
-- Wait for the disk at each commit of this session, also where the database is set not to.
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local');

-- name: free_streams(owner)
-- Give the streams that nobody holds, or this owner itself (all streams).
SELECT stream, epoch FROM log_stream
WHERE stream >= 0 AND (lease_until IS NULL OR lease_until < now() OR leased_by = :owner)
ORDER BY leased_by IS DISTINCT FROM :owner, stream;

-- name: orphaned_streams(grace)
-- Give the streams that were left with open questions, so long ago that nobody answers them any more (all streams).
SELECT stream, epoch FROM log_stream
WHERE stream >= 0 AND settled < size AND (lease_until IS NULL OR lease_until < now() - :grace::interval)
ORDER BY stream;

-- name: free_top(owner)
-- Give the tree above the streams, when nobody holds it, or this owner itself.
SELECT stream, epoch FROM log_stream
WHERE stream = -1 AND (lease_until IS NULL OR lease_until < now() OR leased_by = :owner);

-- name: lease_stream(owner, lease, stream, epoch)^
-- Take a free stream, with a new epoch that fences off whoever held it before; no row when another was faster.
UPDATE log_stream SET epoch = epoch + 1, leased_by = :owner, lease_until = now() + :lease::interval
WHERE stream = :stream AND epoch = :epoch AND (lease_until IS NULL OR lease_until < now() OR leased_by = :owner)
RETURNING epoch, size, frontier, settled;

-- name: renew_lease(lease, settled, stream, epoch)$
-- Hold on to a stream, and note before which entry no question is open; no row when it was taken.
UPDATE log_stream SET lease_until = now() + :lease::interval, settled = greatest(settled, :settled)
WHERE stream = :stream AND epoch = :epoch
RETURNING stream;

-- name: release_stream(settled, stream, epoch)!
-- Give a stream back.
UPDATE log_stream SET leased_by = NULL, lease_until = NULL, settled = greatest(settled, :settled)
WHERE stream = :stream AND epoch = :epoch;

-- name: append_entries(size, frontier, lease, stream, epoch, before, levels, positions, roots, events, tickets, persons, askers, moments, contents, salts, leaves)$
-- Append entries, the subtrees that they complete and the new head, all or nothing; no row when the stream was taken.
WITH head AS (
    UPDATE log_stream SET size = :size, frontier = :frontier, lease_until = now() + :lease::interval
    WHERE stream = :stream AND epoch = :epoch AND size = :before
    RETURNING stream, epoch
), subtrees AS (
    INSERT INTO log_subtree (stream, level, position, root)
    SELECT head.stream, s.level, s.position, s.root
    FROM head, unnest(:levels::smallint[], :positions::bigint[], :roots::bytea[]) AS s (level, position, root)
), entries AS (
    INSERT INTO log_entry (stream, index, epoch, event, ticket, person, asker, at, content, salts, leaf)
    SELECT head.stream, :before::bigint + e.number - 1, head.epoch,
           e.event, e.ticket, e.person, e.asker, e.at, e.content, e.salts, e.leaf
    FROM head, unnest(
        :events::text[], :tickets::uuid[], :persons::bigint[], :askers::text[], :moments::timestamptz[],
        :contents::jsonb[], :salts::bytea[], :leaves::bytea[]
    ) WITH ORDINALITY AS e (event, ticket, person, asker, at, content, salts, leaf, number)
)
SELECT stream FROM head;

-- name: open_questions(stream, first, last, closing)
-- Give the tickets of questions in a range that the same stream does not show ended.
SELECT d.ticket FROM log_entry d
WHERE d.stream = :stream AND d.index >= :first AND d.index < :last AND d.event = 'exchange:question:decided'
  AND NOT EXISTS (
    SELECT FROM log_entry a WHERE a.stream = :stream AND a.ticket = d.ticket AND a.event = ANY(:closing)
  )
ORDER BY d.index;

-- name: ended_tickets(tickets, closing)
-- Give those of the tickets that any stream shows ended (all streams).
SELECT DISTINCT ticket FROM log_entry WHERE ticket = ANY(:tickets::uuid[]) AND event = ANY(:closing);

-- name: heads()
-- Give the heads of all streams that have entries, at one moment (all streams).
SELECT stream, size, frontier FROM log_stream WHERE stream >= 0 AND size > 0 ORDER BY stream;

-- name: first_checkpoint(note)!
-- Store the checkpoint of the empty log.
INSERT INTO log_checkpoint (size, note, at) VALUES (0, :note, now()) ON CONFLICT DO NOTHING;

-- name: add_heads(index, heads, leaf, note)!
-- Add a list of heads and its checkpoint, once the tree above the streams was moved on, in the same transaction.
WITH top AS (
    INSERT INTO log_top (index, heads, leaf, at) VALUES (:index, :heads::jsonb, :leaf, now())
)
INSERT INTO log_checkpoint (size, note, at) VALUES (:index + 1, :note, now());

-- name: newest_checkpoint()^
-- Give the newest checkpoint with the list of heads under it.
SELECT c.size, c.note, t.heads FROM log_checkpoint c LEFT JOIN log_top t ON t.index = c.size - 1
ORDER BY c.size DESC LIMIT 1;

-- name: checkpoints_of_sizes(sizes)
-- Give the checkpoints of some sizes, each with the list of heads under it.
SELECT c.size, c.note, t.heads FROM log_checkpoint c LEFT JOIN log_top t ON t.index = c.size - 1
WHERE c.size = ANY(:sizes::bigint[]);

-- name: nodes_of_stream(stream, firsts, lasts, levels, positions)
-- Give the leaves of some ranges of a stream, at level 0, also of entries that went to an archive, and some stored roots of
-- its subtrees; no range goes over a multiple of 256. The ranges come by a subquery so that the plan, which takes longest
-- where there are many months, is made once. Each range is read by itself: a join would read the whole log as soon as it
-- looks small enough.
SELECT 0 AS level, e.index AS position, e.leaf AS root
FROM unnest((SELECT :firsts::bigint[]), (SELECT :lasts::bigint[])) AS w (first, last)
CROSS JOIN LATERAL (
    SELECT index, leaf FROM log_entry WHERE stream = :stream AND index BETWEEN w.first AND w.last ORDER BY index LIMIT 256
) AS e
UNION ALL
SELECT 0, i.index, substring(l.leaves FROM (i.index - l.first)::int * 32 + 1 FOR 32)
FROM unnest((SELECT :firsts::bigint[]), (SELECT :lasts::bigint[])) AS w (first, last)
JOIN log_leaf AS l ON l.stream = :stream AND l.first BETWEEN w.first & ~255::bigint AND w.last
CROSS JOIN LATERAL generate_series(
    greatest(w.first, l.first), least(w.last, l.first + octet_length(l.leaves) / 32 - 1)
) AS i (index)
UNION ALL
SELECT s.level, s.position, s.root FROM unnest(:levels::smallint[], :positions::bigint[]) AS w (level, position)
JOIN log_subtree AS s ON s.stream = :stream AND s.level = w.level AND s.position = w.position;

-- name: leaves_of_top(indexes)
-- Give some leaves of the tree above the streams.
SELECT index, leaf FROM log_top WHERE index = ANY(:indexes::bigint[]);

-- name: entry(stream, index)^
-- Give one entry.
SELECT event, ticket, person, asker, at, content, salts, leaf FROM log_entry
WHERE stream = :stream AND index = :index;

-- name: entries(stream, indexes)
-- Give some entries of a stream; each is looked up by itself, as a join over many months would read all of them.
SELECT w.index, e.* FROM unnest(:indexes::bigint[]) AS w (index)
CROSS JOIN LATERAL (
    SELECT event, ticket, person, asker, at, content, salts, leaf FROM log_entry
    WHERE stream = :stream AND index = w.index LIMIT 1
) AS e;

-- name: places_of_ticket(ticket)
-- Give where the entries of a ticket stand, in order of time (all streams).
SELECT stream, index FROM log_entry WHERE ticket = :ticket ORDER BY at, stream, index;

-- name: is_logged(ticket, event, page)$
-- Tell whether there is such an entry: of a ticket, of one page where one is named (all streams).
SELECT EXISTS (
    SELECT FROM log_entry
    WHERE ticket = :ticket AND event = :event AND (:page::int IS NULL OR (content ->> 'page')::int = :page::int)
);

-- name: asked_within(within)$
-- Tell whether one of the newest entries of a stream is about a single question, and no older than that. One from after
-- now was written under a wrong clock, and says nothing for longer than that either (all streams).
SELECT EXISTS (
    SELECT FROM log_stream AS s WHERE s.stream >= 0 AND EXISTS (
        SELECT FROM log_entry AS e WHERE e.stream = s.stream AND e.index >= s.size - 100
          AND e.at BETWEEN now() - :within::interval AND now() + :within::interval AND e.event LIKE 'exchange:%'
    )
);

-- name: usage(persons, first, until, after_at, after_stream, after_index, limit)
-- Give what was logged about some persons in a period, after a place, in order of time (all streams).
SELECT at, stream, index, event, ticket, person, asker, content FROM log_entry
WHERE person = ANY(:persons::bigint[]) AND at >= :first AND at < :until
  AND (at, stream, index) > (:after_at, :after_stream, :after_index)
ORDER BY at, stream, index LIMIT :limit;

-- name: given(persons, data_group, since, ticket, asker)
-- Give to whom a data group about some persons was given, by which source and for which days: in answers, in results of
-- batches, and as changes of which they were told; since a moment, under a ticket, to one institution where asked (all streams).
SELECT a.asker, g.block ->> 1 AS source, (d.days ->> 'startDate')::date AS start_date, (d.days ->> 'endDate')::date AS end_date
FROM log_entry AS a
CROSS JOIN LATERAL jsonb_array_elements(a.content -> 'groupsGiven') AS g (block)
CROSS JOIN LATERAL (
    SELECT p.permit -> 'dataGroups' -> :data_group::text AS days
    FROM log_entry AS q CROSS JOIN LATERAL jsonb_array_elements(q.content -> 'permits') AS p (permit)
    WHERE q.ticket = a.ticket AND q.event = 'exchange:question:decided' AND p.permit ->> 'holder' = g.block ->> 1
) AS d
WHERE a.event = 'exchange:answer:sent' AND a.person = ANY(:persons::bigint[]) AND g.block ->> 0 = :data_group::text
  AND d.days IS NOT NULL
  AND (:since::timestamptz IS NULL OR a.at >= :since) AND (:ticket::uuid IS NULL OR a.ticket = :ticket)
  AND (:asker::text IS NULL OR a.asker = :asker)
UNION
SELECT q.asker, p.permit ->> 'holder', (d.days ->> 'startDate')::date, (d.days ->> 'endDate')::date
FROM log_entry AS q
CROSS JOIN LATERAL jsonb_array_elements(q.content -> 'permits') AS p (permit)
CROSS JOIN LATERAL (SELECT p.permit -> 'dataGroups' -> :data_group::text AS days) AS d
WHERE q.event = 'batch:record:decided' AND q.person = ANY(:persons::bigint[]) AND d.days IS NOT NULL
  AND (:ticket::uuid IS NULL OR q.ticket = :ticket) AND (:asker::text IS NULL OR q.asker = :asker)
  AND EXISTS (
    SELECT FROM log_entry AS a CROSS JOIN LATERAL jsonb_array_elements(a.content -> 'groupsGiven') AS g (given)
    WHERE a.ticket = (q.content ->> 'batch')::uuid AND a.event = 'batch:page:answered'
      AND (:since::timestamptz IS NULL OR a.at >= :since)
      AND g.given ->> 0 = :data_group::text AND g.given ->> 1 = p.permit ->> 'holder'
      AND (g.given ->> 2)::int8multirange @> (q.content ->> 'number')::bigint
  )
UNION
SELECT asker, content ->> 'source', (content -> 'period' ->> 'startDate')::date, (content -> 'period' ->> 'endDate')::date
FROM log_entry
WHERE event = 'mutations:item:delivered' AND person = ANY(:persons::bigint[]) AND content ->> 'dataGroup' = :data_group::text
  AND (:since::timestamptz IS NULL OR at >= :since) AND (:ticket::uuid IS NULL OR ticket = :ticket)
  AND (:asker::text IS NULL OR asker = :asker);

-- name: months_left(since)
-- Give the months since a moment that left the database, as the log says (all streams).
SELECT DISTINCT content ->> 'month' AS month FROM log_entry
WHERE event = 'log:month:archived' AND content ->> 'month' >= to_char(:since::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM')
ORDER BY month;

-- name: patterns(days, since, until)
-- Find where an institution inscribed somebody, asked about the person and ended the inscription within so many days: by
-- closing, cutting or withdrawing it, or from the outset by its period (all streams).
SELECT o.content ->> 'institution' AS institution, o.person, o.content ->> 'context' AS context, o.at AS opened_at,
       o.ticket AS opened, c.ticket AS closed, c.at AS closed_at, c.ends AS ends, q.questions, q.tickets
FROM log_entry AS o
CROSS JOIN LATERAL (
    SELECT (o.content -> 'period' ->> 'endDate')::date AS ends, o.at + make_interval(days => :days) AS before,
           (o.at AT TIME ZONE 'Europe/Brussels')::date + :days AS last
) AS w
CROSS JOIN LATERAL (
    SELECT e.ticket, e.at, NULL::date AS ends, e.at AS before FROM log_entry AS e
    WHERE e.person = o.person AND e.at > o.at AND e.at <= w.before
      AND e.event IN ('directory:inscription:closed', 'directory:inscription:cut', 'directory:inscription:cancelled')
      AND (e.event <> 'directory:inscription:closed' OR (e.content -> 'period' ->> 'endDate')::date <= w.last)
      AND e.content ->> 'institution' = o.content ->> 'institution' AND e.content ->> 'context' = o.content ->> 'context'
    UNION ALL
    SELECT NULL, NULL, w.ends, w.before WHERE w.ends <= w.last
    ORDER BY 2 DESC NULLS LAST LIMIT 1
) AS c
CROSS JOIN LATERAL (
    SELECT count(*) AS questions, (array_agg(e.ticket ORDER BY e.at))[1 : 10] AS tickets FROM log_entry AS e
    WHERE e.person = o.person AND e.at > o.at AND e.at < c.before AND e.asker = o.content ->> 'institution'
      AND (e.event = 'exchange:question:decided' OR e.event = 'batch:record:decided' AND e.content -> 'permits' <> '[]')
) AS q
WHERE o.event = 'directory:inscription:opened' AND o.at >= :since AND o.at < :until AND q.questions > 0
ORDER BY o.at, o.stream, o.index;

-- name: decided(tickets, events)
-- Give, of the entries under some tickets, what may be asked of whom, and the statement (all streams).
SELECT ticket, content -> 'permits' AS permits, content ->> 'statement' AS statement
FROM log_entry WHERE ticket = ANY(:tickets::uuid[]) AND event = ANY(:events::text[]);

-- name: answered()
-- Give which sources answered questions and pages of batches, and what records of those (all streams).
SELECT event, ticket, content -> 'sources' AS sources FROM log_entry
WHERE event IN ('exchange:answer:sent', 'batch:page:answered') AND content IS NOT NULL
ORDER BY stream, index;

-- name: terms()
-- Give for each class for how many days what it says stays, and from before which moment it may go today, in Brussels.
SELECT class, max(days) AS days,
       (date_trunc('day', now() AT TIME ZONE 'Europe/Brussels') - make_interval(days => max(days)))
           AT TIME ZONE 'Europe/Brussels' AS before
FROM log_term GROUP BY class ORDER BY class;

-- name: expirable(log_class, since, before)
-- Give the ranges of entries of a class, of a stretch of time, that still say something, and how many do (all streams).
SELECT stream, min(index) FILTER (WHERE says) AS first, max(index) FILTER (WHERE says) AS last,
       count(*) FILTER (WHERE says) AS entries
FROM (
    SELECT stream, index,
           content IS NOT NULL AND event IN (SELECT event FROM log_term WHERE class = :log_class) AS says,
           index - row_number() OVER (PARTITION BY stream ORDER BY index) AS stretch
    FROM log_entry WHERE at >= :since AND at < :before
) AS old
GROUP BY stream, stretch HAVING bool_or(says) ORDER BY stream, first;

-- name: expire_range(stream, first, last, log_class)$
-- Remove what entries of a class say whose days are over, and count them; the leaf stays.
SELECT expire_log(:stream::smallint, :first::bigint, :last::bigint, :log_class);

-- name: expired_before(log_class)$
-- Give the moment up to which the entries of a class have expired by themselves.
SELECT before FROM log_expired WHERE class = :log_class;

-- name: keep_expired(log_class, before)!
-- Keep the moment up to which the entries of a class have expired by themselves.
INSERT INTO log_expired (class, before) VALUES (:log_class, :before)
ON CONFLICT (class) DO UPDATE SET before = greatest(log_expired.before, excluded.before);

-- name: own_entries(event)
-- Give the entries of the log about itself: that a range expired, or that a month was archived (all streams).
SELECT stream, index, at, content FROM log_entry
WHERE event = :event AND event IN ('log:range:expired', 'log:month:archived') ORDER BY at, stream, index;

-- name: add_months(parent, months)
-- Make the partitions of a table for this month and those after it that are not there, and give their names.
SELECT add_months(:parent, :months::int) AS name;

-- name: months_ahead()$
-- Tell for how many months after this one there are partitions of the log, without a gap.
SELECT count(*) FROM (
    SELECT bool_and(is_made('log_entry', (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => n))
                                         AT TIME ZONE 'UTC')) OVER (ORDER BY n) AS so_far
    FROM generate_series(1, 120) AS n
) AS month
WHERE so_far;

-- name: old_months(before)
-- Give the months that are over before a moment, of partitions and of what is in those of no month.
SELECT DISTINCT month FROM log_months(:before::timestamptz) AS month
WHERE (month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC' <= :before::timestamptz ORDER BY month;

-- name: month_ranges(since, until)
-- Give the ranges of entries of a month that may leave, how many they are and how many say something (all streams).
SELECT stream, min(index) AS first, max(index) AS last, count(*) AS entries, count(content) AS speaking
FROM (
    SELECT stream, index, content, index - row_number() OVER (PARTITION BY stream ORDER BY index) AS stretch
    FROM log_entry WHERE at >= :since AND at < :until AND event IN (SELECT event FROM log_term)
) AS month
GROUP BY stream, stretch ORDER BY stream, first;

-- name: walk_month(since, until)
-- Give the entries of a month that may leave, in the order of each stream (all streams).
SELECT stream, index, epoch, event, ticket, person, asker, at, content, salts, leaf FROM log_entry
WHERE at >= :since AND at < :until AND event IN (SELECT event FROM log_term) ORDER BY stream, index;

-- name: drop_month(month, entries, speaking)
-- Keep the leaves of an archived month and remove its entries.
SELECT drop_log_month(:month::timestamptz, :entries::bigint, :speaking::bigint);

-- name: has_leaf(stream, index)$
-- Tell whether an entry went to an archive.
SELECT EXISTS (
    SELECT FROM log_leaf WHERE stream = :stream AND first BETWEEN :index::bigint & ~255::bigint AND :index
     AND :index < first + octet_length(leaves) / 32
);

-- name: walk_leaves(stream)
-- Give the leaves of a stream whose entries went to an archive, in order.
SELECT first, leaves FROM log_leaf WHERE stream = :stream ORDER BY first;

-- name: all_heads()
-- Give the heads of all streams and of the tree above them (all streams).
SELECT stream, size, frontier FROM log_stream ORDER BY stream;

-- name: walk_entries(stream)
-- Give all entries of a stream, in order.
SELECT index, event, ticket, person, asker, at, content, salts, leaf FROM log_entry
WHERE stream = :stream ORDER BY index, at;

-- name: walk_subtrees(stream)
-- Give all stored subtrees of a stream in the order in which they were completed.
SELECT level, position, root FROM log_subtree
WHERE stream = :stream ORDER BY (position + 1) << level, level;

-- name: walk_top()
-- Give all lists of heads with their checkpoints, in order.
SELECT t.index, t.heads, t.leaf, c.note FROM log_top t LEFT JOIN log_checkpoint c ON c.size = t.index + 1
ORDER BY t.index;

-- name: served(since, until, closing)^
-- Count, for a stretch of time: questions, those that the log still tells of, those whose answer was lost, those answered
-- within one and two seconds, minutes with questions and those in which one was lost, files that ended, and those in time
-- (all streams). A refusal left when its entry was written; an answer, at the moment that its entry holds.
WITH decided AS MATERIALIZED (
    SELECT ticket, at, event = 'exchange:question:refused' AS refused, (content ->> 'receivedAt')::timestamptz AS received
    FROM log_entry
    WHERE at >= :since AND at < :until AND event IN ('exchange:question:decided', 'exchange:question:refused')
), answered AS MATERIALIZED (
    SELECT ticket, (content ->> 'repliedAt')::timestamptz AS replied
    FROM log_entry WHERE at >= :since AND at < :closing AND event = 'exchange:answer:sent'
), question AS (
    SELECT d.at, d.received IS NOT NULL AS known, CASE WHEN d.refused THEN d.at ELSE a.replied END - d.received AS took
    FROM decided AS d LEFT JOIN answered AS a ON a.ticket = d.ticket AND NOT d.refused
), file AS (
    SELECT e.event = 'batch:file:completed'
       AND (e.at AT TIME ZONE 'Europe/Brussels')::date - (a.at AT TIME ZONE 'Europe/Brussels')::date <= 4 AS in_time
    FROM log_entry AS e
    CROSS JOIN LATERAL (
        SELECT at FROM log_entry WHERE ticket = e.ticket AND event = 'batch:voucher:accepted' LIMIT 1
    ) AS a
    WHERE e.at >= :since AND e.at < :until
      AND (e.event = 'batch:file:completed' OR e.event = 'batch:file:cancelled' AND e.content ->> 'by' = 'hub')
)
SELECT count(*) AS questions, count(*) FILTER (WHERE known) AS known,
       count(*) FILTER (WHERE known AND took IS NULL) AS lost,
       count(*) FILTER (WHERE took <= interval '1 second') AS within_one_second,
       count(*) FILTER (WHERE took <= interval '2 seconds') AS within_two_seconds,
       count(DISTINCT date_trunc('minute', at)) FILTER (WHERE known) AS minutes,
       count(DISTINCT date_trunc('minute', at)) FILTER (WHERE known AND took IS NULL) AS minutes_lost,
       (SELECT count(*) FROM file) AS batches, (SELECT count(*) FROM file WHERE in_time) AS batches_in_time
FROM question;

-- name: log_began()$
-- Give the moment of the first entry (all streams).
SELECT min(e.at) FROM log_stream AS s JOIN log_entry AS e ON e.stream = s.stream AND e.index = 0 WHERE s.stream >= 0;

-- name: counted_days()
-- Give all days that were counted.
SELECT * FROM service_level ORDER BY day;

-- name: keep_day(day, questions, known, lost, within_one_second, within_two_seconds, minutes, minutes_lost, batches, batches_in_time)!
-- Keep what was counted of a day, unless another process has.
INSERT INTO service_level VALUES (
    :day, :questions, :known, :lost, :within_one_second, :within_two_seconds, :minutes, :minutes_lost, :batches,
    :batches_in_time
) ON CONFLICT DO NOTHING;

-- Queries of drafts. The tables are small, and stay with the coordinator.

-- name: begin_draft!
-- Begin a draft.
INSERT INTO committee_draft (draft, begun_at) VALUES (:draft, :at);

-- name: lock_draft^
-- Let nobody else change a draft until the end of this transaction, and give whether it can still be changed.
SELECT draft, decided_at, dropped_at FROM committee_draft WHERE draft = :draft FOR UPDATE;

-- name: newest_version$
-- Give the number of the newest text of a draft.
SELECT max(version) FROM committee_version WHERE draft = :draft;

-- name: add_version!
-- Store a text.
INSERT INTO committee_version (draft, version, content, agent, name, saved_at, ticket)
VALUES (:draft, :version, :content::jsonb, :agent, :name, :at, :ticket);

-- name: add_agreement!
-- Store that somebody agrees to a text.
INSERT INTO committee_agreement (draft, version, agent, name, agreed_at, ticket)
VALUES (:draft, :version, :agent, :name, :at, :ticket);

-- name: decide!
-- Store that a draft is decided.
UPDATE committee_draft SET decided_at = :at WHERE draft = :draft;

-- name: drop!
-- Store that a draft is given up.
UPDATE committee_draft SET dropped_at = :at WHERE draft = :draft;

-- name: drafts
-- Give the drafts, the newest first, each with its newest text; one alone where it is named.
SELECT d.draft, d.decided_at, d.dropped_at, v.version, v.content, v.agent, v.name, v.saved_at
FROM committee_draft AS d CROSS JOIN LATERAL (
    SELECT * FROM committee_version WHERE draft = d.draft ORDER BY version DESC LIMIT 1
) AS v
WHERE :draft::uuid IS NULL OR d.draft = :draft ORDER BY d.begun_at DESC, d.draft LIMIT :limit;

-- name: versions
-- Give every text of a draft, the newest first.
SELECT version, content, agent, name, saved_at FROM committee_version WHERE draft = :draft ORDER BY version DESC;

-- name: agreements
-- Give who agreed to which text of some drafts, in order.
SELECT draft, version, agent, name, agreed_at FROM committee_agreement
WHERE draft = ANY (:drafts::uuid[]) ORDER BY agreed_at, agent;

-- name: believed
-- Give every version of some authorisations that the catalogue has or had, and from when until when.
SELECT body, recorded_at, NULL::timestamptz AS recorded_until FROM catalogue_entry
WHERE kind = 'authorisation' AND key = ANY (:references::text[])
UNION ALL
SELECT body, recorded_at, recorded_until FROM catalogue_entry_history
WHERE kind = 'authorisation' AND key = ANY (:references::text[]);

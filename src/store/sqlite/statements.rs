//! Every statement that writes a commit, one for each table: `?1` is the account, `?2` the rows as JSON.
//!
//! `jsonb_each` and not `json_each`: with that, SQLite prints and parses each row again for each of its columns, and a
//! sweep's commits cost twice the CPU (measured, 10,000 clients). It came with SQLite 3.51, which is linked in.
//!
//! `WHERE true` stands where SQLite would otherwise take `ON CONFLICT` for the condition of a join.

pub(super) const ACCOUNT: &str = "
INSERT INTO account (account, state, changed_at)
SELECT ?1, value ->> 'state', value ->> 'changed_at' FROM jsonb_each(?2) WHERE true
ON CONFLICT (account) DO UPDATE SET state = excluded.state, changed_at = excluded.changed_at";

/// Clients that did not change are not written: most commits change none.
pub(super) const CLIENT: &str = "
INSERT INTO client (account, client, email, company, firstname, lastname, country, balance_management, fingerprint,
    first_seen_at, missing_inventories, missing_since, vanished_at, edited_at)
SELECT ?1, value ->> 'client', value ->> 'email', value ->> 'company', value ->> 'firstname', value ->> 'lastname',
    value ->> 'country', value ->> 'balance_management', value ->> 'fingerprint', value ->> 'first_seen_at',
    value ->> 'missing_inventories', value ->> 'missing_since', value ->> 'vanished_at', value ->> 'edited_at'
FROM jsonb_each(?2) WHERE true
ON CONFLICT (account, client) DO UPDATE SET email = excluded.email, company = excluded.company,
    firstname = excluded.firstname, lastname = excluded.lastname, country = excluded.country,
    balance_management = excluded.balance_management, fingerprint = excluded.fingerprint,
    first_seen_at = excluded.first_seen_at, missing_inventories = excluded.missing_inventories,
    missing_since = excluded.missing_since, vanished_at = excluded.vanished_at, edited_at = excluded.edited_at
WHERE (client.email, client.company, client.firstname, client.lastname, client.country, client.balance_management,
    client.fingerprint, client.first_seen_at, client.missing_inventories, client.missing_since, client.vanished_at,
    client.edited_at)
    IS NOT (excluded.email, excluded.company, excluded.firstname, excluded.lastname, excluded.country,
    excluded.balance_management, excluded.fingerprint, excluded.first_seen_at, excluded.missing_inventories,
    excluded.missing_since, excluded.vanished_at, excluded.edited_at)";

/// Leaves the open entry of the history as it is.
pub(super) const LAST_READING: &str = "
INSERT INTO last_reading (account, client, balance, spent_today, spent_total, read_at, previous_balance,
    previous_spent_today, previous_spent_total, previous_read_at, threshold, threshold_email, threshold_read_at,
    first_attempt_at, last_attempt_at, last_error, judged)
SELECT ?1, value ->> 'client', value ->> 'balance', value ->> 'spent_today', value ->> 'spent_total',
    value ->> 'read_at', value ->> 'previous_balance', value ->> 'previous_spent_today',
    value ->> 'previous_spent_total', value ->> 'previous_read_at', value ->> 'threshold',
    value ->> 'threshold_email', value ->> 'threshold_read_at', value ->> 'first_attempt_at',
    value ->> 'last_attempt_at', value ->> 'last_error', value ->> 'judged'
FROM jsonb_each(?2) WHERE true
ON CONFLICT (account, client) DO UPDATE SET balance = excluded.balance, spent_today = excluded.spent_today,
    spent_total = excluded.spent_total, read_at = excluded.read_at, previous_balance = excluded.previous_balance,
    previous_spent_today = excluded.previous_spent_today, previous_spent_total = excluded.previous_spent_total,
    previous_read_at = excluded.previous_read_at, threshold = excluded.threshold,
    threshold_email = excluded.threshold_email, threshold_read_at = excluded.threshold_read_at,
    first_attempt_at = excluded.first_attempt_at, last_attempt_at = excluded.last_attempt_at,
    last_error = excluded.last_error, judged = excluded.judged";

/// The last number that a closed entry of the history ever had.
pub(super) const HISTORY_LAST_SEQ: &str = "
SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'reading_history'";

/// Closes the open entries that differ from what was seen now. `?3` is the last number; the row's place is added to it.
pub(super) const HISTORY_CLOSE: &str = "
INSERT INTO reading_history (seq, account, client, first_seen_at, last_seen_at, count, balance, spent_today, threshold,
    error, prior)
SELECT ?3 + 1 + entry.key, kept.account, kept.client, kept.kept_first_seen_at, kept.kept_last_seen_at,
    kept.kept_count, kept.kept_balance, kept.kept_spent_today, kept.kept_threshold, kept.kept_error, kept.kept_prior
FROM jsonb_each(?2) AS entry
CROSS JOIN last_reading AS kept ON kept.account = ?1 AND kept.client = entry.value ->> 'client'
WHERE kept.kept_first_seen_at IS NOT NULL
    AND (kept.kept_balance, kept.kept_spent_today, kept.kept_threshold, kept.kept_error)
    IS NOT (entry.value ->> 'balance', entry.value ->> 'spent_today', entry.value ->> 'threshold',
        entry.value ->> 'error')
ORDER BY entry.key";

/// Extends the open entries that equal what was seen now, and opens new ones for the others. Must follow
/// [`HISTORY_CLOSE`] with the same arguments: both tell same from different by the same comparison.
pub(super) const HISTORY_KEEP: &str = "
INSERT INTO last_reading (account, client, kept_first_seen_at, kept_last_seen_at, kept_count, kept_balance,
    kept_spent_today, kept_threshold, kept_error, kept_prior)
SELECT ?1, client, iif(same, kept_first_seen_at, at), iif(same, max(kept_last_seen_at, at), at),
    iif(same, kept_count, 0) + 1, balance, spent_today, threshold, error,
    iif(same OR kept_first_seen_at IS NULL, kept_prior, ?3 + 1 + key)
FROM (
    SELECT entry.key AS key, entry.value ->> 'client' AS client, entry.value ->> 'at' AS at,
        entry.value ->> 'balance' AS balance, entry.value ->> 'spent_today' AS spent_today,
        entry.value ->> 'threshold' AS threshold, entry.value ->> 'error' AS error,
        kept.kept_first_seen_at, kept.kept_last_seen_at, kept.kept_count, kept.kept_prior,
        kept.kept_first_seen_at IS NOT NULL
            AND (kept.kept_balance, kept.kept_spent_today, kept.kept_threshold, kept.kept_error)
            IS (entry.value ->> 'balance', entry.value ->> 'spent_today', entry.value ->> 'threshold',
                entry.value ->> 'error') AS same
    FROM jsonb_each(?2) AS entry
    LEFT JOIN last_reading AS kept ON kept.account = ?1 AND kept.client = entry.value ->> 'client'
) WHERE true
ON CONFLICT (account, client) DO UPDATE SET kept_first_seen_at = excluded.kept_first_seen_at,
    kept_last_seen_at = excluded.kept_last_seen_at, kept_count = excluded.kept_count,
    kept_balance = excluded.kept_balance, kept_spent_today = excluded.kept_spent_today,
    kept_threshold = excluded.kept_threshold, kept_error = excluded.kept_error, kept_prior = excluded.kept_prior";

pub(super) const ALERT: &str = "
INSERT INTO alert (account, client, policy, state, episode, condition, phase, reason)
SELECT ?1, value ->> 'client', value ->> 'policy', value ->> 'state', value ->> 'episode', value ->> 'condition',
    value ->> 'phase', value ->> 'reason'
FROM jsonb_each(?2) WHERE true
ON CONFLICT (account, client, policy) DO UPDATE SET state = excluded.state, episode = excluded.episode,
    condition = excluded.condition, phase = excluded.phase, reason = excluded.reason";

pub(super) const ALERT_GONE: &str = "
DELETE FROM alert WHERE account = ?1
    AND (client, policy) IN (SELECT value ->> 'client', value ->> 'policy' FROM jsonb_each(?2))";

/// A known message keeps its place in the queue, and with it the order within its thread.
pub(super) const MESSAGE: &str = "
INSERT INTO message (id, account, channel, recipient, thread, kind, created_at, not_before, deadline, paced,
    paced_rank, attempts, next_at, state, why)
SELECT value ->> 'id', value ->> 'account', value ->> 'channel', value ->> 'recipient', value ->> 'thread',
    value ->> 'kind', value ->> 'created_at', value ->> 'not_before', value ->> 'deadline', value ->> 'paced',
    value ->> 'paced_rank', value ->> 'attempts', value ->> 'next_at', value ->> 'state', value ->> 'why'
FROM jsonb_each(?2) WHERE true ORDER BY key
ON CONFLICT (id) DO UPDATE SET account = excluded.account, channel = excluded.channel, recipient = excluded.recipient,
    thread = excluded.thread, kind = excluded.kind, created_at = excluded.created_at,
    not_before = excluded.not_before, deadline = excluded.deadline, paced = excluded.paced,
    paced_rank = excluded.paced_rank, attempts = excluded.attempts, next_at = excluded.next_at,
    state = excluded.state, why = excluded.why";

pub(super) const NOTIFICATION: &str = "
INSERT INTO notification (id, account, client, policy, episode, transition, severity, channel, recipient, facts,
    created_at, message, state, why)
SELECT value ->> 'id', value ->> 'account', value ->> 'client', value ->> 'policy', value ->> 'episode',
    value ->> 'transition', value ->> 'severity', value ->> 'channel', value ->> 'recipient', value ->> 'facts',
    value ->> 'created_at', value ->> 'message', value ->> 'state', value ->> 'why'
FROM jsonb_each(?2) WHERE true ORDER BY key
ON CONFLICT (id) DO UPDATE SET account = excluded.account, client = excluded.client, policy = excluded.policy,
    episode = excluded.episode, transition = excluded.transition, severity = excluded.severity,
    channel = excluded.channel, recipient = excluded.recipient, facts = excluded.facts,
    created_at = excluded.created_at, message = excluded.message, state = excluded.state, why = excluded.why";

pub(super) const NOTIFICATION_CARRIED: &str = "
UPDATE notification SET message = carried.value ->> 'message'
FROM jsonb_each(?2) AS carried WHERE notification.id = carried.value ->> 'id'";

pub(super) const NOTIFICATION_FATE: &str = "
UPDATE notification SET state = fate.value ->> 'state', why = fate.value ->> 'why'
FROM jsonb_each(?2) AS fate WHERE notification.message = fate.value ->> 'message'";

pub(super) const ATTEMPT: &str = "
INSERT INTO attempt (message, number, at, outcome, detail)
SELECT value ->> 'message', value ->> 'number', value ->> 'at', value ->> 'outcome', value ->> 'detail'
FROM jsonb_each(?2) WHERE true
ON CONFLICT (message, number) DO UPDATE SET at = excluded.at, outcome = excluded.outcome, detail = excluded.detail";

pub(super) const ENFORCEMENT: &str = "
INSERT INTO enforcement (id, account, client, policy, episode, direction, wanted, balance, planned_at, state, detail,
    changed_at, code_before, code_sent, fingerprint_before, fingerprint_after, before_image, window_ms, settle_at,
    waited, told)
SELECT value ->> 'id', value ->> 'account', value ->> 'client', value ->> 'policy', value ->> 'episode',
    value ->> 'direction', value ->> 'wanted', value ->> 'balance', value ->> 'planned_at', value ->> 'state',
    value ->> 'detail', value ->> 'changed_at', value ->> 'code_before', value ->> 'code_sent',
    value ->> 'fingerprint_before', value ->> 'fingerprint_after', value ->> 'before_image', value ->> 'window_ms',
    value ->> 'settle_at', value ->> 'waited', value ->> 'told'
FROM jsonb_each(?2) WHERE true ORDER BY key
ON CONFLICT (id) DO UPDATE SET account = excluded.account, client = excluded.client, policy = excluded.policy,
    episode = excluded.episode, direction = excluded.direction, wanted = excluded.wanted, balance = excluded.balance,
    planned_at = excluded.planned_at, state = excluded.state, detail = excluded.detail,
    changed_at = excluded.changed_at, code_before = excluded.code_before, code_sent = excluded.code_sent,
    fingerprint_before = excluded.fingerprint_before, fingerprint_after = excluded.fingerprint_after,
    before_image = excluded.before_image, window_ms = excluded.window_ms, settle_at = excluded.settle_at,
    waited = excluded.waited, told = excluded.told";

pub(super) const ENFORCEMENT_STEP: &str = "
INSERT INTO enforcement_step (enforcement, number, at, step, detail)
SELECT value ->> 'enforcement', value ->> 'number', value ->> 'at', value ->> 'step', value ->> 'detail'
FROM jsonb_each(?2) WHERE true
ON CONFLICT (enforcement, number) DO UPDATE SET at = excluded.at, step = excluded.step, detail = excluded.detail";

pub(super) const DECISION: &str = "
INSERT INTO decision (account, id, kind, scope, by, at, until, note)
SELECT ?1, value ->> 'id', value ->> 'kind', value ->> 'scope', value ->> 'by', value ->> 'at', value ->> 'until',
    value ->> 'note'
FROM jsonb_each(?2) WHERE true
ON CONFLICT (account, id) DO UPDATE SET kind = excluded.kind, scope = excluded.scope, by = excluded.by,
    at = excluded.at, until = excluded.until, note = excluded.note";

/// The same for one that gives way to what is in force.
pub(super) const DECISION_UNLESS_IN_FORCE: &str = "
INSERT INTO decision (account, id, kind, scope, by, at, until, note)
SELECT ?1, value ->> 'id', value ->> 'kind', value ->> 'scope', value ->> 'by', value ->> 'at', value ->> 'until',
    value ->> 'note'
FROM jsonb_each(?2) WHERE true
ON CONFLICT (account, id) DO UPDATE SET kind = excluded.kind, scope = excluded.scope, by = excluded.by,
    at = excluded.at, until = excluded.until, note = excluded.note
WHERE decision.until <= excluded.at";

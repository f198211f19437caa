//! The statements that write a commit: `?1` is the account, `?2` the rows as JSON.
//!
//! `jsonb_each` and not `json_each`: with that, SQLite prints and parses each row again for each of its columns, and a
//! sweep's commits cost twice the CPU (measured, 10,000 clients). It came with SQLite 3.51, which is linked in.
//!
//! `WHERE true` stands where SQLite would otherwise take `ON CONFLICT` for the condition of a join.

use crate::store::encode::Row;

/// Inserts rows, and replaces those that are known. A known row of a queue keeps its place.
pub fn upsert<R: Row>() -> String {
    let (account, its_value) = match R::KEY[0] {
        "account" => ("account, ", "?1, "),
        _ => ("", ""),
    };
    let order = if R::KEY == ["id"] { " ORDER BY key" } else { "" };
    format!(
        "INSERT INTO {} ({account}{}) SELECT {its_value}{} FROM jsonb_each(?2) WHERE true{order}
        ON CONFLICT ({}) DO UPDATE SET {}",
        R::TABLE,
        R::COLUMNS.join(", "),
        list(R::COLUMNS.iter(), |column| format!("value ->> '{column}'")),
        R::KEY.join(", "),
        list(replaced::<R>(), |column| format!("{column} = excluded.{column}")),
    )
}

/// The same, but for rows that did not change. Worth the comparison where most do not.
pub fn upsert_changed<R: Row>() -> String {
    format!(
        "{} WHERE ({}) IS NOT ({})",
        upsert::<R>(),
        list(replaced::<R>(), |column| format!("{}.{column}", R::TABLE)),
        list(replaced::<R>(), |column| format!("excluded.{column}")),
    )
}

/// The columns that a known row gets anew.
fn replaced<R: Row>() -> impl Iterator<Item = &'static &'static str> {
    R::COLUMNS.iter().filter(|column| !R::KEY.contains(column))
}

fn list<'a>(columns: impl Iterator<Item = &'a &'a str>, each: impl Fn(&str) -> String) -> String {
    columns.map(|column| each(column)).collect::<Vec<_>>().join(", ")
}

/// The last number that a closed entry of the history ever had.
pub const HISTORY_LAST_SEQ: &str = "
SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'reading_history'";

/// Closes the open entries that differ from what was seen now. `?3` is the last number; the row's place is added to it.
pub const HISTORY_CLOSE: &str = "
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
pub const HISTORY_KEEP: &str = "
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

pub const ALERT_GONE: &str = "
DELETE FROM alert WHERE account = ?1
    AND (client, policy) IN (SELECT value ->> 'client', value ->> 'policy' FROM jsonb_each(?2))";

/// Two of these for each message make up most of what a burst of mails writes, so no column is written that cannot change:
/// the indexes of the others stay as they are.
pub const MESSAGE_MOVED: &str = "
UPDATE message SET not_before = value ->> 'not_before', deadline = value ->> 'deadline', attempts = value ->> 'attempts',
    next_at = value ->> 'next_at', state = value ->> 'state', why = value ->> 'why', receipt = value ->> 'receipt'
FROM jsonb_each(?2) WHERE message.id = value ->> 'id'";

pub const NOTIFICATION_CARRIED: &str = "
UPDATE notification SET message = carried.value ->> 'message'
FROM jsonb_each(?2) AS carried WHERE notification.id = carried.value ->> 'id'";

pub const NOTIFICATION_FATE: &str = "
UPDATE notification SET state = fate.value ->> 'state', why = fate.value ->> 'why'
FROM jsonb_each(?2) AS fate WHERE notification.message = fate.value ->> 'message'";

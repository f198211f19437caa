//! The writes that are no commits: what people decide, and forgetting what is old.

use jiff::Timestamp;
use sqlx::{AssertSqlSafe, Row, SqlSafeStr};

use super::statements::upsert;
use super::{Fault, Sqlite};
use crate::domain::AccountName;
use crate::domain::decision::Decision;
use crate::store::encode::{DecisionRow, nanos, rows};

/// Entries of the history that one transaction looks at: some 10 ms, so that no sweep waits for the forgetting.
const FORGET_ROWS: i64 = 10_000;

const REVOKE: &str = "DELETE FROM decision WHERE account = ?1 AND id = ?2";

/// The last number of the next stretch, and the oldest time in it. Entries are closed in the order of time, so the
/// first stretch that holds nothing old is the end of what there is to forget.
const STRETCH: &str = "
SELECT max(seq) AS last, min(last_seen_at) AS oldest
FROM (SELECT seq, last_seen_at FROM reading_history WHERE seq > ?1 ORDER BY seq LIMIT ?2 + 0)";

const FORGET_STRETCH: &str = "
DELETE FROM reading_history WHERE seq > ?1 AND seq <= ?2 AND account = ?3 AND last_seen_at < ?4";

/// What was told and finished before then. What still waits stays, however old.
const FORGET_NOTICES: [&str; 3] = [
    "DELETE FROM notification WHERE account = ?1 AND created_at < ?2 AND state NOT IN ('pending', 'sending')",
    "DELETE FROM attempt WHERE at < ?2 AND message IN (
        SELECT id FROM message WHERE account = ?1 AND created_at < ?2 AND state NOT IN ('pending', 'sending')
            AND NOT EXISTS (SELECT 1 FROM notification WHERE notification.message = message.id))",
    "DELETE FROM message WHERE account = ?1 AND created_at < ?2 AND state NOT IN ('pending', 'sending')
        AND NOT EXISTS (SELECT 1 FROM notification WHERE notification.message = message.id)
        AND NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.message = message.id)",
];

/// What people decided about alerts, when it is over: by its end, or with its episode. The brake and what else holds until it
/// is taken back stays.
const FORGET_DECISIONS: &str = "
DELETE FROM decision WHERE account = ?1 AND at < ?2 AND (
    kind = 'silence' AND until < ?2
    OR kind IN ('approval', 'undo') AND until < ?2
    OR kind IN ('ack', 'escalation', 'rejection') AND scope ->> 'episode' NOT IN (
        SELECT episode FROM alert WHERE account = ?1 AND episode IS NOT NULL))";

impl Sqlite {
    pub async fn decide(&self, decision: &Decision) -> Result<bool, Fault> {
        let sql = upsert::<DecisionRow<'_>>() + " WHERE decision.until <= excluded.at";
        let row = rows([DecisionRow(decision)]);
        self.change(AssertSqlSafe(sql), &decision.account, &row).await
    }

    /// Remembers that a link was used; whether it was not before.
    pub async fn use_link(&self, tag: &str, until: Timestamp, now: Timestamp) -> Result<bool, Fault> {
        let mut transaction = self.begin_write().await?;
        let forget = sqlx::query("DELETE FROM used_link WHERE until <= ?1").bind(nanos(now));
        forget.execute(&mut *transaction).await?;
        let used = sqlx::query("INSERT INTO used_link (tag, until) VALUES (?1, ?2) ON CONFLICT DO NOTHING");
        let used = used.bind(tag).bind(nanos(until)).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(used.rows_affected() > 0)
    }

    pub async fn is_link_used(&self, tag: &str) -> Result<bool, Fault> {
        let found = sqlx::query("SELECT 1 FROM used_link WHERE tag = ?1").bind(tag);
        Ok(found.fetch_optional(&mut *self.reader.take().await?).await?.is_some())
    }

    pub async fn revoke(&self, account: &AccountName, decision: &str) -> Result<bool, Fault> {
        self.change(REVOKE, account, decision).await
    }

    /// One statement in a transaction of its own. Whether it changed anything.
    async fn change(&self, sql: impl SqlSafeStr, account: &AccountName, argument: &str) -> Result<bool, Fault> {
        let mut transaction = self.begin_write().await?;
        let change = sqlx::query(sql).bind(account.as_str()).bind(argument);
        let changed = change.execute(&mut *transaction).await?.rows_affected() > 0;
        transaction.commit().await?;
        Ok(changed)
    }

    pub async fn forget_history_before(&self, account: &AccountName, before: Timestamp) -> Result<u64, Fault> {
        let before = nanos(before);
        let mut forgotten = 0;
        let mut reached = 0;
        loop {
            let stretch = sqlx::query(STRETCH).bind(reached).bind(FORGET_ROWS);
            let stretch = stretch.fetch_one(&mut *self.reader.take().await?).await?;
            let (last, oldest): (Option<i64>, Option<i64>) = (stretch.try_get("last")?, stretch.try_get("oldest")?);
            let (Some(last), true) = (last, oldest.is_some_and(|oldest| oldest < before)) else {
                break;
            };
            let mut transaction = self.begin_write().await?;
            let forget = sqlx::query(FORGET_STRETCH).bind(reached).bind(last);
            let forget = forget.bind(account.as_str()).bind(before);
            forgotten += forget.execute(&mut *transaction).await?.rows_affected();
            transaction.commit().await?;
            reached = last;
        }
        let mut transaction = self.begin_write().await?;
        for sql in FORGET_NOTICES.into_iter().chain([FORGET_DECISIONS]) {
            let forget = sqlx::query(sql).bind(account.as_str()).bind(before);
            forget.execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(forgotten)
    }
}
